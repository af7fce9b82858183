"""Which region of one drawing is which of another.

AnimeInterp (Siyao et al., CVPR 2021, section 4.1, equations 1-4), with the penalties as published in its code: two
regions are alike by the common part of their features, less when their sizes differ more than threefold, less when they
are far apart. A pair counts when each is the other's best.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, Int, Int32
from torch import Tensor

from toontween.errors import InputError, ShapeError

SIZE_RATIO = 3.0
"""Areas may differ by this factor without a penalty."""

SIZE_PENALTY = 1 / 20
"""Taken from the similarity for each multiple of the smaller area, once they differ by more."""

FAR = 0.14
"""Centroids may be this far apart, as a part of the picture's diagonal, without a penalty."""

FAR_PENALTY = 1 / 5
"""Taken from the similarity for each diagonal of distance, once they are further apart."""


MOST_REGIONS = 4000
"""Flat drawings have hundreds; every one is compared with every one of the other drawing, in a minute at most."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Regions:
    """The regions of one drawing, by number."""

    numbers: Int32[np.ndarray, "h w"]
    """Number of each pixel's region, 0 … n − 1."""

    areas: Int[np.ndarray, " n"]
    """Pixels of each."""

    centres: Float64[np.ndarray, "n 2"]
    """Centroid (x, y) of each, pixels."""

    features: Float[Tensor, "n d"]
    """Looks of each, not negative, summing to 1."""


def describe(numbers: Int32[np.ndarray, "h w"], features: Float[Tensor, "n d"]) -> Regions:
    """Measure the regions of a drawing.

    Raises:
        ShapeError: There are not as many rows of features as regions.
        InputError: There are too many regions.
    """
    areas = np.bincount(numbers.ravel())
    if len(areas) > MOST_REGIONS:
        raise InputError(
            f"the drawing falls into {len(areas)} regions; at most {MOST_REGIONS} can be matched",
            hint="it is grainy or textured rather than flat: smooth it, or draw without matching",
        )
    if len(areas) != len(features):
        raise ShapeError(f"{len(features)} rows of features for {len(areas)} regions")
    rows, columns = np.indices(numbers.shape)
    sums = [np.bincount(numbers.ravel(), at.ravel(), len(areas)) for at in (columns, rows)]
    centres = np.stack(sums, axis=1) / areas[:, None]
    return Regions(numbers=numbers, areas=areas, centres=centres, features=features)


def similarity(first: Regions, last: Regions) -> Float64[np.ndarray, "n m"]:
    """How alike every region of the first drawing is to every one of the last; 1 at most, negative for far ones."""
    ours, theirs = first.features.double().cpu(), last.features.double().cpu()
    common = torch.stack([torch.minimum(one, theirs).sum(dim=1) for one in ours]).numpy()
    ratio = first.areas[:, None] / last.areas
    ratio = np.maximum(ratio, 1 / ratio)
    apart = np.linalg.norm(first.centres[:, None] - last.centres, axis=2)
    apart /= np.hypot(*first.numbers.shape)
    alike = common - np.where(ratio > SIZE_RATIO, SIZE_PENALTY * ratio, 0.0)
    return alike - np.where(apart > FAR, FAR_PENALTY * apart, 0.0)


def match(alike: Float64[np.ndarray, "n m"]) -> Int[np.ndarray, " n"]:
    """The partner of each region of the first drawing in the last, −1 where there is none.

    Every region ranks those of the other drawing, the most similar 0. Partners are two whose ranks for each other sum
    to 0; of equally similar ones the first counts.
    """
    sums = _ranks(alike) + _ranks(alike.T).T
    best = sums.argmin(axis=1)
    mutual: Bool[np.ndarray, " n"] = sums[np.arange(len(sums)), best] == 0
    return np.where(mutual, best, -1)


def _ranks(alike: Float64[np.ndarray, "n m"]) -> Int[np.ndarray, "n m"]:
    order = np.argsort(-alike, axis=1, kind="stable")
    return np.argsort(order, axis=1, kind="stable")
