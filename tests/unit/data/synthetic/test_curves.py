"""Splines, ribbons and pen pressure."""

import numpy as np

from toontween.data.synthetic.curves import (
    ellipse,
    lengths,
    part,
    points,
    ribbon,
    spline,
    tapered,
    turned,
    weighted,
)


def test_a_spline_passes_through_its_points():
    through = points((0, 0), (10, 5), (30, -4), (31, 20))
    line = spline(through)
    gaps = np.linalg.norm(line[None] - through[:, None], axis=2).min(axis=1)
    assert gaps.max() < 1e-9


def test_a_closed_spline_returns_to_its_start():
    line = spline(points((0, 0), (10, 0), (10, 10), (0, 10)), closed=True)
    steps = np.linalg.norm(np.roll(line, -1, axis=0) - line, axis=1)
    assert steps.max() < 2.0


def test_a_corner_stays_sharp_and_other_points_are_smooth():
    square = points((0, 0), (10, 0), (10, 10), (0, 10))
    line = spline(square, closed=True, corners=(0,))
    along = np.roll(line, -1, axis=0) - line
    along /= np.linalg.norm(along, axis=1)[:, None]
    turn = np.sum(along * np.roll(along, 1, axis=0), axis=1)
    assert turn[0] < 0.2
    assert np.delete(turn, 0).min() > 0.9


def test_the_edges_of_a_ribbon_keep_their_distance():
    left, right = ribbon(spline(points((0, 0), (50, 10), (100, 0))), np.array([5.0, 5.0]))
    np.testing.assert_allclose(np.linalg.norm(left - right, axis=1), 10.0)


def test_a_part_of_a_line_is_as_long_as_asked():
    line = points((0, 0), (10, 0), (10, 10))
    half = part(line, 0.25, 0.75)
    np.testing.assert_allclose(half, [[5, 0], [10, 0], [10, 5]])


def test_a_stroke_is_fine_at_its_ends():
    line = points(*[(x, 0.0) for x in range(101)])
    widths = tapered(line, 4.0)
    assert widths[0] < 1.0
    assert widths[-1] < 1.0
    assert widths[50] == 4.0
    assert np.all(np.diff(lengths(line)) > 0)


def test_an_outline_is_heavier_away_from_the_light_whichever_way_it_is_drawn():
    for ring in (ellipse((0, 0), (10, 10)), ellipse((0, 0), (10, 10))[::-1]):
        widths = weighted(ring, 2.0)
        assert widths[ring[:, 1].argmax()] > 2.2
        assert widths[ring[:, 1].argmin()] < 1.8


def test_a_turn_is_clockwise_on_the_picture():
    np.testing.assert_allclose(turned(points((1, 0)), 90.0), [[0, 1]], atol=1e-12)
