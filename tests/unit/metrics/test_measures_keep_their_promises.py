"""Properties that hold for any pictures: identity, symmetry, bounds."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from toontween.metrics.frame import psnr, ssim
from toontween.metrics.line import (
    line_chamfer_distance,
    line_hausdorff_distance,
    line_precision_recall,
    line_ratio,
)
from toontween.metrics.sharpness.cpbd import EdgeRule, cpbd
from toontween.metrics.temporal.flicker import temporal_flickering
from toontween.metrics.temporal.pace import curve_distance
from toontween.metrics.temporal.warping import warping_error

seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=15, deadline=None)


def pictures(seed: int, shape: tuple[int, ...] = (2, 3, 12, 14)) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def lines(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two masks with at least one line pixel each."""
    random = np.random.default_rng(seed)
    masks = random.random((2, 9, 11)) < random.uniform(0.02, 0.5)
    masks[:, random.integers(9), random.integers(11)] = True
    return masks[0], masks[1]


@quick
@given(seeds)
def test_psnr_and_ssim_do_not_care_which_is_the_truth(seed):
    ours, truth = pictures(seed), pictures(seed + 1)
    assert torch.equal(psnr(ours, truth), psnr(truth, ours))
    assert torch.allclose(ssim(ours, truth), ssim(truth, ours), atol=1e-12)
    assert bool((ssim(ours, truth).abs() <= 1).all())


@quick
@given(seeds)
def test_line_distances_are_symmetric_and_zero_for_equal_lines(seed):
    one, other = lines(seed)
    for distance in (line_chamfer_distance, line_hausdorff_distance):
        assert distance(one, other) == pytest.approx(distance(other, one), rel=1e-12)
        assert distance(one, one) == 0
    assert 0 <= line_chamfer_distance(one, other) <= line_hausdorff_distance(one, other) <= 1


@quick
@given(seeds, st.floats(0, 3))
def test_precision_one_way_is_recall_the_other(seed, tolerance_px):
    one, other = lines(seed)
    there = line_precision_recall(one, other, tolerance_px=tolerance_px)
    back = line_precision_recall(other, one, tolerance_px=tolerance_px)
    assert there == back[::-1]
    assert line_ratio(one, other) == pytest.approx(1 / line_ratio(other, one))
    assert line_precision_recall(one, one, tolerance_px=0.0) == (1, 1)


@quick
@given(seeds)
def test_flickering_does_not_know_which_way_time_goes(seed):
    clip = pictures(seed, (5, 3, 4, 4))
    assert temporal_flickering(clip) == pytest.approx(temporal_flickering(clip.flip(0)))
    assert 0 <= temporal_flickering(clip) <= 1


@quick
@given(seeds)
def test_without_flow_the_warping_error_is_the_squared_change(seed):
    clip = pictures(seed, (4, 3, 5, 6))
    flow, visible = torch.zeros(3, 2, 5, 6), torch.ones(3, 5, 6, dtype=torch.bool)
    expected = float(clip.double().diff(dim=0).square().mean())
    assert warping_error(clip, flow, visible) == pytest.approx(expected)


@quick
@given(seeds, st.floats(0, 3))
def test_a_curve_scaled_is_as_far_as_its_scale_is_from_one(seed, scale):
    truth = pictures(seed, (7,)) + 0.1
    assert curve_distance(scale * truth, truth) == pytest.approx(abs(scale - 1), abs=1e-5)


@settings(max_examples=5, deadline=None)
@given(seeds)
@pytest.mark.parametrize("rule", EdgeRule)
def test_sharpness_is_a_share_and_each_pictures_own(rule, seed):
    both = pictures(seed, (2, 3, 64, 64))
    together = cpbd(both, rule=rule)
    assert bool(((together >= 0) & (together <= 1)).all())
    assert torch.equal(together[1:], cpbd(both[1:], rule=rule))
