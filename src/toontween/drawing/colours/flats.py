"""Where a picture is painted flat: areas of one colour, told from gradients, textures and anti-aliased edges."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int32
from skimage.color import rgb2lab

SMOOTH_STEP = 1.5
"""Neighbouring pixels of one area differ by less, in CIELAB: above the steps of a slow 8-bit gradient (about 0.4…1),
so that a gradient becomes one area and is known by its spread."""

FLAT_SPREAD = 1.2
"""Standard deviation in CIELAB up to which an area has one colour; a gradient over 4 units exceeds it."""

CORE = 1.0
"""Points of one flat colour lie within this of it, in CIELAB."""

AROUND = 4.0
"""Points of a gradient lie as densely within this of any of its colours."""

STANDS_OUT = 3.0
"""A flat colour has so many times more points in its core than around it; a gradient about a third."""

MOST_JOINED = 24
"""Flat colours looked for in one area whose colours differ."""

SMALLEST_UNEVEN_PX = 12
"""Uneven areas of fewer pixels are not looked into."""

EDGE_PX = 2
"""How far an anti-aliased edge reaches into what lies beside a flat area, at least."""

EDGE = 0.004
"""The same as a part of the shorter side, for drawings that were enlarged."""


def to_lab(colours: Float32[np.ndarray, "... 3"]) -> Float32[np.ndarray, "... 3"]:
    """Display-referred sRGB in 0…1 as CIE L*a*b*."""
    return rgb2lab(colours).astype(np.float32)


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class FlatParts:
    """A picture divided into flat areas, their edges, and what is neither."""

    flat: Bool[np.ndarray, "h w"]
    """In an area of one colour."""

    edges: Bool[np.ndarray, "h w"]
    """So near a flat area that anti-aliasing accounts for it."""

    painted: Bool[np.ndarray, "h w"]
    """Gradients, textures, noise."""


def find_flat_parts(
    picture: Float32[np.ndarray, "h w 3"], visible: Bool[np.ndarray, "h w"]
) -> FlatParts:
    """Divide a picture into flat areas and the rest.

    Args:
        picture: sRGB in 0…1.
        visible: Where there is something; the rest belongs to no part.
    """
    lab = to_lab(picture)
    areas = _smooth_areas(lab, visible)
    is_flat = _flat_areas(lab, areas)
    side = 2 * max(EDGE_PX, round(EDGE * min(visible.shape))) + 1
    grown = cv2.dilate(is_flat.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    return FlatParts(flat=is_flat, edges=grown & ~is_flat & visible, painted=visible & ~grown)


def _smooth_areas(
    lab: Float32[np.ndarray, "h w 3"], visible: Bool[np.ndarray, "h w"]
) -> Int32[np.ndarray, "h w"]:
    """Number of the area each pixel belongs to, 0 for none.

    Areas are made of blocks of 2×2 pixels that differ little. Along an edge anti-aliasing changes slowly from pixel to
    pixel, across it fast, so no block lies on one and areas do not leak through it.
    """
    height, width = visible.shape
    areas = np.zeros((height, width), np.int32)
    if min(height, width) < 2:
        return areas
    right = _near(lab[:, 1:], lab[:, :-1]) & visible[:, 1:] & visible[:, :-1]
    down = _near(lab[1:], lab[:-1]) & visible[1:] & visible[:-1]
    blocks = right[1:] & right[:-1] & down[:, 1:] & down[:, :-1]
    _, numbers = cv2.connectedComponents(blocks.astype(np.uint8), connectivity=8)
    for row in (0, 1):
        for column in (0, 1):
            covered = areas[row : height - 1 + row, column : width - 1 + column]
            np.maximum(covered, numbers, out=covered)
    return areas


def _near(
    one: Float32[np.ndarray, "h w 3"], other: Float32[np.ndarray, "h w 3"]
) -> Bool[np.ndarray, "h w"]:
    return np.square(one - other).sum(axis=-1) <= SMOOTH_STEP**2


def _flat_areas(
    lab: Float32[np.ndarray, "h w 3"], areas: Int32[np.ndarray, "h w"]
) -> Bool[np.ndarray, "h w"]:
    """Where an area has one colour, or one of a few distinct colours that a soft edge has joined."""
    numbers = areas.ravel()
    sizes = np.maximum(np.bincount(numbers), 1)
    variance = np.zeros(len(sizes))
    for plane in lab.reshape(-1, 3).T:
        mean = np.bincount(numbers, plane) / sizes
        variance += np.bincount(numbers, np.square(plane - mean[numbers])) / sizes
    even = variance <= FLAT_SPREAD**2
    even[0] = False
    is_flat = even[areas].ravel()
    uneven = ~even & (sizes >= SMALLEST_UNEVEN_PX)
    uneven[0] = False
    order = np.argsort(numbers, kind="stable")
    ends = np.cumsum(np.bincount(numbers))
    points = lab.reshape(-1, 3)
    for area in np.flatnonzero(uneven):
        members = order[ends[area] - sizes[area] : ends[area]]
        is_flat[members] = _distinct(points[members])
    return is_flat.reshape(areas.shape)


def _distinct(points: Float32[np.ndarray, "n 3"]) -> Bool[np.ndarray, " n"]:
    """Which points are of a colour that stands out: many nearly the same, few a little further off.

    In a gradient there are as many further off; what is left then is no flat colour either.
    """
    found = np.zeros(len(points), bool)
    left = np.ones(len(points), bool)
    cells = np.rint(points * (1 / CORE)).astype(np.int64)
    packed = (cells[:, 0] << 40) + (cells[:, 1] << 20) + cells[:, 2]
    for _ in range(MOST_JOINED):
        if np.count_nonzero(left) < SMALLEST_UNEVEN_PX:
            break
        values, counts = np.unique(packed[left], return_counts=True)
        peak = left & (packed == values[counts.argmax()])
        off = np.square(points - np.median(points[peak], axis=0)).sum(axis=1)
        core = left & (off <= CORE**2)
        around = left & (off <= AROUND**2) & ~core
        if np.count_nonzero(core) < STANDS_OUT * np.count_nonzero(around):
            break
        found |= core
        left &= off > AROUND**2
    return found
