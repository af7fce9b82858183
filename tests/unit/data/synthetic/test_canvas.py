"""The drawing layer."""

from itertools import pairwise

import numpy as np
import pytest

from toontween.data.synthetic.canvas import Canvas, over, straight
from toontween.data.synthetic.curves import points
from toontween.errors import ShapeError

SQUARE = points((4, 4), (12, 4), (12, 12), (4, 12))
STROKE = points((0, 8), (16, 8))
PEN = np.full(2, 2.0)
INK = (10, 20, 30)


def test_a_fill_shows_its_colour_inside_and_nothing_outside():
    canvas = Canvas(16, 16)
    canvas.fill(SQUARE, (200, 100, 50))
    cel = straight(canvas.layers().cel)
    assert cel[8, 8].tolist() == [200, 100, 50, 255]
    assert cel[1, 1].tolist() == [0, 0, 0, 0]


def test_ink_is_on_both_layers_and_a_fill_hides_it_on_both():
    canvas = Canvas(16, 16)
    canvas.ink(STROKE, PEN, INK)
    canvas.fill(SQUARE, (200, 100, 50))
    layers = canvas.layers()
    line = straight(layers.line)
    assert line[8, 1].tolist() == [*INK, 255]
    assert line[8, 8, 3] == 0
    assert straight(layers.cel)[8, 8].tolist() == [200, 100, 50, 255]


def test_a_see_through_fill_leaves_the_ink_to_be_seen():
    canvas = Canvas(16, 16)
    canvas.ink(STROKE, PEN, INK)
    canvas.fill(SQUARE, (200, 100, 50), alpha=0.5)
    assert straight(canvas.layers().line)[8, 8, 3] == 255


def test_drawing_within_a_shape_stays_within_it():
    canvas = Canvas(16, 16)
    with canvas.within(SQUARE):
        canvas.ink(STROKE, PEN, INK)
    canvas.ink(points((0, 2), (16, 2)), PEN, INK)
    alpha = straight(canvas.layers().line)[..., 3]
    assert alpha[8, 1] == 0
    assert alpha[8, 8] == 255
    assert alpha[2, 1] == 255


def test_a_zoom_keeps_the_point_it_is_about():
    canvas = Canvas(32, 32, zoom=2.0, about=(4.0, 4.0))
    canvas.fill(SQUARE, (200, 100, 50))
    alpha = straight(canvas.layers().cel)[..., 3]
    assert alpha[4:20, 4:20].min() == 255
    assert alpha[20:].max() == alpha[:, 20:].max() == alpha[:4].max() == 0


def test_a_half_covered_pixel_keeps_its_colour_under_straight_alpha():
    canvas = Canvas(4, 4)
    canvas.fill(points((0, 0), (1.5, 0), (1.5, 4), (0, 4)), (200, 100, 50))
    assert straight(canvas.layers().cel)[2, 1] == pytest.approx([200, 100, 50, 128], abs=1)


def test_a_layer_over_white_mixes_by_its_alpha():
    canvas = Canvas(4, 4)
    canvas.fill(points((0, 0), (4, 0), (4, 4), (0, 4)), (0, 0, 0), alpha=0.5)
    seen = over(canvas.layers().cel, np.full((4, 4, 3), 255, np.uint8))
    assert seen[2, 2] == pytest.approx([127, 127, 127], abs=1)


def test_a_turning_stroke_has_no_gaps():
    zigzag = points((4, 28), (16, 4), (28, 28), (16, 16))
    canvas = Canvas(32, 32)
    canvas.ink(zigzag, np.full(4, 3.0), INK)
    alpha = straight(canvas.layers().line)[..., 3]
    along = np.concatenate([np.linspace(a, b, 40) for a, b in pairwise(zigzag)])
    assert alpha[along[:, 1].astype(int), along[:, 0].astype(int)].min() > 180


def test_an_empty_canvas_and_a_pen_without_widths_are_refused():
    with pytest.raises(ShapeError, match="0 × 16"):
        Canvas(0, 16)
    with pytest.raises(ShapeError, match="3 pen widths for 2 points"):
        Canvas(4, 4).ink(STROKE, np.ones(3), INK)
