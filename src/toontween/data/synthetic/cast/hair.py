"""The hair: cap with locks, nape, tail and tuft, wrapped round the form of the head."""

from itertools import pairwise

import numpy as np

from toontween.data.synthetic.canvas import Canvas
from toontween.data.synthetic.cast.form import Stance, between_views
from toontween.data.synthetic.cast.palette import HAIR, INK, SCARF, SHEEN, SKIN
from toontween.data.synthetic.curves import (
    Points,
    Widths,
    bent,
    enclosed,
    part,
    points,
    ribbon,
    spline,
    tapered,
    towards,
)

_CROWN = (4.0, -1.04)
_PARTING = 12.0
_TEMPLE = -0.02

# Valleys and tips of the locks in turn, as (longitude in degrees, height), from behind the left ear to the right one.
_HAIRLINE = (
    (-158.0, 0.64), (-142.0, 0.84), (-128.0, 0.66), (-114.0, 0.80), (-104.0, 0.02), (-98.0, 0.06), (-90.0, -0.06),
    (-70.0, 0.62), (-56.0, -0.10), (-48.0, 0.16), (-33.0, -0.26), (-27.0, 0.04), (-14.0, -0.36), (-5.0, 0.08),
    (15.0, -0.50), (31.0, 0.09), (37.0, -0.18), (50.0, 0.17), (57.0, -0.06),
    (71.0, 0.62), (90.0, -0.06), (98.0, 0.06), (104.0, 0.02), (114.0, 0.80), (128.0, 0.66), (142.0, 0.84), (158.0, 0.64),
)  # fmt: skip

_NAPE_FRONT = points(
    (0.0, -1.0), (0.74, -0.72), (1.0, -0.05), (0.97, 0.45), (0.80, 0.86), (0.40, 0.90),
    (0.0, 0.86),
    (-0.40, 0.90), (-0.80, 0.86), (-0.97, 0.45), (-1.0, -0.05), (-0.74, -0.72),
)  # fmt: skip
_NAPE_RIGHT = points(
    (0.0, -1.0), (0.64, -0.74), (0.80, -0.05), (0.70, 0.35), (0.42, 0.72), (0.10, 0.86),
    (-0.24, 0.92),
    (-0.56, 0.90), (-0.86, 0.74), (-1.06, 0.36), (-1.10, -0.08), (-0.82, -0.74),
)  # fmt: skip


def draw_nape(canvas: Canvas, stance: Stance, *, pen: float) -> None:
    """Draw the hair behind the neck."""
    nape = stance.place(spline(between_views(_NAPE_FRONT, _NAPE_RIGHT, stance.turn), closed=True))
    canvas.fill(nape, HAIR.shade)
    canvas.outline(nape, pen, INK)


def tail_root(stance: Stance) -> Points:
    """Where the tail is tied, one point on the picture."""
    yaw = np.radians(stance.yaw_deg)
    return stance.place(points((-1.0 * float(np.sin(yaw)), -0.66)))


def draw_tail(canvas: Canvas, chain: Points, *, width: float, pen: float) -> None:
    """Draw a tail of hair along a chain of joints, with its ribbon at the root.

    Args:
        canvas: What to draw on.
        chain: The joints on the picture, the root first.
        width: Full width of the tail, pixels.
        pen: Width of the outline's ink, pixels.
    """
    spine = spline(chain)
    half = width / 2 * np.array([0.36, 0.80, 1.0, 0.96, 0.72, 0.36, 0.0])
    left, right = ribbon(spine, half)
    shape = enclosed(left, right)
    canvas.fill(shape, HAIR.lit)
    with canvas.within(shape):
        dark, _ = ribbon(spine, -half * 0.15)
        canvas.fill(enclosed(dark, right), HAIR.shade)
        strand = part(spine + (left - spine) * 0.35, 0.12, 0.7)
        canvas.ink(strand, tapered(strand, pen * 0.6), INK)
    canvas.ink(left, tapered(left, pen, ends=(0.0, 0.15)), INK)
    canvas.ink(right, tapered(right, pen * 1.15, ends=(0.0, 0.15)), INK)
    knot_left, knot_right = ribbon(part(spine, 0.0, 0.13), half[:1] * np.array([1.5]))
    knot = enclosed(knot_left, knot_right)
    canvas.fill(knot, SCARF.lit)
    canvas.outline(knot, pen * 0.9, INK)


def draw_cap(canvas: Canvas, stance: Stance, face: Points, *, pen: float) -> None:
    """Draw the hair on the head: its shadow on the face, the cap with its locks, strands and sheen."""
    hairline = _visible_hairline(stance)
    shift = _shift(stance)
    edge = stance.wrap(hairline, radius=_radii(hairline), shift=shift)
    skull = _skull(stance, float(hairline[0, 1]), float(hairline[-1, 1]))
    cap = np.concatenate([edge, skull])
    with canvas.within(face):
        low = stance.wrap(hairline + np.array([0.0, 0.075]), radius=_radii(hairline), shift=shift)
        _shade_under(canvas, low, skull)
    canvas.fill(cap, HAIR.lit)
    with canvas.within(cap):
        _draw_shades(canvas, stance)
        _draw_sheen(canvas, stance)
    for valley in _HAIRLINE[6:-6:2]:
        _draw_strand(canvas, stance, valley, pen)
    canvas.outline(cap, pen, INK)


def draw_tuft(canvas: Canvas, stance: Stance, sway_deg: float, *, pen: float) -> None:
    """Draw the tuft on the crown.

    Args:
        canvas: What to draw on.
        stance: Where the head is.
        sway_deg: How far it leans to the right, degrees; 0 is its natural curl.
        pen: Width of the outline's ink, pixels.
    """
    foot = stance.wrap(points((2.0, -1.06)), radius=0.5)[0]
    links = (
        towards(-100 + 0.4 * sway_deg, 0.15),
        towards(-62 + 0.9 * sway_deg, 0.17),
        towards(-8 + 1.3 * sway_deg, 0.16),
    )
    bow = np.cumsum([np.array([0.0, 0.08]), *links], axis=0)
    spine = foot + stance.place(spline(bow)) - stance.place(points((0.0, 0.0)))
    left, right = ribbon(spine, stance.scale * np.array([0.085, 0.085, 0.06, 0.0]))
    canvas.fill(enclosed(left, right), HAIR.lit)
    for edge in (left, right):
        canvas.ink(edge, tapered(edge, pen, ends=(0.1, 0.15)), INK)


def _shift(stance: Stance) -> float:
    """The cranium is deeper than wide: seen from the side it reaches further back."""
    return -0.09 * stance.turn


def _radius_at(height: float) -> float:
    """Half the hair's width at a height."""
    if height < 0:
        return 1.09 * float(np.sqrt(max(1.0 - (height / 1.16) ** 2, 0.0)))
    return 1.09 - 0.30 * height * float(np.sqrt(height))


def _radii(line: Points) -> Widths:
    return np.array([_radius_at(height) for height in line[:, 1].tolist()])


def _hairline() -> Points:
    """The hairline as one dense line: every lock bellies out and hooks away from the parting."""
    spans = []
    for index, (start, stop) in enumerate(pairwise(_HAIRLINE)):
        high, low = (start, stop) if index % 2 == 0 else (stop, start)
        outer = (low[0] > _PARTING) == (index % 2 == 0)
        across, down = (0.42, 0.80) if outer else (0.45, 0.30)
        pull = (high[0] + across * (low[0] - high[0]), high[1] + down * (low[1] - high[1]))
        spans.append(bent(start, pull, stop)[:-1])
    return np.concatenate([*spans, points(_HAIRLINE[-1])])


def _visible_hairline(stance: Stance) -> Points:
    """The part of the hairline on our side of the head, cut where it goes round the edge.

    Locks shorten towards the edge, where they would dangle as slivers.
    """
    line = _hairline()
    edge = np.clip((90.0 - np.abs(line[:, 0] + stance.yaw_deg)) / 18.0, 0.0, 1.0)
    hanging = np.maximum(line[:, 1] - _TEMPLE, 0.0)
    line[:, 1] -= hanging * (1.0 - edge)
    inside = np.abs(line[:, 0] + stance.yaw_deg) < 90.0
    first, last = int(np.argmax(inside)), len(inside) - 1 - int(np.argmax(inside[::-1]))
    start = _crossing(line[first - 1], line[first], -90.0 - stance.yaw_deg)
    stop = _crossing(line[last], line[last + 1], 90.0 - stance.yaw_deg)
    return np.concatenate([start, line[first : last + 1], stop])


def _crossing(before: np.ndarray, after: np.ndarray, longitude: float) -> Points:
    share = (longitude - before[0]) / (after[0] - before[0])
    return (before + share * (after - before))[None]


def _skull(stance: Stance, left_height: float, right_height: float) -> Points:
    """The silhouette over the top, from the right end of the hairline to the left one."""
    right = np.arcsin(np.clip(right_height / 1.16, -1, 0)) if right_height < 0 else 0.0
    left = np.arcsin(np.clip(left_height / 1.16, -1, 0)) if left_height < 0 else 0.0
    angle = np.linspace(right, -np.pi - left, 60)
    arc = np.stack([1.09 * np.cos(angle), 1.16 * np.sin(angle)], axis=1)
    down_right = (
        [(_radius_at(y), y) for y in np.linspace(right_height, 0, 8)[:-1]]
        if right_height > 0
        else []
    )
    down_left = (
        [(-_radius_at(y), y) for y in np.linspace(0, left_height, 8)[1:]] if left_height > 0 else []
    )
    line = points(*down_right, *map(tuple, arc.tolist()), *down_left)
    return stance.place(line + np.array([_shift(stance), 0.0]))


def _shade_under(canvas: Canvas, low: Points, skull: Points) -> None:
    canvas.fill(np.concatenate([low, skull]), SKIN.shade)


def _draw_shades(canvas: Canvas, stance: Stance) -> None:
    """The shadow tone: the side away from the light."""
    inner = spline(points((50.0, 1.0), (38.0, 0.2), (44.0, -0.25), (42.0, -0.62), (62.0, -1.1)))
    lon = np.concatenate([inner, points((140.0, -1.2), (140.0, 1.0))])
    canvas.fill(
        stance.wrap(lon - np.array([stance.yaw_deg, 0.0]), radius=1.12, shift=_shift(stance)),
        HAIR.shade,
    )


def _draw_sheen(canvas: Canvas, stance: Stance) -> None:
    """The ring of light on the hair; it stays with the light, not with the head."""
    across = np.linspace(-60, 30, 13)
    fade = np.sin(np.linspace(0, np.pi, 13))
    lower = np.stack([across, -0.66 + fade * (0.05 + 0.09 * (np.arange(13) % 2))], axis=1)
    upper = np.stack([across, -0.66 - 0.09 * fade], axis=1)
    band = np.concatenate([lower, upper[::-1]])
    bow = 0.10 * (1.0 - np.cos(np.radians(band[:, 0])))
    band = np.stack([band[:, 0] - stance.yaw_deg, band[:, 1] + bow], axis=1)
    canvas.fill(stance.wrap(band, radius=0.96, shift=_shift(stance)), SHEEN)


def _draw_strand(canvas: Canvas, stance: Stance, valley: tuple[float, float], pen: float) -> None:
    """A line from a valley of the hairline up towards the crown, if it is on our side."""
    if abs(valley[0] + stance.yaw_deg) > 84.0:
        return
    rise = bent(valley, (valley[0] * 0.92, valley[1] - 0.30), (valley[0] * 0.72 + _CROWN[0], -0.62))
    line = stance.wrap(rise, radius=_radii(rise), shift=_shift(stance))
    line = part(line, 0.0, 0.62)
    canvas.ink(line, tapered(line, pen * 0.75, ends=(0.0, 0.8)), INK)
