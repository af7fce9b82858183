from pathlib import Path
from typing import Any

import pytest
import torch

from tests.tiny_pipeline import build_tiny_pipeline, line_sketch, noise_key
from toontween.diffusion.samplers import ToonDDIMScheduler
from toontween.errors import ToonTweenError
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline


@pytest.fixture(scope="module")
def folder(
    tiny_pipeline: ToonInterpolationPipeline, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model"
    tiny_pipeline.save_pretrained(path)
    return path


def latents_of(pipe: ToonInterpolationPipeline) -> torch.Tensor:
    pipe.set_progress_bar_config(disable=True)
    options: dict[str, Any] = {"num_frames": 3, "num_inference_steps": 1, "output_type": "latent"}
    generator = torch.Generator().manual_seed(2)
    return pipe(
        noise_key(1), noise_key(2), sketches={1: line_sketch(3)}, generator=generator, **options
    ).frames


def test_a_saved_and_loaded_pipeline_draws_the_same_bytes(
    tiny_pipeline: ToonInterpolationPipeline, folder: Path
):
    loaded = ToonInterpolationPipeline.from_pretrained(folder)
    assert isinstance(loaded.scheduler, ToonDDIMScheduler)
    assert loaded.tokenizer is None
    assert torch.equal(latents_of(loaded), latents_of(tiny_pipeline))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_runs_on_the_cpu(folder: Path, dtype: torch.dtype):
    loaded = ToonInterpolationPipeline.from_pretrained(folder, torch_dtype=dtype)
    assert loaded.unet.dtype == dtype
    latents = latents_of(loaded)
    assert latents.dtype == torch.float32
    assert latents.isfinite().all()


def test_weights_are_saved_as_safetensors_only(folder: Path):
    suffixes = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert suffixes == {".json", ".safetensors"}


def test_double_decode_is_remembered(tmp_path: Path):
    pipe = build_tiny_pipeline(sketches=False)
    pipe.register_to_config(double_decode=False)
    pipe.save_pretrained(tmp_path)
    loaded = ToonInterpolationPipeline.from_pretrained(tmp_path)
    assert loaded.config["double_decode"] is False
    assert loaded.sketch_encoder is None


def test_a_name_that_is_nothing_is_refused():
    with pytest.raises(ToonTweenError):
        ToonInterpolationPipeline.from_pretrained("no-such-model")
