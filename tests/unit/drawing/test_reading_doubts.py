"""What a sketch is doubted for, and what it is not."""

import cv2
import numpy as np
import pytest

from tests.unit.drawing.material import RED, as_jpeg, face, in_steps, on, on_white, scan, scribble
from toontween.data.synthetic.scenes import SCENES
from toontween.drawing.lines import Ground
from toontween.drawing.reading import read_sketch

HEIGHT, WIDTH = 200, 320
Y, X = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)


def photograph(seed: int) -> np.ndarray:
    """Lit balls before a textured wall: soft shading, many colours, noise."""
    rng = np.random.default_rng(seed)
    wall = cv2.resize(rng.uniform(0.2, 0.8, (8, 12, 3)).astype(np.float32), (WIDTH, HEIGHT))
    grass = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH)), (0, 0), 1.5)
    picture = wall + 0.25 * grass[..., None]
    for _ in range(5):
        x, y, radius = rng.uniform((40, 40, 20), (280, 160, 60))
        inside = np.hypot(X - x, Y - y) < radius
        shade = np.clip(1 - np.hypot(X - x + radius / 3, Y - y + radius / 3) / radius / 1.4, 0, 1)
        picture[inside] = (shade[..., None] * rng.uniform(0.3, 1, 3))[inside]
    picture += 0.02 * rng.standard_normal(picture.shape)
    return as_jpeg(in_steps(picture.clip(0, 1)), quality=85)


def gradient(*, upright: bool) -> np.ndarray:
    along = Y / HEIGHT if upright else X / WIDTH
    return in_steps(np.repeat(along[..., None], 3, axis=2))


def radial() -> np.ndarray:
    away = np.clip(np.hypot(X - 160, Y - 100) / 150, 0, 1)
    return in_steps(away[..., None] * np.array([1, 0.8, 0.5], np.float32))


def scene_frame(index: int) -> np.ndarray:
    return SCENES[index].draw(0.4).frame.astype(np.float32) / np.float32(255)


def scene_cel(index: int) -> np.ndarray:
    return SCENES[index].draw(0.4).cel.astype(np.float32) / np.float32(255)


PICTURES = {
    "photograph": lambda: photograph(0),
    "another photograph": lambda: photograph(1),
    "grey photograph": lambda: photograph(2).mean(axis=2, keepdims=True),
    "gradient across": lambda: gradient(upright=False),
    "gradient down": lambda: gradient(upright=True),
    "radial gradient": radial,
    "finished frame": lambda: scene_frame(0),
    "finished frame, compressed": lambda: as_jpeg(scene_frame(1), quality=75),
    "third finished frame": lambda: scene_frame(2),
    "painted cel": lambda: scene_cel(0),
    "close-up cel": lambda: scene_cel(1),
    "ball cel": lambda: scene_cel(2),
}


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_a_picture_that_is_no_sketch_is_doubted(picture):
    reading = read_sketch(picture(), name="cut7.png")
    (doubt, *_) = reading.warnings
    assert doubt.startswith("cut7.png looks like a photo or a finished picture rather than lines (")
    assert "%" in doubt
    assert "toontween sketch extract" in doubt


def hatched() -> np.ndarray:
    ink = face(HEIGHT, WIDTH, pen=2)
    ink[(Y > 150) & ((X + Y) % 6 < 2)] = 1
    return on_white(ink)


def with_blacks() -> np.ndarray:
    ink = face(HEIGHT, WIDTH, pen=2)
    ink[20:60, 20:80] = 1
    ink[(np.hypot(X - 260, Y - 60) < 30)] = 1
    return on_white(ink)


def two_markers() -> np.ndarray:
    black, red = (scribble(HEIGHT, WIDTH, pen=9, num_strokes=4, seed=seed) for seed in (0, 1))
    return np.minimum(on_white(black), on_white(red, colour=RED))


SKETCHES = {
    "thin": lambda: on_white(face(HEIGHT, WIDTH, pen=1)),
    "marker": lambda: on_white(face(HEIGHT, WIDTH, pen=12)),
    "red marker": lambda: on_white(scribble(HEIGHT, WIDTH, pen=16, num_strokes=5), colour=RED),
    "two markers": two_markers,
    "hatched": hatched,
    "spotted blacks": with_blacks,
    "white on black": lambda: on(Ground.BLACK, face(HEIGHT, WIDTH, pen=3)),
    "pencil scan": lambda: scan(face(HEIGHT, WIDTH, pen=2)),
    "marker scan": lambda: scan(face(HEIGHT, WIDTH, pen=9), strength=0.8),
    "scan of blacks": lambda: scan(1 - with_blacks()[..., 0], strength=0.8),
    "scan of hatching": lambda: scan(1 - hatched()[..., 0], strength=0.7),
    "dark scan": lambda: scan(face(HEIGHT, WIDTH, pen=2), paper=(0.4, 0.39, 0.36)),
    "shadow across": lambda: scan(face(HEIGHT, WIDTH, pen=2), shadow=0.4),
    "one short line": lambda: on_white(scribble(HEIGHT, WIDTH, pen=2, num_strokes=1)),
    "compressed": lambda: as_jpeg(on_white(face(HEIGHT, WIDTH, pen=2)), quality=50),
    "small": lambda: on_white(face(40, 64, pen=1)),
}


@pytest.mark.parametrize("sketch", SKETCHES.values(), ids=SKETCHES)
def test_a_sketch_is_not_doubted(sketch):
    assert read_sketch(sketch(), name="rough.png").warnings == ()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_line_layers_of_drawn_scenes_are_read_exactly_and_without_doubts(scene):
    layer = scene.draw(0.6).line
    reading = read_sketch(layer.astype(np.float32) / np.float32(255), name="line layer")
    assert np.array_equal(reading.lines.ink, layer[..., 3].astype(np.float32) / np.float32(255))
    assert reading.warnings == ()


def test_the_lines_of_a_painted_cel_are_read_in_spite_of_the_doubt():
    drawing = SCENES[1].draw(0.4)
    ink = read_sketch(drawing.cel.astype(np.float32) / np.float32(255), name="cel").lines.ink
    true = drawing.line[..., 3] > 127
    near = cv2.dilate(true.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert np.mean(ink[true] > 0.4) > 0.93
    assert ink[~near].mean() < 0.02


@pytest.mark.parametrize(
    "picture",
    [
        np.ones((40, 60, 3), np.float32),
        np.zeros((40, 60, 3), np.float32),
        np.full((40, 60, 1), 0.5, np.float32),
        np.zeros((40, 60, 4), np.float32),
        np.ones((40, 60, 4), np.float32),
        np.ones((1, 1, 3), np.float32),
    ],
)
def test_a_sketch_without_lines_is_blank_and_said_to_be(picture):
    reading = read_sketch(picture, name="0007.png")
    (warning,) = reading.warnings
    assert "0007.png is blank" in warning
    assert not reading.lines.ink.any()
    assert reading.lines.ink.shape == picture.shape[:2]
    assert reading.stroke_px is None


def test_a_trace_of_dirt_is_blank():
    picture = np.ones((80, 120, 3), np.float32)
    picture[40, 60] = 250 / 255
    reading = read_sketch(picture, name="0007.png")
    assert not reading.lines.ink.any()
    assert "0007.png is blank" in reading.warnings[0]


def test_very_faint_pencil_is_strengthened_and_said_to_be_faint():
    sheet = scan(face(400, 640, pen=4), strength=0.12, grain=0.004, smudges=0.0)
    reading = read_sketch(sheet, name="pale.jpg")
    (warning,) = reading.warnings
    assert "pale.jpg has very faint pencil lines" in warning
    assert reading.lines.ink.max() == 1


def test_more_ink_than_paper_is_remarked():
    reading = read_sketch(on_white(face(120, 180, pen=2)), name="wrong.png", ground="black")
    assert any("wrong.png is more ink than paper" in warning for warning in reading.warnings)
    assert any("--ground" in warning for warning in reading.warnings)
