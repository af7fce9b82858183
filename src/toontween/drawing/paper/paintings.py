"""Finished pictures given as sketches: how they are told, and the dark lines in them."""

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

_WIDE = 0.08
"""Part of the shorter side from which something is a painted area, not a stroke."""

_LINE = 0.03
"""Part of the shorter side up to which something dark is a line on a painted area."""

_LOOKED_AT_PX = 512


def wide_areas(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """What is left of a mask when strokes are taken away."""
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _block(mask.shape, _WIDE)) > 0


def painted_part(pixels: UInt8[np.ndarray, "h w 3"], ink: UInt8[np.ndarray, "h w"]) -> float:
    """Part of the picture that is wide areas of other colours than the lines' and the ground's."""
    height, width = ink.shape
    scale = min(1.0, _LOOKED_AT_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    inked = ink > 25
    wide = wide_areas(inked)
    if not wide.any():
        return 0.0
    strokes = inked & ~wide
    least = 20
    lines = strokes if np.count_nonzero(strokes) >= least else inked
    strong = lines & (ink >= np.percentile(ink[lines], 75))
    pen = np.median(pixels[strong], axis=0)
    other = np.abs(pixels[wide] - pen).max(axis=1) > 48
    return float(np.count_nonzero(other)) / ink.size


def dark_lines(pixels: UInt8[np.ndarray, "h w 3"], *, light: bool) -> UInt8[np.ndarray, "h w"]:
    """What is thin and darker than what surrounds it (lighter, on dark ground)."""
    if not light:
        pixels = 255 - pixels
    kernel = _block(pixels.shape[:2], _LINE)
    ink = np.zeros(pixels.shape[:2], np.float32)
    for channel in range(3):
        plane = np.ascontiguousarray(pixels[..., channel])
        around = cv2.morphologyEx(plane, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
        away = (around - plane) / np.maximum(around, 64).astype(np.float32)
        np.maximum(ink, away, out=ink)
    return np.rint(np.clip((ink - 0.08) / 0.72, 0, 1) * 255).astype(np.uint8)


def _block(shape: tuple[int, ...], part: float) -> np.ndarray:
    side = max(3, round(min(shape) * part)) | 1
    return np.ones((side, side), np.uint8)
