"""The pen a drawing was inked with: how wide and how dark its lines mostly are."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from skimage.morphology import skeletonize

from toontween.drawing.ridges.darkness import narrow_darkness

_STUDIED_PX = 480
"""The pen is studied on a picture whose shorter side is no longer than this."""

_SLENDER, _SLENDER_RANGE = 1.5, 2.5
"""Length in its own widths from which on a stroke begins to tell of the pen, and how much more makes it tell fully."""

_USUAL, _USUAL_LUMA = 0.006, 64.0
"""Width of lines, as a part of the shorter side, and their luma, where none were found."""

_LIGHTEST = 0.8
"""Part of the lines that is darker than what is called the pen's luma."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pen:
    """What most lines have in common."""

    width_px: float
    luma: float
    """Of all but the lightest lines, 0…255."""


def study_pen(
    planes: UInt8[np.ndarray, "h w 4"], *, widest_px: float, least_darkness: float
) -> Pen:
    """The pen of a picture.

    Args:
        planes: As made by `to_planes`.
        widest_px: Widest line that may be there.
        least_darkness: How much darker than their sides lines are that tell of the pen, 0…255.
    """
    side = min(planes.shape[:2])
    scale = min(1.0, _STUDIED_PX / side)
    if scale < 1:
        planes = cv2.resize(planes, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    darker = narrow_darkness(planes, max(2.0, widest_px * scale / 2))
    inked = darker > least_darkness
    spine = skeletonize(inked)
    half = cv2.distanceTransform(inked.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)[spine]
    half = np.minimum(half, side)  # a picture that is all ink has no outside
    count, found = cv2.connectedComponents(spine.astype(np.uint8), connectivity=8)
    piece = np.asarray(found, np.int32)[spine]
    length = np.bincount(piece, minlength=count)
    width = 2 * np.bincount(piece, weights=half, minlength=count) / np.maximum(length, 1)
    slender = np.clip((length / np.maximum(width, 1) - _SLENDER) / _SLENDER_RANGE, 0, 1)[piece]
    luma = planes[..., 3][spine].astype(np.float64)
    weight = (slender * darker[spine] / 255 * (1 - luma / 255)) ** 2
    if not weight.any():
        return Pen(width_px=_USUAL * side, luma=_USUAL_LUMA)
    return Pen(
        width_px=_quantile(2 * half, weight, 0.5) / scale,
        luma=_quantile(luma, weight, _LIGHTEST),
    )


def _quantile(
    values: Float[np.ndarray, " n"], weights: Float[np.ndarray, " n"], share: float
) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, share * total[-1])])
