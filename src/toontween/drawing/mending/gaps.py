"""Ends of strokes that face one another across a gap."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

from toontween.drawing.mending.sight import Inking, Sight

LONGEST = 4.0
"""Longest gap that is closed, in pen widths."""

NARROWEST = 1.0
"""Ends of spines nearer than this, in pen widths, belong to strokes that touch."""

UNSEEN = 3.0
"""Longest gap that is closed without any darkness along the way, in pen widths."""

TRACED = 2.5
"""A stroke's direction at its end is taken over so many pen widths; shorter ones have none."""

FACING, AGREEING = 0.8, 0.65
"""Cosines: of a stroke's direction with the way to the other end, and of one's direction with the other's."""

DARK = 0.1
"""Part of the ink that counts as darkness along the way."""

INKED = 0.8
"""With so much ink along the way there is no gap."""

EDGE = 0.14
"""A change of colour beside the way, from its beginning to its end, in any channel of 0…1, that is an edge of its own."""

_AROUND = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """Where a stroke ends."""

    x: float
    y: float
    ahead: tuple[float, float]
    """Unit vector (x, y) that leads on."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Bridge:
    """What closes a gap."""

    points: Float[np.ndarray, "k 2"]
    """(x, y) from end to end, about half a pixel apart."""

    @property
    def length_px(self) -> float:
        """From end to end, straight."""
        return float(np.hypot(*(self.points[-1] - self.points[0])))


def gaps_among(
    sight: Sight,
    inking: Inking,
    lines: Bool[np.ndarray, " n"],
    *,
    width_px: float,
    longest_px: float,
) -> list[Bridge]:
    """The gaps that are to be closed, each end used once, the shortest and straightest first.

    Args:
        sight: The picture.
        inking: What is left of its ink.
        lines: Which pixels of the spines are lines.
        width_px: Of the keys' lines.
        longest_px: Longer gaps are left open.
    """
    alive = np.zeros(sight.luma.shape, bool)
    alive[sight.spines.on_spine] = lines
    ends = list(_ends(alive, steps=max(4, round(TRACED * width_px))))
    wanted = sorted(_pairs(ends, NARROWEST * width_px, longest_px), key=lambda pair: pair[0])
    used: set[int] = set()
    found: list[Bridge] = []
    crossed = cv2.dilate(alive.astype(np.uint8), _AROUND) > 0
    for _, one, other in wanted:
        if one in used or other in used:
            continue
        way = _curve(ends[one], ends[other])
        if _is_free(way, crossed) and _is_plausible(way, sight, inking, width_px):
            used |= {one, other}
            found.append(Bridge(points=way))
    return found


def _ends(alive: Bool[np.ndarray, "h w"], *, steps: int) -> Iterator[End]:
    plane = np.pad(alive, 1)
    around = cv2.filter2D(plane.astype(np.uint8), -1, _AROUND, borderType=cv2.BORDER_CONSTANT)
    for y, x in np.argwhere(plane & (around == 2)):
        trail = _trail(plane, (int(y), int(x)), steps)
        if len(trail) > steps // 2 and len(trail) > 2:
            back = np.subtract(trail[0], trail[-1]).astype(float)
            length = float(np.hypot(*back))
            if length > 0:
                yield End(x=x - 1.0, y=y - 1.0, ahead=(back[1] / length, back[0] / length))


def _trail(
    plane: Bool[np.ndarray, "h w"], end: tuple[int, int], steps: int
) -> list[tuple[int, int]]:
    """The pixels from an end back along its stroke, up to a joint."""
    trail = [end]
    seen = {end}
    for _ in range(steps):
        y, x = trail[-1]
        ways = [
            (y + dy, x + dx)
            for dy, dx in ((-1, 0), (0, -1), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
            if plane[y + dy, x + dx] and (y + dy, x + dx) not in seen
        ]
        if not ways:
            break
        seen |= set(ways)
        trail.append(ways[0])
    return trail


def _pairs(
    ends: list[End], shortest_px: float, longest_px: float
) -> Iterator[tuple[float, int, int]]:
    """Pairs of ends that face one another: their cost and their numbers."""
    for one, first in enumerate(ends):
        for other in range(one + 1, len(ends)):
            second = ends[other]
            dx, dy = second.x - first.x, second.y - first.y
            length = float(np.hypot(dx, dy))
            if not shortest_px <= length <= longest_px:
                continue
            towards = (first.ahead[0] * dx + first.ahead[1] * dy) / length
            back = -(second.ahead[0] * dx + second.ahead[1] * dy) / length
            agree = -(first.ahead[0] * second.ahead[0] + first.ahead[1] * second.ahead[1])
            if min(towards, back) >= FACING and agree >= AGREEING:
                yield length * (3 - towards - back), one, other


def _curve(first: End, second: End) -> Float[np.ndarray, "k 2"]:
    """Hermite's cubic between two ends."""
    start, end = np.array([first.x, first.y]), np.array([second.x, second.y])
    length = float(np.hypot(*(end - start)))
    time = np.linspace(0, 1, max(3, round(2 * length) + 1))[:, None]
    out, into = length * np.array(first.ahead), -length * np.array(second.ahead)
    one = (2 * time**3 - 3 * time**2 + 1) * start + (3 * time**2 - 2 * time**3) * end
    return one + (time**3 - 2 * time**2 + time) * out + (time**3 - time**2) * into


def _is_free(way: Float[np.ndarray, "k 2"], crossed: Bool[np.ndarray, "h w"]) -> bool:
    """Whether no line lies across the way."""
    from_start = np.hypot(*(way - way[0]).T)
    from_end = np.hypot(*(way - way[-1]).T)
    middle = way[(from_start > 2) & (from_end > 2)]
    return not _at(crossed, middle).any() if len(middle) else True


def _is_plausible(
    way: Float[np.ndarray, "k 2"],
    sight: Sight,
    inking: Inking,
    width_px: float,
) -> bool:
    """Whether the colours on both sides go on, and something dark shows along the way unless it is short."""
    forward = np.gradient(way, axis=0)
    forward /= np.maximum(np.hypot(*forward.T), 1e-9)[:, None]
    aside = np.stack([-forward[:, 1], forward[:, 0]], axis=1) * (width_px + 1)
    third = max(1, len(way) // 3)
    for side in (way + aside, way - aside):
        colours = _at(sight.filled, side)
        before, after = np.median(colours[:third], axis=0), np.median(colours[-third:], axis=0)
        if np.abs(after - before).max() > EDGE:
            return False
    length = float(np.hypot(*(way[-1] - way[0])))
    dark = float(_at(inking.everywhere, way[third:-third]).mean())
    return dark < INKED and (dark >= DARK or length <= UNSEEN * width_px)


def _at(plane: np.ndarray, points: Float[np.ndarray, "k 2"]) -> np.ndarray:
    height, width = plane.shape[:2]
    x = np.rint(points[:, 0]).astype(np.intp).clip(0, width - 1)
    y = np.rint(points[:, 1]).astype(np.intp).clip(0, height - 1)
    return plane[y, x]
