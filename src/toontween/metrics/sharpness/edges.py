"""Edges as the sharpness measure needs them: vertical ones to measure across, and any to tell where a picture has detail.

Grey levels are 0…255. Each has two rules, which differ on most pictures. `port_…` is what the Python package
`python-cpbd` does, an approximation of Octave's; `matlab_…` follows MATLAB's `edge`, whose numbers the metric's authors
published. MATLAB's Sobel rule is exact; its Canny is emulated from the documented thresholds and is not equal pixel by pixel.
"""

import numpy as np
from jaxtyping import Bool, Float64, UInt8
from scipy import ndimage
from skimage.feature import canny
from skimage.filters import apply_hysteresis_threshold

Levels = UInt8[np.ndarray, "h w"]
Mask = Bool[np.ndarray, "h w"]
Plane = Float64[np.ndarray, "h w"]

HORIZONTAL_SOBEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]]) / 8
"""Gradient from left to right when convolved: the weights' absolute values sum to one."""

MATLAB_SOBEL_THRESHOLD = 2.0
"""Least |gradient| of an edge, in levels: fixed, not the automatic one."""

MATLAB_CANNY_SIGMA = 2**0.5
MATLAB_CANNY_BINS = 64
MATLAB_CANNY_NOT_EDGES = 0.7
"""Part of the pixels below the upper threshold."""

MATLAB_CANNY_RATIO = 0.4
"""Lower threshold as a part of the upper."""


def port_vertical_edges(grey: Levels) -> Mask:
    """Vertical edges of `python-cpbd`: squared horizontal gradients above 2·√(their mean), thinned.

    The threshold is compared with a square although it is no square; both are kept as they are. A pixel stays when it
    is strictly above both neighbours in its row or in its column, so a perfect step between two pixels has no edge.
    """
    strength = np.square(ndimage.convolve(grey.astype(np.float64), HORIZONTAL_SOBEL))
    strength[strength <= 2 * np.sqrt(strength.mean())] = 0
    left, right, above, below = _neighbours(strength)
    in_row = (strength > left) & (strength > right)
    return in_row | ((strength > above) & (strength > below))


def matlab_vertical_edges(grey: Levels) -> Mask:
    """Vertical edges of MATLAB's `edge(…, 2, 'vertical')`, pixel by pixel."""
    levels = grey.astype(np.float64)
    across = ndimage.convolve(levels, HORIZONTAL_SOBEL, mode="nearest")
    down = ndimage.convolve(levels, HORIZONTAL_SOBEL.T, mode="nearest")
    strength = np.square(across)
    left, right, above, below = _neighbours(strength)
    in_row = (np.abs(across) >= np.abs(down)) & (left <= strength) & (strength > right)
    in_column = (above <= strength) & (strength > below)
    return (strength > MATLAB_SOBEL_THRESHOLD**2) & (in_row | in_column)


def port_edges(grey: Levels) -> Mask:
    """Edges of any direction of `python-cpbd`: scikit-image's Canny with its defaults for pictures in 0…1.

    The picture is in 0…255, so that thresholds of 0.1 and 0.2 let almost every maximum pass.
    """
    return canny(grey.astype(np.float64))


def matlab_edges(grey: Levels) -> Mask:
    """Edges of any direction with MATLAB's automatic Canny thresholds (emulated).

    Gaussian derivatives of σ = √2; the upper threshold is the first of 64 steps of the greatest gradient with more than
    70 % of the pixels below it, the lower 0.4 of it; maxima along the gradient by linear interpolation.
    """
    levels = grey.astype(np.float64)
    across, down = (_gaussian_derivative(levels, axis) for axis in (1, 0))
    strength = np.hypot(across, down)
    if not strength.max() > 0:
        return np.zeros(grey.shape, bool)
    strength /= strength.max()
    counts, _ = np.histogram(strength, MATLAB_CANNY_BINS, (0, 1))
    crowded = counts.cumsum() > MATLAB_CANNY_NOT_EDGES * strength.size
    upper = (int(crowded.argmax()) + 1) / MATLAB_CANNY_BINS
    maxima = np.where(_is_maximum(strength, across, down), strength, 0)
    return apply_hysteresis_threshold(maxima, MATLAB_CANNY_RATIO * upper, upper)


def _gaussian_derivative(levels: Plane, axis: int) -> Plane:
    """The gradient along one axis of the picture smoothed along both."""
    smooth = ndimage.gaussian_filter1d(levels, MATLAB_CANNY_SIGMA, axis=1 - axis, mode="nearest")
    return ndimage.gaussian_filter1d(smooth, MATLAB_CANNY_SIGMA, axis, order=1, mode="nearest")


def _neighbours(plane: Plane) -> tuple[Plane, Plane, Plane, Plane]:
    """Values to the left, right, above and below; zero outside."""
    padded = np.pad(plane, 1)
    return padded[1:-1, :-2], padded[1:-1, 2:], padded[:-2, 1:-1], padded[2:, 1:-1]


def _is_maximum(strength: Plane, across: Plane, down: Plane) -> Mask:
    """Where no neighbour along the gradient is stronger; those are interpolated on the 3×3 square around."""
    longest = np.maximum(np.maximum(np.abs(across), np.abs(down)), np.finfo(np.float64).tiny)
    rows, columns = np.mgrid[: strength.shape[0], : strength.shape[1]].astype(np.float64)
    is_maximum = strength > 0
    for sign in (1, -1):
        place = [rows + sign * down / longest, columns + sign * across / longest]
        ahead = ndimage.map_coordinates(strength, place, order=1, mode="constant")
        is_maximum &= strength >= ahead if sign == 1 else strength > ahead
    return is_maximum
