"""Where a clip is cut for networks that need not see all of it, such as an autoencoder without attention."""

import numpy as np
from jaxtyping import UInt8

from toontween.errors import MediaError

_STEP_PX = 4
"""Pixels between those that are looked at when places are compared."""


def busiest_window(
    frames: UInt8[np.ndarray, "t h w 3"],
    size: tuple[int, int],
    *,
    tries: int,
    rng: np.random.Generator,
) -> tuple[slice, slice]:
    """Rows and columns of the place, among some random ones, where the drawings change most.

    Much of a drawn clip is flat and stands still, and says nothing to a network that has learned so. A single drawing
    changes from pixel to pixel, several change from one to the next.

    Args:
        frames: The clip.
        size: Width and height of the window, pixels.
        tries: Random places that are looked at; 1 takes a random place.
        rng: Where they come from.

    Raises:
        MediaError: The clip is smaller than the window.
    """
    width, height = size
    rows, columns = frames.shape[1] - height, frames.shape[2] - width
    if rows < 0 or columns < 0:
        raise MediaError(
            f"a clip of {frames.shape[2]}×{frames.shape[1]} pixels is smaller than data.crop, {width}×{height}"
        )
    places = [
        (slice(top, top + height), slice(left, left + width))
        for top, left in zip(
            rng.integers(rows + 1, size=tries), rng.integers(columns + 1, size=tries), strict=True
        )
    ]
    if tries == 1:
        return places[0]
    return max(places, key=lambda place: _change(frames[:, place[0], place[1]]))


def _change(frames: UInt8[np.ndarray, "t h w 3"]) -> float:
    sparse = frames[:, ::_STEP_PX, ::_STEP_PX].astype(np.int16)
    steps = np.diff(sparse, axis=0 if len(frames) > 1 else 2)
    return float(np.abs(steps).mean())
