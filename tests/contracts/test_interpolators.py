"""The promises of `Interpolator`, kept by every method that needs no weights."""

import dataclasses

import numpy as np
import pytest

from toontween.drawing.lines import Lines
from toontween.errors import InputError
from toontween.interpolators.base import (
    InbetweenRequest,
    Interpolator,
    Timing,
    evenly_spaced_times,
)
from toontween.interpolators.catalog import build

WEIGHT_FREE = ("hold", "crossfade", "flow", "phase")
SIZES = [(1, 1), (3, 5), (1, 40), (33, 47), (64, 48)]


@pytest.fixture(params=WEIGHT_FREE)
def interpolator(request) -> Interpolator:
    return build(request.param)


def drawing(height: int, width: int, *, at: float, channels: int = 3) -> np.ndarray:
    """A soft-edged disc with an outline on a paper ground; `at` is where its centre is, 0…1 of the width."""
    y, x = np.mgrid[:height, :width] + 0.5
    radius = 0.3 * height
    outside = np.hypot(x - at * width, y - 0.5 * height) - radius
    body = np.clip(0.5 - outside, 0, 1)[..., None]
    line = np.clip(1.5 - np.abs(outside), 0, 1)[..., None]
    ground, skin = np.array([0.9, 0.85, 0.7]), np.array([0.8, 0.3, 0.2])
    colour = (ground * (1 - body) + skin * body) * (1 - line)
    if channels == 4:
        alpha = np.clip(1.5 - outside, 0, 1)[..., None]
        colour = np.concatenate([colour * (alpha > 0), alpha], axis=-1)
    return colour.astype(np.float32)


def ask(first: np.ndarray, last: np.ndarray, times: tuple[float, ...]) -> InbetweenRequest:
    return InbetweenRequest(first=first, last=last, times=times)


def keys(height: int, width: int, channels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    first, last = (drawing(height, width, at=at, channels=channels) for at in (0.4, 0.55))
    return first, last


@pytest.mark.parametrize("count", [0, 1, 14])
def test_as_many_drawings_as_times_are_given(interpolator, count):
    result = interpolator.inbetween(ask(*keys(24, 32), evenly_spaced_times(count)))
    assert len(result.drawings) == count


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_drawings_have_the_keys_form(interpolator, height, width, channels):
    first, last = keys(height, width, channels)
    for picture in interpolator.inbetween(ask(first, last, (0.2, 0.5, 0.9))).drawings:
        assert picture.shape == first.shape
        assert picture.dtype == np.float32
        assert picture.flags.c_contiguous
        assert 0 <= picture.min() <= picture.max() <= 1


def test_keys_are_left_as_they_are_and_not_shared(interpolator):
    first, last = keys(24, 32, 4)
    before = first.copy(), last.copy()
    for picture in interpolator.inbetween(ask(first, last, (0.3, 0.7))).drawings:
        picture[:] = 0.123
    np.testing.assert_array_equal(first, before[0])
    np.testing.assert_array_equal(last, before[1])


@pytest.mark.parametrize("channels", [3, 4])
def test_times_near_the_ends_approach_the_keys(interpolator, channels):
    first, last = keys(48, 64, channels)
    near_first, near_last = interpolator.inbetween(ask(first, last, (1e-7, 1 - 1e-7))).drawings
    for near, key in ((near_first, first), (near_last, last)):
        assert np.abs(shown(near) - shown(key)).max() < 2e-3


def shown(picture: np.ndarray) -> np.ndarray:
    """What is seen of a picture: the colour counts as much as its alpha."""
    return (
        np.concatenate([picture[..., :3] * picture[..., 3:], picture[..., 3:]], axis=-1)
        if (picture.shape[2] == 4)
        else picture
    )


@pytest.mark.parametrize("channels", [3, 4])
def test_between_equal_keys_nothing_changes(interpolator, channels):
    first, _ = keys(33, 47, channels)
    for picture in interpolator.inbetween(ask(first, first.copy(), (0.25, 0.5))).drawings:
        assert np.abs(shown(picture) - shown(first)).max() < 2e-5


def test_drawings_come_in_the_order_of_the_times(interpolator):
    first, last = keys(48, 64)
    drawings = interpolator.inbetween(ask(first, last, evenly_spaced_times(5))).drawings
    towards = (last - first) / np.square(last - first).sum()
    progress = [float(((picture - first) * towards).sum()) for picture in drawings]
    assert progress == sorted(progress)
    assert progress[0] < 0.5 < progress[-1]


def test_times_asked_together_or_alone_give_the_same_drawing(interpolator):
    first, last = keys(48, 64)
    together = interpolator.inbetween(ask(first, last, (0.2, 0.6, 0.9))).drawings[1]
    alone = interpolator.inbetween(ask(first, last, (0.6,))).drawings[0]
    np.testing.assert_array_equal(together, alone)


def test_asking_twice_gives_the_same_bytes(interpolator):
    request = ask(*keys(48, 64, 4), evenly_spaced_times(3))
    once, twice = (interpolator.inbetween(request).drawings for _ in range(2))
    for a, b in zip(once, twice, strict=True):
        np.testing.assert_array_equal(a, b)


def test_seed_changes_nothing_where_none_is_declared(interpolator):
    request = ask(*keys(24, 32), (0.4,))
    other = dataclasses.replace(request, seed=7)
    assert not interpolator.capabilities.seeded
    np.testing.assert_array_equal(
        interpolator.inbetween(request).drawings[0], interpolator.inbetween(other).drawings[0]
    )


@pytest.mark.parametrize("channels", [3, 4])
def test_reversed_keys_give_the_reversed_drawings(interpolator, channels):
    first, last = keys(48, 64, channels)
    forward = interpolator.inbetween(ask(first, last, (0.25, 0.75))).drawings
    backward = interpolator.inbetween(ask(last, first, (0.25, 0.75))).drawings
    for a, b in zip(forward, reversed(backward), strict=True):
        assert np.abs(shown(a) - shown(b)).mean() < 1e-4


def test_grey_keys_give_grey_drawings(interpolator):
    first, last = (np.repeat(key[..., :1], 3, axis=2) for key in keys(48, 64))
    for picture in interpolator.inbetween(ask(first, last, (0.3, 0.5))).drawings:
        assert np.ptp(picture, axis=2).max() < 1e-3


def test_what_is_transparent_in_both_keys_everywhere_stays_transparent(interpolator):
    first, last = np.zeros((2, 24, 32, 4), np.float32)
    first[..., :3], last[..., :3] = 0.7, 0.1
    for picture in interpolator.inbetween(ask(first, last, (0.3, 0.5, 0.8))).drawings:
        assert not picture[..., 3].any()


def test_opaque_keys_with_alpha_give_what_keys_without_it_give(interpolator):
    first, last = keys(48, 64)
    opaque = np.ones((48, 64, 1), np.float32)
    first_layer, last_layer = (np.concatenate([key, opaque], axis=2) for key in (first, last))
    plain = interpolator.inbetween(ask(first, last, (0.4,))).drawings[0]
    layered = interpolator.inbetween(ask(first_layer, last_layer, (0.4,))).drawings[0]
    np.testing.assert_allclose(layered[..., 3], 1, atol=1e-5)
    assert np.abs(layered[..., :3] - plain).mean() < 2e-3


def test_hidden_colour_of_transparent_pixels_does_not_bleed(interpolator):
    first, last = keys(48, 64, 4)
    painted, painted_last = first.copy(), last.copy()
    for key in (painted, painted_last):
        key[key[..., 3] == 0, :3] = (0, 1, 0)
    clean = interpolator.inbetween(ask(first, last, (0.4,))).drawings[0]
    other = interpolator.inbetween(ask(painted, painted_last, (0.4,))).drawings[0]
    np.testing.assert_allclose(shown(other), shown(clean), atol=1e-6)


def test_progress_counts_up_to_the_number_of_steps(interpolator):
    calls = []
    request = InbetweenRequest(
        first=keys(24, 32)[0],
        last=keys(24, 32)[1],
        times=(0.25, 0.5, 0.75),
        progress=lambda done, total: calls.append((done, total)),
    )
    interpolator.inbetween(request)
    assert calls == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("wish", "named"),
    [
        ({"prompt": "a walking cat"}, "prompt"),
        ({"sketches": {0: Lines(np.zeros((24, 32), np.float32))}}, "sketches"),
        ({"options": {"wobble": 3}}, "wobble"),
    ],
    ids=["prompt", "sketch", "option"],
)
def test_what_would_be_ignored_is_refused(interpolator, wish, named):
    with pytest.raises(InputError, match=named):
        interpolator.inbetween(dataclasses.replace(ask(*keys(24, 32), (0.5,)), **wish))


def test_capabilities_are_declared_before_anything_runs(interpolator):
    assert interpolator.name in WEIGHT_FREE
    assert interpolator.capabilities.timing is Timing.ANY_TIME
    assert interpolator.capabilities.alpha
    assert interpolator.capabilities.devices == ("cpu",)
