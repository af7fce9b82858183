"""Flat drawings by formula, on which the golden values of the metrics were measured."""

import numpy as np


def toon_frame(
    t: float = 0.0, seed: int = 0, blur: int = 0, *, height: int = 128, width: int = 192
) -> np.ndarray:
    """A disc and a rectangle with black outlines on a flat ground, uint8, 4×4 supersampled; t in frames."""
    fine = 4
    y, x = (np.mgrid[: height * fine, : width * fine].astype(np.float64) + 0.5) / fine
    picture = np.empty((height * fine, width * fine, 3))
    picture[:] = (200, 225, 250)
    picture[y > 0.7 * height] = (120, 190, 90)
    colours = np.random.RandomState(seed).randint(30, 226, size=(2, 3)).astype(np.float64)
    centre_x = 0.25 * width + 3.0 * t
    centre_y = 0.45 * height + 0.15 * height * np.sin(2 * np.pi * t / 16.0)
    radius = 0.18 * height
    distance = np.hypot(x - centre_x, y - centre_y)
    picture[distance <= radius] = colours[0]
    picture[np.abs(distance - radius) <= 1.0] = 0
    left, top, bottom = 0.6 * width - 1.5 * t, 0.35 * height, 0.8 * height
    right = left + 0.22 * width
    inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    picture[inside] = colours[1]
    picture[inside & ((x < left + 2) | (x > right - 2) | (y < top + 2) | (y > bottom - 2))] = 0
    picture = picture.reshape(height, fine, width, fine, 3).mean(axis=(1, 3))
    for _ in range(blur):
        for axis in (0, 1):
            around = [(1, 1) if axis == i else (0, 0) for i in range(3)]
            padded = np.moveaxis(np.pad(picture, around, mode="edge"), axis, 0)
            picture = np.moveaxis((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, 0, axis)
    return np.clip(np.floor(picture + 0.5), 0, 255).astype(np.uint8)


def noisy(picture: np.ndarray, seed: int, sigma: float) -> np.ndarray:
    """The picture with Gaussian noise on every level, rounded to 8 bits again."""
    noise = np.random.RandomState(seed).standard_normal(picture.shape) * sigma
    return np.clip(np.floor(picture.astype(np.float64) + noise + 0.5), 0, 255).astype(np.uint8)


def toon_clip(
    frames: int, height: int, width: int, *, seed: int = 0, speed: float = 1.0, blur: int = 0
) -> np.ndarray:
    """Frames one after the other, (t, height, width, 3)."""
    times = (t * speed for t in range(frames))
    return np.stack([toon_frame(t, seed, blur, height=height, width=width) for t in times])
