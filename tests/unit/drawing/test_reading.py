"""Clean sketches: the same ink whatever they stand on, and their own values."""

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.unit.drawing.material import (
    BLUE,
    RED,
    YELLOW,
    as_jpeg,
    face,
    in_steps,
    missed,
    on,
    on_white,
    overlap,
    scribble,
    strays_px,
)
from toontween.drawing.lines import Ground
from toontween.drawing.reading import read_sketch
from toontween.errors import InputError, ShapeError

drawings = st.builds(
    scribble,
    st.integers(24, 120),
    st.integers(24, 160),
    pen=st.integers(1, 4),
    num_strokes=st.integers(2, 9),
    seed=st.integers(0, 2**16),
)


@settings(max_examples=60, deadline=None)
@given(ink=drawings)
def test_one_drawing_has_the_same_ink_on_white_on_black_and_as_a_line_layer(ink):
    assume(0 < np.mean(ink > 0) < 0.45)
    for ground in Ground:
        reading = read_sketch(on(ground, ink), name="a drawing")
        assert reading.ground is ground
        assert np.array_equal(reading.lines.ink, ink)
        assert reading.warnings == ()


@settings(max_examples=25, deadline=None)
@given(ink=drawings, ground=st.sampled_from(Ground))
def test_reading_a_reading_changes_nothing(ink, ground):
    once = read_sketch(on(ground, ink), name="a drawing").lines
    twice = read_sketch(on(ground, once.ink), name="a drawing").lines
    assert np.array_equal(once.ink, twice.ink)


def test_the_ink_of_a_clean_drawing_is_what_its_value_lacks_to_white():
    picture = on_white(face(160, 256, pen=2))
    levels = np.rint(picture[..., 0] * 255).astype(np.float32)
    reading = read_sketch(picture, name="a drawing")
    assert np.array_equal(reading.lines.ink, (255 - levels) / np.float32(255))
    assert reading.paper == pytest.approx(np.mean(levels == 255))
    assert 1.5 < (reading.stroke_px or 0) < 2.8


def test_a_soft_digital_line_passes_unchanged_too():
    y, x = np.mgrid[:120, :200]
    ink = in_steps(np.exp(-((np.hypot(x - 100, y - 60) - 40) ** 2) / 18))
    assert np.array_equal(read_sketch(on_white(ink), name="a brush").lines.ink, ink)


def test_grey_pictures_of_one_channel_and_of_sixteen_bits_are_read():
    ink = face(120, 180, pen=2)
    grey = on_white(ink)[..., :1]
    deep = (np.rint((1 - ink) * 65535) / 65535).astype(np.float32)[..., None]
    for picture in (grey, deep, np.repeat(deep, 3, axis=2)):
        assert np.array_equal(read_sketch(picture, name="grey").lines.ink, ink)


@pytest.mark.parametrize("colour", [RED, BLUE, YELLOW, (0.0, 1.0, 0.0), (1.0, 0.0, 1.0)])
def test_a_pure_trace_colour_is_full_ink(colour):
    ink = face(160, 256, pen=2)
    reading = read_sketch(on_white(ink, colour=colour), name="a trace")
    assert np.array_equal(reading.lines.ink, ink)
    assert reading.warnings == ()


def test_trace_lines_on_black_are_read():
    ink = face(160, 256, pen=2)
    picture = in_steps(ink[..., None] * np.asarray(YELLOW, np.float32))
    reading = read_sketch(picture, name="a trace")
    assert reading.ground is Ground.BLACK
    assert np.array_equal(reading.lines.ink, ink)


def test_pale_pencil_colours_are_strengthened_and_said_to_be_faint():
    ink = face(160, 256, pen=2)
    reading = read_sketch(on_white(ink, colour=(0.65, 0.82, 1.0)), name="blue.png")
    assert overlap(reading.lines.ink, ink) > 0.95
    (warning,) = reading.warnings
    assert "blue.png has very faint lines (35% ink)" in warning


def test_black_and_coloured_lines_of_one_drawing_are_all_read():
    black, red = face(160, 256, pen=2), scribble(160, 256, pen=2, seed=3)
    picture = np.minimum(on_white(black), on_white(red, colour=RED))
    reading = read_sketch(picture, name="with traces")
    assert np.array_equal(reading.lines.ink, np.maximum(black, red))


@pytest.mark.parametrize("colour", [(0.0, 0.0, 0.0), (0.5, 0.7, 1.0), (1.0, 1.0, 1.0)])
def test_the_alpha_of_a_line_layer_is_its_ink_whatever_its_colour(colour):
    ink = face(160, 256, pen=3)
    layer = np.concatenate(
        [np.broadcast_to(np.asarray(colour, np.float32), (160, 256, 3)), ink[..., None]], 2
    )
    reading = read_sketch(layer, name="layer")
    assert reading.ground is Ground.TRANSPARENT
    assert np.array_equal(reading.lines.ink, ink)


def test_a_white_filled_cel_is_read_by_its_lines():
    ink = face(160, 256, pen=3)
    y, x = np.mgrid[:160, :256]
    body = (np.hypot((x - 128) / 44, (y - 67) / 48) < 1)[..., None]
    cel = np.concatenate([on_white(ink) * body, np.maximum(body, ink[..., None])], axis=2)
    assert np.array_equal(read_sketch(cel, name="cel").lines.ink, ink)


def test_a_tinted_even_sheet_counts_as_paper():
    ink = face(160, 256, pen=2)
    cream = in_steps(on_white(ink) * np.array([1.0, 0.97, 0.88], np.float32))
    reading = read_sketch(cream, name="cream")
    assert np.abs(reading.lines.ink - ink).max() < 0.01
    assert not reading.lines.ink[ink == 0].any()


def test_a_drawing_that_is_mostly_black_inside_stands_on_what_its_border_shows():
    ink = np.zeros((120, 160), np.float32)
    ink[12:-12, 12:-12] = 1
    assert read_sketch(on_white(ink), name="silhouette").ground is Ground.WHITE
    assert read_sketch(on(Ground.BLACK, ink), name="silhouette").ground is Ground.BLACK


@pytest.mark.parametrize("quality", [30, 50, 75, 90])
def test_the_haze_of_compression_goes_and_the_lines_stay(quality):
    ink = face(240, 384, pen=3)
    lines = read_sketch(as_jpeg(on_white(ink), quality=quality), name="web.jpg").lines
    assert overlap(lines.ink, ink) > 0.93
    assert np.mean(lines.ink > 0) < 1.35 * np.mean(ink > 0)
    assert strays_px(lines.ink, ink) < 0.35
    assert missed(lines.ink, ink, within_px=1) == 0


def test_a_ground_that_is_told_is_not_guessed():
    ink = face(120, 180, pen=2)
    wrong = read_sketch(on_white(ink), name="a drawing", ground="black")
    assert wrong.ground is Ground.BLACK
    assert wrong.lines.coverage > 0.8
    layer = on(Ground.TRANSPARENT, ink)
    told = read_sketch(layer, name="a drawing", ground="white")
    assert told.ground is Ground.WHITE
    assert np.array_equal(told.lines.ink, ink)


def test_transparency_that_is_told_but_not_there_is_refused():
    with pytest.raises(InputError, match=r"rough\.png has no transparency"):
        read_sketch(on_white(face(60, 90, pen=2)), name="rough.png", ground="transparent")


def test_a_painted_cel_may_be_told_to_be_a_line_layer():
    alpha = np.zeros((60, 90, 1), np.float32)
    alpha[10:50, 20:70] = 1
    colours = np.zeros((60, 90, 3), np.float32)
    colours[:, 45:] = (0.9, 0.6, 0.1)
    cel = np.concatenate([colours, alpha], axis=2)
    reading = read_sketch(cel, name="cel", ground="transparent")
    assert reading.ground is Ground.TRANSPARENT
    assert np.array_equal(reading.lines.ink, alpha[..., 0])


@pytest.mark.parametrize("shape", [(8, 8, 2), (0, 8, 3), (8, 8, 5)])
def test_what_is_no_picture_is_refused(shape):
    with pytest.raises(ShapeError, match=r"rough\.png has shape"):
        read_sketch(np.zeros(shape, np.float32), name="rough.png")


@pytest.mark.parametrize("value", [-0.5, 1.5, np.nan, np.inf])
def test_values_beyond_black_and_white_are_refused(value):
    with pytest.raises(InputError, match=r"rough\.png has values"):
        read_sketch(np.full((8, 8, 3), value, np.float32), name="rough.png")


@pytest.mark.parametrize("is_light", [True, False])
def test_the_ground_of_a_tiny_sketch_is_found(is_light):
    pixels = np.full((32, 48, 3), 255, np.uint8)
    cv2.line(pixels, (2, 2), (45, 29), (0, 0, 0), 3, cv2.LINE_AA)
    cv2.line(pixels, (45, 2), (2, 29), (0, 0, 0), 3, cv2.LINE_AA)
    picture = (pixels if is_light else 255 - pixels).astype(np.float32) / np.float32(255)
    reading = read_sketch(picture, name="sketch")
    assert reading.ground is (Ground.WHITE if is_light else Ground.BLACK)
