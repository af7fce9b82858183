"""The pipeline reads what was converted, and draws from it what it draws from the published tensors."""

import itertools
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.tiny_pipeline import noise_key
from tests.unit.checkpoints.by_rule import TINY
from toontween.checkpoints.folder import convert_file
from toontween.checkpoints.manifest import verify_folder
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline


def latents_of(pipe: ToonInterpolationPipeline) -> Tensor:
    pipe.set_progress_bar_config(disable=True)
    embeds = torch.zeros(1, 77, 64)
    return pipe(
        noise_key(1, height=64, width=64),
        noise_key(2, height=64, width=64),
        prompt_embeds=embeds,
        negative_prompt_embeds=embeds,
        num_frames=3,
        num_inference_steps=1,
        generator=torch.Generator().manual_seed(3),
        output_type="latent",
    ).frames


def test_a_converted_folder_draws_what_the_published_tensors_draw(
    tiny_folder: Path, tiny_tensors: dict[str, Tensor]
):
    converted = ToonInterpolationPipeline.from_pretrained(tiny_folder)
    original = ToonInterpolationPipeline.from_original(tiny_tensors, TINY)
    assert converted.tokenizer is None
    assert converted.config["double_decode"] is True
    assert torch.equal(latents_of(converted), latents_of(original))


def write_merges(path: Path) -> Path:
    """A made-up table of the right length: "a b</w>" first, then pairs of the bytes' letters."""
    letters = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x144)]
    pairs = itertools.islice(itertools.product(letters, letters), 48_893)
    lines = ["#version: 0.2", "a b</w>", *(f"{chr(one)} {chr(two)}" for one, two in pairs)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def plain_folder(tiny_tensors: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DynamiCrafter's checkpoint in small: the plain decoder; with a tokenizer."""
    place = tmp_path_factory.mktemp("dynamicrafter")
    only_toon = ("time_stack", "mix_factor", "time_mix_conv", "attn_refinement")
    plain = {n: t for n, t in tiny_tensors.items() if not any(part in n for part in only_toon)}
    torch.save({"state_dict": plain}, place / "model.ckpt")
    table = write_merges(place / "merges.txt")
    convert_file(place / "model.ckpt", place / "model", config=TINY, merges=table)
    return place / "model"


def test_dynamicrafter_becomes_a_pipeline_with_a_plain_decoder(plain_folder: Path):
    pipe = ToonInterpolationPipeline.from_pretrained(plain_folder)
    assert pipe.vae.config["decoder_variant"] == "no-har-no-p3d"
    assert pipe.config["double_decode"] is False
    assert not any(
        "references" in name for name in load_file(next(plain_folder.glob("vae/*.saf*")))
    )


def test_a_table_of_merges_becomes_the_pipelines_tokenizer(plain_folder: Path):
    pipe = ToonInterpolationPipeline.from_pretrained(plain_folder)
    assert pipe.tokenizer is not None
    assert pipe.tokenizer("ab b").input_ids == [49_406, 512, 256 + 65, 49_407]
    assert verify_folder(plain_folder) == []
