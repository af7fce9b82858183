"""Sharpness without a reference: the cumulative probability of blur detection (CPBD).

Narvekar and Karam, "A no-reference image blur metric based on the cumulative probability of blur detection (CPBD)",
IEEE TIP 2011, on the just-noticeable blur of Ferzli and Karam, IEEE TIP 2009. Score the pictures themselves: JPEG and video
compression change it.
"""

from enum import StrEnum

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64, UInt8
from torch import Tensor

from toontween.errors import ShapeError
from toontween.metrics.clips import check_frames
from toontween.metrics.grey import to_grey_levels
from toontween.metrics.sharpness import edges, widths

BLOCK_PX = 64
"""Side of a block; those that do not fit at the right and the bottom are left out."""

FEWEST_EDGE_PX = 0.002 * BLOCK_PX**2
"""A block with more edge pixels is looked at: 9 or more."""

LOW_CONTRAST = 50
"""Up to this contrast of a block, in levels, wider edges are just noticeable."""

NOTICEABLE_WIDTHS_PX = (3, 5)
"""Width of a just noticeably blurred edge at high and at low contrast."""

BETA = 3.6
"""Exponent of the psychometric function (Ferzli and Karam)."""

NOTICED = 64
"""Percentage from which blur is noticed: an edge of just the noticeable width has 1 − 1/e = 63 %."""


class EdgeRule(StrEnum):
    """Whose edge detectors are followed; scores differ by 0.012 on average and at most by 0.056 on photographs."""

    PYTHON_CPBD = "python-cpbd"
    """The Python package's, with which papers measure."""

    MATLAB = "matlab"
    """MATLAB's, with which the metric was published."""


def cpbd(
    pictures: Float[Tensor, "n c h w"], *, rule: EdgeRule = EdgeRule.PYTHON_CPBD
) -> Float64[Tensor, " n"]:
    """Sharpness of each picture, 0…1: the part of its edges at which blur is not noticed.

    Protocol: Pillow's luma of pictures rounded to 8 bits; widths of vertical edges in blocks of 64×64 pixels that have
    detail; probability 1 − exp(−(width / noticeable width)^3.6) in bins of 1 %; the share of bins 0…63. Flat art with
    hard edges saturates at 1. A picture without measurable edges scores 0, and so does one whose only edges are steps
    exactly between two pixels (`python-cpbd`).

    Args:
        pictures: RGB or grey in 0…1, at least 64 pixels a side.
        rule: Whose edge detectors.

    Raises:
        ShapeError: The pictures are smaller than a block, or no pictures.
        InputError: There is none, or one holds a number that is not finite or out of range.
    """
    check_frames(pictures, "pictures")
    if min(pictures.shape[2:]) < BLOCK_PX:
        raise ShapeError(f"CPBD needs {BLOCK_PX} pixels a side, not {tuple(pictures.shape[2:])}")
    scores = [score(blur_histogram(grey, rule=rule)) for grey in to_grey_levels(pictures)]
    return torch.tensor(scores, dtype=torch.float64, device=pictures.device)


def blur_histogram(
    grey: UInt8[np.ndarray, "h w"], *, rule: EdgeRule = EdgeRule.PYTHON_CPBD
) -> Int64[np.ndarray, " 101"]:
    """How many edges have which probability that their blur is detected, in per cent.

    Args:
        grey: Levels 0…255.
        rule: Whose edge detectors.
    """
    matlab = rule is EdgeRule.MATLAB
    detail = edges.matlab_edges(grey) if matlab else edges.port_edges(grey)
    across = edges.matlab_vertical_edges(grey) if matlab else edges.port_vertical_edges(grey)
    width_px = widths.edge_widths(grey, across)
    histogram = np.zeros(101, np.int64)
    for top in range(0, grey.shape[0] - BLOCK_PX + 1, BLOCK_PX):
        for left in range(0, grey.shape[1] - BLOCK_PX + 1, BLOCK_PX):
            block = np.s_[top : top + BLOCK_PX, left : left + BLOCK_PX]
            if np.count_nonzero(detail[block]) > FEWEST_EDGE_PX:
                found = width_px[block][width_px[block] > 0]
                low = widths.contrast(grey[block]) <= LOW_CONTRAST
                detected = 1 - np.exp(-((found / NOTICEABLE_WIDTHS_PX[low]) ** BETA))
                percent = np.rint(100 * detected).astype(np.int64)
                histogram += np.bincount(percent, minlength=101)
    return histogram


def score(histogram: Int64[np.ndarray, " 101"]) -> float:
    """The share of edges whose blur is not noticed; 0 without edges."""
    num_edges = int(histogram.sum())
    return float(histogram[:NOTICED].sum() / num_edges) if num_edges else 0.0
