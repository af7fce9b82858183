"""Golden values of the Python package's own code, and of MATLAB's edge rules with the same pooling, on pictures by formula."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.unit.metrics.toon_frames import toon_frame
from toontween.errors import InputError, ShapeError
from toontween.metrics.clips import to_frames
from toontween.metrics.grey import to_grey_levels
from toontween.metrics.sharpness import edges
from toontween.metrics.sharpness.cpbd import EdgeRule, blur_histogram, cpbd, score
from toontween.metrics.sharpness.widths import FARTHEST_PX, edge_widths


def luma(picture: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).convert("L"))


def toon(blur: int) -> np.ndarray:
    return luma(toon_frame(blur=blur))


def published_size(blur: int) -> np.ndarray:
    return luma(toon_frame(4.0, 3, blur, height=320, width=512))


def rows(values: np.ndarray) -> np.ndarray:
    return np.tile(values, (128, 1)).astype(np.uint8)


def sine(period_px: int) -> np.ndarray:
    return rows(np.floor(128 + 100 * np.sin(2 * np.pi * np.arange(128) / period_px) + 0.5))


PICTURES = {
    "sharp": lambda: toon(0),
    "blur 1": lambda: toon(1),
    "blur 2": lambda: toon(2),
    "blur 4": lambda: toon(4),
    "blur 8": lambda: toon(8),
    "320x512": lambda: published_size(0),
    "320x512 blur 3": lambda: published_size(3),
    "noise": lambda: np.random.RandomState(11).randint(0, 256, (128, 128)).astype(np.uint8),
    "constant": lambda: rows(np.full(128, 127)),
    "step": lambda: rows(np.where(np.arange(128) < 70, 50, 200)),
    "sine 16": lambda: sine(16),
    "sine 8": lambda: sine(8),
}


@cache
def picture(name: str) -> np.ndarray:
    return PICTURES[name]()


@dataclass(frozen=True)
class Golden:
    score: float
    vertical: int
    edges: int
    widths: int
    mean_width: float | None
    matlab_score: float
    matlab_vertical: int


GOLDEN = {
    "sharp": Golden(1.0, 477, 847, 258, 2.0, 1.0, 485),
    "blur 1": Golden(0.9601449275362319, 497, 836, 276, 3.010869565217391, 0.9342560553633218, 500),
    "blur 2": Golden(
        0.051470588235294115, 493, 833, 272, 3.9926470588235294, 0.04745762711864407, 506
    ),
    "blur 4": Golden(0.0, 504, 835, 287, 5.195121951219512, 0.0, 508),
    "blur 8": Golden(0.0, 471, 827, 256, 7.12890625, 0.0, 505),
    "320x512": Golden(1.0, 1210, 1917, 680, 2.0, 1.0, 1200),
    "320x512 blur 3": Golden(
        0.3008356545961003, 1214, 2109, 718, 4.623955431754875, 0.2903225806451613, 1218
    ),
    "noise": Golden(
        0.8932773109243697, 7706, 6328, 2380, 2.5172268907563025, 0.8941935483870967, 6804
    ),
    "constant": Golden(0.0, 0, 0, 0, None, 0.0, 0),
    "step": Golden(0.0, 0, 252, 0, None, 0.0, 129),
    "sine 16": Golden(
        0.058823529411764705, 2176, 2142, 2142, 7.470588235294118, 0.058823529411764705, 2271
    ),
    "sine 8": Golden(0.03125, 4224, 4032, 4032, 3.9375, 0.03125, 4287),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_every_step_is_that_of_the_python_package(name):
    grey, golden = picture(name), GOLDEN[name]
    vertical = edges.port_vertical_edges(grey)
    assert np.count_nonzero(vertical) == golden.vertical
    assert np.count_nonzero(edges.port_edges(grey)) == golden.edges
    widths = edge_widths(grey, vertical)
    assert np.count_nonzero(widths) == golden.widths
    if golden.mean_width is not None:
        assert widths[widths > 0].mean() == pytest.approx(golden.mean_width, abs=1e-12)
    histogram = blur_histogram(grey)
    assert histogram.sum() == golden.widths  # every block of these pictures has detail
    assert score(histogram) == pytest.approx(golden.score, abs=1e-12)


@pytest.mark.parametrize("name", GOLDEN)
def test_matlabs_edges_give_matlabs_score(name):
    grey, golden = picture(name), GOLDEN[name]
    assert np.count_nonzero(edges.matlab_vertical_edges(grey)) == golden.matlab_vertical
    measured = score(blur_histogram(grey, rule=EdgeRule.MATLAB))
    assert measured == pytest.approx(golden.matlab_score, abs=1e-12)


def test_colour_frames_are_scored_by_pillows_luma():
    frames = to_frames([toon_frame(blur=1), toon_frame(blur=2)])
    np.testing.assert_array_equal(to_grey_levels(frames), np.stack([toon(1), toon(2)]))
    golden = [GOLDEN["blur 1"].score, GOLDEN["blur 2"].score]
    assert cpbd(frames).tolist() == pytest.approx(golden, abs=1e-12)


@pytest.mark.parametrize("rule", EdgeRule)
def test_more_blur_is_never_sharper(rule):
    blurred = [score(blur_histogram(toon(blur), rule=rule)) for blur in (0, 1, 2, 3, 4)]
    assert blurred == sorted(blurred, reverse=True)
    assert blurred[0] == 1
    assert blurred[-1] == 0


def test_what_does_not_fill_a_block_is_left_out():
    grey = picture("noise")
    larger = np.zeros((128 + 63, 128 + 63), np.uint8)
    larger[:128, :128] = grey
    inner = blur_histogram(larger).sum()
    larger[150:, 150:] = 255
    assert blur_histogram(larger).sum() == inner


def test_only_rising_vertical_edges_leave_nothing_to_measure():
    # the reference keeps an angle of 0 where nothing else is known, and stops where all are 0
    ramp = rows(np.clip((np.arange(128) - 60) * 20, 0, 200))
    assert not edge_widths(ramp, np.ones_like(ramp, bool)).any()
    assert edge_widths(ramp[:, ::-1].copy(), np.ones_like(ramp, bool)).any()


def test_an_edge_is_as_wide_as_its_ramp():
    # a plateau of 200 with slopes of four steps to each side, each of 50 levels
    profile = np.interp(np.arange(40), [10, 14, 26, 30], [0, 200, 200, 0])
    grey = np.tile(profile, (5, 1)).astype(np.uint8)
    middle = np.zeros(grey.shape, bool)
    middle[2, [12, 28]] = True
    widths = edge_widths(grey, middle)
    assert widths[2, 12] == widths[2, 28] == 4


def test_edges_at_the_border_have_no_width():
    grey = picture("noise")[:16, :16]
    widths = edge_widths(grey, np.ones(grey.shape, bool))
    inner = np.zeros(grey.shape, bool)
    inner[1:-1, 1:-1] = True
    assert widths[inner].any()
    assert not widths[~inner].any()


def test_an_edge_is_followed_no_further_than_the_reference_does():
    falling = np.tile(np.arange(255, -1, -1), (3, 1)).astype(np.uint8)
    middle = np.zeros(falling.shape, bool)
    middle[1, 128] = True
    assert edge_widths(falling, middle)[1, 128] == 2 * FARTHEST_PX


def slow_width(row: np.ndarray, column: int, direction: int) -> int:
    """The width by walking from pixel to pixel, as the paper says it."""
    total = 0
    for step in (-1, 1):
        at = column + step
        length = 1
        while 0 <= at + step < len(row) and length < FARTHEST_PX:
            if direction * step * (int(row[at + step]) - int(row[at])) <= 0:
                break
            at, length = at + step, length + 1
        total += length
    return total


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_widths_are_those_of_walking_from_pixel_to_pixel(seed, levels):
    grey = np.random.RandomState(seed).randint(0, levels, (6, 12)).astype(np.uint8)
    down, across = np.gradient(grey.astype(float))
    angle = np.where(across != 0, np.degrees(np.arctan2(down, across)), 0)
    sector = np.round(angle / 45) * 45
    widths = edge_widths(grey, np.ones(grey.shape, bool))
    for y in range(1, 5):
        for x in range(1, 11):
            direction = {0: 1, 180: -1}.get(abs(int(sector[y, x])), 0)
            expected = slow_width(grey[y], x, direction) if direction and angle.any() else 0
            assert widths[y, x] == expected


@pytest.mark.parametrize(
    ("pictures", "error", "message"),
    [
        (torch.zeros(1, 3, 63, 64), ShapeError, "64 pixels a side"),
        (torch.zeros(0, 3, 64, 64), InputError, "too few frames"),
        (torch.full((2, 3, 64, 64), float("nan")), InputError, "frame 0 of pictures"),
        (torch.full((2, 3, 64, 64), 200.0), InputError, "frame 0 of pictures"),
    ],
)
def test_pictures_that_cannot_be_scored_are_refused(pictures, error, message):
    with pytest.raises(error, match=message):
        cpbd(pictures)
