"""Chamfer distance of lines: values by hand, and goldens of AnimeInbet's own code on drawings by formula."""

import math

import numpy as np
import pytest

from tests.unit.metrics.toon_frames import toon_frame
from toontween.errors import ShapeError
from toontween.metrics.line import LEAST_INK, line_chamfer_distance


def mask(*points: tuple[int, int], height: int = 4, width: int = 3) -> np.ndarray:
    lines = np.zeros((height, width), bool)
    for y, x in points:
        lines[y, x] = True
    return lines


def outlines(t: float) -> np.ndarray:
    """The black outlines of a drawing, as white and black ink."""
    return (toon_frame(t).max(axis=2) < 100).astype(np.float32)


def test_two_points_are_as_far_apart_as_they_are():
    # one line pixel each, 3 px apart: 3 px / 12 pixels / a diagonal of 5, both ways
    assert line_chamfer_distance(mask((0, 0)), mask((3, 0))) == pytest.approx(3 / 12 / 5)


def test_both_directions_count_half():
    ours, truth = mask((0, 0), (3, 0)), mask((0, 0))
    # nothing of the truth is missed; one of our pixels is 3 px off
    assert line_chamfer_distance(ours, truth) == pytest.approx((0 + 3 / 12 / 5) / 2)
    assert line_chamfer_distance(truth, ours) == pytest.approx((3 / 12 / 5 + 0) / 2)


def test_distances_are_euclidean():
    apart = math.hypot(3, 2) / 12 / 5
    assert line_chamfer_distance(mask((0, 0)), mask((3, 2))) == pytest.approx(apart)


def test_an_empty_drawing_is_a_diagonal_away():
    empty, truth = mask(), mask((0, 0), (1, 1))
    assert line_chamfer_distance(empty, truth) == pytest.approx(2 / 12 / 2)
    assert line_chamfer_distance(truth, empty) == pytest.approx(2 / 12 / 2)


def test_two_empty_drawings_agree():
    assert line_chamfer_distance(mask(), mask()) == 0


def test_a_drawing_agrees_with_itself():
    assert line_chamfer_distance(outlines(0), outlines(0)) == 0


def test_faint_ink_is_a_line_and_less_than_a_hundredth_is_paper():
    faint = np.where(mask((0, 0)), LEAST_INK * 1.01, LEAST_INK).astype(np.float32)
    assert line_chamfer_distance(faint, mask((3, 0))) == pytest.approx(3 / 12 / 5)


def test_one_pixel_is_a_picture():
    assert line_chamfer_distance(np.ones((1, 1), bool), np.zeros((1, 1), bool)) == pytest.approx(
        0.5
    )


@pytest.mark.parametrize(("t", "golden"), [(1, 0.0002418687508907169), (8, 0.0010109886061400175)])
def test_it_is_what_animeinbet_measures(t, golden):
    assert line_chamfer_distance(outlines(t), outlines(0)) == pytest.approx(golden, rel=1e-6)


def test_it_is_what_animeinbet_measures_when_nothing_was_drawn():
    truth = outlines(0)
    measured = line_chamfer_distance(np.zeros_like(truth), truth)
    assert measured == pytest.approx(0.012471518479287624, rel=1e-6)


@pytest.mark.parametrize(("ours", "truth"), [((4, 3), (3, 4)), ((0, 3), (0, 3))])
def test_drawings_that_cannot_be_compared_are_refused(ours, truth):
    with pytest.raises(ShapeError, match="cannot be compared"):
        line_chamfer_distance(np.zeros(ours, bool), np.zeros(truth, bool))
