"""Pixels as mixtures of two colours: what an anti-aliased edge is.

A label is the index of a colour in a list; -1 stands for none of them.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Int

PURE_ADVANTAGE = 2 / 255
"""How much better two colours must explain a pixel than one does; noise alone always likes two better."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Mixtures:
    """The best explanation of every pixel as `share` of one colour and the rest of another."""

    first: Int[np.ndarray, " n"]
    """Label of one colour, -1 where a pixel had no candidates."""

    second: Int[np.ndarray, " n"]
    """Label of the other; the same label where one colour explains the pixel."""

    share: Float32[np.ndarray, " n"]
    """Part of the first, 0…1."""

    residual: Float32[np.ndarray, " n"]
    """What stays unexplained: distance in gamma-coded RGB of 0…1; infinite without candidates."""

    def draw(self, colours: Float32[np.ndarray, "m 3"]) -> Float32[np.ndarray, "n 3"]:
        """The explained pixels; of no use where there were no candidates."""
        share = self.share[:, None]
        return share * colours[self.first] + (1 - share) * colours[self.second]


def explain(
    pixels: Float32[np.ndarray, "n 3"],
    candidates: Int[np.ndarray, "n k"],
    colours: Float32[np.ndarray, "m 3"],
) -> Mixtures:
    """The best mixture of two candidates for every pixel; one colour alone where that does as well.

    Args:
        pixels: Gamma-coded RGB, in which drawing programs mix their edges.
        candidates: Labels that each pixel may be made of, -1 for fewer.
        colours: What the labels stand for.
    """
    num_pixels, num_candidates = candidates.shape
    first = np.full(num_pixels, -1, np.int32)
    second = first.copy()
    share = np.ones(num_pixels, np.float32)
    cost = np.full(num_pixels, np.inf, np.float32)
    residual = cost.copy()
    for one in range(num_candidates):
        for other in range(one, num_candidates):
            known = (candidates[:, one] >= 0) & (candidates[:, other] >= 0)
            start, end = colours[candidates[:, other]], colours[candidates[:, one]]
            part, left = _project(pixels, start, end)
            left[~known] = np.inf
            dearer = left + (PURE_ADVANTAGE if other != one else 0)
            better = dearer < cost
            first[better] = candidates[better, one]
            second[better] = candidates[better, other]
            share[better], cost[better], residual[better] = (
                part[better],
                dearer[better],
                left[better],
            )
    return Mixtures(first=first, second=second, share=share, residual=residual)


def labels_nearby(
    labels: Int[np.ndarray, "h w"],
    at: Int[np.ndarray, "n 2"],
    *,
    num_labels: int,
    radius_px: int,
    most: int,
) -> Int[np.ndarray, "n k"]:
    """The commonest labels in the square around each place, the commonest first.

    Args:
        labels: -1 where a pixel has none.
        at: Rows and columns.
        num_labels: How many labels there are.
        radius_px: The square reaches so far to every side, at most 7.
        most: How many labels are given for each place; -1 fills up.
    """
    rows, columns = at.T
    side = 2 * radius_px + 1
    counts = np.zeros((num_labels, len(at)), np.uint8)
    for label in np.unique(labels[labels >= 0]):
        is_label = (labels == label).astype(np.uint8)
        around = cv2.boxFilter(
            is_label, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        counts[label] = around[rows, columns]
    most = min(most, num_labels)
    ranked = np.argsort(-counts.astype(np.int16), axis=0, kind="stable")[:most].T
    found = np.take_along_axis(counts.T, ranked, axis=1) > 0
    return np.where(found, ranked, -1).astype(np.int32)


def _project(
    pixels: Float32[np.ndarray, "n 3"],
    start: Float32[np.ndarray, "n 3"],
    end: Float32[np.ndarray, "n 3"],
) -> tuple[Float32[np.ndarray, " n"], Float32[np.ndarray, " n"]]:
    """How far along from start to end each pixel's nearest point is, 0…1, and how far off that is."""
    way = end - start
    length = np.square(way).sum(axis=1)
    along = ((pixels - start) * way).sum(axis=1)
    part = np.divide(along, length, out=np.ones_like(along), where=length > 0).clip(0, 1)
    off = pixels - start - part[:, None] * way
    return part, np.sqrt(np.square(off).sum(axis=1))
