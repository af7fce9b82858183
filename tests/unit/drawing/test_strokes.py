"""The width of strokes, and lines at other sizes."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.unit.drawing.material import face, missed, overlap, scribble, strays_px, strokes
from toontween.data.synthetic.scenes import SCENES
from toontween.drawing.lines import Lines
from toontween.drawing.strokes import fit_lines, scale_lines, stroke_width
from toontween.errors import ShapeError


def width(lines: Lines) -> float:
    found = stroke_width(lines)
    assert found is not None
    return found


def level(height: int, width: int, *, pen: int) -> Lines:
    """One straight stroke from edge to edge."""
    ink = np.zeros((height, width), np.float32)
    ink[height // 2 : height // 2 + pen] = 1
    return Lines(ink)


@pytest.mark.parametrize("pen", [1, 2, 3, 8, 25])
def test_the_width_of_a_straight_stroke_is_exact(pen):
    assert width(level(100, 160, pen=pen)) == pytest.approx(pen, rel=0.01)


@pytest.mark.parametrize("pen", [2, 3, 5, 8, 14])
def test_the_width_of_curved_strokes_is_found(pen):
    assert width(Lines(face(400, 640, pen=pen))) == pytest.approx(pen, rel=0.12)


def test_weak_lines_are_as_wide_as_strong_ones():
    ink = face(200, 320, pen=3)
    assert width(Lines(ink * np.float32(0.3))) == pytest.approx(width(Lines(ink)), rel=0.02)


def test_a_large_solid_does_not_hide_how_wide_the_lines_are():
    ink = face(400, 640, pen=3)
    ink[250:390, 20:160] = 1
    assert width(Lines(ink)) == pytest.approx(3, rel=0.2)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_sheet_without_edges_has_no_strokes(value):
    assert stroke_width(Lines(np.full((30, 40), value, np.float32))) is None


@settings(max_examples=30, deadline=None)
@given(
    st.builds(
        scribble,
        st.just(160),
        st.just(256),
        pen=st.integers(1, 2),
        num_strokes=st.integers(1, 6),
        seed=st.integers(0, 999),
    ),
    st.sampled_from(["auto", "keep"]),
)
def test_lines_that_fit_are_handed_back_as_they_are(ink, mode):
    lines = Lines(ink)
    assume(width(lines) < 2.5)  # a stroke that runs over itself makes a wider one
    assert scale_lines(lines, height_px=160, width_px=256, strokes=mode) is lines
    assert fit_lines(lines, height_px=160, width_px=256, mode="pad", strokes=mode) is lines


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_true_line_layers_are_in_range_at_their_size_and_at_half_of_it(scene):
    layer = Lines(scene.draw(0.7).line[..., 3].astype(np.float32) / np.float32(255))
    assert 2 < width(layer) < 3.3
    assert scale_lines(layer, height_px=320, width_px=512) is layer
    half = scale_lines(layer, height_px=160, width_px=256)
    kept = scale_lines(layer, height_px=160, width_px=256, strokes="keep")
    assert np.array_equal(half.ink, kept.ink)
    assert 1.2 < width(half) < 2


@pytest.mark.parametrize("pen", [1, 2, 4])
def test_a_thin_drawing_of_4k_does_not_fade(pen):
    large = Lines(face(2400, 3840, pen=pen))
    small = scale_lines(large, height_px=320, width_px=512)
    kept = scale_lines(large, height_px=320, width_px=512, strokes="keep")
    true = face(320, 512, pen=2)
    assert np.percentile(kept.ink[kept.ink > 0.02], 90) < 0.75
    assert np.percentile(small.ink[small.ink > 0.1], 75) > 0.85
    assert 1.2 < width(small) < 2
    assert missed(small.ink, true, within_px=1) < 0.01
    assert strays_px(small.ink, true) < 0.4


@pytest.mark.parametrize(("size", "pen"), [((640, 1024), 14), ((320, 512), 8), ((1280, 2048), 30)])
def test_a_marker_sketch_is_redrawn_from_its_centre_lines(size, pen):
    height, wide = size
    thick = Lines(face(height, wide, pen=pen))
    thin = scale_lines(thick, height_px=320, width_px=512)
    true = face(320, 512, pen=3)
    assert 2 < width(thin) < 3.5
    assert overlap(thin.ink, true) > 0.65
    assert strays_px(thin.ink, true) < 0.5
    assert missed(thin.ink, true, within_px=2) < 0.02


def test_redrawn_strokes_keep_their_strength():
    curves = [np.array([[40, 40], [280, 40]]), np.array([[40, 120], [280, 120]])]
    strong, weak = (strokes(320, 512, [curve], pen=12) for curve in curves)
    ink = np.maximum(strong, weak * np.float32(0.4))
    thin = scale_lines(Lines(ink), height_px=320, width_px=512).ink
    assert thin[30:50, 60:260].max() == pytest.approx(1.0, abs=0.02)
    assert thin[110:130, 60:260].max() == pytest.approx(0.4, abs=0.02)


def test_solids_among_thick_strokes_become_outlines():
    ink = face(640, 1024, pen=14)
    ink[380:620, 30:230] = 1
    thin = scale_lines(Lines(ink), height_px=320, width_px=512).ink
    assert not thin[205:295, 30:100].any()
    top, left = thin[188:196, 40:90].max(axis=0), thin[210:290, 13:21].max(axis=1)
    assert top.min() > 0.9
    assert left.min() > 0.9


def test_solids_among_strokes_that_fit_stay_solid():
    ink = face(640, 1024, pen=5)
    ink[380:620, 30:230] = 1
    assert scale_lines(Lines(ink), height_px=320, width_px=512).ink[195:305, 20:110].min() == 1


def test_a_dot_and_a_short_dash_survive_redrawing():
    ink = scribble(320, 512, pen=10, num_strokes=3)
    ink[20:30, 20:30] = 1
    ink[20:30, 60:90] = 1
    thin = scale_lines(Lines(ink), height_px=320, width_px=512).ink
    assert thin[20:30, 20:30].max() > 0.9
    assert np.all(thin[20:30, 66:84].max(axis=0) > 0.9)


def test_what_has_no_centre_lines_is_not_lost():
    ink = 1 - face(384, 512, pen=4)
    assert scale_lines(Lines(ink), height_px=192, width_px=256).coverage > 0.5


def test_keep_only_resizes():
    ink = face(640, 1024, pen=14)
    kept = scale_lines(Lines(ink), height_px=320, width_px=512, strokes="keep").ink
    assert kept == pytest.approx(ink.reshape(320, 2, 512, 2).mean(axis=(1, 3)), abs=1e-6)


def test_a_small_sketch_is_enlarged_without_growing_fat():
    large = scale_lines(Lines(face(160, 256, pen=2)), height_px=640, width_px=1024)
    assert large.ink.shape == (640, 1024)
    assert width(large) < 9.5
    assert missed(large.ink, face(640, 1024, pen=5), within_px=2) < 0.01


@pytest.mark.parametrize("size", [(300, 512), (320, 520), (512, 320)])
def test_another_aspect_ratio_is_refused(size):
    lines = Lines(face(320, 512, pen=2))
    with pytest.raises(ShapeError, match="512×320 do not fit"):
        scale_lines(lines, height_px=size[0], width_px=size[1])


def test_rounding_is_no_other_aspect_ratio():
    lines = Lines(face(1080, 1920, pen=6))
    assert scale_lines(lines, height_px=287, width_px=510).ink.shape == (287, 510)


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (-3, 10)])
def test_a_sheet_without_pixels_is_refused(size):
    lines = Lines(face(32, 32, pen=1))
    with pytest.raises(ShapeError, match="no room"):
        scale_lines(lines, height_px=size[0], width_px=size[1])
    with pytest.raises(ShapeError, match="no room"):
        fit_lines(lines, height_px=size[0], width_px=size[1], mode="pad")


def test_padded_lines_stand_in_the_middle_with_bare_paper_beside_them():
    ink = face(200, 200, pen=2)
    fitted = fit_lines(Lines(ink), height_px=200, width_px=320, mode="pad", strokes="keep").ink
    assert np.array_equal(fitted[:, 60:260], ink)
    assert not fitted[:, :60].any()
    assert not fitted[:, 260:].any()


def test_cropped_lines_fill_the_sheet():
    ink = face(320, 320, pen=2)
    fitted = fit_lines(Lines(ink), height_px=200, width_px=320, mode="crop", strokes="keep").ink
    assert np.array_equal(fitted, ink[60:260])


def test_lines_of_another_shape_get_strokes_for_the_sheet_they_come_to():
    wide = Lines(face(2048, 2048, pen=4))
    fitted = fit_lines(wide, height_px=320, width_px=512, mode="pad")
    assert 1.2 < width(fitted) < 2.2
    assert np.percentile(fitted.ink[fitted.ink > 0.1], 75) > 0.85


@pytest.mark.parametrize("mode", ["pad", "crop"])
def test_lines_of_the_sheets_shape_are_scaled_alone(mode):
    lines = Lines(face(640, 1024, pen=5))
    fitted = fit_lines(lines, height_px=320, width_px=512, mode=mode)
    assert np.array_equal(fitted.ink, scale_lines(lines, height_px=320, width_px=512).ink)
