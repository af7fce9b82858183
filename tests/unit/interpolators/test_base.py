"""What a request accepts and refuses."""

import numpy as np
import pytest

from toontween.drawing.lines import Lines
from toontween.errors import InputError, ShapeError
from toontween.interpolators.base import InbetweenRequest, evenly_spaced_times, move_sketches


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


def lines(height=4, width=6):
    return Lines(np.ones((height, width), np.float32))


@pytest.mark.parametrize("index", [-1, 0, 1, 2])
def test_drawings_and_keys_can_have_sketches_of_any_size(index):
    sketches = {index: lines(8, 12)}
    request = InbetweenRequest(first=picture(), last=picture(), times=(0.2, 0.6), sketches=sketches)
    assert request.sketches == sketches


@pytest.mark.parametrize("index", [-2, 3])
def test_a_sketch_of_no_drawing_is_refused(index):
    with pytest.raises(InputError, match=f"drawing {index} of 2"):
        InbetweenRequest(
            first=picture(), last=picture(), times=(0.2, 0.6), sketches={index: lines()}
        )


def test_a_sketch_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match="drawing 0 is 4×6, the keys are 6×4"):
        InbetweenRequest(first=picture(), last=picture(), times=(0.5,), sketches={0: lines(6, 4)})


def test_sketches_are_counted_anew():
    first, middle, last = lines(), lines(), lines()
    found = move_sketches({-1: first, 1: middle, 2: last}, [0, 4, 7, 9])
    assert found == {0: first, 7: middle, 9: last}
