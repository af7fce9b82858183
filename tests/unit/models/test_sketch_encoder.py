"""The sketch encoder and how clips pass through it."""

from typing import Any

import pytest
import torch
from torch import Tensor

from toontween.errors import InputError, ShapeError
from toontween.models.sketch_encoder import build_sketch_encoder, sketch_residuals
from toontween.models.unet import ToonUNet

SIZE: dict[str, Any] = {
    "base_channels": 16,
    "channel_mult": (1, 2),
    "num_res_blocks": 1,
    "attention_factors": (1,),
    "head_dim": 8,
    "context_dim": 12,
    "norm_groups": 4,
}
FRAMES = 3


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def encoder() -> Any:
    network = build_sketch_encoder(**SIZE)
    for index, parameter in enumerate(network.parameters()):
        parameter.data = noise(*parameter.shape, seed=index) / 4
    return network.eval()


@pytest.mark.parametrize("downsampling", [2, 4, 8])
def test_a_sketch_is_brought_to_the_size_of_the_latents(downsampling: int) -> None:
    network = build_sketch_encoder(**SIZE, downsampling=downsampling)
    hints = noise(1, FRAMES, 1, 4 * downsampling, 6 * downsampling)
    residuals = sketch_residuals(network, **{**inputs(), "hints": hints})
    assert residuals[0].shape[-2:] == (4, 6)


def test_other_sizes_of_latents_are_refused() -> None:
    with pytest.raises(InputError, match="16 pixels a latent"):
        build_sketch_encoder(**SIZE, downsampling=16)


def inputs(batch: int = 1) -> dict[str, Any]:
    return {
        "latents": noise(batch, 4, FRAMES, 4, 6),
        "timestep": torch.tensor([519, 30])[:batch],
        "context": noise(batch, 7, 12, seed=1),
        "hints": noise(batch, FRAMES, 1, 32, 48, seed=2).sigmoid(),
    }


@torch.inference_mode()
def test_clips_of_a_batch_do_not_influence_each_other(encoder):
    batch = inputs(2)
    together = sketch_residuals(encoder, **batch)
    for index in range(2):
        alone = sketch_residuals(
            encoder, **{name: value[index : index + 1] for name, value in batch.items()}
        )
        for found, wanted in zip(together, alone, strict=True):
            clip = found.unflatten(0, (2, FRAMES))[index]
            torch.testing.assert_close(clip, wanted, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_frames_do_not_influence_each_other(encoder):
    case = inputs()
    before = sketch_residuals(encoder, **case)
    case["hints"] = case["hints"].clone()
    case["hints"][:, 1] = 0
    after = sketch_residuals(encoder, **case)
    for old, new in zip(before, after, strict=True):
        torch.testing.assert_close(old[[0, 2]], new[[0, 2]], atol=1e-5, rtol=1e-5)
        assert not torch.allclose(old[1], new[1])


@torch.inference_mode()
def test_a_context_for_every_frame_may_be_given(encoder):
    case = inputs(2)
    shared = sketch_residuals(encoder, **case)
    case["context"] = case["context"].repeat_interleave(FRAMES, dim=0)
    for found, wanted in zip(sketch_residuals(encoder, **case), shared, strict=True):
        assert torch.equal(found, wanted)


@torch.inference_mode()
def test_the_scale_multiplies_every_residual(encoder):
    full, half = (sketch_residuals(encoder, **inputs(), scale=scale) for scale in (1.0, 0.5))
    for found, wanted in zip(half, full, strict=True):
        torch.testing.assert_close(found, wanted / 2)


@torch.inference_mode()
def test_an_untrained_encoder_adds_nothing():
    for residual in sketch_residuals(build_sketch_encoder(**SIZE).eval(), **inputs()):
        assert not residual.any()


@pytest.mark.parametrize("changes", [{}, {"channel_mult": (1, 2, 3), "attention_factors": (2,)}])
@torch.inference_mode()
def test_residuals_fit_a_denoiser_of_the_same_sizes(changes):
    size = SIZE | changes
    case = inputs(2)
    case["latents"] = noise(2, 4, FRAMES, 4, 8)
    case["hints"] = torch.zeros(2, FRAMES, 1, 32, 64)
    residuals = sketch_residuals(build_sketch_encoder(**size), **case)
    unet = ToonUNet(**size, text_tokens=3)
    sample = torch.cat([case["latents"]] * 2, dim=1)
    found = unet(sample, case["timestep"], case["context"], sketch_residuals=residuals)
    assert found.shape == (2, 4, FRAMES, 4, 8)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("hints", torch.zeros(1, FRAMES + 1, 1, 32, 48), "sketches of shape"),
        ("hints", torch.zeros(1, FRAMES, 1, 32, 40), "sketches of shape"),
        ("latents", noise(1, 4, FRAMES, 4, 5), "multiples of 2 latent cells"),
        ("latents", noise(1, 8, FRAMES, 4, 6), "8 channels, the sketch encoder reads 4"),
        ("context", noise(2, 7, 12), "2 contexts for 1 clips of 3 frames"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(encoder, name, value, message):
    with pytest.raises(ShapeError, match=message):
        sketch_residuals(encoder, **(inputs() | {name: value}))


def test_heads_must_divide_the_channels():
    with pytest.raises(InputError, match="head_dim 12 does not divide"):
        build_sketch_encoder(**{**SIZE, "head_dim": 12})
