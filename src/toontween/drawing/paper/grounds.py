"""What lines stand on: which side is paper, which colour it has, and ink as distance from it.

Works on 8-bit planes, so that one drawing gives the same ink to the last bit on white, on black and as a line layer.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

_LOOKED_AT_PX = 512
_NEAR = 8
"""Levels from the ground that grain, compression or a soft edge may account for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FlatGround:
    """The one commonest colour of a picture."""

    colour: tuple[int, int, int]
    exactly: float
    """Part of the picture that has exactly this colour."""

    nearly: float
    """Part that is within a few levels of it, but not it."""


def is_light(pixels: UInt8[np.ndarray, "h w 3"]) -> bool:
    """Whether dark lines stand on light ground; lines are what is thin.

    The border and the whole must agree; if they do not, as on a scan with a dark rim, or on mid-grey paper, it is
    asked on which side the narrow things are.
    """
    small = _reduced(pixels)
    grey = (small.max(axis=2).astype(np.uint16) + small.min(axis=2)) // 2
    grey = grey.astype(np.uint8)
    rim = max(1, min(grey.shape) // 40)
    inside = np.zeros(grey.shape, bool)
    inside[rim:-rim, rim:-rim] = True
    levels = float(np.median(grey)), float(np.median(grey[~inside]))
    if min(levels) > 170:
        return True
    if max(levels) < 85:
        return False
    return _dark_excess(grey) >= 0


def _dark_excess(grey: UInt8[np.ndarray, "h w"]) -> float:
    """How much more stands out darkly than lightly from its surroundings, beyond the grain."""
    side = max(3, min(255, min(grey.shape) // 10)) | 1
    away = grey.astype(np.float32) - cv2.medianBlur(grey, side)
    grain = 4 + 4.5 * float(np.median(np.abs(away)))
    dark, light = np.maximum(-away - grain, 0), np.maximum(away - grain, 0)
    return float(dark.sum(dtype=np.float64) - light.sum(dtype=np.float64))


def flat_ground(pixels: UInt8[np.ndarray, "h w 3"], *, light: bool) -> FlatGround:
    """The commonest colour on the light or the dark side, and how even the picture is there."""
    coarse = pixels >> 3
    codes = (coarse[..., 0].astype(np.uint16) << 10) | (coarse[..., 1].astype(np.uint16) << 5)
    codes |= coarse[..., 2]
    counts = np.bincount(codes.ravel(), minlength=1 << 15)
    reds, greens, blues = np.unravel_index(np.arange(1 << 15), (32, 32, 32))
    brightness = np.maximum(np.maximum(reds, greens), blues) + np.minimum(
        np.minimum(reds, greens), blues
    )
    allowed = brightness >= 31 if light else brightness <= 31
    if not (counts[allowed] > 0).any():
        allowed = np.ones_like(allowed)
    code = int(np.where(allowed, counts, -1).argmax())
    chosen = pixels[codes == code]
    exact = tuple(int(np.bincount(chosen[:, channel]).argmax()) for channel in range(3))
    colour = exact[0], exact[1], exact[2]
    away = _furthest(pixels, colour)
    same = np.count_nonzero(away == 0)
    near = np.count_nonzero(away <= _NEAR) - same
    return FlatGround(colour=colour, exactly=same / away.size, nearly=near / away.size)


def ink_on(
    pixels: UInt8[np.ndarray, "h w 3"], colour: tuple[int, int, int], *, light: bool
) -> UInt8[np.ndarray, "h w"]:
    """Distance from the ground in the strongest channel, 255 for the furthest there is on that side.

    On pure white it is 255 − the darkest channel: pure red, blue and yellow are full ink.
    """
    ink = np.zeros(pixels.shape[:2], np.uint8)
    levels = np.arange(256, dtype=np.float64)
    for channel, ground in enumerate(colour):
        away = ground - levels if light else levels - ground
        room = ground if light else 255 - ground
        if room < 32:
            continue
        table = _table(away / room)
        np.maximum(ink, cv2.LUT(np.ascontiguousarray(pixels[..., channel]), table), out=ink)
    return ink


def _table(values: Float64[np.ndarray, " 256"]) -> UInt8[np.ndarray, " 256"]:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def _furthest(
    pixels: UInt8[np.ndarray, "h w 3"], colour: tuple[int, int, int]
) -> UInt8[np.ndarray, "h w"]:
    levels = np.arange(256)
    away = np.zeros(pixels.shape[:2], np.uint8)
    for channel, ground in enumerate(colour):
        table = np.abs(levels - ground).astype(np.uint8)
        np.maximum(away, cv2.LUT(np.ascontiguousarray(pixels[..., channel]), table), out=away)
    return away


def _reduced(pixels: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    longest = max(pixels.shape[:2])
    if longest <= _LOOKED_AT_PX:
        return pixels
    scale = _LOOKED_AT_PX / longest
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
