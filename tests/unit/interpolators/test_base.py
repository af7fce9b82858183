"""What a request accepts and refuses."""

import numpy as np
import pytest

from toontween.errors import InputError, ShapeError
from toontween.interpolators.base import InbetweenRequest, evenly_spaced_times


def picture(height=4, width=6, channels=3):
    return np.zeros((height, width, channels), np.float32)


def test_evenly_spaced_times_cut_the_gap_into_equal_steps():
    assert evenly_spaced_times(3) == (0.25, 0.5, 0.75)
    assert evenly_spaced_times(0) == ()


@pytest.mark.parametrize("count", [-1, 10_001])
def test_an_impossible_count_is_refused(count):
    with pytest.raises(InputError, match=str(count)):
        evenly_spaced_times(count)


@pytest.mark.parametrize(
    "times", [(0.0,), (1.0,), (0.5, 0.5), (0.6, 0.4), (float("nan"),)], ids=str
)
def test_times_must_increase_strictly_between_the_keys(times):
    with pytest.raises(InputError, match="increase strictly"):
        InbetweenRequest(first=picture(), last=picture(), times=times)


def test_keys_of_different_size_are_refused():
    with pytest.raises(ShapeError, match="the keys differ"):
        InbetweenRequest(first=picture(), last=picture(width=7), times=(0.5,))


def test_a_key_with_two_channels_is_refused():
    with pytest.raises(ShapeError, match="RGB or RGBA"):
        InbetweenRequest(first=picture(channels=2), last=picture(channels=2), times=(0.5,))
