"""How far the lines of one drawing are from the lines of another."""

import cv2
import numpy as np
from jaxtyping import Bool, Float

from toontween.errors import ShapeError

LEAST_INK = 0.01
"""More ink than this is a line: darker than 0.99 of white, as AnimeInbet counts it."""

Drawn = Float[np.ndarray, "_ _"] | Bool[np.ndarray, "_ _"]
"""Ink in 0…1, or where there is a line."""


def line_chamfer_distance(predicted: Drawn, target: Drawn) -> float:
    """Chamfer distance of two line drawings (EISAI, Chen and Zwicker, ECCV 2022; AnimeInbet, Siyao et al., ICCV 2023).

    Protocol: the mean over all pixels of (a line of the target) · (distance to the nearest predicted line), the same
    the other way round, each divided by the picture's diagonal, and the mean of the two. Where one drawing has no
    lines its distance is the whole diagonal everywhere; two empty drawings are at distance 0. Papers report it in units
    of 1e-5.

    As a mean over all pixels it forgives broken lines and thin ones: say precision and recall beside it.

    Args:
        predicted: Ink in 0…1 (more than `LEAST_INK` is a line), or a mask.
        target: What it should be.

    Raises:
        ShapeError: The two differ in shape, or have no pixels.
    """
    if predicted.shape != target.shape or 0 in target.shape:
        raise ShapeError(f"lines of {predicted.shape} cannot be compared with {target.shape}")
    ours, truth = _is_line(predicted), _is_line(target)
    diagonal = float(np.hypot(*truth.shape))
    missed = _distance_px(ours, diagonal)[truth].sum(dtype=np.float64)
    invented = _distance_px(truth, diagonal)[ours].sum(dtype=np.float64)
    return float((missed + invented) / (2 * diagonal * truth.size))


def _is_line(drawn: Drawn) -> Bool[np.ndarray, "h w"]:
    return drawn if drawn.dtype == bool else drawn > LEAST_INK


def _distance_px(lines: Bool[np.ndarray, "h w"], when_empty: float) -> Float[np.ndarray, "h w"]:
    """Euclidean distance of each pixel to the nearest line."""
    if not lines.any():
        return np.full(lines.shape, when_empty)
    return cv2.distanceTransform((~lines).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
