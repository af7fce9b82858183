"""Whole runs of the pipeline against those of the published implementation.

`data/runs.npz`: the small model of `tests.unit.checkpoints.by_rule`, converted from its published names; final latents,
and pictures [:, :, :, 1::4, 2::4] of the decoded clips in −1…1, fp16, with the middle decoded twice.
"""

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.parity.goldens import DATA
from tests.parity.rule import array_by_rule
from tests.unit.checkpoints.by_rule import TINY, published_tensors
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline

RUNS = np.load(DATA / "runs.npz")
SHAPE = (1, 4, 16, 8, 16)
CLIP = TINY["open_clip"]
CONFIG = TINY | {"open_clip": CLIP | {"text_cfg": CLIP["text_cfg"] | {"vocab_size": 49408}}}
"""The whole vocabulary, because the unconditional prediction reads the empty prompt."""


@pytest.fixture(scope="module")
def pipe() -> ToonInterpolationPipeline:
    pipe = ToonInterpolationPipeline.from_original(published_tensors(CONFIG), CONFIG)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def key(tag: str) -> Tensor:
    return (torch.from_numpy(array_by_rule(tag, (3, 64, 128)) * 0.5).clamp(-1, 1) + 1) / 2


def noise(tag: str) -> Tensor:
    return torch.from_numpy(array_by_rule(tag, SHAPE))


@pytest.mark.parametrize(
    ("steps", "eta", "scale", "rescale", "fps"),
    [
        (7, 0.5, 4.0, 0.0, 8),
        pytest.param(10, 1.0, 7.5, 0.7, 10, marks=pytest.mark.slow),
        pytest.param(25, 0.0, 1.0, 0.0, 10, marks=pytest.mark.slow),
        pytest.param(50, 1.0, 7.5, 0.7, 24, marks=pytest.mark.slow),
    ],
)
def test_a_run_ends_in_the_published_latents_and_frames(
    pipe: ToonInterpolationPipeline, steps: int, eta: float, scale: float, rescale: float, fps: int
):
    name = f"sample_s{steps}_eta{eta}_g{scale}_r{rescale}_fs{fps}"
    seen: list[Tensor] = []

    def watch(pipeline, step, timestep, values):
        seen[:] = [values["latents"]]
        return {}

    result = pipe(
        key("keys"),
        key("keys2"),
        prompt_embeds=torch.from_numpy(RUNS["prompt_embeds"]),
        num_inference_steps=steps,
        eta=eta,
        guidance_scale=scale,
        guidance_rescale=rescale,
        motion_fps=fps,
        latents=noise("xT"),
        step_noise=lambda index: noise(f"noise{index}"),
        return_keys=False,
        output_type="pt",
        callback_on_step_end=watch,
    )
    np.testing.assert_allclose(seen[0].numpy(), RUNS[f"{name}_latents"], atol=2e-4, rtol=0)
    frames = result.frames.transpose(1, 2)[:, :, :, 1::4, 2::4].numpy()
    published = np.clip(RUNS[f"{name}_video"].astype(np.float32), -1, 1) / 2 + 0.5
    np.testing.assert_allclose(frames, published, atol=1e-2, rtol=0)
