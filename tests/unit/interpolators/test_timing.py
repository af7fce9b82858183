"""Any method gives exactly the times asked for."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toontween.drawing.lines import Lines
from toontween.errors import InputError
from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Timing,
    evenly_spaced_times,
)
from toontween.interpolators.timing import TIMING_TOLERANCE, draw_at_times, pick_nearest

BLACK = np.zeros((2, 3, 3), dtype=np.float32)
WHITE = np.ones((2, 3, 3), dtype=np.float32)


class Blend(Interpolator):
    """A cross-fade that refuses every time its declared timing does not allow, and counts its runs."""

    name = "blend"

    def __init__(self, timing: Timing, fixed_count: int | None = None) -> None:
        self.capabilities = Capabilities(timing=timing, fixed_count=fixed_count, sketches=True)
        self.requests: list[InbetweenRequest] = []

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        self.requests.append(request)
        if self.capabilities.timing is Timing.MIDPOINT:
            assert request.times == (0.5,)
        drawings = [
            ((1 - time) * request.first + time * request.last).astype(np.float32)
            for time in request.times
        ]
        for index, sketch in request.sketches.items():
            if 0 <= index < len(drawings):
                drawings[index] = np.repeat(sketch.ink[:, :, None], 3, axis=2)
        return InbetweenResult(drawings=drawings, details={"method": "blend"})


def levels(result: InbetweenResult) -> list[float]:
    return [float(drawing[0, 0, 0]) for drawing in result.drawings]


def flat_sketch(level: float) -> Lines:
    return Lines(np.full((2, 3), level, np.float32))


def request_at(*times: float, **changes: Any) -> InbetweenRequest:
    return InbetweenRequest(first=BLACK, last=WHITE, times=times, **changes)


def test_a_method_for_any_time_is_asked_directly():
    blend = Blend(Timing.ANY_TIME)
    assert levels(draw_at_times(blend, request_at(0.1, 0.7))) == pytest.approx([0.1, 0.7])
    assert len(blend.requests) == 1


@pytest.mark.parametrize(("count", "runs"), [(1, 1), (3, 3), (7, 7)])
def test_halves_quarters_and_eighths_take_one_midpoint_each(count, runs):
    blend = Blend(Timing.MIDPOINT)
    result = draw_at_times(blend, request_at(*evenly_spaced_times(count)))
    assert levels(result) == pytest.approx(list(evenly_spaced_times(count)))
    assert len(blend.requests) == runs
    assert "drawn_at" not in result.details


@given(st.lists(st.integers(1, 199), min_size=1, max_size=12, unique=True))
def test_halving_meets_any_times_within_its_tolerance(numbers):
    times = tuple(sorted(number / 200 for number in numbers))
    result = draw_at_times(Blend(Timing.MIDPOINT), request_at(*times))
    smallest = min(np.diff([0.0, *times, 1.0]))
    assert np.abs(np.subtract(levels(result), times)).max() <= smallest * TIMING_TOLERANCE + 1e-6
    assert np.all(np.diff(levels(result)) > 0)


def test_times_that_were_not_met_exactly_are_reported():
    result = draw_at_times(Blend(Timing.MIDPOINT), request_at(1 / 3, 2 / 3))
    assert result.details["drawn_at"] == pytest.approx(levels(result))
    assert result.details["method"] == "blend"


def test_progress_of_halving_counts_the_drawings():
    seen: list[tuple[int, int]] = []
    request = request_at(0.25, 0.5, progress=lambda done, total: seen.append((done, total)))
    draw_at_times(Blend(Timing.MIDPOINT), request)
    assert seen == [(1, 2), (2, 2)]


def test_a_sketch_goes_to_the_midpoint_that_draws_it():
    request = request_at(0.25, 0.5, sketches={0: flat_sketch(0.125)})
    result = draw_at_times(Blend(Timing.MIDPOINT), request)
    assert levels(result) == pytest.approx([0.125, 0.5])


def test_halves_are_shown_the_sketches_of_the_drawings_they_lie_between():
    first, last, quarter = (flat_sketch(level) for level in (0.1, 0.2, 0.3))
    blend = Blend(Timing.MIDPOINT)
    draw_at_times(blend, request_at(0.25, 0.5, sketches={-1: first, 2: last, 0: quarter}))
    half, first_half = blend.requests
    assert half.sketches == {-1: first, 1: last}
    assert first_half.sketches == {-1: first, 0: quarter}


def test_times_that_cannot_be_told_apart_are_refused():
    with pytest.raises(InputError, match="apart"):
        draw_at_times(Blend(Timing.MIDPOINT), request_at(0.3, 0.3 + 1e-7))


def test_a_fixed_set_is_drawn_once_and_the_nearest_are_kept():
    blend = Blend(Timing.FIXED_COUNT, fixed_count=14)
    result = draw_at_times(blend, request_at(0.25, 0.5, 0.75))
    assert levels(result) == pytest.approx(result.details["drawn_at"])
    assert np.abs(np.subtract(levels(result), [0.25, 0.5, 0.75])).max() <= 1 / 30 + 1e-6
    assert [len(request.times) for request in blend.requests] == [14]


def test_a_fixed_set_that_fits_is_exact():
    result = draw_at_times(Blend(Timing.FIXED_COUNT, fixed_count=14), request_at(1 / 3, 2 / 3))
    assert levels(result) == pytest.approx([1 / 3, 2 / 3])
    assert "drawn_at" not in result.details


def test_more_than_the_fixed_set_is_asked_for_as_it_is():
    blend = Blend(Timing.FIXED_COUNT, fixed_count=3)
    draw_at_times(blend, request_at(*evenly_spaced_times(5)))
    assert blend.requests[0].times == evenly_spaced_times(5)


def test_a_sketch_follows_its_drawing_into_the_fixed_set():
    blend = Blend(Timing.FIXED_COUNT, fixed_count=14)
    result = draw_at_times(blend, request_at(1 / 3, 2 / 3, sketches={1: flat_sketch(0.9)}))
    assert levels(result) == pytest.approx([1 / 3, 0.9])
    assert list(blend.requests[0].sketches) == [9]


def test_sketches_of_the_keys_stay_with_the_keys_in_the_fixed_set():
    blend = Blend(Timing.FIXED_COUNT, fixed_count=14)
    sketches = {-1: flat_sketch(0.1), 2: flat_sketch(0.2)}
    draw_at_times(blend, request_at(1 / 3, 2 / 3, sketches=sketches))
    assert blend.requests[0].sketches == {-1: sketches[-1], 14: sketches[2]}


def test_no_times_need_no_run():
    blend = Blend(Timing.FIXED_COUNT, fixed_count=2)
    assert draw_at_times(blend, request_at()).drawings == []


def test_crowded_times_never_share_a_drawing():
    assert pick_nearest([0.49, 0.5, 0.51], evenly_spaced_times(9)) == [3, 4, 5]


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=6, unique=True), st.integers(6, 14))
def test_picks_are_strictly_increasing_and_no_worse_than_any_other_choice(times, count):
    wanted, grid = sorted(times), evenly_spaced_times(count)
    picks = pick_nearest(wanted, grid)

    def total(choice):
        return sum(abs(grid[pick] - time) for pick, time in zip(choice, wanted, strict=True))

    assert picks == sorted(set(picks))
    best = min(total(choice) for choice in combinations(range(count), len(wanted)))
    assert total(picks) == pytest.approx(best, abs=1e-9)


def test_more_drawings_than_there_are_cannot_be_picked():
    with pytest.raises(InputError, match="cannot be picked"):
        pick_nearest([0.2, 0.4, 0.6], [0.5])
