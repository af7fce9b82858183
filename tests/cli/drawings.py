"""Drawings for the tests of the command line."""

from pathlib import Path

import numpy as np


def drawing(width: int, height: int, *, at: float, channels: int = 3, dtype: type = np.uint8):
    """A dark disc on paper (or on nothing, with four channels); `at` is where, 0…1 of the width."""
    y, x = np.mgrid[:height, :width] + 0.5
    inside = np.hypot(x - at * width, y - height / 2) < max(height / 4, 0.5)
    top = np.iinfo(dtype).max
    pixels = np.full((height, width, channels), top, dtype)
    if channels == 4:
        pixels[~inside, 3] = 0
    pixels[inside, :3] = (top // 5, top // 3, top // 2)
    return pixels


def names_in(folder: Path) -> set[str]:
    """Everything in a folder, at any depth."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
