"""How sure it is that something narrow and dark is a drawn line.

Each consideration is a factor; their product is 1 where a line of the asked contrast, in the pen's colour and of
middling length, would be. The constants were fitted by random search on drawings with true line layers, half of each set
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

_LONG = 0.14
"""Length, as a part of the shorter side, at which a line counts double."""

# Pairs of numbers are where an effect begins, and how much further on it is complete.

_OPEN = (0.13, 0.23)
"""Part of a stretch's rim where the same darkness goes on outside: the tips of larger shapes are no lines."""

_AS_DARK = 0.3
"""Outside is as dark as inside up to this part of what the stretch is darker than its sides."""

_TIP = (4.0, 5.0)
"""Length of a stretch in its own widths beyond which it is no tip, however open its rim."""

_LIGHTER = (5.0, 36.0)
"""Luma above the pen's that tells against a line."""

_LIGHT_THIN, _LIGHT_WIDE = 0.7, 1.0
"""How much that takes from thin lines and from wide ones."""

_WIDE = (1.0, 0.4)
"""Width in pen widths, for that."""

_FAINT, _OPAQUE = 0.5, 2.0
"""A line through which its sides shine counts by the first, one as dark as the pen by the sum of the two."""

_LEAST_ROOM = 15.0
"""Where the sides are hardly lighter than the pen, at least this is taken for the difference, 0…255."""

_SQUARE = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, kw_only=True, slots=True)
class Demands:
    """What a line must be."""

    contrast: float
    """How much darker than its sides, 0…1, in the middling case."""

    shortest_px: float
    """Length below which it is none."""

    slender: tuple[float, float]
    """Length in its own widths from which on it may be a line, and from which on it surely may."""

    longer_is_better: bool
    """Whether long ones may be fainter."""


def lines_among(
    spines: Spines, luma: UInt8[np.ndarray, "h w"], pen: Pen, demands: Demands
) -> Bool[np.ndarray, " n"]:
    """Which pixels of the spines are lines."""
    return followed(spines, evidence_of(spines, luma, pen, demands), down_to=_FOLLOWED)


def evidence_of(
    spines: Spines, luma: UInt8[np.ndarray, "h w"], pen: Pen, demands: Demands
) -> Float[np.ndarray, " n"]:
    """How sure it is of each pixel of the spines that it is a line: 1 and more is sure; 0 on joints."""
    evidence = _of_branches(spines, luma, pen, demands.contrast)
    piece_of = np.zeros(spines.num_branches, np.int32)
    piece_of[spines.branch] = spines.piece
    evidence *= _of_pieces(spines, min(luma.shape), demands)[piece_of]
    return np.where(spines.branch > 0, evidence[spines.branch], 0)


def followed(
    spines: Spines, evidence: Float[np.ndarray, " n"], *, down_to: float
) -> Bool[np.ndarray, " n"]:
    """Sure lines, and what continues them with at least so much evidence."""
    return connected(spines, (evidence >= down_to) | (spines.branch == 0), evidence >= 1)


def _of_pieces(spines: Spines, side_px: int, demands: Demands) -> Float[np.ndarray, " p"]:
    """By the shape of each connected whole."""
    length = np.bincount(spines.piece, minlength=spines.num_pieces)
    width = 2 * _means(spines.half_px, spines.piece, length)
    begins, surely = demands.slender
    factor = _ramp(length / np.maximum(width, 1), (begins, surely - begins))
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
    spines: Spines, luma: UInt8[np.ndarray, "h w"], pen: Pen, contrast: float
) -> Float[np.ndarray, " b"]:
    """By the darkness and width of each stretch between joints."""
    branch = spines.branch
    length = np.bincount(branch, minlength=spines.num_branches)
    depth = _means(spines.darker[spines.on_spine], branch, length)
    tone = _means(luma[spines.on_spine], branch, length)
    half = _means(spines.half_px, branch, length)
    lighter = _ramp(tone - pen.luma, _LIGHTER)
    wide = _ramp(2 * half / pen.width_px, _WIDE)
    room = np.maximum(tone + depth - pen.luma, _LEAST_ROOM)
    evidence = depth / 255 / contrast
    evidence *= 1 - lighter * (_LIGHT_THIN + (_LIGHT_WIDE - _LIGHT_THIN) * wide)
    evidence *= _FAINT + _OPAQUE * np.minimum(depth / room, 1)
    opened = _ramp(_open_part(spines, luma, tone, depth), _OPEN)
    evidence *= 1 - opened * (1 - _ramp(length / np.maximum(2 * half, 1), _TIP))
    evidence[0] = 0
    return evidence


def _means(values: np.ndarray, groups: np.ndarray, counts: np.ndarray) -> Float[np.ndarray, " g"]:
    total = np.bincount(groups, weights=values, minlength=len(counts))
    return total / np.maximum(counts, 1)


def _ramp(values: Float[np.ndarray, " g"], over: tuple[float, float]) -> Float[np.ndarray, " g"]:
    """0 up to where it begins, 1 from a range further on."""
    start, width = over
    return np.clip((values - start) / width, 0, 1)
