"""Lines of finished drawings, without weights."""

from functools import cache

import cv2
import numpy as np
import pytest
from skimage.morphology import skeletonize

from tests.unit.drawing.inked_shapes import Inked, inked_shapes
from toontween.data.synthetic.scenes import Drawing, scene
from toontween.drawing.extraction import ExtractionSettings, extract_lines
from toontween.drawing.strokes import stroke_width
from toontween.errors import InputError
from toontween.metrics.line import LEAST_INK, line_chamfer_distance

SCENES = ["two-poses", "head-turn", "bouncing-ball"]


@cache
def drawn(name: str, at: float) -> Drawing:
    return scene(name).draw(at)


def picture_of(drawing: Drawing) -> np.ndarray:
    return drawing.frame.astype(np.float32) / 255


def truth_of(drawing: Drawing) -> np.ndarray:
    return drawing.line[..., 3].astype(np.float32) / np.float32(255)


def near(lines: np.ndarray, radius_px: int) -> np.ndarray:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1, 2 * radius_px + 1))
    return cv2.dilate(lines.astype(np.uint8), disc) > 0


def precision_and_recall(ink: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Parts of our lines near a true one, and of the true ones near ours, within a pixel."""
    ours, true = ink > LEAST_INK, truth > LEAST_INK
    return near(true, 1)[ours].mean(), near(ours, 1)[true].mean()


def assert_found(shapes: Inked, *, at_least: float = 0.97) -> None:
    precision, recall = precision_and_recall(extract_lines(shapes.picture).ink, shapes.ink)
    assert precision > at_least
    assert recall > at_least


def canny(frame: np.ndarray) -> np.ndarray:
    return cv2.Canny(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), 100, 200) > 0


@pytest.mark.parametrize("at", [0.0, 0.45, 1.0])
@pytest.mark.parametrize("name", SCENES)
def test_the_lines_of_the_bundled_drawings_are_found(name, at):
    drawing = drawn(name, at)
    precision, recall = precision_and_recall(
        extract_lines(picture_of(drawing)).ink, truth_of(drawing)
    )
    assert precision > 0.95
    assert recall > 0.95


@pytest.mark.parametrize("at", [0.0, 0.45, 1.0])
@pytest.mark.parametrize("name", SCENES)
def test_they_are_nearer_to_the_true_lines_than_cannys_edges(name, at):
    drawing = drawn(name, at)
    truth = truth_of(drawing)
    ours = line_chamfer_distance(extract_lines(picture_of(drawing)).ink, truth)
    theirs = line_chamfer_distance(canny(drawing.frame), truth)
    assert ours < 0.25 * theirs


@pytest.mark.parametrize("pen_px", [1.0, 2.0, 3.0, 5.0, 8.0])
def test_every_line_answers_once(pen_px):
    shapes = inked_shapes(320, pen_px=pen_px)
    ours = skeletonize(extract_lines(shapes.picture).ink > 0.5).sum()
    edges = skeletonize(canny(np.rint(shapes.picture * 255).astype(np.uint8))).sum()
    # a pixel chain is shorter than the line where it runs diagonally
    assert 0.8 < ours / shapes.length_px < 1.05
    if pen_px >= 3:
        assert edges / shapes.length_px > 1.6


@pytest.mark.parametrize("pen_px", [1.0, 1.5, 2.0, 3.0, 5.0, 8.0])
def test_lines_are_as_wide_as_they_were_drawn(pen_px):
    shapes = inked_shapes(320, pen_px=pen_px)
    lines = extract_lines(shapes.picture)
    assert stroke_width(lines) == pytest.approx(pen_px, abs=0.35)
    # thin lines get full ink, however the pixel grid thinned them out
    off = 0.15 if pen_px >= 2 else 0.45
    assert np.abs(lines.ink - shapes.ink).mean() < off * shapes.ink.mean()


@pytest.mark.parametrize("height", [107, 160, 480])
def test_lines_are_found_at_every_size(height):
    assert_found(inked_shapes(height, pen_px=max(1.0, height / 160)))


@pytest.mark.parametrize("line", [(20, 20, 20), (75, 45, 30), (40, 30, 80), (110, 20, 30)])
def test_lines_may_be_coloured(line):
    assert_found(inked_shapes(line=line))


def test_dark_lines_on_dark_fills_are_found():
    assert_found(inked_shapes(line=(18, 12, 20), disc=(60, 45, 40), box=(40, 50, 75)))


def test_night_scenes_have_lines():
    assert_found(
        inked_shapes(line=(6, 5, 9), disc=(66, 58, 60), box=(34, 40, 66), ground=(45, 50, 70))
    )


def test_thin_and_thick_lines_are_found_in_one_drawing():
    thin, thick = inked_shapes(240, pen_px=1.0), inked_shapes(240, pen_px=7.0)
    both = Inked(
        picture=np.concatenate([thin.picture, thick.picture]),
        ink=np.concatenate([thin.ink, thick.ink]),
        length_px=thin.length_px + thick.length_px,
    )
    assert_found(both, at_least=0.95)


def plane(height: int = 120, width: int = 180) -> tuple[np.ndarray, np.ndarray]:
    """Height and distance from the left of each pixel, in heights of the picture."""
    y, x = np.mgrid[:height, :width].astype(np.float32) / height
    return y, x


Y, X = plane()
PLAIN = {
    "flat": np.full_like(X, 0.6),
    "slope": 0.1 + 0.5 * X,
    "glow": 0.9 * np.exp(-((X - 0.75) ** 2 + (Y - 0.5) ** 2) * 8),
    "soft shadow": 0.8 - 0.4 * np.exp(-((Y - 0.5) ** 2) * 12),
    "step": np.where(X + 0.3 * Y < 0.8, 0.2, 0.8),
    "disc without outline": np.where(np.hypot(X - 0.75, Y - 0.5) < 0.3, 0.2, 0.8),
    "light disc": np.where(np.hypot(X - 0.75, Y - 0.5) < 0.3, 0.9, 0.4),
    "light line": np.where(np.abs(X - 0.5 - 0.2 * Y) < 0.012, 1.0, 0.4),
    "black": np.zeros_like(X),
    "white": np.ones_like(X),
}


@pytest.mark.parametrize("name", PLAIN)
def test_where_there_is_no_dark_line_none_is_found(name):
    picture = np.repeat(PLAIN[name].astype(np.float32)[..., None], 3, axis=2)
    assert not extract_lines(picture).ink.any()


def test_grain_is_not_taken_for_lines():
    grain = np.random.default_rng(1).normal(scale=8 / 255, size=(120, 180, 3))
    assert extract_lines((0.6 + grain).astype(np.float32)).coverage < 0.001


def test_lines_are_found_in_grain():
    shapes = inked_shapes(240, pen_px=2.5)
    grain = np.random.default_rng(1).normal(scale=6 / 255, size=shapes.picture.shape)
    grainy = (shapes.picture + grain).clip(0, 1).astype(np.float32)
    precision, recall = precision_and_recall(extract_lines(grainy).ink, shapes.ink)
    assert precision > 0.95
    assert recall > 0.95


@pytest.mark.parametrize("quality", [35, 60, 85])
def test_jpeg_does_not_fray_the_lines(quality):
    shapes = inked_shapes(240, pen_px=2.5)
    pixels = np.rint(shapes.picture[..., ::-1] * 255).astype(np.uint8)
    _, stored = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    read = cv2.imdecode(stored, cv2.IMREAD_COLOR)
    assert read is not None
    picture = np.ascontiguousarray(read[..., ::-1]).astype(np.float32) / 255
    precision, recall = precision_and_recall(extract_lines(picture).ink, shapes.ink)
    assert precision > 0.97
    assert recall > 0.97


def test_a_shaded_ground_changes_nothing():
    shapes = inked_shapes(200)
    shade = np.linspace(0.55, 1.0, shapes.ink.shape[1], dtype=np.float32)[None, :, None]
    shaded = Inked(picture=shapes.picture * shade, ink=shapes.ink, length_px=shapes.length_px)
    assert_found(shaded)


def test_small_dots_are_no_lines():
    picture = np.full((160, 240, 3), 0.9, np.float32)
    for at in range(20, 220, 20):
        picture[40:43, at : at + 3] = 0.1
    assert not extract_lines(picture).ink.any()


def test_boundaries_are_drawn_when_asked_for_and_once_each():
    shapes = inked_shapes(200, pen_px=0.0)
    assert not extract_lines(shapes.picture).ink.any()
    found = extract_lines(shapes.picture, ExtractionSettings(boundaries=1.0)).ink
    spine = skeletonize(found > 0.5)
    assert 0.8 < spine.sum() / shapes.length_px < 1.05
    true = inked_shapes(200, pen_px=1.0).ink > LEAST_INK
    assert near(true, 2)[spine].mean() > 0.98


def test_boundaries_are_as_strong_as_asked():
    picture = inked_shapes(200, pen_px=0.0).picture
    whole = extract_lines(picture, ExtractionSettings(boundaries=1.0)).ink
    half = extract_lines(picture, ExtractionSettings(boundaries=0.5)).ink
    assert half == pytest.approx(whole / 2)


def test_outlined_shapes_have_no_further_boundaries():
    picture = inked_shapes(200, pen_px=2.5).picture
    alone = extract_lines(picture).ink
    more = extract_lines(picture, ExtractionSettings(boundaries=1.0)).ink
    assert (more - alone).sum() < 0.01 * alone.sum()


def test_faint_lines_are_found_when_asked_for():
    faint = inked_shapes(
        line=(205, 205, 205), disc=(225, 225, 225), box=(225, 225, 225), ground=(225, 225, 225)
    )
    found = extract_lines(faint.picture, ExtractionSettings(contrast=0.03)).ink
    assert precision_and_recall(found, faint.ink)[1] > 0.95
    assert not extract_lines(faint.picture, ExtractionSettings(contrast=0.6)).ink.any()


def test_short_strokes_go_when_asked():
    picture = np.full((200, 300, 3), 0.9, np.float32)
    picture[50:52, 20:280] = 0.1
    picture[100:102, 20:50] = 0.1
    found = extract_lines(picture, ExtractionSettings(shortest=0.3)).ink
    assert found[50:52, 40:260].min() > 0.9
    assert not found[90:110].any()


def test_strokes_thicker_than_asked_are_no_lines():
    shapes = inked_shapes(320, pen_px=8.0)
    assert_found(shapes)
    thin_only = extract_lines(shapes.picture, ExtractionSettings(widest=0.01)).ink
    assert thin_only.sum() < 0.05 * shapes.ink.sum()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 2), (3, 5), (16, 16)])
@pytest.mark.parametrize("boundaries", [0.0, 1.0])
def test_tiny_pictures_are_taken(size, boundaries):
    picture = np.random.default_rng(0).random((*size, 3), dtype=np.float32)
    lines = extract_lines(picture, ExtractionSettings(boundaries=boundaries))
    assert lines.ink.shape == size


def test_the_same_picture_gives_the_same_lines_and_is_left_alone():
    picture = picture_of(drawn("head-turn", 0.45))
    before = picture.copy()
    once, again = extract_lines(picture), extract_lines(picture)
    assert np.array_equal(once.ink, again.ink)
    assert np.array_equal(picture, before)


def test_a_mirrored_picture_gives_mirrored_lines():
    picture = picture_of(drawn("two-poses", 0.45))
    lines = extract_lines(picture).ink
    mirrored = extract_lines(np.ascontiguousarray(picture[:, ::-1])).ink[:, ::-1]
    precision, recall = precision_and_recall(mirrored, lines)
    assert min(precision, recall) > 0.98


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("contrast", 0.0),
        ("contrast", float("nan")),
        ("widest", 0.5),
        ("shortest", -0.1),
        ("boundaries", 1.5),
    ],
)
def test_settings_out_of_range_are_refused(setting, value):
    with pytest.raises(InputError, match=setting):
        ExtractionSettings(**{setting: value})
