"""From matched regions to a flow: where each pixel of a matched region goes, 0 for all others.

AnimeInterp (Siyao et al., CVPR 2021, section 4.1): a matched region is cut out of both drawings, the cuttings are laid
over each other by the middles of their boxes, and a dense flow between them says how the region changed its form. The
recurrent flow network starts from this flow. The published tool works at 960×540; thresholds in pixels are meant for
about that size.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int, UInt8
from torch import Tensor

from toontween.errors import ShapeError
from toontween.interpolators.checks import check_number
from toontween.interpolators.learned.animeinterp.matching.features import (
    Vgg19Features,
    region_features,
)
from toontween.interpolators.learned.animeinterp.matching.matching import (
    Regions,
    describe,
    match,
    similarity,
)
from toontween.interpolators.learned.animeinterp.matching.segments import (
    ANIME,
    SegmentSettings,
    segment,
)
from toontween.interpolators.ops.splat import splat_sum

SMALLEST_CUTTING_PX = 16
"""Cuttings are padded to at least this on each side, and then by `BORDER_PX` in all."""

BORDER_PX = 10
"""DIS compares patches of 8 pixels; the black border is wider."""

DARK = 20
"""Cuttings darker than this on average, of 255, are lightened, so that they differ from the black around them."""

LEAST_COVER = 0.05
"""Less of a mask than this does not count where it is carried to."""

Cutting = UInt8[np.ndarray, "h w"]


@dataclass(frozen=True, kw_only=True, slots=True)
class GuideSettings:
    """Which matches are believed.

    Raises:
        InputError: A value is out of range.
    """

    segments: SegmentSettings = ANIME
    """How the drawings are divided into regions."""

    farthest_px: float = 250.0
    """Furthest that a region's centroid may move."""

    smallest_px: float = 50.0
    """Regions must have more pixels than this."""

    largest_share: float = 0.12
    """Regions must be smaller than this part of the picture: the ground needs no guide."""

    area_ratio: float = 3.0
    """Areas of a match must differ by less than this factor."""

    overlap: float = 0.8
    """More than this part of a region, carried along its flow, must lie on its partner."""

    def __post_init__(self) -> None:
        check_number("farthest_px", self.farthest_px, at_least=0.0, at_most=1e9)
        check_number("smallest_px", self.smallest_px, at_least=0.0, at_most=1e9)
        check_number("largest_share", self.largest_share, at_least=0.0, at_most=1.0)
        check_number("area_ratio", self.area_ratio, at_least=1.0, at_most=1e9)
        check_number("overlap", self.overlap, at_least=0.0, at_most=1.0)


@torch.no_grad()
def segment_guided_flow(
    first: Float[Tensor, "1 3 h w"],
    last: Float[Tensor, "1 3 _ _"],
    features: Vgg19Features,
    *,
    settings: GuideSettings | None = None,
) -> tuple[Float32[Tensor, "1 2 h w"], Float32[Tensor, "1 2 h w"]]:
    """Flow from the first drawing to the last and back, in pixels (right, down), where regions could be matched.

    Args:
        first: sRGB in 0…1, at least eight pixels a side.
        last: The same size.
        features: The network that says what regions look like.
        settings: Thresholds; the published ones for cel animation when None.

    Returns:
        Both flows on the drawings' device, zero outside the regions that were matched and believed.

    Raises:
        ShapeError: The drawings differ in size, or are too small.
    """
    if first.shape != last.shape:
        raise ShapeError(f"the drawings differ: {tuple(first.shape)} and {tuple(last.shape)}")
    settings = settings or GuideSettings()
    pixels = [_to_pixels(drawing) for drawing in (first, last)]
    ours, theirs = (
        _regions(drawing, looked_at, features, settings)
        for drawing, looked_at in zip((first, last), pixels, strict=True)
    )
    alike = similarity(ours, theirs)
    forward = guide_flow(pixels[0], pixels[1], ours, theirs, match(alike), settings)
    backward = guide_flow(pixels[1], pixels[0], theirs, ours, match(alike.T), settings)
    return (
        torch.from_numpy(forward)[None].to(first.device),
        torch.from_numpy(backward)[None].to(first.device),
    )


def _to_pixels(drawing: Float[Tensor, "1 3 h w"]) -> UInt8[np.ndarray, "h w 3"]:
    pixels = drawing[0].float().clamp(0, 1).permute(1, 2, 0).mul(255).round()
    return np.ascontiguousarray(pixels.to(torch.uint8).cpu().numpy())


def _regions(
    drawing: Float[Tensor, "1 3 h w"],
    pixels: UInt8[np.ndarray, "h w 3"],
    features: Vgg19Features,
    settings: GuideSettings,
) -> Regions:
    numbers = segment(pixels, settings.segments)
    maps = features(drawing.to(features.device, features.dtype))
    return describe(numbers, region_features(maps, torch.from_numpy(numbers)))


def guide_flow(
    picture: UInt8[np.ndarray, "h w 3"],
    other_picture: UInt8[np.ndarray, "h w 3"],
    regions: Regions,
    others: Regions,
    partners: Int[np.ndarray, " n"],
    settings: GuideSettings,
) -> Float32[np.ndarray, "2 h w"]:
    """Flow of one drawing's matched regions to another drawing, 0 elsewhere.

    Args:
        picture: The drawing whose pixels move.
        other_picture: Where they move to.
        regions: The regions of the first.
        others: Those of the second.
        partners: Number of each region's partner, −1 for none.
        settings: Which matches are believed.
    """
    grey, other_grey = (cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in (picture, other_picture))
    flow = np.zeros((2, *grey.shape), np.float32)
    for number in np.flatnonzero(_plausible(regions, others, partners, settings)):
        here = regions.numbers == number
        there = others.numbers == partners[number]
        moved = _region_flow(_cut(grey, here), _cut(other_grey, there), settings.overlap)
        if moved is not None:
            flow[:, here] = moved
    return flow


def _plausible(
    regions: Regions, others: Regions, partners: Int[np.ndarray, " n"], settings: GuideSettings
) -> Bool[np.ndarray, " n"]:
    """Which matches may be true by size and distance."""
    moved = np.linalg.norm(others.centres[partners] - regions.centres, axis=1)
    ratio = regions.areas / others.areas[partners]
    return (
        (partners >= 0)
        & (moved <= settings.farthest_px)
        & (regions.areas > settings.smallest_px)
        & (regions.areas < settings.largest_share * regions.numbers.size)
        & (np.maximum(ratio, 1 / ratio) < settings.area_ratio)
    )


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class _Cut:
    """A region cut out of a drawing by its box."""

    left: int
    top: int
    grey: Cutting
    """Black outside the region."""

    mask: Bool[np.ndarray, "h w"]


def _cut(grey: UInt8[np.ndarray, "h w"], mask: Bool[np.ndarray, "h w"]) -> _Cut:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    inside, cut = mask[box], np.where(mask[box], grey[box], 0).astype(np.float64)
    if cut[inside].mean() < DARK:
        cut[inside] = 0.8 * cut[inside] + 0.2 * 200
    return _Cut(
        left=int(columns[0]), top=int(rows[0]), grey=cut.astype(np.uint8), mask=inside.copy()
    )


def _region_flow(
    ours: _Cut, theirs: _Cut, least_overlap: float
) -> Float32[np.ndarray, "2 n"] | None:
    """Flow of a region's pixels, row by row, or None when it does not carry the region onto its partner."""
    size = [
        max(one, other, SMALLEST_CUTTING_PX) + BORDER_PX
        for one, other in zip(ours.grey.shape, theirs.grey.shape, strict=True)
    ]
    margins, other_margins = _margins(ours, size), _margins(theirs, size)
    mask = np.pad(ours.mask, margins)
    flow = _dense_flow(np.pad(ours.grey, margins), np.pad(theirs.grey, other_margins))
    if _overlap(mask, np.pad(theirs.mask, other_margins), flow) <= least_overlap:
        return None
    # from the middles of the two boxes, by whole pixels as the cuttings were padded
    right = (theirs.left - other_margins[1][0]) - (ours.left - margins[1][0])
    down = (theirs.top - other_margins[0][0]) - (ours.top - margins[0][0])
    return flow[:, mask] + np.array([[right], [down]], np.float32)


def _margins(cut: _Cut, size: list[int]) -> list[tuple[int, int]]:
    missing = [side - own for side, own in zip(size, cut.grey.shape, strict=True)]
    return [(part // 2, part - part // 2) for part in missing]


def _dense_flow(here: Cutting, there: Cutting) -> Float32[np.ndarray, "2 h w"]:
    """DIS (Kroeger et al., ECCV 2016) down to single pixels, with more iterations than its preset has."""
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    estimator.setVariationalRefinementIterations(25)
    estimator.setFinestScale(0)
    estimator.setGradientDescentIterations(50)
    flow = estimator.calc(here, there, None)  # pyright: ignore[reportCallIssue, reportArgumentType]
    return np.ascontiguousarray(flow.transpose(2, 0, 1), dtype=np.float32)


def _overlap(
    mask: Bool[np.ndarray, "h w"],
    target: Bool[np.ndarray, "h w"],
    flow: Float32[np.ndarray, "2 h w"],
) -> float:
    """The part of a mask, carried along a flow, that lies on a target; 0 when nothing of it lands."""
    covers = torch.from_numpy(np.stack([mask, np.ones_like(mask)]).astype(np.float32))[None]
    landed = splat_sum(covers, torch.from_numpy(flow)[None])[0].numpy()
    carried = landed[0] >= LEAST_COVER * landed[1]
    carried &= landed[0] > 0
    return float((carried & target).sum() / max(carried.sum(), 1))
