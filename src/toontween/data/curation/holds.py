"""Held drawings of a film: which frames show a new drawing, and for how long."""

from collections.abc import Iterable

import cv2
import numpy as np

MEAN_STEP = 1.5
"""Mean difference (of 255) to the last drawing from which a frame is a new one."""

PEAK_STEP = 12.0
"""The same for the 99.5th percentile: a small part that moves changes few pixels, but much."""


def find_drawings(frames: Iterable[np.ndarray]) -> tuple[list[int], list[int]]:
    """First frames of the distinct drawings of a shot, and their exposures; frames are 8-bit RGB."""
    starts: list[int] = []
    last: np.ndarray | None = None
    count = 0
    for number, frame in enumerate(frames):
        count += 1
        # the blur takes away the grain that H.264 adds between equal frames
        soft = cv2.GaussianBlur(frame[..., :3], (5, 5), 1.2).astype(np.int16)
        if last is None or _is_new(soft, last):
            starts.append(number)
            last = soft
    exposures = [stop - start for start, stop in zip(starts, [*starts[1:], count], strict=False)]
    return starts, exposures


def _is_new(frame: np.ndarray, last: np.ndarray) -> bool:
    step = np.abs(frame - last).max(axis=-1)
    return bool(step.mean() > MEAN_STEP or np.percentile(step, 99.5) > PEAK_STEP)
