"""The middles of everything narrow and dark, as pixels that know which branch and which piece they belong to."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int, Int32, UInt8
from skimage.morphology import skeletonize

from toontween.drawing.ridges.darkness import disc

_SEEN = 6
"""What is no darker than its sides than this, 0…255, is not looked at."""

_BESIDE = 0.25
"""Next to a line, what is darkened by less than this part of the line is its edge or its shade."""

_SQUARE = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Spines:
    """Lines that may be, n pixels along their middles."""

    darker: UInt8[np.ndarray, "h w"]
    """How much darker each pixel is than what lies around."""

    mask: Bool[np.ndarray, "h w"]
    """What belongs to one of them."""

    on_spine: Bool[np.ndarray, "h w"]
    half_px: Float32[np.ndarray, " n"]
    """Half the width there, in the row-major order of `on_spine`, as all that follows."""

    piece: Int32[np.ndarray, " n"]
    """Which connected whole, from 1."""

    branch: Int32[np.ndarray, " n"]
    """Which stretch between joints, from 1; 0 on joints."""

    away_px: Float32[np.ndarray, "h w"]
    """Distance to the nearest spine."""

    nearest: Int[np.ndarray, "h w"]
    """The nearest pixel of a spine, 0…n − 1."""

    @property
    def num_pieces(self) -> int:
        """One more than the highest piece."""
        return int(self.piece.max(initial=0)) + 1

    @property
    def num_branches(self) -> int:
        """One more than the highest branch."""
        return int(self.branch.max(initial=0)) + 1


def find_spines(
    darker: UInt8[np.ndarray, "h w"],
    *,
    reach_px: float,
    allowed: Bool[np.ndarray, "h w"] | None = None,
) -> Spines | None:
    """The spines of narrow darkness; None where there is none.

    Args:
        darker: As made by `narrow_darkness`.
        reach_px: Within this distance of a line weaker darkness does not count.
        allowed: Where they may be; everywhere when None.
    """
    beside = cv2.dilate(darker, disc(reach_px)).astype(np.float32)
    mask = (darker > _SEEN) & (darker > _BESIDE * beside)
    if allowed is not None:
        mask &= allowed
    on_spine = skeletonize(mask)
    if not on_spine.any():
        return None
    half = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)[on_spine]
    away, found = cv2.distanceTransformWithLabels(
        (~on_spine).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    labels = np.asarray(found, np.int32)
    number = np.zeros(int(labels.max()) + 1, np.int32)
    number[labels[on_spine]] = np.arange(len(half), dtype=np.int32)
    around = cv2.filter2D(on_spine.astype(np.uint8), -1, _SQUARE, borderType=cv2.BORDER_CONSTANT)
    return Spines(
        darker=darker,
        mask=mask,
        on_spine=on_spine,
        half_px=np.minimum(half, max(mask.shape)).astype(np.float32),
        piece=_labels(on_spine)[on_spine],
        branch=_labels(on_spine & (around <= 3))[on_spine],
        away_px=np.asarray(away, np.float32),
        nearest=number[labels],
    )


def connected(
    spines: Spines, weak: Bool[np.ndarray, " n"], strong: Bool[np.ndarray, " n"]
) -> Bool[np.ndarray, " n"]:
    """Weak pixels of spines that are joined to a strong one by weak ones."""
    plane = np.zeros_like(spines.on_spine)
    plane[spines.on_spine] = weak
    label = _labels(plane)[spines.on_spine]
    keep = np.zeros(int(label.max()) + 1, bool)
    keep[label[strong]] = True
    keep[0] = False
    return keep[label]


def _labels(plane: Bool[np.ndarray, "h w"]) -> Int32[np.ndarray, "h w"]:
    return np.asarray(cv2.connectedComponents(plane.astype(np.uint8), connectivity=8)[1], np.int32)
