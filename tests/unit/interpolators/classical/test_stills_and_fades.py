import numpy as np
import pytest

from toontween.interpolators.base import InbetweenRequest
from toontween.interpolators.catalog import build


def drawings(method: str, first: np.ndarray, last: np.ndarray, *times: float) -> list[np.ndarray]:
    return build(method).inbetween(InbetweenRequest(first=first, last=last, times=times)).drawings


def test_a_hold_shows_the_nearest_key_bit_for_bit_and_the_first_when_both_are():
    first, last = np.random.RandomState(0).rand(2, 5, 7, 4).astype(np.float32)
    shown = drawings("hold", first, last, 0.1, 0.5, 0.500001, 0.9)
    for picture, key in zip(shown, (first, first, last, last), strict=True):
        np.testing.assert_array_equal(picture, key)


def test_a_crossfade_blends_linearly():
    first, last = np.random.RandomState(1).rand(2, 5, 7, 3).astype(np.float32)
    (picture,) = drawings("crossfade", first, last, 0.25)
    np.testing.assert_allclose(picture, 0.75 * first + 0.25 * last, atol=1e-6)


def test_a_drawing_that_fades_in_from_nothing_keeps_its_colour():
    first = np.zeros((1, 1, 4), np.float32)
    last = np.array([[[0.8, 0.2, 0.4, 1.0]]], np.float32)
    (picture,) = drawings("crossfade", first, last, 0.25)
    np.testing.assert_allclose(picture, [[[0.8, 0.2, 0.4, 0.25]]], atol=1e-6)


@pytest.mark.parametrize("method", ["crossfade", "flow", "phase"])
def test_what_rounds_to_transparent_is_exactly_nothing(method):
    first = np.full((2, 2, 4), 1e-6, np.float32)
    (picture,) = drawings(method, first, first, 0.5)
    assert not picture.any()
