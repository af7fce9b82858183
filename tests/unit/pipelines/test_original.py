from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.tiny_pipeline import noise_key
from tests.unit.checkpoints.by_rule import TINY, published_tensors
from toontween.errors import CheckpointError
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline


@pytest.fixture(scope="module")
def tensors() -> dict[str, Tensor]:
    return published_tensors()


def latents_of(pipe: ToonInterpolationPipeline) -> Tensor:
    pipe.set_progress_bar_config(disable=True)
    return pipe(
        noise_key(1, height=64, width=64),
        noise_key(2, height=64, width=64),
        prompt_embeds=torch.zeros(1, 77, 64),
        guidance_scale=1,
        num_frames=2,
        num_inference_steps=1,
        generator=torch.Generator().manual_seed(0),
        output_type="latent",
    ).frames


def test_a_file_and_its_tensors_make_the_same_pipeline(tensors: dict[str, Tensor], tmp_path: Path):
    save_file(tensors, tmp_path / "model.safetensors")
    opened = ToonInterpolationPipeline.from_original(tmp_path / "model.safetensors", TINY)
    given = ToonInterpolationPipeline.from_original(tensors, TINY)
    assert torch.equal(latents_of(opened), latents_of(given))
    saved = tmp_path / "saved"
    given.save_pretrained(saved)
    assert torch.equal(
        latents_of(ToonInterpolationPipeline.from_pretrained(saved)), latents_of(given)
    )


def test_the_pipeline_owns_its_weights(tensors: dict[str, Tensor]):
    pipe = ToonInterpolationPipeline.from_original(tensors, TINY, torch_dtype=torch.bfloat16)
    assert {p.dtype for p in pipe.unet.parameters()} == {torch.bfloat16}
    sources = {tensor.data_ptr() for tensor in tensors.values()}
    parts = (pipe.unet, pipe.vae, pipe.image_encoder, pipe.text_encoder)
    assert not any(p.data_ptr() in sources for part in parts if part for p in part.parameters())
    assert not any(part.training for part in parts if part)


def test_an_incomplete_checkpoint_is_refused(tensors: dict[str, Tensor]):
    broken = {name: tensor for name, tensor in tensors.items() if "init_attn.0.norm" not in name}
    with pytest.raises(CheckpointError, match="lacks"):
        ToonInterpolationPipeline.from_original(broken, TINY)
