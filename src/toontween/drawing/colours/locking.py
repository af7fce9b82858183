"""Bringing a picture back to a palette: which pixels are which colour, and what the edges between them are made of."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int, Int32
from skimage import measure

from toontween.drawing.colours.flats import to_lab
from toontween.drawing.colours.mixtures import explain, labels_nearby

TOLERANCE = 14.0
"""How far from its palette colour an area may be, in CIELAB, once a colour cast is taken back."""

LINE_TOLERANCE = 8.0
"""The same for pixels that are no area but, alone, look like a colour: the middles of thin lines."""

EVEN = 8.0
"""Inside an area a smoothed pixel and its neighbours span no more, in CIELAB; across any visible edge they do."""

MIXED = 14 / 255
"""Distance in RGB up to which a smoothed pixel is a mixture of the areas around it, and no line of its own."""

EXPLAINED = 40 / 255
"""Distance in RGB up to which a pixel becomes the best mixture around it; further off it is left as it is."""

PURE = 8 / 255
"""A mixture that differs less from one of its colours is that colour: noise, not an edge."""

UNSEEN = 0.75 / 255
"""A change below a level of eight bits is no change, so that locking twice is locking once."""

OWN = 2.0
"""Nearer than this, in CIELAB, to a palette colour a pixel is its, though a gradient passes there too."""

CAST_AREA_PX = 20
"""Areas of fewer pixels say nothing about a colour cast."""

REACH_PX = 18
"""Pixels further away than this have no influence on how a pixel is locked in one pass."""

_NEAR_PX = 2
_MOST_NEARBY = 6
_MOST_PASSES = 100
_CELLS = 32
_TABLE_SIZE = 2**22
_FREE_PX = 9
_AROUND = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class _Paint:
    """What there is to lock to."""

    colours: Float32[np.ndarray, "n 3"]
    lab: Float32[np.ndarray, "n 3"]
    is_painted: Bool[np.ndarray, "32 32 32"]
    """By RGB in 32 steps: the colours of gradients, and their neighbours."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class _View:
    """A picture as the palette sees it."""

    smooth: Float32[np.ndarray, "h w 3"]
    """Without noise, edges kept."""

    labels: Int32[np.ndarray, "h w"]
    """The palette colour that a pixel has, or else the one nearest to the smoothed pixel."""

    distance: Float32[np.ndarray, "h w"]
    """How far off the smoothed pixel is, in CIELAB."""

    is_exact: Bool[np.ndarray, "h w"]
    """Where a visible pixel has its palette colour already."""

    is_area: Bool[np.ndarray, "h w"]
    """Where all neighbours agree: inside a flat area."""


def lock(
    picture: Float32[np.ndarray, "h w 3"],
    visible: Bool[np.ndarray, "h w"],
    colours: Float32[np.ndarray, "n 3"],
    *,
    painted: Float32[np.ndarray, "m 3"],
    smallest_px: int,
) -> Float32[np.ndarray, "h w 3"]:
    """The picture locked to the colours; see `drawing.palette.lock_to_palette`."""
    paint = _Paint(colours=colours, lab=to_lab(colours), is_painted=_painted_cells(painted))
    locked = _without_cast(picture, visible, paint)
    # what is settled helps to explain its neighbours, until nothing changes: a locked picture is settled at once
    stale = [(0, picture.shape[0], 0, picture.shape[1])]
    for _ in range(_MOST_PASSES):
        before = locked
        locked = before.copy()
        for top, bottom, left, right in stale:
            up, aside = max(0, top - REACH_PX), max(0, left - REACH_PX)
            box = slice(up, bottom + REACH_PX), slice(aside, right + REACH_PX)
            part = _locked_once(before[box], visible[box], paint, smallest_px=smallest_px)
            locked[top:bottom, left:right] = part[
                top - up : bottom - up, left - aside : right - aside
            ]
        stale = _boxes_around((locked != before).any(axis=2))
        if not stale:
            break
    return np.where(visible[..., None], locked, picture)


def _boxes_around(changed: Bool[np.ndarray, "h w"]) -> list[tuple[int, int, int, int]]:
    """Top, bottom, left and right of parts that hold every pixel which the changed ones may change next."""
    square = np.ones((2 * REACH_PX + 1, 2 * REACH_PX + 1), np.uint8)
    reached = cv2.dilate(changed.astype(np.uint8), square)
    _, _, stats, _ = cv2.connectedComponentsWithStats(reached)
    return [
        (int(top), int(top + height), int(left), int(left + width))
        for left, top, width, height, _ in stats[1:]
    ]


def _locked_once(
    picture: Float32[np.ndarray, "h w 3"],
    visible: Bool[np.ndarray, "h w"],
    paint: _Paint,
    *,
    smallest_px: int,
) -> Float32[np.ndarray, "h w 3"]:
    colours = paint.colours
    view = _look(picture, visible, paint)
    free = _is_free(view, visible, paint)
    labels = np.where((view.is_area & ~free) | view.is_exact, view.labels, -1)
    at = np.argwhere((labels < 0) & visible & ~free)
    labels = _with_lines(labels, at, view, paint)
    locked = picture.copy()
    rows, columns = at.T
    mixed, labels[rows, columns] = _mixed(
        picture[rows, columns], _nearby(labels, at, colours), colours
    )
    locked[rows, columns] = mixed
    if smallest_px:
        labels = _without_specks(labels, smallest_px)
    locked[labels >= 0] = colours[labels[labels >= 0]]
    return locked


def _look(
    picture: Float32[np.ndarray, "h w 3"], visible: Bool[np.ndarray, "h w"], paint: _Paint
) -> _View:
    smooth = cv2.bilateralFilter(picture, 5, 0.1, 1.5)
    smooth = cv2.bilateralFilter(smooth, 5, 0.07, 1.5)
    lab = to_lab(smooth)
    labels, distance = _nearest(lab, paint.lab)
    same, off = _nearest(picture, paint.colours)
    is_exact = visible & (off <= UNSEEN)
    labels = np.where(is_exact, same, labels)
    seen = np.where(visible, labels, -1).astype(np.float32)
    agree = cv2.erode(seen, _AROUND) == cv2.dilate(seen, _AROUND)
    span = np.zeros(labels.shape, np.float32)
    for plane in (lab[..., 0], lab[..., 1], lab[..., 2]):
        span += np.square(cv2.dilate(plane, _AROUND) - cv2.erode(plane, _AROUND))
    is_area = visible & agree & (distance <= TOLERANCE) & (span <= EVEN**2)
    return _View(
        smooth=smooth, labels=labels, distance=distance, is_exact=is_exact, is_area=is_area
    )


def _with_lines(
    labels: Int32[np.ndarray, "h w"], at: Int[np.ndarray, "n 2"], view: _View, paint: _Paint
) -> Int32[np.ndarray, "h w"]:
    """The labels, and those of pixels that are the middle of a line: near a colour, but no mixture of what is around."""
    rows, columns = at.T
    around = _nearby(labels, at, paint.colours)
    unlike = explain(view.smooth[rows, columns], around, paint.colours).residual > MIXED
    is_line = unlike & (view.distance[rows, columns] <= LINE_TOLERANCE)
    labels = labels.copy()
    labels[rows[is_line], columns[is_line]] = view.labels[rows[is_line], columns[is_line]]
    return labels


def _mixed(
    pixels: Float32[np.ndarray, "n 3"],
    around: Int32[np.ndarray, "n k"],
    colours: Float32[np.ndarray, "m 3"],
) -> tuple[Float32[np.ndarray, "n 3"], Int32[np.ndarray, " n"]]:
    """Pixels as the mixtures they nearly are, and the label of those that are one colour."""
    found = explain(pixels, around, colours)
    mixed = found.draw(colours)
    known = found.residual <= EXPLAINED
    changed = np.abs(mixed - pixels).max(axis=1) > UNSEEN
    contrast = np.sqrt(np.square(colours[found.first] - colours[found.second]).sum(axis=1))
    pure = np.full(len(pixels), -1, np.int32)
    for label, part in ((found.first, 1 - found.share), (found.second, found.share)):
        is_pure = known & (part * contrast <= PURE)
        pure[is_pure] = label[is_pure]
    return np.where((known & changed)[:, None], mixed, pixels), pure


def _without_specks(labels: Int32[np.ndarray, "h w"], smallest_px: int) -> Int32[np.ndarray, "h w"]:
    """Labels with islands of a few pixels given to the area that encloses them."""
    islands = np.asarray(measure.label(labels, background=-2, connectivity=2))
    is_small = np.bincount(islands.ravel()) <= smallest_px
    at = np.argwhere(is_small[islands])
    rows, columns = at.T
    island = islands[rows, columns]
    edged = np.pad(labels, 1, constant_values=-2)
    edged_islands = np.pad(islands, 1)
    least = np.full(len(is_small), np.iinfo(np.int32).max, np.int32)
    most = np.full(len(is_small), -2, np.int32)
    for row in (0, 1, 2):
        for column in (0, 1, 2):
            beside = edged[rows + row, columns + column]
            other = (edged_islands[rows + row, columns + column] != island) & (beside != -2)
            np.minimum.at(least, island[other], beside[other])
            np.maximum.at(most, island[other], beside[other])
    enclosed = (least == most)[island] & (least >= 0)[island]
    settled = labels.copy()
    settled[rows[enclosed], columns[enclosed]] = least[island[enclosed]]
    return settled


def _without_cast(
    picture: Float32[np.ndarray, "h w 3"], visible: Bool[np.ndarray, "h w"], paint: _Paint
) -> Float32[np.ndarray, "h w 3"]:
    """The picture with each channel scaled and shifted so that its areas meet the palette best.

    Iterated closest points: areas find their colours, the cast is fitted to the pairs, and again. Every colour counts
    by the square root of its area, so that a large sky does not outvote the rest.
    """
    cleared = picture
    for _ in range(4):
        view = _look(cleared, visible, paint)
        core = view.is_area & ~_is_free(view, visible, paint)
        labels = view.labels[core]
        sizes = np.bincount(labels, minlength=len(paint.colours))
        weights = np.sqrt(sizes) * (sizes >= CAST_AREA_PX)
        if not weights.any():
            return picture
        weights /= weights.sum()
        sums = [np.bincount(labels, plane, len(sizes)) for plane in picture[core].T]
        seen = np.stack(sums) / np.maximum(sizes, 1)
        scale, shift = _fitted_cast(seen, paint.colours.T.astype(np.float64), weights)
        change = np.abs((scale[:, None] - 1) * seen + shift[:, None])
        if change[:, weights > 0].max() < UNSEEN:
            return picture
        cleared = (picture * scale + shift).clip(0, 1).astype(np.float32)
    return cleared


def _fitted_cast(
    seen: np.ndarray, wanted: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Scale and shift of each channel, by least squares with a weak pull towards no change."""
    pull = 0.01
    scale, shift = np.ones(3), np.zeros(3)
    for channel, (x, y) in enumerate(zip(seen, wanted, strict=True)):
        mean = (weights * x).sum()
        matrix = np.array([[(weights * x * x).sum() + pull, mean], [mean, 1 + pull]])
        target = np.array([(weights * x * y).sum() + pull, (weights * y).sum()])
        scale[channel], shift[channel] = np.linalg.solve(matrix, target)
    return scale, shift


def _nearby(
    labels: Int32[np.ndarray, "h w"],
    at: Int[np.ndarray, "n 2"],
    colours: Float32[np.ndarray, "m 3"],
) -> Int32[np.ndarray, "n k"]:
    return labels_nearby(labels, at, num_labels=len(colours), radius_px=_NEAR_PX, most=_MOST_NEARBY)


def _nearest(
    points: Float32[np.ndarray, "h w 3"], among: Float32[np.ndarray, "n 3"]
) -> tuple[Int32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]:
    """Index of the nearest of some points and its distance, a few rows at a time."""
    labels = np.empty(points.shape[:2], np.int32)
    lengths = np.square(among).sum(axis=1)
    stretch = max(1, _TABLE_SIZE // (points.shape[1] * len(among)))
    for start in range(0, len(points), stretch):
        part = points[start : start + stretch]
        labels[start : start + stretch] = (lengths - 2 * part @ among.T).argmin(axis=2)
    return labels, np.sqrt(np.square(points - among[labels]).sum(axis=2))


def _painted_cells(painted: Float32[np.ndarray, "m 3"]) -> Bool[np.ndarray, "32 32 32"]:
    cells = np.zeros((_CELLS,) * 3, bool)
    cells[tuple(_cell_of(painted).T)] = True
    grown = np.zeros((_CELLS + 2,) * 3, bool)
    for red in range(3):
        for green in range(3):
            for blue in range(3):
                grown[red:, green:, blue:][:_CELLS, :_CELLS, :_CELLS] |= cells
    return grown[1:-1, 1:-1, 1:-1]


def _cell_of(colours: Float32[np.ndarray, "... 3"]) -> Int32[np.ndarray, "... 3"]:
    return np.rint(colours * (_CELLS - 1)).astype(np.int32)


def _is_free(
    view: _View, visible: Bool[np.ndarray, "h w"], paint: _Paint
) -> Bool[np.ndarray, "h w"]:
    """Where most of the surroundings have the colours of the references' gradients, and such colours beside them.

    Without the latter every pass would take the corners of a painted area, and the next one what are corners then.
    """
    if not paint.is_painted.any():
        return np.zeros(visible.shape, bool)
    cells = _cell_of(view.smooth)
    like = paint.is_painted[cells[..., 0], cells[..., 1], cells[..., 2]]
    like &= visible & (view.distance > OWN)
    mostly = cv2.boxFilter(like.astype(np.float32), -1, (_FREE_PX, _FREE_PX)) > 0.5
    beside = cv2.dilate(mostly.astype(np.uint8), np.ones((_FREE_PX, _FREE_PX), np.uint8)) > 0
    return mostly | (like & beside)
