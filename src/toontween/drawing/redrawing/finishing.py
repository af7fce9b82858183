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
"""How far a point of the spine may be moved from its pixel, along each axis and in each of two ways."""

_LEAST_BEND = 1e-3
"""Ink that bends less than this across a stroke has no crest to move to."""

_MARGIN_PX = 2.0
"""How much farther from the spine than the pen reaches ink may lie, because points were moved."""


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
    spine = skeletonize(inked)
    points, steps = _graph(spine)
    points = _smoothed(points + _off_centre(lines.ink, spine, inked), steps)
    return Lines(_drawn(spine, points, steps, width_px))


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


def _off_centre(
    ink: Float32[np.ndarray, "h w"], spine: Bool[np.ndarray, "h w"], inked: Bool[np.ndarray, "h w"]
) -> Float[np.ndarray, "n 2"]:
    """How far the middle of the stroke is from each pixel of its spine, (x, y).

    The middle is the crest of the blurred ink (Steger, An unbiased detector of curvilinear structures, PAMI 1998,
    section 3): one Newton step across the stroke.
    """
    if not spine.any():
        return np.zeros((0, 2))
    depth = cv2.distanceTransform(inked.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)[spine]
    depth = np.minimum(depth, max(ink.shape))  # a sheet of ink alone has no outside
    blurred = cv2.GaussianBlur(ink, (0, 0), max(0.8, float(np.median(depth))))
    at = np.pad(blurred.astype(np.float64), 1, mode="edge")
    y, x = np.nonzero(spine)
    n = {(i, j): at[y + 1 + i, x + 1 + j] for i in (-1, 0, 1) for j in (-1, 0, 1)}
    dx, dy = (n[0, 1] - n[0, -1]) / 2, (n[1, 0] - n[-1, 0]) / 2
    dxx, dyy = n[0, 1] - 2 * n[0, 0] + n[0, -1], n[1, 0] - 2 * n[0, 0] + n[-1, 0]
    dxy = (n[1, 1] + n[-1, -1] - n[1, -1] - n[-1, 1]) / 4
    across = 0.5 * np.arctan2(2 * dxy, dxx - dyy) + np.pi / 2  # where it bends down most
    normal = np.stack([np.cos(across), np.sin(across)], axis=1)
    slope = normal[:, 0] * dx + normal[:, 1] * dy
    bend = normal[:, 0] ** 2 * dxx + 2 * normal[:, 0] * normal[:, 1] * dxy + normal[:, 1] ** 2 * dyy
    step = np.where(bend < -_LEAST_BEND, -slope / np.minimum(bend, -_LEAST_BEND), 0)
    return np.clip(step[:, None] * normal, -_FARTHEST_PX, _FARTHEST_PX)


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
    spine: Bool[np.ndarray, "h w"],
    points: Float[np.ndarray, "n 2"],
    steps: Int[np.ndarray, "m 2"],
    width_px: float,
) -> Float32[np.ndarray, "h w"]:
    """A round pen led along the steps: how much of each pixel, cut across the stroke, it covers."""
    ink = np.zeros(spine.shape, np.float32)
    if not spine.any():
        return ink
    away, found = cv2.distanceTransformWithLabels(
        (~spine).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    labels = np.asarray(found, np.int32)
    point_of = np.zeros(int(labels.max()) + 1, np.int64)
    point_of[labels[spine]] = np.arange(len(points))
    y, x = np.nonzero(away <= width_px / 2 + _MARGIN_PX)
    nearest = point_of[labels[y, x]]
    here, start = np.stack([x, y], axis=1), points[nearest]
    distance = np.full(len(x), np.inf)
    for neighbour in _neighbours(len(points), steps).T:
        along = points[neighbour[nearest]] - start
        length = np.maximum(np.sum(along**2, axis=1), 1e-12)
        share = np.clip(np.sum((here - start) * along, axis=1) / length, 0, 1)
        offset = here - start - share[:, None] * along
        distance = np.minimum(distance, np.hypot(offset[:, 0], offset[:, 1]))
    half = width_px / 2
    covered = np.minimum(distance + 0.5, half) - np.maximum(distance - 0.5, -half)
    ink[y, x] = np.clip(covered, 0, 1)
    return ink


def _neighbours(count: int, steps: Int[np.ndarray, "m 2"]) -> Int[np.ndarray, "n k"]:
    """The neighbours of each point, as many columns as the most connected one has; others repeat the point itself."""
    ways = np.concatenate([steps, steps[:, ::-1]])
    ways = ways[np.argsort(ways[:, 0], kind="stable")]
    degree = np.bincount(ways[:, 0], minlength=count)
    column = np.arange(len(ways)) - np.repeat(np.cumsum(degree) - degree, degree)
    table = np.repeat(np.arange(count)[:, None], max(1, int(degree.max())), axis=1)
    table[ways[:, 0], column] = ways[:, 1]
    return table
