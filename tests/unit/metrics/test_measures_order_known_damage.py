"""Known damage to a drawn clip: every measure orders it as it claims, and does not see what it claims not to see."""

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import pytest
import torch

from tests.unit.metrics.toon_frames import toon_clip
from toontween.metrics.clips import to_frames
from toontween.metrics.measures.base import ClipMeasure
from toontween.metrics.measures.drawings import EndFrameMeasure, FlatColourMeasure, LineMeasure
from toontween.metrics.measures.movement import (
    FlickerMeasure,
    MotionCurveMeasure,
    MotionShareMeasure,
    PaceMeasure,
    WarpingMeasure,
)
from toontween.metrics.measures.pictures import CpbdMeasure, PsnrMeasure, SsimMeasure

NUM_FRAMES, HEIGHT, WIDTH = 10, 128, 128


@cache
def drawn(blur: int = 0) -> torch.Tensor:
    return to_frames(list(toon_clip(NUM_FRAMES, HEIGHT, WIDTH, speed=1.5, blur=blur)))


def grain(levels: float) -> torch.Tensor:
    noise = torch.randn(drawn().shape, generator=torch.Generator().manual_seed(0))
    return (drawn() + noise * (levels / 255)).clamp(0, 1)


def inbetweens(change: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """The clip with its in-betweens changed and the keys as they are."""
    return torch.cat([drawn()[:1], change(drawn()[1:-1]), drawn()[-1:]])


def crossfade() -> torch.Tensor:
    shares = torch.linspace(0, 1, NUM_FRAMES).view(-1, 1, 1, 1)
    return torch.lerp(drawn()[:1], drawn()[-1:], shares)


def flickering() -> torch.Tensor:
    """Every other frame a little darker."""
    return drawn() * (1 - 0.08 * (torch.arange(NUM_FRAMES) % 2)).view(-1, 1, 1, 1)


DAMAGE: dict[str, Callable[[], torch.Tensor]] = {
    "truth": drawn,
    "slight grain": lambda: grain(1.5),
    "grain": lambda: grain(8),
    "soft": lambda: drawn(blur=1),
    "blurred": lambda: drawn(blur=6),
    "frozen": lambda: torch.cat([drawn()[:1].expand(NUM_FRAMES - 1, -1, -1, -1), drawn()[-1:]]),
    "on twos": lambda: drawn()[[0, 0, 2, 2, 4, 4, 6, 6, 8, 9]],
    "crossfade": crossfade,
    "flicker": flickering,
    "slight cast": lambda: inbetweens(lambda frames: frames * 0.96),
    "cast": lambda: inbetweens(lambda frames: frames * 0.85),
    "backwards": lambda: drawn().flip(0),
}

Number = tuple[Callable[[], ClipMeasure], str]

MEASURES: dict[str, Number] = {
    "psnr": (PsnrMeasure, "psnr_db"),
    "ssim": (SsimMeasure, "ssim"),
    "sharpness": (CpbdMeasure, "cpbd"),
    "chamfer": (LineMeasure, "chamfer"),
    "line precision": (LineMeasure, "precision"),
    "line recall": (LineMeasure, "recall"),
    "colours drifted": (FlatColourMeasure, "drifted"),
    "colour drift": (FlatColourMeasure, "drift"),
    "flat noise": (FlatColourMeasure, "noise"),
    "first frame": (EndFrameMeasure, "first_db"),
    "last frame": (EndFrameMeasure, "last_db"),
    "motion share": (MotionShareMeasure, "motion_share"),
    "steadier than the truth": (FlickerMeasure, "difference"),
    "warping error": (WarpingMeasure, "error"),
    "own warping error": (WarpingMeasure, "own_flow_error"),
    "motion curve": (MotionCurveMeasure, "curve_distance"),
    "held": (PaceMeasure, "held"),
    "jumping": (PaceMeasure, "jumping"),
}


@cache
def numbers(make: Callable[[], ClipMeasure], damage: str) -> dict[str, float]:
    measure = make()
    given = {"ours": DAMAGE[damage](), "truth": drawn(), "keys": drawn()[[0, -1]]}
    measure.update(**{name: given[name] for name in measure._update_signature.parameters})
    return {name: float(value) for name, value in measure.compute().items()}


def value(measure: str, damage: str) -> float:
    make, name = MEASURES[measure]
    return numbers(make, damage)[name]


FALLS = {
    "psnr": ["truth", "slight grain", "grain", "blurred", "frozen"],
    "ssim": ["truth", "soft", "blurred", "frozen"],
    "sharpness": ["truth", "soft", "blurred"],
    "line precision": ["truth", "grain", "frozen"],
    "line recall": ["truth", "frozen"],
    "first frame": ["truth", "slight grain", "grain", "blurred", "backwards"],
    "last frame": ["truth", "slight grain", "grain", "blurred", "backwards"],
    "motion share": ["truth", "soft", "blurred", "crossfade"],
    "steadier than the truth": ["frozen", "blurred", "truth", "slight grain", "grain"],
}

RISES = {
    "chamfer": ["truth", "soft", "blurred", "frozen"],
    "colours drifted": ["truth", "slight grain", "cast"],
    "colour drift": ["truth", "slight cast", "cast"],
    "flat noise": ["truth", "slight grain", "grain"],
    "warping error": ["truth", "grain", "flicker", "frozen"],
    "own warping error": ["truth", "slight grain", "grain", "flicker"],
    "motion curve": ["truth", "blurred", "on twos"],
    "held": ["truth", "on twos", "frozen"],
    "jumping": ["truth", "frozen"],
}


@pytest.mark.parametrize("measure", FALLS)
def test_worse_damage_has_a_lower_value(measure):
    values = [value(measure, damage) for damage in FALLS[measure]]
    assert all(better > worse for better, worse in pairwise(values)), values


@pytest.mark.parametrize("measure", RISES)
def test_worse_damage_has_a_higher_value(measure):
    values = [value(measure, damage) for damage in RISES[measure]]
    assert all(better < worse for better, worse in pairwise(values)), values


BLIND = {
    "sharpness": ["frozen", "backwards"],
    "line precision": ["slight cast", "flicker"],
    "line recall": ["slight cast", "flicker"],
    "colours drifted": ["frozen", "on twos", "backwards"],
    "first frame": ["frozen", "crossfade", "cast"],
    "held": ["grain", "blurred", "crossfade", "cast"],
    "jumping": ["grain", "blurred", "crossfade", "on twos"],
}


@pytest.mark.parametrize("measure", BLIND)
def test_what_a_measure_is_not_about_it_does_not_see(measure):
    for damage in BLIND[measure]:
        assert value(measure, damage) == pytest.approx(value(measure, "truth"), abs=0.01), damage


def test_blur_is_no_warping_error():
    # which is why the truth's own error stands beside it, and sharpness in the same table
    assert value("warping error", "blurred") < value("warping error", "truth")


def test_a_crossfade_hides_from_its_own_flow_and_not_from_the_true_one():
    assert value("own warping error", "crossfade") < value("own warping error", "grain")
    assert value("warping error", "crossfade") > 2 * value("warping error", "grain")


def test_a_double_exposure_drifts_where_a_frozen_clip_does_not():
    assert value("colour drift", "crossfade") > 1
    assert value("colour drift", "frozen") == pytest.approx(0, abs=1e-5)


def test_motion_the_wrong_way_is_no_share_of_it():
    assert value("motion share", "backwards") < 0.1
