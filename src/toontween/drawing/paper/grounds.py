"""What lines stand on: which side is paper, which colour it has, and how far every pixel is from it.

Works on 8-bit planes, so that one drawing gives the same ink to the last bit on white, on black and as a line layer.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

from toontween.drawing.paper.sizes import reduced

_LOOKED_AT_PX = 512
_NEAR = 8
"""Levels from the ground that grain or compression may account for."""

_ROOM = 32
"""Levels a channel must have between the ground and its end to tell anything about ink."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FlatGround:
    """The commonest colour of a picture."""

    colour: tuple[int, int, int]
    exactly: float
    """Part of the picture that has exactly this colour."""

    nearly: float
    """Part that is within a few levels of it, but not it."""

    @property
    def is_even(self) -> bool:
        """Whether it was filled, not photographed: much of it is one colour, little beside it."""
        return self.exactly >= 0.1 and self.nearly <= 0.5 * self.exactly


def is_light(pixels: UInt8[np.ndarray, "h w 3"]) -> bool:
    """Whether dark lines stand on light ground.

    Votes: how light the whole is, how light its border is, and (twice, since lines are narrow) on which side narrow
    things are. A picture's negative gets the opposite votes.
    """
    small = reduced(pixels, _LOOKED_AT_PX)
    grey = ((small.max(axis=2).astype(np.uint16) + small.min(axis=2)) // 2).astype(np.uint8)
    rim = max(1, min(grey.shape) // 40)
    border = np.ones(grey.shape, bool)
    border[rim:-rim, rim:-rim] = False
    return _lightness(grey) + _lightness(grey[border]) + 2 * _narrowness(grey) >= 0


def flat_ground(pixels: UInt8[np.ndarray, "h w 3"], *, light: bool) -> FlatGround:
    """The commonest colour on the light or the dark side, and how even the picture is there."""
    codes = (pixels[..., 0].astype(np.uint16) >> 3) << 10
    codes |= (pixels[..., 1].astype(np.uint16) >> 3) << 5
    codes |= pixels[..., 2] >> 3
    counts = np.bincount(codes.ravel(), minlength=1 << 15)
    shades = np.stack(np.unravel_index(np.arange(1 << 15), (32, 32, 32)))
    brightness = shades.max(axis=0) + shades.min(axis=0)
    allowed = brightness >= 31 if light else brightness <= 31
    if counts[allowed].any():
        counts[~allowed] = 0
    chosen = pixels[codes == counts.argmax()]
    red, green, blue = (int(np.bincount(chosen[:, channel]).argmax()) for channel in range(3))
    colour = red, green, blue
    levels = np.arange(256)
    tables = [np.abs(levels - ground) for ground in colour]
    away = _looked_up(pixels, tables).max(axis=2)
    same = int(np.count_nonzero(away == 0))
    near = int(np.count_nonzero(away <= _NEAR)) - same
    return FlatGround(colour=colour, exactly=same / away.size, nearly=near / away.size)


def away_from(
    pixels: UInt8[np.ndarray, "h w 3"], colour: tuple[int, int, int], *, light: bool
) -> UInt8[np.ndarray, "h w 3"]:
    """How far each channel is from the ground; 255 is as far as it goes on the lines' side.

    The strongest channel is the ink: on white, pure red, blue and yellow lines are as full as black ones.
    """
    levels = np.arange(256, dtype=np.float64)
    tables: list[np.ndarray] = []
    for ground in colour:
        room = ground if light else 255 - ground
        away = ground - levels if light else levels - ground
        tables.append(np.clip(away / room, 0, 1) * 255 if room >= _ROOM else np.zeros(256))
    return _looked_up(pixels, tables)


def _lightness(grey: UInt8[np.ndarray, "..."]) -> float:
    return float(np.mean(grey > 191)) - float(np.mean(grey < 64))


def _narrowness(grey: UInt8[np.ndarray, "h w"]) -> float:
    """1 when only dark things stand out from their surroundings, beyond the grain, -1 when only light ones."""
    side = max(5, min(255, min(grey.shape) // 10)) | 1
    away = grey.astype(np.float32) - cv2.medianBlur(grey, side)
    grain = 4 + 4.5 * float(np.median(np.abs(away)))
    dark = float(np.maximum(-away - grain, 0).mean())
    light = float(np.maximum(away - grain, 0).mean())
    return (dark - light) / max(dark + light, 0.1)


def _looked_up(
    pixels: UInt8[np.ndarray, "h w 3"], tables: list[np.ndarray]
) -> UInt8[np.ndarray, "h w 3"]:
    table = np.rint(np.stack(tables, axis=1)).astype(np.uint8)
    return np.asarray(cv2.LUT(np.ascontiguousarray(pixels), table[None]), np.uint8)
