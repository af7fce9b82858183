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


def outlined(
    width: int,
    height: int,
    *,
    at: float,
    channels: int = 3,
    dtype: type = np.uint8,
    pen=(20, 10, 30),
):
    """As `drawing`, but inked: a ring of 3 px round a light disc, on light paper or on nothing."""
    y, x = np.mgrid[:height, :width] + 0.5
    distance = np.hypot(x - at * width, y - height / 2) - height / 3
    top = np.iinfo(dtype).max
    pixels = np.full((height, width, channels), top, dtype)
    if channels == 4:
        pixels[distance > 1.5, 3] = 0
    pixels[distance < 0, :3] = (top, top // 255 * 220, top // 255 * 180)
    pixels[abs(distance) <= 1.5, :3] = [top // 255 * level for level in pen]
    return pixels
