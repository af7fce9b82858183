"""Pictures made small enough to be judged quickly."""

import cv2
import numpy as np


def reduced(values: np.ndarray, longest_px: int) -> np.ndarray:
    """Averaged down until the longer side is within `longest_px`; smaller pictures stay as they are."""
    height, width = values.shape[:2]
    scale = longest_px / max(height, width)
    if scale >= 1:
        return values
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(values, size, interpolation=cv2.INTER_AREA)
