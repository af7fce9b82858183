"""The sketch encoder against the community's re-creation, into which the published file loads, and its injection."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.parity.goldens import (
    DATA,
    assert_matches_record,
    build_filled,
    converted_shapes,
    published_shapes,
    state_shapes,
)
from tests.parity.rule import fill_parity, inp
from toontween.checkpoints.maps import unet as unet_map
from toontween.checkpoints.maps.sketch_encoder import KEY_MAP, PUBLISHED, config_from_original
from toontween.models.sketch_encoder import build_sketch_encoder, sketch_residuals
from toontween.models.unet import ToonUNet

RECORDS = json.loads((DATA / "unet.json").read_text())["records"]
NAMES = published_shapes("sketch_encoder")


def test_names_and_shapes_are_complete_in_both_directions():
    with torch.device("meta"):
        published = build_sketch_encoder(**config_from_original(PUBLISHED))
    assert len(NAMES) == 340
    assert converted_shapes(KEY_MAP, NAMES) == state_shapes(published)


@pytest.fixture(scope="module")
def encoder() -> Any:
    config = config_from_original(RECORDS["sketch_out_0"]["cfg"])
    return build_filled(
        lambda: build_sketch_encoder(**config), key_map=KEY_MAP, names=NAMES, fill=fill_parity
    )


def clip() -> dict[str, Tensor]:
    """What the recorded numbers were made from: sixteen frames, one context for all of them."""
    hints = np.random.RandomState(12).rand(16, 1, 64, 128).astype(np.float32)
    return {
        "latents": inp(11, 16, 4, 8, 16).transpose(0, 1)[None],
        "timestep": torch.tensor([499]),
        "context": inp(2, 1, 333, 64),
        "hints": torch.from_numpy(hints)[None],
    }


def residuals(encoder: Any, *, scale: float) -> tuple[Tensor, ...]:
    with torch.inference_mode():
        return sketch_residuals(encoder, **clip(), scale=scale)


def test_residuals_are_the_recorded_ones(encoder):
    found = residuals(encoder, scale=1.0)
    assert len(found) == 13
    for index in (0, 4, 12):
        assert_matches_record(found[index], RECORDS[f"sketch_out_{index}"])


@torch.inference_mode()
def test_the_recorded_clip_is_the_same_beside_another_in_a_batch(encoder):
    other = {
        "latents": -clip()["latents"],
        "timestep": torch.tensor([120]),
        "context": inp(3, 1, 333, 64),
        "hints": 1 - clip()["hints"],
    }
    batch = {name: torch.cat([other[name], tensor]) for name, tensor in clip().items()}
    found = sketch_residuals(encoder, **batch, scale=1.0)
    for index in (0, 4, 12):
        recorded = found[index].unflatten(0, (2, 16))[1]
        assert_matches_record(recorded, RECORDS[f"sketch_out_{index}"])


@pytest.mark.parametrize(("begin", "num_frames"), [(5, 1), (3, 8), (0, 23)])
@torch.inference_mode()
def test_clips_of_other_lengths_have_the_recorded_residuals_frame_by_frame(
    encoder, begin, num_frames
):
    frames = [(begin + frame) % 16 for frame in range(num_frames)]
    case: dict[str, Any] = clip()
    case["latents"] = case["latents"][:, :, frames]
    case["hints"] = case["hints"][:, frames]
    whole = residuals(encoder, scale=1.0)
    for found, wanted in zip(sketch_residuals(encoder, **case), whole, strict=True):
        torch.testing.assert_close(found, wanted[frames], atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_the_denoiser_under_sketches_has_the_recorded_output(encoder):
    config = unet_map.config_from_original(RECORDS["unet_T16"]["cfg"])
    unet = build_filled(
        lambda: ToonUNet(**config),
        key_map=unet_map.KEY_MAP,
        names=published_shapes("model", prefix=unet_map.PREFIX),
        fill=fill_parity,
    )
    found = unet(
        inp(1, 1, 8, 16, 8, 16),
        torch.tensor([499]),
        inp(2, 1, 333, 64),
        torch.tensor([10]),
        residuals(encoder, scale=0.6),
    )
    assert_matches_record(found, RECORDS["unet_T16_control0.6"])
