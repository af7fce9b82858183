"""Boundaries between colours that no line separates."""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from toontween.drawing.lines import Lines
from toontween.drawing.redrawing.finishing import with_weight

_BLUR = 0.0022
"""Blur before edges are looked for, as a part of the shorter side."""

_LEAST_BLUR_PX = 0.8
_WEAK = 0.4
"""A boundary is followed where its step is at least this part of the step asked for."""

_WIDEST_PEN = 0.01
"""Width of the thickest pen they are drawn with, as a part of the shorter side."""

_SHORTEST = 0.06
"""Length of the shortest boundary kept, as a part of the shorter side."""


def find_boundaries(
    planes: UInt8[np.ndarray, "h w 4"],
    lines: Float32[np.ndarray, "h w"],
    *,
    step: float,
    pen_px: float,
) -> Float32[np.ndarray, "h w"]:
    """Ink of boundaries, drawn with a pen of one width.

    Args:
        planes: As made by `to_planes`.
        lines: Ink that is there already; beside it nothing is drawn.
        step: How far the colours on both sides are apart in the channel in which they differ most, 0…1.
        pen_px: Width of the lines, which boundaries get too if it is not too thick for them.
    """
    side = min(lines.shape)
    sigma = max(_LEAST_BLUR_PX, _BLUR * side)
    edges = _edges(cv2.GaussianBlur(planes[..., :3], (0, 0), sigma), 255 * step, sigma)
    margin = 2 * round(pen_px / 2 + 2 * sigma) + 1
    inked = cv2.dilate((lines > 0.1).astype(np.uint8), np.ones((margin, margin), np.uint8))
    edges &= inked == 0
    width_px = min(pen_px, max(1.0, _WIDEST_PEN * side))
    return with_weight(Lines(_long(edges, _SHORTEST * side)), width_px).ink


def _edges(pixels: np.ndarray, step: float, sigma: float) -> Bool[np.ndarray, "h w"]:
    """Canny's edges of the channel that changes most."""
    dx, dy = (
        cv2.Sobel(pixels, cv2.CV_16S, *order, ksize=3, borderType=cv2.BORDER_REPLICATE)
        for order in ((1, 0), (0, 1))
    )
    strength = np.abs(dx.astype(np.int32)) + np.abs(dy.astype(np.int32))
    most = strength.argmax(axis=2)[..., None]
    dx, dy = (np.take_along_axis(slope, most, axis=2)[..., 0] for slope in (dx, dy))
    # the steepest place of a blurred step, in what Sobel's kernel makes of it
    steepest = 8 * step / (np.sqrt(2 * np.pi) * np.hypot(sigma, 0.6))
    found = cv2.Canny(
        np.ascontiguousarray(dx),
        np.ascontiguousarray(dy),
        _WEAK * steepest,
        steepest,
        L2gradient=True,
    )
    return np.asarray(found) > 0


def _long(edges: Bool[np.ndarray, "h w"], shortest_px: float) -> Float32[np.ndarray, "h w"]:
    _, found, stats, _ = cv2.connectedComponentsWithStats(edges.astype(np.uint8))
    keep = stats[:, cv2.CC_STAT_AREA] >= shortest_px
    keep[0] = False
    return keep[np.asarray(found, np.int32)].astype(np.float32)
