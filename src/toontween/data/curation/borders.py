"""Letterboxes: dark borders that stay over a whole shot."""

from collections.abc import Iterable

import numpy as np

from toontween.errors import ShapeError

DARK = 24
"""Brightest value (of 255) of a border, with what H.264 adds to black."""


def find_picture(frames: Iterable[np.ndarray]) -> tuple[slice, slice]:
    """Rows and columns inside the borders; all of them when the whole shot is dark.

    Raises:
        ShapeError: There are no frames.
    """
    brightest: np.ndarray | None = None
    for frame in frames:
        light = frame[..., :3].max(axis=-1)
        brightest = light if brightest is None else np.maximum(brightest, light)
    if brightest is None:
        raise ShapeError("a shot has no frames")
    rows = np.flatnonzero((brightest > DARK).any(axis=1))
    columns = np.flatnonzero((brightest > DARK).any(axis=0))
    if not len(rows):
        return slice(0, brightest.shape[0]), slice(0, brightest.shape[1])
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
