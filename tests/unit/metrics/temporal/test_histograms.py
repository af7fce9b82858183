"""Golden values: FVMD's own histogram and distance on random vectors."""

import math
from functools import cache

import numpy as np
import pytest
import torch

from tests.unit.metrics.toon_frames import toon_clip
from toontween.errors import InputError, ShapeError
from toontween.metrics.clips import to_frames
from toontween.metrics.measures.motion_set import MotionHistogramMeasure
from toontween.metrics.temporal.histograms import (
    RIDGE,
    motion_features,
    motion_histogram,
    motion_histogram_distance,
    num_features,
    track_points,
)


def golden_sets() -> list[torch.Tensor]:
    random = np.random.RandomState(22)
    vectors = [random.standard_normal((6, 8, 100, 2)) * 3 + shift for shift in (0, 1)]
    return [
        torch.stack([motion_histogram(torch.from_numpy(clip)) for clip in clips])
        for clips in vectors
    ]


@cache
def clips() -> list[torch.Tensor]:
    return [
        to_frames(list(toon_clip(8, 64, 64, seed=seed, speed=1 + seed / 4))) for seed in range(3)
    ]


def test_histograms_are_those_of_fvmd():
    found = golden_sets()[0]
    assert found.shape == (6, 64)
    assert float(found.sum()) == 1581.375
    assert found[0, :8].tolist() == [5.125, 4.125, 4.25, 5.0, 5.25, 3.25, 2.375, 5.5]


def test_the_distance_is_that_of_fvmd():
    assert motion_histogram_distance(*golden_sets()) == pytest.approx(377.95831675960767, rel=1e-8)


def test_equal_sets_are_apart_by_the_ridge_alone():
    histograms = golden_sets()[0]
    ridge = -2 * histograms.shape[1] * RIDGE
    assert motion_histogram_distance(histograms, histograms) == pytest.approx(ridge, rel=1e-4)


@pytest.mark.parametrize(("right", "down"), [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, -1)])
def test_opposite_motion_is_four_sectors_away(right, down):
    vectors = torch.zeros(4, 25, 2)
    vectors[0, 0] = torch.tensor([3.0 * right + 0.1, 3.0 * down + 0.2])
    one, other = (motion_histogram(sign * vectors) for sign in (1, -1))
    assert one.sum() == math.ceil(math.log2(1 + float(vectors[0, 0].norm()))) / 8
    assert torch.equal(one.roll(4), other)


def test_points_go_where_the_drawing_goes():
    picture = torch.nn.functional.interpolate(
        torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(0)),
        size=(160, 160),
        mode="bicubic",
    ).clamp(0, 1)
    moving = torch.cat([picture[:, :, 8:136, 8 + 3 * t : 136 + 3 * t] for t in range(4)])
    tracks = track_points(moving, per_side=4)
    assert tracks.shape == (4, 16, 2)
    assert tracks[0, 0].tolist() == [15.5, 15.5]
    travelled = (tracks[-1] - tracks[0])[tracks[0, :, 0] > 40]
    assert travelled.median(dim=0).values.tolist() == pytest.approx([-9, 0], abs=0.5)


def test_a_clip_has_as_many_numbers_as_said():
    assert motion_features(clips()[0]).shape == (num_features(8),)
    assert num_features(16) == 1024


def test_a_still_clip_has_empty_histograms():
    still = clips()[0][:1].expand(8, -1, -1, -1)
    assert motion_features(still).sum() == 0


def test_standing_still_and_going_backwards_are_far_from_the_truth():
    measures = {
        "truth": lambda clip: clip,
        "frozen": lambda clip: clip[:1].expand(8, -1, -1, -1),
        "backwards": lambda clip: clip.flip(0),
    }
    found = {}
    for name, change in measures.items():
        measure = MotionHistogramMeasure(num_frames=8)
        for clip in clips():
            measure.update(ours=change(clip), truth=clip)
        found[name] = float(measure.compute())
    assert found["truth"] == pytest.approx(0, abs=0.02)
    assert min(found["frozen"], found["backwards"]) > 100


def test_sets_may_differ_in_number_and_merge():
    whole, one, other = (MotionHistogramMeasure(num_frames=8) for _ in range(3))
    for clip in clips():
        whole.update(truth=clip)
    for clip in clips()[:2]:
        whole.update(ours=clip)
    one.update(ours=clips()[0], truth=clips()[0])
    other.update(ours=clips()[1], truth=clips()[1])
    other.update(truth=clips()[2])
    other.merge_state(one)
    assert other.num_clips() == whole.num_clips() == {"ours": 2, "truth": 3}
    assert float(other.compute()) == pytest.approx(float(whole.compute()), rel=1e-9)


def test_what_does_not_fill_cells_is_refused():
    with pytest.raises(ShapeError, match="6 frames of 25 points"):
        motion_histogram(torch.zeros(6, 25, 2))
    with pytest.raises(ShapeError, match="4 frames of 26 points"):
        motion_histogram(torch.zeros(4, 26, 2))
    with pytest.raises(InputError, match="15 frames"):
        MotionHistogramMeasure(num_frames=15)


def test_bad_clips_are_named():
    measure = MotionHistogramMeasure(num_frames=8)
    measure.update(ours=clips()[0])
    with pytest.raises(ShapeError, match="clip 1 of ours has 7 frames, not 8"):
        measure.update(ours=clips()[1][:7])
    with pytest.raises(InputError, match="frame 0 of clip 0 of truth"):
        measure.update(truth=clips()[1] * 255)
    with pytest.raises(InputError, match="have no covariance"):
        measure.compute()
