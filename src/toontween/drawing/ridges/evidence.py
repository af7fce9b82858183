"""How sure it is that something narrow and dark is a drawn line.

Each consideration is a factor; their product is 1 where a line of the asked contrast, in the pen's colour and of
middling length, would be. The constants were fitted by random search on four sets of drawings with true line layers
(docs/lab/2026-11-22-line-extraction.md).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from toontween.drawing.ridges.pen import Pen
from toontween.drawing.ridges.spines import Spines, connected

_FOLLOWED = 0.7
"""A line is followed where its evidence is at least this."""

_LONG = 0.1
"""Length, as a part of the shorter side, at which a line counts double."""

_OPEN, _OPEN_RANGE = 0.13, 0.2
"""Part of a line's rim where the same darkness goes on, from which on it counts less: the tips of larger shapes."""

_OLONG = 4.0
_OLONGR = 4.0
_AS_DARK = 0.3
"""Outside is as dark as inside up to this part of what the line is darker than its sides."""

_LIGHTER, _LIGHTER_RANGE = 5.0, 47.0
"""Luma above the pen's from which on a line counts less."""

_LIGHT_PENALTY = 0.76
_WIDE, _WIDE_RANGE = 0.6, 0.47
"""Width, in pen widths, from which on being lighter than the pen counts fully."""

_OPACITY_FLOOR = 15.0
_FAINT, _OPAQUE = 0.5, 2.0
"""A line that lets its sides shine through counts by the first, one as dark as the pen by the sum."""

_SQUARE = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, kw_only=True, slots=True)
class Demands:
    """What a line must be."""

    contrast: float
    """How much darker than its sides, 0…1, in the middling case."""

    shortest_px: float
    slender: tuple[float, float]
    """Length in its own widths at which something begins to be a line, and at which it is one."""

    longer_is_better: bool


def lines_among(
    spines: Spines, luma: UInt8[np.ndarray, "h w"], pen: Pen, demands: Demands
) -> Bool[np.ndarray, " n"]:
    """Which pixels of the spines are lines."""
    evidence = _of_branches(spines, luma, pen, demands)
    on_branch = spines.branch > 0
    piece_of = np.zeros(spines.num_branches, np.int32)
    piece_of[spines.branch] = spines.piece
    evidence *= _of_pieces(spines, min(luma.shape), demands)[piece_of]
    here = np.where(on_branch, evidence[spines.branch], 0)
    return connected(spines, (here >= _FOLLOWED) | ~on_branch, here >= 1)


def _of_pieces(spines: Spines, side_px: int, demands: Demands) -> Float[np.ndarray, " p"]:
    """By the shape of each connected whole."""
    length = np.bincount(spines.piece, minlength=spines.num_pieces)
    width = 2 * _means(spines.half_px, spines.piece, length)
    begins, is_line = demands.slender
    factor = _ramp(length / np.maximum(width, 1), begins, is_line - begins)
    if demands.longer_is_better:
        factor *= 1 + np.minimum(length / (_LONG * side_px), 1)
    factor[length + width < demands.shortest_px] = 0
    return factor


def _open_part(
    spines: Spines, luma: UInt8[np.ndarray, "h w"], tone: np.ndarray, depth: np.ndarray
) -> Float[np.ndarray, " b"]:
    """Part of the rim of each stretch where it is as dark outside as inside."""
    rim = (cv2.dilate(spines.mask.astype(np.uint8), _SQUARE) > 0) & ~spines.mask
    branch = spines.branch[spines.nearest[rim]]
    as_dark = luma[rim] <= tone[branch] + _AS_DARK * depth[branch]
    total = np.maximum(np.bincount(branch, minlength=len(tone)), 1)
    return np.bincount(branch, weights=as_dark, minlength=len(tone)) / total


def _of_branches(
    spines: Spines, luma: UInt8[np.ndarray, "h w"], pen: Pen, demands: Demands
) -> Float[np.ndarray, " b"]:
    """By the darkness and width of each stretch between joints."""
    branch = spines.branch
    length = np.bincount(branch, minlength=spines.num_branches)
    depth = _means(spines.darker[spines.on_spine], branch, length)
    tone = _means(luma[spines.on_spine], branch, length)
    half = _means(spines.half_px, branch, length)
    lighter = _ramp(tone - pen.luma, _LIGHTER, _LIGHTER_RANGE)
    wide = _ramp(2 * half / pen.width_px, _WIDE, _WIDE_RANGE)
    room = np.maximum(tone + depth - pen.luma, _OPACITY_FLOOR)
    evidence = depth / 255 / demands.contrast
    evidence *= 1 - lighter * (_LIGHT_PENALTY + (1 - _LIGHT_PENALTY) * wide)
    evidence *= _FAINT + _OPAQUE * np.minimum(depth / room, 1)
    opened = _ramp(_open_part(spines, luma, tone, depth), _OPEN, _OPEN_RANGE)
    evidence *= 1 - opened * (1 - _ramp(length / np.maximum(2 * half, 1), _OLONG, _OLONGR))
    evidence[0] = 0
    return evidence


def _means(values: np.ndarray, groups: np.ndarray, counts: np.ndarray) -> Float[np.ndarray, " g"]:
    total = np.bincount(groups, weights=values, minlength=len(counts))
    return total / np.maximum(counts, 1)


def _ramp(values: Float[np.ndarray, " g"], start: float, width: float) -> Float[np.ndarray, " g"]:
    """0 up to `start`, 1 from `width` further on."""
    return np.clip((values - start) / width, 0, 1)
