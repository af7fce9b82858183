"""Trace lines apart by colour."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from toontween.data.synthetic.scenes import scene
from toontween.drawing.extraction import extract_lines
from toontween.drawing.line_colours import LINE_COLOURS, carried_over, draw_colours, split_colours
from toontween.drawing.lines import Ground, Lines
from toontween.errors import ShapeError

PENCILS = {
    "black": (20, 20, 25),
    "red": (215, 40, 45),
    "orange": (240, 130, 30),
    "yellow": (250, 220, 40),
    "green": (40, 160, 60),
    "cyan": (60, 190, 220),
    "blue": (45, 70, 210),
    "purple": (170, 60, 190),
}
HEIGHT, WIDTH = 120, 40 * len(PENCILS)


def sheet(
    *names: str, thickness_px: float = 2.0, paper: tuple[int, int, int] = (255, 255, 255)
) -> tuple[np.ndarray, Lines, dict[str, np.ndarray]]:
    """A picture with one slanted stroke of each colour, all the ink, and the ink by colour."""
    y, x = (np.mgrid[: HEIGHT * 4, : WIDTH * 4] + 0.5) / 4 - 0.5
    picture = np.full((HEIGHT, WIDTH, 3), paper, np.float32) / 255
    inks = {}
    for number, name in enumerate(names):
        away = np.abs(x - (12.3 + 40 * number) - 0.14 * y) / np.hypot(1, 0.14)
        inside = (away <= thickness_px / 2) & (y > 10) & (y < 110)
        ink = inside.reshape(HEIGHT, 4, WIDTH, 4).mean(axis=(1, 3)).astype(np.float32)
        inks[name] = ink
        colour = np.array(PENCILS[name], np.float32) / 255
        picture = picture * (1 - ink[..., None]) + colour * ink[..., None]
    return picture.astype(np.float32), Lines(np.max(list(inks.values()), axis=0)), inks


def sum_of(parts) -> np.ndarray:
    return np.sum([part.ink for part in parts.values()], axis=0)


@pytest.mark.parametrize("thickness_px", [1.0, 2.0, 5.0])
def test_every_pencil_gets_its_own_sheet(thickness_px):
    picture, lines, inks = sheet(*PENCILS, thickness_px=thickness_px)
    parts = split_colours(picture, lines)
    assert list(parts) == list(LINE_COLOURS)
    for name, part in parts.items():
        assert np.array_equal(part.ink, inks[name])


@pytest.mark.parametrize("paper", [(255, 236, 205), (205, 205, 200)])
def test_tinted_and_grey_paper_do_not_change_the_colours(paper):
    picture, lines, inks = sheet("black", "red", "green", "blue", paper=paper)
    parts = split_colours(picture, lines)
    assert list(parts) == ["black", "red", "green", "blue"]
    for name, part in parts.items():
        assert np.array_equal(part.ink, inks[name])


def test_only_colours_that_are_there_are_named():
    picture, lines, _ = sheet("black", "blue")
    assert list(split_colours(picture, lines)) == ["black", "blue"]


def test_the_parts_add_up_to_the_whole_exactly():
    frame = scene("head-turn").draw(0.4).frame.astype(np.float32) / 255
    lines = extract_lines(frame)
    assert np.array_equal(sum_of(split_colours(frame, lines)), lines.ink)


@pytest.mark.parametrize("name", ["two-poses", "head-turn", "bouncing-ball"])
def test_the_dark_outlines_of_a_finished_drawing_are_black(name):
    drawing = scene(name).draw(0.4)
    lines = Lines(drawing.line[..., 3].astype(np.float32) / np.float32(255))
    parts = split_colours(drawing.frame.astype(np.float32) / 255, lines)
    assert parts["black"].coverage > 0.97 * lines.coverage


def test_a_crossing_is_not_a_colour_of_its_own():
    picture, lines, _ = sheet("red", "blue")
    across = np.zeros((HEIGHT, WIDTH), np.float32)
    across[60:63] = 1
    picture[60:63] = np.array(PENCILS["black"], np.float32) / 255
    both = Lines(np.maximum(lines.ink, across))
    assert list(split_colours(picture, both)) == ["black", "red", "blue"]


def test_jpeg_leaves_the_colours_alone():
    picture, lines, inks = sheet("black", "red", "green", "blue", thickness_px=3.0)
    pixels = np.rint(picture[..., ::-1] * 255).astype(np.uint8)
    _, stored = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 80])
    opened = Image.open(io.BytesIO(stored.tobytes())).convert("RGB")
    read = np.asarray(opened).astype(np.float32) / 255
    parts = split_colours(read, lines)
    assert list(parts) == ["black", "red", "green", "blue"]
    for name, part in parts.items():
        assert np.abs(part.ink - inks[name]).mean() < 0.02 * inks[name].mean()


def test_blank_paper_has_no_colours():
    blank = Lines(np.zeros((8, 8), np.float32))
    assert split_colours(np.ones((8, 8, 3), np.float32), blank) == {}


def test_one_pixel_of_ink_has_a_colour():
    parts = split_colours(np.zeros((1, 1, 3), np.float32), Lines(np.ones((1, 1), np.float32)))
    assert list(parts) == ["black"]


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(ShapeError, match="8×9"):
        split_colours(np.ones((9, 9, 3), np.float32), Lines(np.zeros((9, 8), np.float32)))


def test_finished_lines_keep_the_colours_they_had():
    picture, lines, inks = sheet("black", "red")
    thicker = Lines(cv2.dilate(lines.ink, np.ones((3, 3), np.uint8)))
    parts = carried_over(split_colours(picture, lines), thicker)
    assert np.array_equal(sum_of(parts), thicker.ink)
    for name, part in parts.items():
        assert np.array_equal(part.ink, cv2.dilate(inks[name], np.ones((3, 3), np.uint8)))


def test_lines_are_drawn_in_their_colours_on_every_ground():
    picture, lines, inks = sheet("black", "red")
    parts = split_colours(picture, lines)
    white, black, clear = (draw_colours(parts, ground) for ground in Ground)
    full = {name: np.argwhere(ink == 1)[0] for name, ink in inks.items()}
    (y, x), (y2, x2) = full["black"], full["red"]
    assert white[y, x].tolist() == [0, 0, 0]
    assert white[y2, x2].tolist() == [255, 0, 0]
    assert white[0, 0].tolist() == [255, 255, 255]
    assert black[y, x].tolist() == [255, 255, 255]
    assert black[y2, x2].tolist() == [255, 0, 0]
    assert clear[y2, x2].tolist() == [255, 0, 0, 255]
    assert clear[0, 0, 3] == 0
