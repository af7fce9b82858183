"""Neck, shoulders and scarf, for close-ups; in the head's units below the head."""

import numpy as np

from toontween.data.synthetic.canvas import Canvas
from toontween.data.synthetic.cast.form import Stance
from toontween.data.synthetic.cast.palette import INK, JACKET, SCARF, SKIN
from toontween.data.synthetic.curves import Points, enclosed, part, points, ribbon, spline, tapered

_NECK = points((-0.24, 0.6), (0.24, 0.6), (0.25, 1.3), (0.42, 1.5), (-0.42, 1.5), (-0.25, 1.3))
_JACKET = points(
    (-0.34, 1.20), (-0.80, 1.36), (-1.16, 1.58), (-1.36, 2.05), (-1.44, 2.6),
    (1.44, 2.6), (1.36, 2.05), (1.16, 1.58), (0.80, 1.36), (0.34, 1.20),
)  # fmt: skip
_WRAP = points(
    (-0.50, 1.04), (-0.22, 1.20), (0.0, 1.23), (0.22, 1.20), (0.50, 1.04),
    (0.67, 1.20), (0.56, 1.44), (0.26, 1.58), (0.0, 1.61), (-0.26, 1.58), (-0.56, 1.44), (-0.67, 1.20),
)  # fmt: skip


def draw_bust(canvas: Canvas, shoulders: Stance, scarf_end: Points, *, pen: float) -> None:
    """Draw the bust between the two passes of the head.

    Args:
        canvas: What to draw on.
        shoulders: The body's own stance: its turn moves what lies on the chest.
        scarf_end: The joints of the scarf's loose end on the picture, the root first.
        pen: Width of the outline's ink, pixels.
    """
    neck = shoulders.place(_NECK)
    canvas.fill(neck, SKIN.shade)
    for edge in (neck[[0, 5, 4]], neck[[1, 2, 3]]):
        line = spline(edge)
        canvas.ink(line, tapered(line, pen * 0.9), INK)
    _draw_jacket(canvas, shoulders, pen)
    _draw_scarf(canvas, shoulders, scarf_end, pen)


def _draw_jacket(canvas: Canvas, shoulders: Stance, pen: float) -> None:
    drift = np.array([0.10 * shoulders.turn, 0.0])
    jacket = shoulders.place(spline(_JACKET, closed=True, corners=(0, 4, 5, 9)))
    canvas.fill(jacket, JACKET.lit)
    with canvas.within(jacket):
        shade = spline(points((0.62, 1.2), (0.80, 1.7), (0.74, 2.2), (0.86, 2.7)))
        side = np.concatenate([shade, points((2.0, 2.7), (2.0, 1.2))])
        canvas.fill(shoulders.place(side), JACKET.shade)
        under = _WRAP + np.array([0.04, 0.13])
        canvas.fill(shoulders.place(spline(under, closed=True) + drift), JACKET.shade)
        zip_line = shoulders.place(
            spline(points((0.0, 1.4), (0.03, 1.8), (0.0, 2.7))) + 1.6 * drift
        )
        canvas.ink(zip_line, tapered(zip_line, pen * 0.8, ends=(0.0, 0.0)), INK)
        for side_sign in (-1.0, 1.0):
            seam = points((0.86, 2.6), (0.90, 2.1), (0.98, 1.82)) * np.array([side_sign, 1.0])
            line = shoulders.place(spline(seam))
            canvas.ink(line, tapered(line, pen * 0.8, ends=(0.0, 0.7)), INK)
    canvas.outline(jacket, pen, INK)


def _draw_scarf(canvas: Canvas, shoulders: Stance, chain: Points, pen: float) -> None:
    drift = np.array([0.08 * shoulders.turn, 0.0])
    draw_scarf_end(canvas, chain, width=shoulders.scale * 0.40, pen=pen)
    wrap = shoulders.place(spline(_WRAP, closed=True, corners=(0, 4)) + drift)
    canvas.fill(wrap, SCARF.lit)
    with canvas.within(wrap):
        low = spline(
            points((-0.7, 1.30), (-0.3, 1.47), (0.1, 1.50), (0.45, 1.38), (0.52, 1.1), (0.9, 1.1))
        )
        band = np.concatenate([low, points((0.9, 1.8), (-0.7, 1.8))])
        canvas.fill(shoulders.place(band + drift), SCARF.shade)
        for fold in (
            points((-0.58, 1.24), (-0.28, 1.40), (0.06, 1.42), (0.30, 1.36)),
            points((0.60, 1.30), (0.40, 1.42), (0.14, 1.50)),
        ):
            line = shoulders.place(spline(fold) + drift)
            canvas.ink(line, tapered(line, pen * 0.75), INK)
    canvas.outline(wrap, pen, INK)


def draw_scarf_end(canvas: Canvas, chain: Points, *, width: float, pen: float) -> None:
    """Draw the scarf's loose end along a chain of joints.

    Args:
        canvas: What to draw on.
        chain: The joints on the picture, the root first.
        width: Full width at the end, pixels.
        pen: Width of the outline's ink, pixels.
    """
    spine = spline(chain)
    left, right = ribbon(spine, width / 2 * np.array([0.55, 0.75, 0.88, 0.96, 1.0]))
    cloth = enclosed(left, right)
    canvas.fill(cloth, SCARF.lit)
    with canvas.within(cloth):
        middle, _ = ribbon(spine, width * np.array([-0.06, -0.14, -0.02, -0.12]))
        canvas.fill(enclosed(middle, right), SCARF.shade)
        for start in (0.80, 0.87):
            across = np.stack([part(left, start, 1.0)[0], part(right, start, 1.0)[0]])
            canvas.ink(across, np.full(2, width * 0.09), JACKET.lit)
    canvas.outline(cloth, pen, INK)
