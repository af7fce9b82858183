"""How far the lines of one drawing are from the lines of another."""

from enum import StrEnum

import cv2
import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage
from torch import Tensor

from toontween.errors import InputError, ShapeError
from toontween.metrics.grey import to_grey

LEAST_INK = 0.01
"""More ink than this is a line: darker than 0.99 of white, as AnimeInbet counts it."""

TOLERANCE_PX = 2.0
"""How far off a line may be and still count as found: the width of a usual line at 320×512."""

DOG_SIGMA_PX, DOG_RATIO = 1.0, 1.6
DOG_GAIN, DOG_OFFSET = 2.0, 0.01
DOG_RADIUS = 4
"""Where the Gaussians end, in their own σ."""

Drawn = Float[np.ndarray, "_ _"] | Bool[np.ndarray, "_ _"]
"""Ink in 0…1, or where there is a line."""


class LineRule(StrEnum):
    """Where frames have lines."""

    DRAWN = "drawn"
    """In line drawings on white: wherever they are darker than 0.99 of white (AnimeInbet)."""

    DOG = "dog"
    """In coloured frames: where a difference of Gaussians is dark (EISAI)."""

    def lines_of(self, frames: Float[Tensor, "t c h w"]) -> Bool[np.ndarray, "t h w"]:
        """The lines of every frame by this rule."""
        return drawn_lines(frames) if self is LineRule.DRAWN else dog_lines(frames)


def drawn_lines(frames: Float[Tensor, "t c h w"]) -> Bool[np.ndarray, "t h w"]:
    """Lines of line drawings on white: grey below 0.99 (AnimeInbet, Siyao et al., ICCV 2023).

    Args:
        frames: Grey or RGB in 0…1.
    """
    return (to_grey(frames) < 1 - LEAST_INK).cpu().numpy()


def dog_lines(frames: Float[Tensor, "t c h w"]) -> Bool[np.ndarray, "t h w"]:
    """Lines of coloured frames (EISAI, Chen and Zwicker, ECCV 2022): where grey is darker than what surrounds it.

    1/2 + 2·(G₁.₆ − G₁) − 0.01 > 1/2 with Gaussian means G of σ 1 and 1.6 px, which end at 4 σ, on reflected borders;
    values are not clipped. The dark side of any edge counts, so outlines of flat areas are lines, too.

    Args:
        frames: Grey or RGB in 0…1, more than 6 pixels a side.
    """
    grey = to_grey(frames).cpu().numpy()
    near, far = (
        ndimage.gaussian_filter(
            grey, (0, sigma, sigma), mode="mirror", radius=(0, *2 * [int(DOG_RADIUS * sigma)])
        )
        for sigma in (DOG_SIGMA_PX, DOG_RATIO * DOG_SIGMA_PX)
    )
    return DOG_GAIN * (far - near) > DOG_OFFSET


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
    ours, truth = _lines_of_both(predicted, target)
    diagonal = float(np.hypot(*truth.shape))
    missed = _distance_px(ours, diagonal)[truth].sum(dtype=np.float64)
    invented = _distance_px(truth, diagonal)[ours].sum(dtype=np.float64)
    return float((missed + invented) / (2 * diagonal * truth.size))


def line_hausdorff_distance(predicted: Drawn, target: Drawn) -> float:
    """How far the worst line pixel of either drawing is from the other's lines, as a part of the diagonal, 0…1.

    Args:
        predicted: Ink in 0…1 (more than `LEAST_INK` is a line), or a mask.
        target: What it should be.

    Raises:
        ShapeError: The two differ in shape, or have no pixels.
    """
    ours, truth = _lines_of_both(predicted, target)
    diagonal = float(np.hypot(*truth.shape))
    missed = _distance_px(ours, diagonal)[truth].max(initial=0)
    invented = _distance_px(truth, diagonal)[ours].max(initial=0)
    return float(max(missed, invented) / diagonal)


def line_ratio(predicted: Drawn, target: Drawn) -> float:
    """How many line pixels there are for each true one: 1 keeps the ink, below lines vanish, above they are doubled.

    Args:
        predicted: Ink in 0…1 (more than `LEAST_INK` is a line), or a mask.
        target: What it should be.

    Raises:
        ShapeError: The two differ in shape, or have no pixels.
        InputError: The target has no lines.
    """
    ours, truth = _lines_of_both(predicted, target)
    _check_lines(truth)
    return np.count_nonzero(ours) / np.count_nonzero(truth)


def line_precision_recall(
    predicted: Drawn, target: Drawn, *, tolerance_px: float = TOLERANCE_PX
) -> tuple[float, float]:
    """The part of the predicted lines that is near a true one, and the part of the true ones that is near a predicted.

    Args:
        predicted: Ink in 0…1 (more than `LEAST_INK` is a line), or a mask; one without lines has precision 0.
        target: What it should be.
        tolerance_px: How far apart lines still count as the same.

    Raises:
        ShapeError: The two differ in shape, or have no pixels.
        InputError: The target has no lines, or the tolerance is negative.
    """
    if not tolerance_px >= 0:
        raise InputError(f"tolerance_px {tolerance_px} is not 0 or more")
    ours, truth = _lines_of_both(predicted, target)
    _check_lines(truth)
    if not ours.any():
        return 0.0, 0.0
    precision = (_distance_px(truth, np.inf)[ours] <= tolerance_px).mean()
    recall = (_distance_px(ours, np.inf)[truth] <= tolerance_px).mean()
    return float(precision), float(recall)


def _lines_of_both(
    predicted: Drawn, target: Drawn
) -> tuple[Bool[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    if predicted.shape != target.shape or 0 in target.shape:
        raise ShapeError(f"lines of {predicted.shape} cannot be compared with {target.shape}")
    return _is_line(predicted), _is_line(target)


def _is_line(drawn: Drawn) -> Bool[np.ndarray, "h w"]:
    return drawn if drawn.dtype == bool else drawn > LEAST_INK


def _check_lines(truth: Bool[np.ndarray, "h w"]) -> None:
    if not truth.any():
        raise InputError("the true drawing has no lines", hint="leave empty drawings out")


def _distance_px(lines: Bool[np.ndarray, "h w"], when_empty: float) -> Float[np.ndarray, "h w"]:
    """Euclidean distance of each pixel to the nearest line."""
    if not lines.any():
        return np.full(lines.shape, when_empty)
    return cv2.distanceTransform((~lines).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
