"""The haze that compression leaves around lines."""

import cv2
import numpy as np
from jaxtyping import UInt8

_HAZE = 20
"""Ink, of 255, below which something may be haze."""

_STRONGEST = 32
"""The most that is taken for haze; fainter strokes in a compressed picture cannot be told from it."""


def without_haze(ink: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    """The ink without compression's haze; the very same ink when there is none.

    Soft edges fall off smoothly, haze ripples: among faint pixels away from lines a tenth to a half are peaks (JPEG of
    quality 20 to 95, black and red lines), against a twentieth for lines as soft as a Gaussian of 4 px.
    """
    tops = cv2.dilate(ink, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    faint = (ink > 0) & (tops < _HAZE)
    peaks = faint & (ink == tops)
    num_peaks = np.count_nonzero(peaks)
    num_inked = np.count_nonzero(ink >= _HAZE)
    if num_peaks <= 0.08 * np.count_nonzero(faint) or num_peaks <= 0.02 * num_inked:
        return ink
    ripples = (ink > 0) & (ink == tops) & (ink < _STRONGEST)
    gate = max(_HAZE, int(np.percentile(ink[ripples], 98)) + 1)
    return np.where(ink < gate, 0, ink).astype(np.uint8)
