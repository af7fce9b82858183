"""The face: outline, eyes with lids, brows, nose, mouth and ears."""

from dataclasses import dataclass
from math import cos, radians

import numpy as np

from toontween.data.synthetic.canvas import Canvas
from toontween.data.synthetic.cast.form import Stance, between_views
from toontween.data.synthetic.cast.palette import (
    BLUSH,
    EYE_WHITE,
    GLINT,
    INK,
    IRIS,
    MOUTH,
    PUPIL,
    SKIN,
    TONGUE,
)
from toontween.data.synthetic.curves import (
    Points,
    Widths,
    ellipse,
    enclosed,
    lengths,
    part,
    points,
    spline,
    tapered,
)

_FRONT = points(
    (0.0, -0.86), (0.62, -0.66), (0.87, -0.14), (0.865, 0.22), (0.79, 0.52), (0.55, 0.80), (0.22, 0.985),
    (0.0, 1.02),
    (-0.22, 0.985), (-0.55, 0.80), (-0.79, 0.52), (-0.865, 0.22), (-0.87, -0.14), (-0.62, -0.66),
)  # fmt: skip
_RIGHT = points(
    (0.0, -0.86), (0.66, -0.62), (0.845, -0.12), (0.80, 0.10), (0.835, 0.38), (0.69, 0.74), (0.52, 0.94),
    (0.36, 1.0),
    (0.12, 0.955), (-0.26, 0.76), (-0.54, 0.50), (-0.70, 0.22), (-0.80, -0.14), (-0.62, -0.62),
)  # fmt: skip

EAR_DEG = 96.0
"""Longitude of the ears."""

_EYE = (0.365, 0.22)
_EYE_HALF = (0.20, 0.25)
_UPPER_LID = points(
    (-1.0, 0.30), (-0.78, -0.38), (-0.20, -0.92), (0.42, -0.86), (0.88, -0.32), (1.06, 0.14)
)
_LOWER_LID = points(
    (-1.0, 0.30), (-0.62, 0.78), (-0.10, 0.98), (0.45, 0.90), (0.86, 0.55), (1.06, 0.14)
)
_SHUT_LID = points(
    (-1.0, 0.30), (-0.62, 0.58), (-0.10, 0.72), (0.45, 0.66), (0.86, 0.42), (1.06, 0.14)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Expression:
    """What the face does."""

    open_eyes: float = 1.0
    """How far the lids are open, 0…1."""

    gaze: tuple[float, float] = (0.0, 0.0)
    """Where the irises look, −1…1 each way."""

    brows: float = 0.0
    """Brows raised (positive) or knit (negative), −1…1."""

    open_mouth: float = 0.0
    """How far the mouth is open, 0…1."""


def outline(stance: Stance) -> Points:
    """The outline of the face on the picture."""
    return stance.place(spline(between_views(_FRONT, _RIGHT, stance.turn), closed=True))


def nose(stance: Stance) -> tuple[float, float]:
    """Where the tip of the nose is on the picture."""
    tip = stance.on_face(points((0.0, 0.515)), radius=1.02)[0]
    return float(tip[0]), float(tip[1])


def draw_face(canvas: Canvas, stance: Stance, expression: Expression, *, pen: float) -> None:
    """Draw the face without ears and hair.

    Args:
        canvas: What to draw on.
        stance: Where the head is.
        expression: What the face does.
        pen: Width of the outline's ink, pixels.
    """
    face = outline(stance)
    canvas.fill(face, SKIN.lit)
    with canvas.within(face):
        for side in (-1.0, 1.0):
            cheek = ellipse((0.50 * side, 0.56), (0.15, 0.085))
            canvas.fill(stance.on_face(cheek), BLUSH)
        for side in (-1.0, 1.0):
            _draw_eye(canvas, stance, expression, side, pen)
        _draw_nose(canvas, stance, pen)
        _draw_mouth(canvas, stance, expression, pen)
    canvas.outline(face, pen, INK)


def draw_ear(canvas: Canvas, stance: Stance, side: float, *, pen: float) -> None:
    """Draw one ear; its width follows how far it faces us.

    Args:
        canvas: What to draw on.
        stance: Where the head is.
        side: −1 for the ear on the left of a head seen from the front, 1 for the other.
        pen: Width of the outline's ink, pixels.
    """
    angle = EAR_DEG * side + stance.yaw_deg
    root = np.sin(np.radians(angle)) * 0.86
    facing = 0.55 + 0.45 * max(cos(radians(angle)), 0.0)
    shell = points(
        (-0.10, -0.16),
        (0.10, -0.26),
        (0.24, -0.16),
        (0.21, 0.08),
        (0.10, 0.25),
        (-0.04, 0.22),
        (-0.10, 0.05),
    )
    fold = points((0.05, -0.12), (0.14, -0.10), (0.12, 0.03), (0.03, 0.08))
    lean = np.array([facing * side, 1.0])
    centre = np.array([root, 0.26])
    shape = stance.place(spline(shell, closed=True) * lean + centre)
    canvas.fill(shape, SKIN.lit)
    line = stance.place(spline(fold) * lean + centre)
    with canvas.within(shape):
        canvas.fill(line, SKIN.shade)
    canvas.ink(line, tapered(line, pen * 0.7), INK)
    canvas.outline(shape, pen * 0.9, INK)


def _draw_eye(
    canvas: Canvas, stance: Stance, expression: Expression, side: float, pen: float
) -> None:
    openness = expression.open_eyes
    half_way = _SHUT_LID + (_UPPER_LID - _SHUT_LID) * openness
    half_way[:, 1] -= (
        openness * (1.0 - openness) * np.maximum(1.0 - half_way[:, 0] ** 2, 0.0)
    )  # lids stay arched
    upper = _lid(stance, half_way, side)
    lower = _lid(stance, _SHUT_LID + (_LOWER_LID - _SHUT_LID) * openness, side)
    if openness > 0.04:
        _draw_eyeball(canvas, stance, expression, side, enclosed(upper, lower))
        line = part(lower, 0.42, 0.96)
        canvas.ink(line, tapered(line, pen * 0.6), INK)
    canvas.ink(upper, _lash(upper, pen * (1.75 - 0.35 * (1 - openness))), INK)
    if openness > 0.5:
        fold = part(
            _lid(stance, _UPPER_LID * np.array([1.0, openness]) - np.array([0.0, 0.30]), side),
            0.28,
            0.82,
        )
        canvas.ink(fold, tapered(fold, pen * 0.55), INK)


def _draw_eyeball(
    canvas: Canvas, stance: Stance, expression: Expression, side: float, opening: Points
) -> None:
    x = _EYE[0] * side + expression.gaze[0] * 0.05
    y = _EYE[1] + 0.015 + expression.gaze[1] * 0.05
    canvas.fill(opening, EYE_WHITE.lit)
    with canvas.within(opening):
        canvas.fill(
            stance.on_face(ellipse((_EYE[0] * side, _EYE[1] - 0.26), (0.30, 0.14))), EYE_WHITE.shade
        )
        iris = stance.on_face(ellipse((x, y), (0.132, 0.215)))
        canvas.fill(iris, IRIS.lit)
        with canvas.within(iris):
            canvas.fill(stance.on_face(ellipse((x, y - 0.12), (0.19, 0.16))), IRIS.shade)
        canvas.fill(stance.on_face(ellipse((x, y), (0.066, 0.115))), PUPIL)
        canvas.ink(iris, np.full(len(iris), stance.scale * 0.016), IRIS.shade, closed=True)
        canvas.fill(stance.on_face(ellipse((x - 0.055, y - 0.09), (0.05, 0.066))), GLINT)
        canvas.fill(stance.on_face(ellipse((x + 0.06, y + 0.10), (0.026, 0.034))), GLINT)


def _lid(stance: Stance, lid: Points, side: float) -> Points:
    return stance.on_face(
        spline(lid) * np.array(_EYE_HALF) * np.array([side, 1.0])
        + np.array([_EYE[0] * side, _EYE[1]])
    )


def _lash(line: Points, width: float) -> Widths:
    """The upper lid's pen: fine at the nose, heavy to the outside, a short point."""
    run = lengths(line)
    return width * (0.45 + 0.75 * run) * np.clip((1.06 - run) / 0.16, 0.25, 1.0)


def draw_brows(canvas: Canvas, stance: Stance, expression: Expression, *, pen: float) -> None:
    """Draw the brows; they are drawn after the hair, as cartoons do, because they carry the mood."""
    for side in (-1.0, 1.0):
        if abs(25.0 * side + stance.yaw_deg) < 75.0:
            _draw_brow(canvas, stance, expression, side, pen)


def _draw_brow(
    canvas: Canvas, stance: Stance, expression: Expression, side: float, pen: float
) -> None:
    lift = -0.05 * expression.brows
    knit = 0.05 * min(expression.brows, 0.0)
    brow = points((0.19, -0.20 + lift - knit), (0.36, -0.27 + lift), (0.56, -0.20 + lift))
    line = stance.on_face(spline(brow * np.array([side, 1.0])))
    canvas.ink(line, tapered(line, pen * 1.1, ends=(0.25, 0.7)), INK)


def _draw_nose(canvas: Canvas, stance: Stance, pen: float) -> None:
    bridge = stance.on_face(points((0.0, 0.43)), radius=0.97)
    tip = stance.on_face(points((0.0, 0.515)), radius=1.02)
    base = stance.on_face(points((0.0, 0.545)), radius=0.93)
    line = spline(np.concatenate([bridge, tip, base]))
    canvas.ink(line, tapered(line, pen * 0.9, ends=(0.6, 0.4)), INK)


def _draw_mouth(canvas: Canvas, stance: Stance, expression: Expression, pen: float) -> None:
    drop = expression.open_mouth
    smile = stance.on_face(
        spline(points((-0.17, 0.685), (-0.06, 0.725), (0.06, 0.725), (0.17, 0.685)))
    )
    if drop > 0.02:
        jaw = points(
            (-0.17, 0.685),
            (-0.115, 0.71 + 0.12 * drop),
            (0.0, 0.725 + 0.17 * drop),
            (0.115, 0.71 + 0.12 * drop),
            (0.17, 0.685),
        )
        low = stance.on_face(spline(jaw))
        gap = enclosed(smile, low)
        canvas.fill(gap, MOUTH)
        with canvas.within(gap):
            canvas.fill(stance.on_face(ellipse((0.02, 0.76 + 0.16 * drop), (0.11, 0.075))), TONGUE)
        canvas.ink(low, tapered(low, pen * 0.8), INK)
    canvas.ink(smile, tapered(smile, pen, ends=(0.3, 0.3)), INK)
