"""Lines of a finished, coloured drawing, without weights.

A line is a narrow stretch that is darker than what lies on both its sides. The picture without its lines is found by a
morphological closing with a disc a little wider than the pen; what the closing filled, and no channel
brightened, is the ink. A plain edge between two colours fills nothing, so every line answers once, at its own width.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8
from skimage.filters import apply_hysteresis_threshold
from skimage.morphology import skeletonize

from toontween.drawing.lines import Lines
from toontween.errors import InputError


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtractionSettings:
    """What counts as a line.

    Raises:
        InputError: A value is out of range.
    """

    contrast: float = 0.16
    """How much darker than its sides a line has to be somewhere along it, 0…1; it is followed to half of that."""

    widest: float = 0.035
    """Thickness of the thickest line looked for, as a part of the picture's shorter side."""

    shortest: float = 0.015
    """Length of the shortest line kept, as a part of the picture's shorter side."""

    boundaries: float = 0.0
    """Ink of boundaries between colours that no line separates, 0…1; 0 leaves them out."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("contrast", 0.01, 1.0),
            ("widest", 0.001, 0.2),
            ("shortest", 0.0, 1.0),
            ("boundaries", 0.0, 1.0),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise InputError(f"{name} {value!r} is not a number")
            if not low <= value <= high:
                raise InputError(f"{name} is {value}, not within {low}…{high}")


def extract_lines(
    picture: Float32[np.ndarray, "h w 3"], settings: ExtractionSettings | None = None
) -> Lines:
    """The lines of a finished drawing.

    Args:
        picture: Display-referred sRGB in 0…1.
        settings: What counts as a line.
    """
    settings = settings or ExtractionSettings()
    pixels = np.rint(picture * np.float32(255)).astype(np.uint8)
    side = min(pixels.shape[:2])
    darker = _narrow_darkness(pixels, max(2, round(settings.widest * side / 2)))
    strong = 255 * settings.contrast
    pen = _pen_px(darker > strong)
    if pen is not None:
        darker = _narrow_darkness(pixels, max(2, round(0.9 * pen + 0.5)))
    inked = apply_hysteresis_threshold(darker, strong / 2, strong)
    inked = _without_short(inked, settings.shortest * side)
    return Lines(_full_ink(darker, inked))


def _narrow_darkness(
    pixels: UInt8[np.ndarray, "h w 3"], radius_px: int
) -> UInt8[np.ndarray, "h w"]:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1, 2 * radius_px + 1))
    filled = cv2.morphologyEx(pixels, cv2.MORPH_BLACKHAT, disc).max(axis=2)
    emptied = cv2.morphologyEx(pixels, cv2.MORPH_TOPHAT, disc).max(axis=2)
    return cv2.subtract(filled, emptied)


def _pen_px(inked: Bool[np.ndarray, "h w"]) -> float | None:
    spine = skeletonize(inked)
    if not spine.any():
        return None
    inside = cv2.distanceTransform(inked.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return float(2 * np.median(inside[spine]))


def _without_short(inked: Bool[np.ndarray, "h w"], shortest_px: float) -> Bool[np.ndarray, "h w"]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(inked.astype(np.uint8))
    extent = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    keep = extent >= shortest_px
    keep[0] = False
    return keep[np.asarray(labels, np.int32)]


def _full_ink(
    darker: UInt8[np.ndarray, "h w"], inked: Bool[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"]:
    reach = np.ones((5, 5), np.uint8)
    core = np.where(inked, darker, np.uint8(0))
    full = cv2.dilate(core, reach).astype(np.float32)
    ink = np.where(full > 0, darker / np.maximum(full, 1), 0)
    return np.minimum(ink * 1.1, 1).astype(np.float32)
