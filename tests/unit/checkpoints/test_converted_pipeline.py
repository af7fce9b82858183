"""The pipeline reads what was converted."""

import itertools
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.unit.checkpoints.by_rule import TINY
from toontween.checkpoints.folder import convert_file
from toontween.checkpoints.manifest import verify_folder
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline


def test_a_converted_folder_holds_the_networks_of_the_published_tensors(
    tiny_folder: Path, tiny_tensors: dict[str, Tensor]
):
    converted = ToonInterpolationPipeline.from_pretrained(tiny_folder)
    original = ToonInterpolationPipeline.from_original(tiny_tensors, TINY)
    assert converted.tokenizer is None
    assert converted.config["double_decode"] is True
    for name in ("unet", "vae", "text_encoder", "image_encoder", "image_projector"):
        ours, theirs = getattr(converted, name), getattr(original, name)
        assert type(ours) is type(theirs)
        wanted = theirs.state_dict()
        assert ours.state_dict().keys() == wanted.keys()
        assert all(torch.equal(tensor, wanted[key]) for key, tensor in ours.state_dict().items())
    assert converted.scheduler.config["final_scale"] == original.scheduler.config["final_scale"]


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
