"""What is done to lines before they are handed on: no grey, no specks, one pixel wide, or one weight for all."""

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Int
from skimage.morphology import remove_small_objects, skeletonize

from toontween.drawing.lines import Lines
from toontween.errors import InputError

_FAINT = 0.5
"""Ink down to this part of the threshold still joins stretches of a stroke that lie above it."""

_SMOOTHING_ROUNDS = 6
_FARTHEST_PX = 0.75
"""How far smoothing may move a point of the spine from its pixel."""

_ENLARGED_BITS = 2
"""Strokes are drawn on a sheet 2^bits times as large, and averaged down."""

_BAND_ROWS = 256
_SUBPIXEL_BITS = 4


def thinned(lines: Lines, *, threshold: float = 0.5) -> Bool[np.ndarray, "h w"]:
    """The middle of every stroke, one pixel wide; joined and closed wherever the binarised strokes are.

    Raises:
        InputError: The threshold is not within 0…1.
    """
    return skeletonize(_inked(lines, threshold))


def binarised(lines: Lines, *, threshold: float = 0.5) -> Lines:
    """The lines without grey: ink is 0 or 1, as paint software wants it.

    Where a stroke fades below the threshold between stretches above it, its middle is kept, so that no gap opens
    through which paint would run. Strokes are joined along diagonals, too.

    Raises:
        InputError: The threshold is not within 0…1.
    """
    return Lines(_inked(lines, threshold).astype(np.float32))


def despeckled(lines: Lines, *, smallest_px: int) -> Lines:
    """The lines without specks: pieces of ink, joined along sides or diagonals, of fewer than `smallest_px` pixels.

    Raises:
        InputError: `smallest_px` is negative.
    """
    if smallest_px < 0:
        raise InputError(f"specks cannot be smaller than {smallest_px} pixels")
    kept = remove_small_objects(lines.ink > 0, max_size=max(smallest_px - 1, 0), connectivity=2)
    return Lines(np.where(kept, lines.ink, np.float32(0)))


def with_weight(lines: Lines, width_px: float) -> Lines:
    """Every stroke redrawn along its middle with a round pen of one width, anti-aliased.

    Raises:
        InputError: The width is not positive.
    """
    if not width_px > 0:
        raise InputError(f"a stroke of {width_px} pixels cannot be drawn")
    inked = _inked(lines, 0.5)
    points, steps = _graph(skeletonize(inked))
    points = _smoothed(points, steps)
    height, width = inked.shape
    ink = np.empty((height, width), np.float32)
    reach = width_px / 2 + 1
    for top in range(0, height, _BAND_ROWS):
        bottom = min(top + _BAND_ROWS, height)
        rows = points[steps, 1]
        near = (rows.max(axis=1) >= top - reach) & (rows.min(axis=1) <= bottom + reach)
        band = points[steps[near]] - np.array([0, top])
        ink[top:bottom] = _drawn(band, (bottom - top, width), width_px)
    return Lines(ink)


def _inked(lines: Lines, threshold: float) -> Bool[np.ndarray, "h w"]:
    if not 0 < threshold <= 1:
        raise InputError(f"the threshold {threshold} is not within 0…1")
    inked = lines.ink >= threshold
    joined = lines.ink >= threshold * _FAINT
    count, found = cv2.connectedComponents(joined.astype(np.uint8), connectivity=8)
    labels = np.asarray(found, np.int32)
    holds_ink = np.zeros(count, bool)
    holds_ink[labels[inked]] = True
    return inked | skeletonize(joined & holds_ink[labels])


def _graph(
    spine: Bool[np.ndarray, "h w"],
) -> tuple[Float[np.ndarray, "n 2"], Int[np.ndarray, "m 2"]]:
    """Points (x, y) of a spine and the pairs of them that are neighbours; a lonely point is its own neighbour."""
    y, x = np.nonzero(spine)
    number = np.full((spine.shape[0] + 1, spine.shape[1] + 2), -1, np.int64)
    number[y, x + 1] = np.arange(len(x))
    here = number[y, x + 1]
    right, below = number[y, x + 2], number[y + 1, x + 1]
    left, below_right, below_left = number[y, x], number[y + 1, x + 2], number[y + 1, x]
    # a diagonal is a step only where no corner pixel leads round it
    below_right = np.where((right < 0) & (below < 0), below_right, -1)
    below_left = np.where((left < 0) & (below < 0), below_left, -1)
    pairs = [
        np.stack([here[other >= 0], other[other >= 0]], axis=1)
        for other in (right, below, below_right, below_left)
    ]
    steps = np.concatenate(pairs)
    lonely = np.setdiff1d(here, steps)
    steps = np.concatenate([steps, np.stack([lonely, lonely], axis=1)])
    return np.stack([x, y], axis=1).astype(np.float64), steps


def _smoothed(
    points: Float[np.ndarray, "n 2"], steps: Int[np.ndarray, "m 2"]
) -> Float[np.ndarray, "n 2"]:
    """The points without the stairs of the pixel grid; ends and junctions stay."""
    degree = np.bincount(steps.ravel(), minlength=len(points))
    free = degree == 2
    free[steps[steps[:, 0] == steps[:, 1], 0]] = False
    moved = points
    for _ in range(_SMOOTHING_ROUNDS):
        total = np.zeros_like(points)
        np.add.at(total, steps[:, 0], moved[steps[:, 1]])
        np.add.at(total, steps[:, 1], moved[steps[:, 0]])
        shift = np.where(free[:, None], (total / 2 + moved) / 2, moved) - points
        moved = points + np.clip(shift, -_FARTHEST_PX, _FARTHEST_PX)
    return moved


def _drawn(
    strokes: Float[np.ndarray, "n 2 2"], size: tuple[int, int], width_px: float
) -> Float32[np.ndarray, "h w"]:
    """Straight strokes drawn with a round pen, ink 0…1."""
    height, width = size
    enlarged = 1 << _ENLARGED_BITS
    sheet = np.zeros((height * enlarged, width * enlarged), np.uint8)
    unit = enlarged << _SUBPIXEL_BITS
    corners = np.rint((strokes + 0.5) * unit - (1 << (_SUBPIXEL_BITS - 1))).astype(np.int32)
    thickness = max(1, round(width_px * enlarged))
    cv2.polylines(
        sheet, list(corners), isClosed=False, color=255, thickness=thickness, shift=_SUBPIXEL_BITS
    )
    small = cv2.resize(sheet, (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255
