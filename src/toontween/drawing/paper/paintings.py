"""Painted areas: how they are told from strokes, and the lines in them.

Works on the distance from the ground (`grounds.away_from`), 0…255 in three channels.
"""

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from toontween.drawing.paper.sizes import reduced

_WIDE = 0.08
"""Part of the shorter side from which something is an area, not a stroke."""

_LINE = 0.03
"""Part of the shorter side up to which something is a line on a painted area."""

_OTHER = 48
"""Levels by which a painted area differs from the pen."""

_EVEN = 32
"""Levels within which neighbouring pixels of a painted area are; the flanks of soft strokes are steeper."""

_FEW = 0.05
"""Part of what is inked below which strokes beside the areas do not tell the pen."""

_LEAST_PX = 9
"""Narrowest area, so that crossing strokes are none in a small picture."""

_LOOKED_AT_PX = 512
_INKED = 25


def wide_part(mask: Bool[np.ndarray, "h w"]) -> float:
    """Part of a mask that is areas, not strokes; 0 when it is empty."""
    small = reduced(mask.astype(np.uint8) * 255, _LOOKED_AT_PX) > 127
    return float(np.count_nonzero(_wide(small)) / max(np.count_nonzero(small), 1))


def painted_part(away: UInt8[np.ndarray, "h w 3"]) -> float:
    """Part of the picture that is areas of another colour than the ground's and the pen's."""
    away = reduced(away, _LOOKED_AT_PX)
    ink = away.max(axis=2)
    inked = ink > _INKED
    wide = _wide(inked)
    if not wide.any():
        return 0.0
    strokes = inked & ~wide
    if np.count_nonzero(strokes) < _FEW * np.count_nonzero(inked):  # lines lie along the areas
        strokes = inked
    total = away[strokes].sum(axis=1, dtype=np.int32)
    pen = np.median(away[strokes][total >= np.percentile(total, 90)], axis=0)
    block = np.ones((3, 3), np.uint8)
    quiet = cv2.medianBlur(away, 3)
    steps = cv2.morphologyEx(quiet, cv2.MORPH_GRADIENT, block, borderType=cv2.BORDER_REPLICATE)
    even = wide & (steps.max(axis=2) <= _EVEN)
    other = np.abs(away[even] - pen).max(axis=1) > _OTHER
    return float(np.count_nonzero(other)) / ink.size


def lines_among_paint(away: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w"]:
    """What is narrow and further from the ground than what surrounds it, in the strongest channel."""
    side = max(3, round(min(away.shape[:2]) * _LINE)) | 1
    kernel = np.ones((side, side), np.uint8)
    ink = np.zeros(away.shape[:2], np.float32)
    for channel in range(3):
        plane = 255 - away[..., channel]
        around = cv2.morphologyEx(plane, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
        darker = (around - plane) / np.maximum(around, 64).astype(np.float32)
        np.maximum(ink, darker, out=ink)
    # what is within 8 % of its surroundings is shading, four fifths darker is black enough
    return np.rint(np.clip((ink - 0.08) / 0.72, 0, 1) * 255).astype(np.uint8)


def _wide(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    side = max(_LEAST_PX, round(min(mask.shape) * _WIDE)) | 1
    kernel = np.ones((side, side), np.uint8)
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0
