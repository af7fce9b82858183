"""The whole figure in a three-quarter view to the right: skeleton, clothes, limbs, a paper plane."""

from dataclasses import dataclass
from math import acos, atan2, degrees, hypot

import numpy as np

from toontween.data.synthetic.canvas import Canvas
from toontween.data.synthetic.cast.bust import draw_scarf_end
from toontween.data.synthetic.cast.head import Head, draw_head_back, draw_head_front
from toontween.data.synthetic.cast.palette import (
    BOOTS,
    INK,
    JACKET,
    PAPER,
    SCARF,
    SHORTS,
    SKIN,
    SOCKS,
    Tone,
)
from toontween.data.synthetic.curves import (
    Points,
    ellipse,
    enclosed,
    part,
    points,
    ribbon,
    spline,
    tapered,
    towards,
    turned,
)

TORSO, THIGH, SHIN, UPPER_ARM, FOREARM = 54.0, 43.0, 42.0, 31.0, 28.0
"""Lengths of the bones, pixels."""

_SOLE = points((-9, -6), (-10, 3), (-9, 10), (6, 10), (21, 10), (24, 5), (18, -1), (9, -5))
_TORSO_HALF = np.array([18.5, 17.0, 15.0, 15.5, 17.0, 15.0, 8.0])


@dataclass(frozen=True, kw_only=True, slots=True)
class Limb:
    """An arm or a leg by its joints."""

    root: tuple[float, float]
    """Shoulder or hip, pixels."""

    middle: tuple[float, float]
    """Elbow or knee."""

    end: tuple[float, float]
    """Wrist or ankle."""

    tip_deg: float
    """Direction of hand or foot."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Figure:
    """The figure in one pose."""

    spine: Points
    """From the hips to the base of the neck."""

    near_arm: Limb
    far_arm: Limb
    near_leg: Limb
    far_leg: Limb

    head: Head
    """The head, with its tail of hair."""

    scarf_end: Points
    """The joints of the scarf's loose end."""

    plane_deg: float
    """Where the paper plane in the near hand points."""

    pen: float = 2.3
    """Width of the outline's ink, pixels."""


def bent_spine(hips: tuple[float, float], low_deg: float, high_deg: float) -> Points:
    """The spine from the hips up, leaning by one angle below and another above (0 upright, positive forward)."""
    lean = np.linspace(low_deg, high_deg, 13)[:-1]
    steps = [towards(angle - 90.0, TORSO / 12) for angle in lean.tolist()]
    return np.cumsum([np.asarray(hips), *steps], axis=0)


def arm(root: tuple[float, float], upper_deg: float, fore_deg: float) -> Limb:
    """An arm from its shoulder and the directions of its two bones."""
    elbow = np.asarray(root) + towards(upper_deg, UPPER_ARM)
    wrist = elbow + towards(fore_deg, FOREARM)
    return Limb(root=root, middle=_pair(elbow), end=_pair(wrist), tip_deg=fore_deg)


def leg(root: tuple[float, float], ankle: tuple[float, float], foot_deg: float) -> Limb:
    """A leg from its hip and ankle; the knee bends forward. Out of reach, it is drawn straight towards the ankle."""
    span = min(hypot(ankle[0] - root[0], ankle[1] - root[1]), THIGH + SHIN - 0.1)
    aim = degrees(atan2(ankle[1] - root[1], ankle[0] - root[0]))
    opening = degrees(acos((THIGH**2 + span**2 - SHIN**2) / (2 * THIGH * span)))
    knee = np.asarray(root) + towards(aim - opening, THIGH)
    end = np.asarray(root) + towards(aim, span)
    return Limb(root=root, middle=_pair(knee), end=_pair(end), tip_deg=foot_deg)


def draw_figure(canvas: Canvas, figure: Figure) -> None:
    """Draw the figure from back to front."""
    draw_scarf_end(canvas, figure.scarf_end, width=15.0, pen=figure.pen)
    draw_head_back(canvas, figure.head)
    _draw_arm(canvas, figure.far_arm, figure.pen, far=True)
    _draw_leg(canvas, figure.far_leg, figure.pen, far=True)
    _draw_leg(canvas, figure.near_leg, figure.pen, far=False)
    _draw_torso(canvas, figure.spine, figure.pen)
    _draw_scarf(canvas, figure.spine, figure.pen)
    draw_head_front(canvas, figure.head)
    _draw_plane(canvas, figure.near_arm, figure.plane_deg, figure.pen)
    _draw_arm(canvas, figure.near_arm, figure.pen, far=False)


def _pair(point: np.ndarray) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def _bones(limb: Limb) -> Points:
    """The limb's middle line, rounded at the joint."""
    root, middle, end = (np.asarray(joint) for joint in (limb.root, limb.middle, limb.end))
    inner = middle + 0.10 * ((root + end) / 2 - middle)
    return spline(
        np.stack([root, root + 0.6 * (middle - root), inner, middle + 0.4 * (end - middle), end])
    )


def _draw_tube(
    canvas: Canvas, spine: Points, half: tuple[float, ...], tone: Tone, pen: float, *, far: bool
) -> None:
    """A sleeve or leg: flat tone, shadow along the right edge, ink along both edges."""
    left, right = ribbon(spine, np.array(half))
    shape = enclosed(left, right)
    canvas.fill(shape, tone.shade if far else tone.lit)
    if not far:
        low, high = (left, right) if left[:, 1].mean() > right[:, 1].mean() else (right, left)
        with canvas.within(shape):
            canvas.fill(enclosed(low, low + 0.36 * (high - low)), tone.shade)
    for edge in (left, right):
        canvas.ink(edge, tapered(edge, pen, ends=(0.06, 0.0)), INK)


def _draw_leg(canvas: Canvas, limb: Limb, pen: float, *, far: bool) -> None:
    bones = _bones(limb)
    foot = turned(spline(_SOLE, closed=True, corners=(2, 4)), limb.tip_deg) + np.asarray(limb.end)
    _draw_tube(canvas, bones, (10.5, 9.5, 8.0, 7.6, 7.0), SKIN, pen, far=far)
    _draw_tube(canvas, part(bones, 0.60, 1.0), (8.2, 8.0, 7.6), SOCKS, pen, far=far)
    top = part(bones, 0.60, 0.67)
    _draw_cuff(canvas, top, 8.8, SOCKS, pen, far=far)
    canvas.fill(foot, BOOTS.shade if far else BOOTS.lit)
    if not far:
        with canvas.within(foot):
            sole = turned(
                points((-14, 6.5), (28, 6.5), (28, 14), (-14, 14)), limb.tip_deg
            ) + np.asarray(limb.end)
            canvas.fill(sole, BOOTS.shade)
    canvas.outline(foot, pen, INK)
    _draw_cuff(canvas, part(bones, 0.84, 0.99), 9.6, BOOTS, pen, far=far)
    _draw_tube(canvas, part(bones, 0.0, 0.40), (13.0, 13.4, 13.2), SHORTS, pen, far=far)
    _draw_cuff(canvas, part(bones, 0.35, 0.41), 13.6, SHORTS, pen, far=far)


def _draw_cuff(
    canvas: Canvas, spine: Points, half: float, tone: Tone, pen: float, *, far: bool
) -> None:
    left, right = ribbon(spine, np.array([half, half]))
    cuff = enclosed(left, right)
    canvas.fill(cuff, tone.shade if far else tone.lit)
    canvas.outline(cuff, pen * 0.85, INK)


def _draw_arm(canvas: Canvas, limb: Limb, pen: float, *, far: bool) -> None:
    bones = _bones(limb)
    _draw_hand(canvas, limb, pen, far=far)
    shoulder = ellipse(limb.root, (10.2, 10.2))
    canvas.fill(shoulder, JACKET.shade if far else JACKET.lit)
    canvas.outline(shoulder, pen * 0.9, INK)
    _draw_tube(canvas, bones, (10.5, 9.6, 8.4, 8.0, 8.2), JACKET, pen, far=far)
    _draw_cuff(canvas, part(bones, 0.90, 1.0), 8.8, JACKET, pen, far=far)


def _draw_hand(canvas: Canvas, limb: Limb, pen: float, *, far: bool) -> None:
    skin = SKIN.shade if far else SKIN.lit
    shape = points((-3, -6), (6, -7.2), (13, -5), (15.5, 0), (12, 5.6), (5, 7), (-3, 6))
    palm = turned(spline(shape, closed=True), limb.tip_deg) + np.asarray(limb.end)
    thumb_at = turned(points((7.0, -6.0)), limb.tip_deg)[0] + np.asarray(limb.end)
    thumb = ellipse(_pair(thumb_at), (5.6, 3.0), tilt_deg=limb.tip_deg - 38.0)
    for piece in (palm, thumb):
        canvas.fill(piece, skin)
        canvas.outline(piece, pen * 0.9, INK)
    root = turned(ellipse((5.0, -3.0), (4.4, 3.4)), limb.tip_deg) + np.asarray(limb.end)
    canvas.fill(root, skin)


def _draw_torso(canvas: Canvas, spine: Points, pen: float) -> None:
    down = spine[0] - spine[1]
    long = spline(np.concatenate([(spine[0] + 2.2 * down)[None], spine[::3], spine[-1:]])[:-1])
    back, front = ribbon(long, _TORSO_HALF)
    jacket = enclosed(back, front)
    seat = ellipse(_pair(spine[0] + 1.2 * down), (16.5, 13.0))
    canvas.fill(seat, SHORTS.lit)
    canvas.fill(jacket, JACKET.lit)
    with canvas.within(jacket):
        canvas.fill(enclosed(back + 0.70 * (front - back), front), JACKET.shade)
        hem = ribbon(part(long, 0.0, 0.10), np.array([22.0, 22.0]))
        canvas.ink(np.stack([hem[0][-1], hem[1][-1]]), np.full(2, pen * 0.8), INK)
        opening = part(back + 0.66 * (front - back), 0.0, 0.95)
        canvas.ink(opening, tapered(opening, pen * 0.75, ends=(0.0, 0.2)), INK)
        pocket = back + 0.30 * (front - back)
        slit = part(pocket, 0.22, 0.40)
        canvas.ink(slit, tapered(slit, pen * 0.8), INK)
    canvas.outline(jacket, pen, INK)


def _draw_scarf(canvas: Canvas, spine: Points, pen: float) -> None:
    lean = degrees(atan2(spine[-1, 1] - spine[-2, 1], spine[-1, 0] - spine[-2, 0])) + 90.0
    wrap = points(
        (-15, -4), (-8, -9), (4, -9), (15, -4), (18, 3), (13, 9), (2, 11), (-11, 9), (-17, 3)
    )
    centre = spine[-1] + towards(lean - 90.0, 1.0)
    shape = turned(spline(wrap, closed=True), lean) + centre
    canvas.fill(shape, SCARF.lit)
    with canvas.within(shape):
        low = spline(points((-20, 2), (-6, 6), (8, 5), (22, -3)))
        canvas.fill(
            turned(np.concatenate([low, points((22, 14), (-20, 14))]), lean) + centre, SCARF.shade
        )
        fold = turned(spline(points((-13, -2), (-2, 3), (12, 1))), lean) + centre
        canvas.ink(fold, tapered(fold, pen * 0.75), INK)
    canvas.outline(shape, pen, INK)


def _draw_plane(canvas: Canvas, limb: Limb, plane_deg: float, pen: float) -> None:
    grip = np.asarray(limb.end) + towards(limb.tip_deg, 8.0)
    far_wing = points((27, 0), (-19, -15), (-14, -2))
    near_wing = points((27, 0), (-16, -4), (-24, 6))
    keel = points((27, 0), (-15, -2), (-10, 10))
    for shape, colour in ((far_wing, PAPER.shade), (keel, PAPER.shade), (near_wing, PAPER.lit)):
        placed = turned(shape + np.array([7.0, -4.0]), plane_deg) + grip
        canvas.fill(placed, colour)
        canvas.ink(placed, np.full(len(placed), pen * 0.8), INK, closed=True)
