"""Which stretches of lines have faded and are to get their ink back."""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int32

from toontween.drawing.colours.flats import to_lab
from toontween.drawing.mending.sight import Inking, Sight
from toontween.drawing.ridges.spines import Spines

LEAST_SHARE = 0.12
"""With less ink than this, on average, nothing says that there was a line."""

EXPLAINED = 40 / 255
"""Distance in RGB up to which a stretch is a mixture of ink and ground."""

OWN = 4.0
"""Nearer than this, in CIELAB, to a flat colour of the keys a stretch was painted like that."""

MOSTLY = 0.5
"""Part of a stretch that has to be of such a colour."""

SHORTEST = 1.0
"""Length in pen widths: the tips of sound strokes are paler, too."""

THINNEST = 0.6
"""Width in pen widths below which a pale stroke is a thin one, not a faded one."""

MOST_INK = 1.3
"""Ink for its length, in pen widths: fading and softening add none, so that what has more is a shape."""

SOFT_LENGTH = 8.0
"""Length in pen widths from which a line counts that has faded all along."""

SOFT_SHARE = 0.4
"""Ink that has to be left in it."""


def faded_stretches(
    sight: Sight,
    inking: Inking,
    *,
    width_px: float,
    sound: float,
    flats: Float32[np.ndarray, "m 3"],
) -> Bool[np.ndarray, " n"]:
    """Pixels of spines that are lines, or continue one, with less ink than the keys' lines have.

    Args:
        sight: The picture.
        inking: What is left of its ink.
        width_px: Of the keys' lines.
        sound: Part of the ink that sound lines have at least.
        flats: Colours of the keys that are no ink.
    """
    spines = sight.spines
    faded = (sight.is_line | sight.is_faint) & (inking.share < sound)
    if not faded.any():
        return faded
    stretch = _numbered(spines, faded)
    count = np.bincount(stretch, minlength=int(stretch.max()) + 1)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(stretch, values, len(count)) / np.maximum(count, 1)

    share = mean(inking.share)
    ink_px = _ink_of_pixels(sight, inking, stretch, reach_px=width_px + 1) / np.maximum(count, 1)
    kept = (count >= SHORTEST * width_px) & (share >= LEAST_SHARE)
    kept &= mean(inking.residual) <= EXPLAINED
    kept &= (ink_px >= THINNEST * width_px * share) & (ink_px <= MOST_INK * width_px)
    kept &= mean(_painted(sight.core, flats)) < MOSTLY
    soft = (
        (count >= SOFT_LENGTH * width_px) & (share >= SOFT_SHARE) & (mean(sight.is_line) > MOSTLY)
    )
    kept &= _touching(spines, stretch, sight.is_line & ~faded, len(count)) | soft
    kept[0] = False
    return kept[stretch]


def _ink_of_pixels(
    sight: Sight, inking: Inking, stretch: Int32[np.ndarray, " n"], *, reach_px: float
) -> np.ndarray:
    """All the ink of each stretch, in pixels."""
    near = sight.spines.away_px <= reach_px
    of = stretch[sight.spines.nearest[near]]
    return np.bincount(of, inking.everywhere[near], int(stretch.max()) + 1)


def _numbered(spines: Spines, chosen: Bool[np.ndarray, " n"]) -> Int32[np.ndarray, " n"]:
    plane = np.zeros(spines.on_spine.shape, np.uint8)
    plane[spines.on_spine] = chosen
    labels = np.asarray(cv2.connectedComponents(plane, connectivity=8)[1], np.int32)
    return labels[spines.on_spine]


def _painted(
    core: Float32[np.ndarray, "n 3"], flats: Float32[np.ndarray, "m 3"]
) -> Bool[np.ndarray, " n"]:
    if not len(flats):
        return np.zeros(len(core), bool)
    off = np.square(to_lab(core)[:, None] - to_lab(flats)[None]).sum(axis=2)
    return off.min(axis=1) < OWN**2


def _touching(
    spines: Spines, stretch: Int32[np.ndarray, " n"], sound: Bool[np.ndarray, " n"], count: int
) -> Bool[np.ndarray, " s"]:
    """Which stretches a sound line leads into."""
    plane = np.zeros(spines.on_spine.shape, np.uint8)
    plane[spines.on_spine] = sound
    beside = cv2.dilate(plane, np.ones((3, 3), np.uint8))[spines.on_spine] > 0
    touched = np.zeros(count, bool)
    touched[stretch[beside]] = True
    return touched
