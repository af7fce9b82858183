"""Distances of lines: values by hand, and goldens of AnimeInbet's and EISAI's own code on drawings by formula."""

import math

import numpy as np
import pytest
import torch

from tests.unit.metrics.toon_frames import toon_frame
from toontween.errors import InputError, ShapeError
from toontween.metrics.clips import to_frames
from toontween.metrics.line import (
    LEAST_INK,
    LineRule,
    dog_lines,
    drawn_lines,
    line_chamfer_distance,
    line_hausdorff_distance,
    line_precision_recall,
    line_ratio,
)


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


def test_a_line_drawing_has_the_ink_that_animeinbet_counts():
    paper = 255 * (1 - np.stack([outlines(0), outlines(1)]))[..., None].astype(np.uint8)
    assert np.count_nonzero(drawn_lines(to_frames(list(paper))), axis=(1, 2)).tolist() == [613, 660]


def test_light_paper_is_no_line_and_light_pencil_is():
    levels = np.array([[252, 253]], np.uint8)[..., None]
    assert drawn_lines(to_frames([levels])).tolist() == [[[True, False]]]


def test_the_worst_line_is_as_far_as_animeinbet_says():
    assert line_hausdorff_distance(outlines(1), outlines(0)) == pytest.approx(
        0.03493856266140938, rel=1e-6
    )
    assert line_hausdorff_distance(outlines(0), outlines(0)) == 0
    assert line_hausdorff_distance(mask(), mask((0, 0))) == 1


def test_lines_of_coloured_frames_are_those_of_eisai():
    first, second, blurred = dog_lines(
        to_frames([toon_frame(), toon_frame(t=1), toon_frame(blur=2)])
    )
    assert np.count_nonzero(first) == 1412
    assert np.count_nonzero(second) == 1300
    assert line_chamfer_distance(second, first) == pytest.approx(0.00033483433071523905, rel=1e-6)
    assert line_chamfer_distance(blurred, first) == pytest.approx(1.0668233699107077e-05, rel=1e-6)
    assert line_ratio(blurred, first) == pytest.approx(1.0814447402954102, rel=1e-6)


def test_a_flat_frame_has_no_lines():
    assert not dog_lines(torch.full((1, 3, 20, 20), 0.3)).any()


def test_both_rules_look_at_every_frame_by_itself():
    frames = to_frames([toon_frame(), toon_frame(t=1)])
    for rule in LineRule:
        together = rule.lines_of(frames)
        for number in range(2):
            np.testing.assert_array_equal(together[number], rule.lines_of(frames[[number]])[0])


def test_lost_and_doubled_lines_show_in_the_ratio():
    truth = mask((0, 0), (1, 1), (2, 2))
    assert line_ratio(mask((0, 0)), truth) == pytest.approx(1 / 3)
    assert line_ratio(truth, mask((0, 0))) == 3


def test_precision_is_of_what_was_drawn_and_recall_of_what_should_have_been():
    truth, ours = mask((0, 0), (3, 2)), mask((1, 0))
    assert line_precision_recall(ours, truth, tolerance_px=1.0) == (1, 0.5)
    assert line_precision_recall(truth, ours, tolerance_px=1.0) == (0.5, 1)
    assert line_precision_recall(ours, truth, tolerance_px=0.0) == (0, 0)


def test_a_line_just_within_the_tolerance_is_found():
    ours, truth = mask((0, 0)), mask((2, 1))
    apart = math.hypot(2, 1)
    assert line_precision_recall(ours, truth, tolerance_px=apart + 1e-6) == (1, 1)
    assert line_precision_recall(ours, truth, tolerance_px=apart - 1e-3) == (0, 0)


def test_nothing_drawn_finds_nothing():
    assert line_precision_recall(mask(), mask((0, 0))) == (0, 0)


@pytest.mark.parametrize("measure", [line_ratio, line_precision_recall])
def test_a_truth_without_lines_has_neither_ratio_nor_recall(measure):
    with pytest.raises(InputError, match="no lines"):
        measure(mask((0, 0)), mask())


def test_a_negative_tolerance_is_refused():
    with pytest.raises(InputError, match="tolerance_px -1"):
        line_precision_recall(mask((0, 0)), mask((0, 0)), tolerance_px=-1.0)
