"""Painted backgrounds: flat shapes without ink, quieter than what plays before them."""

from functools import cache

import numpy as np
from jaxtyping import UInt8

from toontween.data.synthetic.canvas import Canvas, Colour, over
from toontween.data.synthetic.curves import Number, ellipse, points, spline

Painted = UInt8[np.ndarray, "h w 3"]
"""A background."""

WIDTH_PX, HEIGHT_PX = 512, 320
"""Size of the bundled drawings."""


@cache
def meadow() -> Painted:
    """Hills under a morning sky, level ground from y = 286."""
    canvas = Canvas(WIDTH_PX, HEIGHT_PX)
    for centre, radii in (((96, 66), (44, 17)), ((128, 56), (32, 22)), ((160, 68), (40, 15))):
        canvas.fill(ellipse(centre, radii), (236, 246, 248))
    for centre, radii in (((404, 40), (38, 13)), ((432, 32), (28, 17)), ((460, 42), (34, 12))):
        canvas.fill(ellipse(centre, radii), (236, 246, 248))
    _land(
        canvas,
        ((-20, 196), (70, 172), (170, 198), (270, 168), (380, 200), (470, 176), (540, 190)),
        (186, 217, 214),
    )
    _land(
        canvas,
        ((-20, 232), (90, 220), (220, 240), (350, 214), (460, 236), (540, 222)),
        (168, 207, 172),
    )
    for x, y, size in ((52, 214, 20), (84, 222, 14), (438, 226, 18), (470, 228, 24)):
        canvas.fill(
            points((x - 3, y + size), (x + 3, y + size), (x + 3, y), (x - 3, y)), (140, 150, 128)
        )
        canvas.fill(ellipse((x, y), (size * 0.8, size)), (138, 186, 150))
    _land(canvas, ((-20, 268), (150, 262), (330, 268), (540, 260)), (196, 216, 152))
    _land(canvas, ((-20, 298), (120, 303), (300, 299), (540, 304)), (178, 202, 138))
    return over(canvas.layers().cel, _flat((204, 230, 240)))


@cache
def room() -> Painted:
    """A wall with a window, out of focus behind a close-up."""
    canvas = Canvas(WIDTH_PX, HEIGHT_PX)
    canvas.fill(_box(300, 26, 470, 214), (250, 243, 230))
    canvas.fill(_box(310, 36, 460, 204), (196, 224, 236))
    canvas.fill(ellipse((352, 150), (52, 18)), (226, 240, 244))
    canvas.fill(ellipse((392, 136), (40, 24)), (226, 240, 244))
    canvas.fill(_box(310, 164, 460, 204), (178, 212, 190))
    canvas.fill(_box(381, 36, 389, 204), (250, 243, 230))
    canvas.fill(_box(310, 112, 460, 119), (250, 243, 230))
    canvas.fill(_box(290, 210, 480, 222), (236, 222, 200))
    canvas.fill(_box(40, 118, 170, 128), (214, 184, 158))
    books = (
        (52, 22, 62, (206, 150, 128)),
        (76, 14, 54, (172, 190, 178)),
        (92, 18, 68, (226, 196, 138)),
        (112, 12, 50, (170, 176, 196)),
    )
    for left, width, height, colour in books:
        canvas.fill(_box(left, 118 - height, left + width, 118), colour)
    canvas.fill(_box(0, 262, WIDTH_PX, HEIGHT_PX), (226, 196, 172))
    canvas.fill(_box(0, 258, WIDTH_PX, 264), (240, 220, 200))
    return over(canvas.layers().cel, _flat((240, 214, 192)))


@cache
def court() -> Painted:
    """A sunny yard before a wall, level ground from y = 232."""
    canvas = Canvas(WIDTH_PX, HEIGHT_PX)
    canvas.fill(ellipse((396, 62), (30, 30)), (255, 246, 214))
    for centre, radii in (
        ((20, 132), (52, 40)),
        ((74, 140), (40, 30)),
        ((458, 138), (34, 24)),
        ((504, 132), (42, 38)),
    ):
        canvas.fill(ellipse(centre, radii), (166, 202, 166))
    canvas.fill(_box(0, 146, WIDTH_PX, 232), (232, 206, 178))
    canvas.fill(_box(0, 138, WIDTH_PX, 150), (244, 224, 200))
    for row in range(3):
        for column in range(-1, 9):
            left = column * 64 + 32 * (row % 2)
            if (row * 3 + column * 5) % 4 == 0:
                canvas.fill(
                    _box(left + 3, 155 + row * 26, left + 61, 178 + row * 26), (224, 194, 164)
                )
    canvas.fill(_box(0, 228, WIDTH_PX, HEIGHT_PX), (200, 208, 190))
    canvas.fill(_box(0, 228, WIDTH_PX, 235), (178, 186, 170))
    canvas.fill(points((196, 320), (232, 235), (240, 235), (212, 320)), (226, 230, 216))
    return over(canvas.layers().cel, _flat((206, 230, 238)))


def _land(canvas: Canvas, ridge: tuple[tuple[Number, Number], ...], colour: Colour) -> None:
    line = spline(points(*ridge))
    canvas.fill(np.concatenate([line, points((line[-1, 0], 340.0), (line[0, 0], 340.0))]), colour)


def _box(left: Number, top: Number, right: Number, bottom: Number) -> np.ndarray:
    return points((left, top), (right, top), (right, bottom), (left, bottom))


def _flat(colour: Colour) -> Painted:
    return np.full((HEIGHT_PX, WIDTH_PX, 3), colour, dtype=np.uint8)
