"""Lines drawn anew with full ink, exactly where and as wide as they were."""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from toontween.drawing.ridges.darkness import disc
from toontween.drawing.ridges.spines import Spines

_SKIRT_PX = 1.5
"""How far beyond the darkened width a line's soft edge is looked for."""

_BEYOND_PX = 2.0
"""How far beyond it the colour of that side is taken."""

_TELLING = 8.0
"""A side that is lighter than the line by less than this, 0…255, does not tell how much of a pixel is line."""

_PAPER, _FULL = 0.1, 0.95
"""Ink up to the first is paper, from the second on full."""

_SOLID = 0.25
_SQUARE = np.ones((3, 3), np.uint8)


def inked(
    spines: Spines,
    kept: Bool[np.ndarray, " n"],
    luma: UInt8[np.ndarray, "h w"],
    *,
    reach_px: float,
) -> Float32[np.ndarray, "h w"]:
    """The ink of the kept lines.

    At a line's edge a pixel is part ink, part the colour of that side, which is looked up straight across the edge, so
    that an outline between a bright sky and dark hair is as wide as it was drawn.

    Args:
        spines: All lines that may be.
        kept: Which of their pixels are lines.
        luma: Of the picture.
        reach_px: Within this distance the darkest pixel of a line is full ink.
    """
    ink = np.zeros(luma.shape, np.float32)
    y, x = np.nonzero(spines.away_px <= spines.half_px.max() + _SKIRT_PX)
    i, away = spines.nearest[y, x], spines.away_px[y, x]
    near = kept[i] & (away <= spines.half_px[i] + _SKIRT_PX)
    y, x, i, away = y[near], x[near], i[near], away[near]
    darkest = cv2.erode(luma, _SQUARE)[spines.on_spine].astype(np.float32)
    depth = _across(luma, spines, y, x) - darkest[i]
    share = (depth + darkest[i] - luma[y, x]) / np.maximum(depth, 1)
    by_darkness = _by_darkness(spines, kept, reach_px)[y, x]
    covered = np.where(depth >= _TELLING, np.maximum(share, by_darkness), by_darkness)
    covered[(away < 0.5) & (by_darkness >= 0.6)] = 1
    ink[y, x] = np.clip((covered - _PAPER) / (_FULL - _PAPER), 0, 1)
    return _without_stray(ink, spines, kept)


def _across(
    luma: UInt8[np.ndarray, "h w"], spines: Spines, y: np.ndarray, x: np.ndarray
) -> Float32[np.ndarray, " m"]:
    """Luma of the side on which each of some pixels near a line lies."""
    i = spines.nearest[y, x]
    spine_y, spine_x = (axis[i] for axis in np.nonzero(spines.on_spine))
    stretch = (spines.half_px[i] + _BEYOND_PX) / np.maximum(spines.away_px[y, x], 0.5)
    height, width = luma.shape
    side_y = np.rint(spine_y + (y - spine_y) * stretch).clip(0, height - 1).astype(np.intp)
    side_x = np.rint(spine_x + (x - spine_x) * stretch).clip(0, width - 1).astype(np.intp)
    return luma[side_y, side_x].astype(np.float32)


def _by_darkness(
    spines: Spines, kept: Bool[np.ndarray, " n"], reach_px: float
) -> Float32[np.ndarray, "h w"]:
    """Ink as a part of the darkest place of the line nearby."""
    crest = np.zeros_like(spines.darker)
    crest[spines.on_spine] = np.where(kept, spines.darker[spines.on_spine], 0)
    full = cv2.dilate(crest, disc(reach_px)).astype(np.float32)
    return np.where(full > 0, spines.darker / np.maximum(full, 1), np.float32(0))


def _without_stray(
    ink: Float32[np.ndarray, "h w"], spines: Spines, kept: Bool[np.ndarray, " n"]
) -> Float32[np.ndarray, "h w"]:
    """The ink that hangs together with a line's middle."""
    count, found = cv2.connectedComponents((ink > _SOLID).astype(np.uint8), connectivity=8)
    labels = np.asarray(found, np.int32)
    holds_line = np.zeros(count, bool)
    holds_line[labels[spines.on_spine][kept]] = True
    holds_line[0] = False
    near = cv2.dilate(holds_line[labels].astype(np.uint8), _SQUARE) > 0
    return np.where(near, ink, np.float32(0))
