"""Pencil on real paper: uneven light, grain and smudges taken out, soft strokes brought to strength."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8
from skimage.filters import apply_hysteresis_threshold
from skimage.morphology import remove_small_objects

_SHEET_PX = 256
"""Longest side at which the paper's brightness is estimated."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Sheet:
    """A photographed or scanned sheet with its light evened out."""

    darkness: Float32[np.ndarray, "h w"]
    """How much darker than the paper, in the strongest channel, 0…1; noise included."""

    grain: float
    """Standard deviation of the paper itself."""

    even: float
    """Part of the picture that is paper, to within its grain."""

    dimmest: float
    """The darkest paper as a part of the brightest."""


def evened(pixels: UInt8[np.ndarray, "h w 3"]) -> Sheet:
    """Divide by the paper's smooth brightness."""
    paper = _paper(pixels)
    darkness = np.full(pixels.shape[:2], -1, np.float32)
    for channel in range(3):
        ratio = pixels[..., channel] / np.maximum(paper[..., channel], 1)
        np.maximum(darkness, 1 - ratio, out=darkness)
    darkness = cv2.GaussianBlur(darkness, (0, 0), max(0.6, min(darkness.shape) / 2000))
    level = _mode(darkness)
    darkness -= level
    lighter = darkness[darkness < 0]
    grain = 1.4826 * float(np.median(-lighter)) if lighter.size else 0.0
    grain = max(grain, 1 / 255)
    even = float(np.mean(np.abs(darkness) < 4 * grain))
    brightness = paper.max(axis=2)
    dimmest, brightest = np.percentile(brightness[::4, ::4], (2, 98))
    return Sheet(
        darkness=darkness.clip(0, 1),
        grain=grain,
        even=even,
        dimmest=float(dimmest / max(brightest, 1)),
    )


def pencil(sheet: Sheet) -> UInt8[np.ndarray, "h w"]:
    """The strokes on the sheet: grain and specks gone, the typical stroke at full strength."""
    floor = max(2.5 * sheet.grain, 0.03)
    sure = max(6 * sheet.grain, 0.08)
    darkness = sheet.darkness
    mask = apply_hysteresis_threshold(darkness, floor, sure)
    side = min(darkness.shape)
    smallest = max(4, round((side / 150) ** 2))
    mask = remove_small_objects(mask, max_size=smallest, connectivity=2)
    mask &= ~_rim_of_scanner(darkness)
    if not mask.any():
        return np.zeros(darkness.shape, np.uint8)
    full = max(float(np.percentile(darkness[mask], 75)), 2 * floor)
    soft = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    ink = np.where(soft, (darkness - 0.6 * floor) / (full - 0.6 * floor), 0)
    return np.rint(np.clip(ink, 0, 1) * 255).astype(np.uint8)


def _paper(pixels: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "h w 3"]:
    """The sheet without what is drawn on it: closed over strokes, then smoothed."""
    height, width = pixels.shape[:2]
    scale = min(1.0, _SHEET_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    small = cv2.medianBlur(small, 3)
    side = max(3, round(max(size) / 9)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    smooth = cv2.GaussianBlur(closed.astype(np.float32), (0, 0), side / 4)
    return cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)


def _mode(darkness: Float32[np.ndarray, "h w"]) -> float:
    """The commonest value: the paper itself."""
    counts, edges = np.histogram(darkness, bins=512, range=(-0.5, 0.5))
    smooth = np.convolve(counts, np.ones(5) / 5, mode="same")
    at = int(smooth.argmax())
    return float((edges[at] + edges[at + 1]) / 2)


def _rim_of_scanner(darkness: Float32[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Dark along at least half of a side of the picture: the scanner's lid, not a stroke."""
    dark = (darkness > 0.3).astype(np.uint8)
    num, marked = cv2.connectedComponents(dark, connectivity=8)
    labels = np.asarray(marked, np.int32)
    rim = np.zeros(num, bool)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        rim |= np.bincount(side, minlength=num) > side.size / 2
    rim[0] = False
    if not rim.any():
        return np.zeros(darkness.shape, bool)
    reach = np.ones((5, 5), np.uint8)
    return cv2.dilate(rim[labels].astype(np.uint8), reach) > 0
