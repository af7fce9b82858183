"""Sketches for tests, drawn here: ink to begin with, and what pens, scanners and files make of it."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float32

from toontween.drawing.lines import Ground, Lines

Ink = Float32[np.ndarray, "h w"]
Picture = Float32[np.ndarray, "h w c"]

RED, BLUE, YELLOW = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (1.0, 1.0, 0.0)


def in_steps(values: np.ndarray) -> np.ndarray:
    """Rounded as 8 bits hold them."""
    return np.rint(values * 255).astype(np.float32) / np.float32(255)


def scribble(height: int, width: int, *, pen: int, num_strokes: int = 8, seed: int = 0) -> Ink:
    """Curved strokes of one width, anti-aliased, inside of a margin."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0, 1, 60)[:, None]
    curves: list[np.ndarray] = []
    for _ in range(num_strokes):
        a, b, c = rng.uniform(0.15, 0.85, (3, 2)) * (width, height)
        curves.append((1 - time) ** 2 * a + 2 * time * (1 - time) * b + time**2 * c)
    return strokes(height, width, curves, pen=pen)


def strokes(height: int, width: int, curves: Sequence[np.ndarray], *, pen: int) -> Ink:
    """Polylines through points (x, y), on smaller sheets drawn larger and averaged so that their width is exact."""
    times = 4 if height * width < 2_000_000 else 1
    sheet = np.zeros((height * times, width * times), np.uint8)
    for curve in curves:
        points = np.rint((np.asarray(curve) + 0.5) * times * 16).astype(np.int32)
        cv2.polylines(sheet, [points], isClosed=False, color=255, thickness=pen * times, shift=4)
    return in_steps(cv2.resize(sheet / 255.0, (width, height), interpolation=cv2.INTER_AREA))


def face(height: int, width: int, *, pen: int) -> Ink:
    """A round head with eyes, mouth and shoulders: long curves, short ones, corners."""
    turn = np.linspace(0, 2 * np.pi, 100)
    smile = np.linspace(0.2 * np.pi, 0.8 * np.pi, 30)
    unit = min(height, width) / 100
    middle = np.array([width / 2, height * 0.42])

    def arc(angles: np.ndarray, centre: tuple[float, float], radii: tuple[float, float]):
        around = np.stack([np.cos(angles) * radii[0], np.sin(angles) * radii[1]], axis=1)
        return middle + unit * (np.asarray(centre) + around)

    shoulders = np.array([[-48, 55], [-44, 40], [-12, 33], [-12, 26]])
    curves = [
        arc(turn, (0, 0), (27, 30)),
        arc(turn, (-10, -2), (4, 6)),
        arc(turn, (10, -2), (4, 6)),
        arc(smile, (0, 2), (14, 14)),
        middle + unit * shoulders,
        middle + unit * shoulders * (-1, 1),
        middle + unit * np.array([[-20, -22], [-12, -8], [-6, -24], [4, -8], [10, -24], [20, -10]]),
    ]
    return strokes(height, width, curves, pen=pen)


def on_white(ink: Ink, *, colour: Sequence[float] = (0.0, 0.0, 0.0)) -> Picture:
    """A clean digital drawing, 8 bits."""
    lacking = 1 - np.asarray(colour, np.float32)
    return in_steps(1 - ink[..., None] * lacking)


def on(ground: Ground, ink: Ink) -> Picture:
    """One drawing as a file holds it on this ground."""
    return Lines(ink).draw(ground).astype(np.float32) / np.float32(255)


def as_jpeg(picture: Picture, *, quality: int) -> Picture:
    """What compression leaves of a picture."""
    pixels = np.rint(picture[..., ::-1] * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    read = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert read is not None
    return in_steps(read[..., ::-1] / 255.0)


def scan(
    ink: Ink,
    *,
    seed: int = 0,
    paper: Sequence[float] = (0.82, 0.80, 0.76),
    strength: float = 0.55,
    falloff: float = 0.25,
    grain: float = 0.012,
    smudges: float = 0.04,
    shadow: float = 0.0,
    quality: int = 85,
) -> Picture:
    """Pencil on paper as a scanner or phone sees it.

    Args:
        ink: The true lines.
        seed: Of grain, pressure and smudges.
        paper: Its colour, 0…1.
        strength: How much darker than the paper the pencil is.
        falloff: How much light is lacking in the farthest corner.
        grain: Standard deviation of paper and sensor.
        smudges: Darkness of dirt.
        shadow: Of a hand or phone across the sheet.
        quality: Of the JPEG.
    """
    rng = np.random.default_rng(seed)
    height, width = ink.shape
    y, x = (axis.astype(np.float32) for axis in np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j])
    light = 1 - falloff * (0.6 * x + 0.3 * y + 0.5 * ((x - 0.4) ** 2 + (y - 0.6) ** 2))
    light *= 1 - shadow / (1 + np.exp((x + 0.4 * y - 0.9) * 25))
    pressure = 1 - 0.35 * np.clip(_noise(rng, ink.shape, width / 25) * 0.5 + 0.3, 0, 1)
    tooth = np.clip(1 + 0.25 * _noise(rng, ink.shape, 0.8), 0, 1.2)
    pencil = np.clip(cv2.GaussianBlur(ink, (0, 0), 0.6) * pressure * tooth, 0, 1) * strength
    dirt = np.clip(_noise(rng, ink.shape, width / 30) - 1.2, 0, 1) * smudges
    seen = (light * (1 - pencil - dirt))[..., None] * np.asarray(paper, np.float32)
    seen = seen + 0.7 * grain * _noise(rng, ink.shape, 0.8)[..., None]
    seen = seen + 0.7 * grain * rng.standard_normal(seen.shape)
    return as_jpeg(in_steps(np.clip(seen, 0, 1)), quality=quality)


def overlap(read: Ink, true: Ink) -> float:
    """Common area of two drawings by the area of both (IoU)."""
    a, b = read > 0.5, true > 0.5
    return np.count_nonzero(a & b) / max(np.count_nonzero(a | b), 1)


def strays_px(read: Ink, true: Ink) -> float:
    """How far read ink is from the nearest true ink on average, pixels."""
    away = cv2.distanceTransform((true <= 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    return float(away[read > 0.25].mean())


def missed(read: Ink, true: Ink, *, within_px: float) -> float:
    """Part of the true ink with no read ink nearby."""
    away = cv2.distanceTransform((read <= 0.25).astype(np.uint8), cv2.DIST_L2, 5)
    return float(np.mean(away[true > 0.5] > within_px))


def _noise(rng: np.random.Generator, shape: tuple[int, ...], scale_px: float) -> np.ndarray:
    """Smooth noise of unit deviation."""
    noise = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), scale_px)
    return noise / noise.std()
