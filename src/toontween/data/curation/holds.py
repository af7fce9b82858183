"""Held drawings of a film: which frames show a new drawing."""

import cv2
import numpy as np
from jaxtyping import UInt8

WIDTH = 640
"""Pixels to which wider frames are scaled before they are compared."""

BLOCK = 8
"""Side in pixels of the smallest part that is looked at by itself."""

MEAN_STEP = 1.0
"""Mean difference (of 255) to the last drawing from which a frame is a new one."""

BLOCK_STEP = 15.0
"""The same for the block that differs most: a mouth that moves changes few pixels, but much."""


class DrawingFinder:
    """Tells of frame after frame whether it is a new drawing."""

    def __init__(self) -> None:
        self._last: np.ndarray | None = None

    def is_new(self, frame: UInt8[np.ndarray, "h w 3"]) -> bool:
        """Whether a frame differs from the last drawing by more than what coding adds to equal frames.

        It is compared with the last *drawing* and not with the last frame, so that a slow drift is noticed.
        """
        soft = _softened(frame)
        if self._last is not None and not _differ(soft, self._last):
            return False
        self._last = soft
        return True


def _softened(frame: np.ndarray) -> np.ndarray:
    height, width = frame.shape[:2]
    if width > WIDTH:
        small = (WIDTH, max(1, round(height * WIDTH / width)))
        frame = cv2.resize(frame, small, interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(frame, (5, 5), 1.2)


def _differ(frame: np.ndarray, last: np.ndarray) -> bool:
    step = cv2.absdiff(frame, last).max(axis=-1)
    if step.mean() > MEAN_STEP:
        return True
    height, width = step.shape
    blocks = (max(1, width // BLOCK), max(1, height // BLOCK))
    local = cv2.resize(step.astype(np.float32), blocks, interpolation=cv2.INTER_AREA)
    return bool(local.max() > BLOCK_STEP)
