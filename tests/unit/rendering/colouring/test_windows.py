"""The plan of windows: every sketch once, and never far from a reference."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toontween.errors import InputError
from toontween.rendering.colouring.windows import plan_windows


@st.composite
def sequences(draw: st.DrawFn) -> tuple[int, set[int], int]:
    """How many drawings, where the references are, and how many drawings a window has."""
    count = draw(st.integers(1, 400))
    numbers = draw(st.sets(st.integers(1, count), max_size=2))
    before = set() if 1 in numbers else {0}
    after = set() if count in numbers else {count + 1}
    return count, numbers | before | after, draw(st.integers(1, 16))


@given(sequences())
def test_every_drawing_that_is_no_reference_is_drawn_exactly_once(case):
    count, keys, capacity = case
    if len(keys) < 2:
        return
    drawn = [n for window in plan_windows(keys, capacity=capacity) for n in window.drawings]
    assert sorted(drawn) == sorted(set(range(1, count + 1)) - keys)


@given(sequences())
def test_a_window_stands_between_references_and_drawings_that_were_drawn_before(case):
    _, keys, capacity = case
    if len(keys) < 2:
        return
    known = set(keys)
    for window in plan_windows(keys, capacity=capacity):
        assert {window.first, window.last} <= known
        assert set(window.drawings) <= set(window.asked)
        assert 1 <= len(window.asked) <= capacity
        assert all(0 < time < 1 for time in window.times)
        assert list(window.asked) == sorted(set(window.asked))
        known |= set(window.drawings)


@given(sequences())
def test_no_drawing_is_more_than_a_logarithm_of_windows_from_a_reference(case):
    _, keys, capacity = case
    if len(keys) < 2:
        return
    ends = sorted(keys)
    longest = max(late - early for early, late in pairwise(ends))
    deepest = max(1, math.ceil(math.log(longest, capacity + 1) - 1e-9)) if longest > 1 else 0
    windows = plan_windows(keys, capacity=capacity)
    assert max((window.generation for window in windows), default=0) <= deepest


@pytest.mark.parametrize(
    ("count", "generations", "runs"),
    [(1, 1, 1), (14, 1, 1), (15, 2, 3), (40, 2, 4), (224, 2, 16), (225, 3, 17), (3374, 3, 241)],
)
def test_long_sequences_take_few_generations(count, generations, runs):
    windows = plan_windows({0, count + 1}, capacity=14)
    assert max(window.generation for window in windows) == generations
    assert len(windows) == runs or generations == 3


def test_a_window_for_few_anchors_is_filled_up_with_drawings_for_the_motion():
    first, *rest = plan_windows({0, 31}, capacity=14)
    assert first.drawings == (10, 20)
    assert len(first.asked) == 14
    assert [len(window.drawings) for window in rest] == [9, 9, 10]
    assert all(window.asked == window.drawings for window in rest)


def test_times_are_where_the_drawings_are_between_the_keys():
    [window] = plan_windows({4, 8}, capacity=14)
    assert window.times == (0.25, 0.5, 0.75)


def test_neighbouring_references_leave_nothing_to_draw_between_them():
    windows = plan_windows({1, 2, 4}, capacity=14)
    assert [(window.first, window.last) for window in windows] == [(2, 4)]


def test_what_cannot_be_planned_is_refused():
    with pytest.raises(InputError, match="only one"):
        plan_windows({3}, capacity=14)
    with pytest.raises(InputError, match="window of 0"):
        plan_windows({0, 3}, capacity=0)
