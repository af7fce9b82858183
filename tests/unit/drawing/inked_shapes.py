"""Drawings of an outlined disc and box whose true lines are known, at any size, with any pen and paint."""

from dataclasses import dataclass

import numpy as np

Rgb = tuple[int, int, int]
_FINE = 4


@dataclass(frozen=True, kw_only=True)
class Inked:
    """A finished drawing and its lines."""

    picture: np.ndarray
    """(h, w, 3) float32 in 0…1."""

    ink: np.ndarray
    """(h, w) float32: how much of each pixel is line."""

    length_px: float
    """How long the middles of the lines are."""


def inked_shapes(
    height: int = 160,
    *,
    pen_px: float = 2.0,
    line: Rgb = (30, 20, 25),
    disc: Rgb = (240, 200, 170),
    box: Rgb = (90, 140, 200),
    ground: Rgb = (200, 225, 235),
) -> Inked:
    """A disc and a box beside it, each outlined, on a flat ground; half as wide again as high."""
    width = height * 3 // 2
    y, x = (np.mgrid[: height * _FINE, : width * _FINE] + 0.5) / _FINE
    radius, centre = 0.3 * height, (0.4 * height, 0.5 * height)
    from_disc = np.hypot(x - centre[0], y - centre[1]) - radius
    half_width, half_height = 0.25 * height, 0.33 * height
    across, down = np.abs(x - 1.1 * height) - half_width, np.abs(y - 0.5 * height) - half_height
    outside = np.hypot(np.maximum(across, 0), np.maximum(down, 0))
    from_box = outside + np.minimum(np.maximum(across, down), 0)
    picture = np.full((*x.shape, 3), ground, np.float32)
    picture[from_disc < 0], picture[from_box < 0] = disc, box
    ink = (np.abs(from_disc) < pen_px / 2) | (np.abs(from_box) < pen_px / 2)
    picture[ink] = line
    return Inked(
        picture=_averaged(picture) / np.float32(255),
        ink=_averaged(ink[..., None].astype(np.float32))[..., 0],
        length_px=2 * np.pi * radius + 4 * (half_width + half_height),
    )


def _averaged(fine: np.ndarray) -> np.ndarray:
    height, width, channels = fine.shape
    split = fine.reshape(height // _FINE, _FINE, width // _FINE, _FINE, channels)
    return split.mean(axis=(1, 3), dtype=np.float64).astype(np.float32)
