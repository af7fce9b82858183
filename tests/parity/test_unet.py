"""The denoiser against the published one: names, shapes, which tensors are temporal, and outputs."""

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
    published_temporal_names,
    state_shapes,
)
from tests.parity.rule import array_by_rule, fill_parity, inp, weight_by_rule
from toontween.checkpoints.maps.unet import KEY_MAP, PREFIX, PUBLISHED, config_from_original
from toontween.models.unet import ToonUNet

STORED = json.loads((DATA / "unet.json").read_text())
NAMES = published_shapes("model", prefix=PREFIX)


def ruled(tag: str, *shape: int) -> Tensor:
    return torch.from_numpy(array_by_rule(tag, shape))


def whole(*numbers: int) -> Tensor:
    return torch.tensor(numbers)


@pytest.fixture(scope="module")
def published() -> ToonUNet:
    with torch.device("meta"):
        return ToonUNet(**config_from_original(PUBLISHED))


@pytest.fixture(scope="module")
def tiny() -> Any:
    config = config_from_original(STORED["tiny"]["unet"])
    return build_filled(
        lambda: ToonUNet(**config), key_map=KEY_MAP, names=NAMES, fill=weight_by_rule, prefix=PREFIX
    )


@pytest.fixture(scope="module")
def second() -> Any:
    config = config_from_original(STORED["records"]["unet_T16"]["cfg"])
    return build_filled(lambda: ToonUNet(**config), key_map=KEY_MAP, names=NAMES, fill=fill_parity)


def test_names_and_shapes_are_complete_in_both_directions(published):
    assert len(NAMES) == 1516
    assert converted_shapes(KEY_MAP, NAMES) == state_shapes(published)


def test_the_published_size_has_as_many_parameters(published):
    assert sum(parameter.numel() for parameter in published.parameters()) == 1_438_854_980


def test_temporal_parameters_are_the_794_that_rectification_freezes(published):
    moves, _ = KEY_MAP.plan(name.removeprefix(PREFIX) for name in published_temporal_names())
    ours = published.temporal_parameter_names()
    assert len(ours) == len(set(ours)) == 794
    assert set(ours) == {target for move in moves for target in move.targets}
    frozen = [published.get_parameter(name).numel() for name in ours]
    assert sum(frozen) == 545_323_136


CASES = {
    "unet_t16": ("x", (1, 8, 16, 8, 16), [519], "ctx", [10]),
    "unet_t9": ("x9", (1, 8, 9, 8, 8), [37], "ctx", [24]),
    "unet_b2": ("xb2", (2, 8, 16, 8, 8), [999, 0], "ctxb2", [5, 30]),
}


@pytest.mark.parametrize("name", CASES)
@torch.inference_mode()
def test_outputs_of_the_first_set_are_the_published_ones(tiny, name):
    tag, shape, timestep, context_tag, motion_fps = CASES[name]
    context = ruled(context_tag, shape[0], 333, 64)
    found = tiny(ruled(tag, *shape), whole(*timestep), context, whole(*motion_fps))
    wanted = np.load(DATA / "unet.npz")[name]
    np.testing.assert_allclose(found.numpy(), wanted, atol=2e-4, rtol=0)


@torch.inference_mode()
def test_sixteen_frames_have_the_recorded_output(second):
    found = second(inp(1, 1, 8, 16, 8, 16), whole(499), inp(2, 1, 333, 64), whole(10))
    assert_matches_record(found, STORED["records"]["unet_T16"])


@torch.inference_mode()
def test_without_a_motion_rate_the_default_is_used(second):
    found = second(inp(1, 1, 8, 16, 8, 16), whole(499), inp(2, 1, 333, 64))
    assert_matches_record(found, STORED["records"]["unet_T16_fsNone"])


@torch.inference_mode()
def test_eight_frames_share_all_image_tokens(second):
    found = second(inp(1, 1, 8, 16, 8, 16)[:, :, :8], whole(499), inp(2, 1, 333, 64), whole(10))
    assert_matches_record(found, STORED["records"]["unet_T8_sharedctx"])


@pytest.mark.slow
@torch.inference_mode()
def test_the_published_size_has_the_published_output():
    """About a minute and 7 GiB."""
    network = build_filled(
        lambda: ToonUNet(**config_from_original(PUBLISHED)),
        key_map=KEY_MAP,
        names=NAMES,
        fill=weight_by_rule,
        prefix=PREFIX,
    )
    context = ruled("ctx", 1, 333, 1024)
    found = network(ruled("x", 1, 8, 16, 8, 16), whole(519), context, whole(10))
    wanted = np.load(DATA / "unet.npz")["full_unet"]
    np.testing.assert_allclose(found.numpy().ravel()[::7], wanted, atol=2e-4, rtol=0)
