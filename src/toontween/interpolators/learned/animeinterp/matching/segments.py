"""Flat regions of a drawing: what its outlines enclose, even where they have gaps.

Segmentation of AnimeInterp (Siyao et al., "Deep Animation Video Interpolation in the Wild", CVPR 2021, section 4.1): a
Laplacian finds outlines, balls that are trapped between them fill the regions (Zhang et al., "Vectorizing Cartoon
Animations", TVCG 2009, section 4.1), small fills join the neighbour they look most like, and the outlines are given to
the regions beside them. A ball of radius r passes no gap that is narrower than itself, so regions do not leak there.
"""

import heapq
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int, Int32, UInt8
from skimage.filters import apply_hysteresis_threshold

from toontween.interpolators.checks import check_number, check_whole_number

BALL_RADII_PX = (3, 2, 1)
"""Radii of the balls, the largest first; of the first only the largest fill is kept, which is most often the ground."""

INK = 1.7
"""Responses above are outlines: 20 times the response, taken from white, must stay above 220 of 255 to be free."""

NUM_BINS = 25
"""Bins of the histogram of one colour channel."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentSettings:
    """How outlines are found, and which fills are too small to stand alone.

    Raises:
        InputError: A value is out of range.
    """

    blur_px: int = 10
    """Diameter of the bilateral filter."""

    blur_colour: float = 10.0
    """Its standard deviation in colour, of 255."""

    blur_spread_px: float = 10.0
    """Its standard deviation in place."""

    weak: float = 2.0
    """Response, of 255 for the strongest in the picture, from which an outline goes on."""

    strong: float = 20.0
    """Response that an outline must have somewhere."""

    small_px: int = 500
    """Fills of fewer pixels join a neighbour that they touch."""

    def __post_init__(self) -> None:
        check_whole_number("blur_px", self.blur_px, at_least=1, at_most=100)
        check_number("blur_colour", self.blur_colour, at_least=0.1, at_most=255.0)
        check_number("blur_spread_px", self.blur_spread_px, at_least=0.1, at_most=100.0)
        check_number("strong", self.strong, at_least=0.0, at_most=255.0)
        check_number("weak", self.weak, at_least=0.0, at_most=self.strong)
        check_whole_number("small_px", self.small_px, at_least=0, at_most=10**9)


ANIME = SegmentSettings()
"""For cel animation with fine outlines."""

DISNEY = SegmentSettings(blur_px=30, blur_colour=40.0, blur_spread_px=30.0, weak=1.0)
"""For soft painting: stronger smoothing, fainter outlines."""


def segment(
    picture: UInt8[np.ndarray, "h w 3"], settings: SegmentSettings = ANIME
) -> Int32[np.ndarray, "h w"]:
    """Divide a picture into its flat regions.

    Args:
        picture: sRGB.
        settings: How.

    Returns:
        The number of each pixel's region, 0 … n − 1 without gaps, the smallest region first.
    """
    fills = fill_regions(~find_outlines(picture, settings))
    fills = join_small(fills, picture, small_px=settings.small_px)
    return by_size(give_outlines(fills))


def find_outlines(
    picture: UInt8[np.ndarray, "h w 3"], settings: SegmentSettings = ANIME
) -> Bool[np.ndarray, "h w"]:
    """Where a picture has dark lines or the dark side of a colour's edge.

    The Laplacian (5×5) of each smoothed channel is scaled so that its largest value is 255, and thresholded with
    hysteresis; only what is darker than its surroundings responds positively.
    """
    smooth = cv2.bilateralFilter(
        picture, settings.blur_px, settings.blur_colour, settings.blur_spread_px
    )
    response = cv2.Laplacian(smooth, cv2.CV_32F, ksize=5)
    strongest = float(response.max())
    if strongest <= 0.0:
        return np.zeros(picture.shape[:2], bool)
    response *= 255.0 / strongest
    lasting = apply_hysteresis_threshold(response, settings.weak, settings.strong)
    return (lasting & (response > INK)).any(axis=2)


def fill_regions(free: Bool[np.ndarray, "h w"]) -> Int32[np.ndarray, "h w"]:
    """Number of the fill of each pixel that is no outline, from 1; 0 on outlines.

    Args:
        free: Where there is no outline.
    """
    fills = np.zeros(free.shape, np.int32)
    left = free.copy()
    for radius in BALL_RADII_PX:
        found = _trapped(left, radius)
        if radius == BALL_RADII_PX[0]:
            found = _largest(found)
        fills = np.where(found > 0, found + fills.max(), fills)
        left &= found == 0
    _, rest = cv2.connectedComponents(left.astype(np.uint8), connectivity=4)
    return np.where(rest > 0, rest + fills.max(), fills).astype(np.int32)


def _trapped(left: Bool[np.ndarray, "h w"], radius: int) -> Int32[np.ndarray, "h w"]:
    """Where balls of a radius can lie, numbered by the places among which a ball can roll; 0 elsewhere.

    Places are where the ball's middle can be; what two places' balls both cover goes to the nearer.
    """
    room = cv2.distanceTransform(left.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    middles = room > radius
    if not middles.any():
        return np.zeros(left.shape, np.int32)
    _, places = cv2.connectedComponents(middles.astype(np.uint8), connectivity=4)
    away = cv2.distanceTransform((~middles).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.where(away <= radius, _spread(places), 0).astype(np.int32)


def _largest(fills: Int32[np.ndarray, "h w"]) -> Int32[np.ndarray, "h w"]:
    sizes = np.bincount(fills.ravel())
    sizes[0] = 0
    return ((fills == sizes.argmax()) & (fills > 0)).astype(np.int32)


def _spread(numbers: Int32[np.ndarray, "h w"]) -> Int32[np.ndarray, "h w"]:
    """Every 0 replaced by the number of the nearest pixel that has one; there must be one."""
    empty = (numbers == 0).astype(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(
        empty, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    known = empty == 0
    numbers_of = np.zeros(nearest.max() + 1, np.int32)
    numbers_of[nearest[known]] = numbers[known]
    return numbers_of[nearest]


def join_small(
    fills: Int32[np.ndarray, "h w"], picture: UInt8[np.ndarray, "h w 3"], *, small_px: int
) -> Int32[np.ndarray, "h w"]:
    """Let small fills join the neighbour whose colours are most like theirs, the smallest first.

    Colours are alike by the common part of their histograms, 25 bins a channel. Fills that touch no other, because
    outlines lie around them, stay as they are.

    Args:
        fills: From 1; 0 on outlines.
        picture: What was filled.
        small_px: Fills of fewer pixels are small.
    """
    areas = np.bincount(fills.ravel()).astype(np.int64)
    colours = _histograms(fills, picture, len(areas))
    beside = _neighbours(fills, len(areas))
    joined = np.arange(len(areas))
    waiting = [(int(areas[one]), one) for one in range(1, len(areas)) if 0 < areas[one] < small_px]
    heapq.heapify(waiting)
    while waiting:
        area, one = heapq.heappop(waiting)
        if joined[one] != one or areas[one] != area or not beside[one]:
            continue
        others = np.array(sorted(beside[one]))
        common = np.minimum(colours[others] / areas[others, None], colours[one] / area).sum(axis=1)
        other = int(others[common.argmax()])
        joined[one] = other
        areas[other] += area
        colours[other] += colours[one]
        for near in beside[one]:
            beside[near].discard(one)
            if near != other:
                beside[near].add(other)
                beside[other].add(near)
        if areas[other] < small_px:
            heapq.heappush(waiting, (int(areas[other]), other))
    while (joined[joined] != joined).any():
        joined = joined[joined]
    return joined.astype(np.int32)[fills]


def _histograms(
    fills: Int32[np.ndarray, "h w"], picture: UInt8[np.ndarray, "h w 3"], count: int
) -> Float[np.ndarray, "{count} bins"]:
    """Pixels of each fill in each bin of each channel."""
    bins = picture.astype(np.int64) * NUM_BINS // 256
    place = fills.ravel().astype(np.int64) * NUM_BINS
    planes = [
        np.bincount(place + bins[..., channel].ravel(), minlength=count * NUM_BINS)
        for channel in range(3)
    ]
    counted = [plane.reshape(count, NUM_BINS) for plane in planes]
    return np.concatenate(counted, axis=1).astype(np.float64)


def _neighbours(fills: Int32[np.ndarray, "h w"], count: int) -> list[set[int]]:
    """Which fills touch which, left, right, above or below."""
    pairs = [
        np.stack([fills[:, :-1].ravel(), fills[:, 1:].ravel()]),
        np.stack([fills[:-1].ravel(), fills[1:].ravel()]),
    ]
    both: Int[np.ndarray, "2 n"] = np.concatenate(pairs, axis=1).astype(np.int64)
    both = both[:, (both[0] != both[1]) & (both > 0).all(axis=0)]
    beside: list[set[int]] = [set() for _ in range(count)]
    for code in np.unique(both[0] * count + both[1]).tolist():
        one, other = divmod(code, count)
        beside[one].add(other)
        beside[other].add(one)
    return beside


def give_outlines(fills: Int32[np.ndarray, "h w"]) -> Int32[np.ndarray, "h w"]:
    """Thin outlines away: each of their pixels goes to the nearest fill. A picture of nothing but outlines is one fill."""
    return _spread(fills) if fills.any() else np.ones_like(fills)


def by_size(regions: Int32[np.ndarray, "h w"]) -> Int32[np.ndarray, "h w"]:
    """Regions numbered anew from 0, the smallest first, equally large ones in their old order."""
    _, numbers, areas = np.unique(regions, return_inverse=True, return_counts=True)
    rank = np.empty(len(areas), np.int32)
    rank[np.argsort(areas, kind="stable")] = np.arange(len(areas), dtype=np.int32)
    return rank[numbers.reshape(regions.shape)]
