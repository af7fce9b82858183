"""Measures as a table takes them: by name, one clip at a time, every look shared."""

import math
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from tests.unit.evaluation.small_clips import small_clip
from toontween.errors import ShapeError, UnknownNameError
from toontween.evaluation.measures.base import (
    Better,
    Observation,
    TrueClip,
    observe,
    to_tensor,
)
from toontween.evaluation.measures.catalog import DEFAULT, OFFLINE, build_measure
from toontween.evaluation.measures.family import Accumulated, number_of
from toontween.evaluation.methods import MethodSpec, draw
from toontween.metrics.measures.pictures import PsnrMeasure

SIZE = (64, 64)


def drawn(method: str, **clip: Any) -> Observation:
    """What a method draws on a clip that every measure can look at."""
    given = small_clip(size=SIZE, speed=2.0, **clip)
    return Observation(draw(MethodSpec(method=method), given).frames, TrueClip(given.frames))


def value(name: str, seen: Observation) -> float:
    return observe(seen, [build_measure(name)]).values[name]


@pytest.mark.parametrize(
    ("better", "order", "arrow"),
    [
        (Better.HIGHER, [3.0, 1.0, -2.0], "↑"),
        (Better.LOWER, [-2.0, 1.0, 3.0], "↓"),
        (Better.NEAR_ZERO, [0.5, -1.0, 2.0], "→0"),
        (Better.NEAR_ONE, [1.5, 0.25, 3.0], "→1"),
    ],
)
def test_the_better_value_is_the_less_bad_one(better, order, arrow):
    badness = [better.badness(value) for value in order]
    assert badness == sorted(badness)
    assert len(set(badness)) == len(badness)
    assert better.arrow == arrow


def test_frames_of_another_number_or_size_are_refused():
    truth = TrueClip(small_clip().frames)
    with pytest.raises(ShapeError, match="beside true ones"):
        Observation(truth.frames[1:], truth)
    with pytest.raises(ShapeError, match="beside true ones"):
        Observation(small_clip(size=(40, 32)).frames, truth)


def test_frames_become_tensors_of_shares():
    frames = np.zeros((3, 2, 4, 3), np.uint8)
    frames[1, 0, 3] = (0, 51, 255)
    tensor = to_tensor(frames)
    assert tensor.shape == (3, 3, 2, 4)
    assert tensor[1, :, 0, 3].tolist() == pytest.approx([0.0, 0.2, 1.0])
    assert float(tensor.sum()) == pytest.approx(1.2)


@pytest.mark.parametrize("name", OFFLINE)
def test_a_measure_remembers_nothing_of_the_clip_before(name):
    first = value(name, drawn("crossfade"))
    value(name, drawn("hold", seed=3))
    assert value(name, drawn("crossfade")) == pytest.approx(first, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", DEFAULT)
def test_the_truth_is_at_least_as_good_as_a_crossfade(name):
    clip = small_clip(size=SIZE, speed=2.0)
    truth = TrueClip(clip.frames)
    badness = build_measure(name).better.badness
    best = badness(value(name, Observation(clip.frames, truth)))
    assert math.isfinite(best)
    assert best < badness(value(name, drawn("crossfade")))


def test_numbers_of_one_family_are_found_in_one_look():
    looks = []

    class Counted(PsnrMeasure):
        def update(self, ours: Tensor, truth: Tensor) -> None:
            looks.append(len(ours))
            super().update(ours, truth)

    family = Accumulated("counted", Counted())
    take = number_of(family, "psnr_db")
    seen, other = drawn("hold"), drawn("crossfade")
    assert take(seen) == take(seen)
    assert len(looks) == 1
    assert take(other) != take(seen)
    assert len(looks) == 2


def test_what_was_found_in_the_true_frames_is_found_once_for_all_methods():
    clip = small_clip()
    truth = TrueClip(clip.frames)
    first, second = (
        Observation(draw(MethodSpec(method=name), clip).frames, truth) for name in ("hold", "flow")
    )
    assert truth.find("sharpness", lambda: 7) == 7
    for seen in (first, second):
        assert seen.truth.find("sharpness", lambda: pytest.fail("looked again")) == 7
        assert seen.find("sharpness", lambda: 3) == 3
    itself = Observation(truth.frames, truth)
    assert itself.find("sharpness", lambda: pytest.fail("looked again")) == 7


def test_keys_are_compared_only_where_a_method_draws_its_own():
    clip = small_clip()
    truth = TrueClip(clip.frames)
    frames = draw(MethodSpec(method="hold"), clip).frames
    assert math.isnan(value("first-key", Observation(frames, truth)))
    ends = np.stack([clip.frames[0], 255 - clip.frames[-1]])
    own = Observation(frames, truth, ends=ends)
    assert value("first-key", own) > 60
    assert value("last-key", own) < 20


def test_measures_are_built_once_and_by_known_names():
    assert build_measure("psnr") is build_measure("psnr")
    with pytest.raises(UnknownNameError, match=r"no measure called 'pnsr' .*'psnr'"):
        build_measure("pnsr")
