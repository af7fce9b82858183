"""Where a picture is darker than what lies around it, and how noisy it is."""

import cv2
import numpy as np
from jaxtyping import UInt8

_LUMA_LIMIT = 3.0
"""A channel counts for no more than this many times what luma darkens by: a brighter strip is no line in any hue."""

_EDGE = 60
_FLAT = 30
"""Spans of luma within 3×3 pixels: above the one there is an edge, below the other none."""

_NEAR_EDGES_PX = 9
_FEW = 100
_CLEAN = 0.9
"""Mean deviation of flat stretches beside edges, 0…255. Drawn and resized pictures have less than 0.6, JPEG 1.2 or more."""

_SMOOTHING = 12.0
_SMOOTHING_PX = 7


def disc(radius_px: float) -> UInt8[np.ndarray, "k k"]:
    """A round structuring element of at least 3×3 pixels."""
    side = 2 * max(1, round(radius_px)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.uint8)


def to_planes(pixels: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 4"]:
    """Red, green, blue, and luma last, freed from compression's ringing where there is any."""
    noise = _noise(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    if noise > _CLEAN:
        pixels = cv2.bilateralFilter(pixels, _SMOOTHING_PX, _SMOOTHING * noise, 2.0).astype(
            np.uint8
        )
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.uint8)
    return np.concatenate([pixels, luma[..., None]], axis=2)


def narrow_darkness(
    planes: UInt8[np.ndarray, "h w 4"], radius_px: float
) -> UInt8[np.ndarray, "h w"]:
    """How much darker each pixel is than it would be without everything dark that a disc does not fit into.

    The black top-hat. A step from one colour to another has none, on neither side.
    """
    filled = cv2.morphologyEx(planes, cv2.MORPH_BLACKHAT, disc(radius_px))
    most = filled[..., :3].max(axis=2)
    limit = cv2.multiply(filled[..., 3], np.array([_LUMA_LIMIT]))
    return np.minimum(most, limit).astype(np.uint8)


def _noise(luma: np.ndarray) -> float:
    """How restless the flat stretches beside edges are, where compression shows: mean deviation, 0…255."""
    square = np.ones((3, 3), np.uint8)
    span = cv2.morphologyEx(luma, cv2.MORPH_GRADIENT, square)
    near = cv2.dilate((span > _EDGE).astype(np.uint8), np.ones([_NEAR_EDGES_PX] * 2, np.uint8))
    steep = cv2.dilate((span > _FLAT).astype(np.uint8), square)
    flat = (near > 0) & (steep == 0)
    if np.count_nonzero(flat) < _FEW:
        return 0.0
    return float(np.mean(cv2.absdiff(luma, cv2.blur(luma, (3, 3)))[flat]))
