"""The picture convention, and placing a picture on a canvas of another size.

*Pixels* are what files hold: integers (h, w, c), uint8 0…255 or uint16 0…65535, three channels (RGB) or
four (RGBA). A *picture* is the same as float32 in 0…1. Colours are gamma-coded sRGB. Alpha is straight
(a transparent pixel keeps its colour) unless a name says premultiplied.
"""

from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float32, UInt8, UInt16
from PIL import Image

from toontween.errors import InputError, ShapeError

Pixels = UInt8[np.ndarray, "h w c"] | UInt16[np.ndarray, "h w c"]
Picture = Float32[np.ndarray, "h w c"]
Colour = tuple[float, float, float]


def check_pixels(pixels: np.ndarray) -> None:
    """Make sure that an array follows the convention for pixels.

    Raises:
        ShapeError: It is not (h, w, 3 or 4) with at least one pixel, or not uint8 or uint16.
    """
    if pixels.dtype not in (np.uint8, np.uint16):
        hint = "use from_picture to turn floats into uint8 or uint16"
        raise ShapeError(f"pixels must be uint8 or uint16, not {pixels.dtype}", hint=hint)
    if pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or 0 in pixels.shape:
        raise ShapeError(f"pixels must be (height, width, 3 or 4), not {pixels.shape}")


def to_picture(pixels: Pixels) -> Picture:
    """Pixels 0…255 or 0…65535 → float32 0…1; `from_picture` undoes it exactly.

    Raises:
        ShapeError: The array is not pixels.
    """
    check_pixels(pixels)
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def from_picture(picture: Float32[np.ndarray, "h w c"], dtype: type | np.dtype) -> Pixels:
    """Float 0…1 → the nearest pixels of `dtype` (uint8 or uint16); values outside are clipped.

    Raises:
        ShapeError: `dtype` is neither uint8 nor uint16.
        InputError: The picture holds NaN.
    """
    dtype = np.dtype(dtype)
    if dtype not in (np.uint8, np.uint16):
        raise ShapeError(f"pixels must be uint8 or uint16, not {dtype}")
    if np.isnan(picture).any():
        raise InputError("a picture holds values that are not numbers (NaN)")
    levels = np.float32(np.iinfo(dtype).max)
    return np.rint(np.clip(picture, 0, 1) * levels).astype(dtype)


def premultiply(picture: Float32[np.ndarray, "h w 4"]) -> Float32[np.ndarray, "h w 4"]:
    """Straight alpha → colours multiplied by their alpha."""
    return np.concatenate([picture[..., :3] * picture[..., 3:], picture[..., 3:]], axis=-1)


def unpremultiply(picture: Float32[np.ndarray, "h w 4"]) -> Float32[np.ndarray, "h w 4"]:
    """Premultiplied → straight alpha; where alpha is 0 the colour is unknown and becomes black."""
    alpha = picture[..., 3:]
    colour = np.divide(
        picture[..., :3], alpha, out=np.zeros_like(picture[..., :3]), where=alpha > 0
    )
    return np.concatenate([colour.clip(0, 1), alpha], axis=-1)


def composite_over(picture: Picture, rgb: Colour) -> Float32[np.ndarray, "h w 3"]:
    """The picture on a plain background (0…1); without alpha it is returned as it is."""
    if picture.shape[2] == 3:
        return picture
    alpha = picture[..., 3:]
    return picture[..., :3] * alpha + np.asarray(rgb, np.float32) * (1 - alpha)


def fit(
    pixels: Pixels,
    *,
    width_px: int,
    height_px: int,
    mode: Literal["pad", "crop"],
    background: Colour | None = None,
) -> UInt8[np.ndarray, "{height_px} {width_px} c"] | UInt16[np.ndarray, "{height_px} {width_px} c"]:
    """Scale a picture onto a canvas without changing its proportions (but for whole pixels).

    A picture that already has the right scale is moved, not resampled, so its pixels stay exact.

    Args:
        pixels: The picture.
        width_px: Width of the canvas.
        height_px: Height of the canvas.
        mode: `pad` shows the whole picture with bars around it; `crop` fills the canvas and cuts off
            what sticks out, the same amount on both sides.
        background: Colour of the bars, 0…1. None is transparent for RGBA and the commonest colour of
            the picture's border for RGB.

    Raises:
        ShapeError: The array is not pixels, or the canvas has no pixels.
    """
    check_pixels(pixels)
    if width_px < 1 or height_px < 1:
        raise ShapeError(f"a canvas of {width_px}×{height_px} pixels has no room for a picture")
    height, width = pixels.shape[:2]
    if (width, height) == (width_px, height_px):
        return pixels.copy()
    ratios = (width_px / width, height_px / height)
    scale = min(ratios) if mode == "pad" else max(ratios)
    # The side that decides the scale is met exactly; the other is never rounded to nothing.
    scaled = _resize(pixels, max(1, round(width * scale)), max(1, round(height * scale)))
    if mode == "crop":
        return _cut(scaled, width_px, height_px)
    return _place(scaled, width_px, height_px, _bar_colour(pixels, background))


def _resize(pixels: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    """Lanczos, in float and with premultiplied alpha so that hidden colours do not bleed."""
    if pixels.shape[:2] == (height_px, width_px):
        return pixels
    picture = to_picture(pixels)
    if picture.shape[2] == 4:
        picture = premultiply(picture)
    planes = [
        Image.fromarray(np.ascontiguousarray(picture[..., channel])).resize(
            (width_px, height_px), Image.Resampling.LANCZOS
        )
        for channel in range(picture.shape[2])
    ]
    scaled = np.stack([np.asarray(plane) for plane in planes], axis=-1).clip(0, 1)
    if scaled.shape[2] == 4:
        scaled = unpremultiply(scaled)
    return from_picture(scaled, pixels.dtype)


def _cut(pixels: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    top = (pixels.shape[0] - height_px) // 2
    left = (pixels.shape[1] - width_px) // 2
    return pixels[top : top + height_px, left : left + width_px].copy()


def _place(pixels: np.ndarray, width_px: int, height_px: int, colour: np.ndarray) -> np.ndarray:
    canvas = np.empty((height_px, width_px, pixels.shape[2]), pixels.dtype)
    canvas[:] = colour
    top = (height_px - pixels.shape[0]) // 2
    left = (width_px - pixels.shape[1]) // 2
    canvas[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return canvas


def _bar_colour(pixels: np.ndarray, background: Colour | None) -> np.ndarray:
    channels = pixels.shape[2]
    if background is not None:
        colour = np.asarray([[[*background, 1.0][:channels]]], np.float32)
        return from_picture(colour, pixels.dtype)[0, 0]
    if channels == 4:
        return np.zeros(4, pixels.dtype)
    edges = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    colours, counts = np.unique(np.concatenate(edges), axis=0, return_counts=True)
    return colours[counts.argmax()]


def scale_and_crop(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scale a picture by the side that needs it more and crop the middle out of the other.

    For training data, of which there is much: ten times as fast as `fit`, without its care for alpha and ringing.

    Args:
        picture: 8-bit, of shape (h, w) or (h, w, channels).
        size: Width and height in pixels.
    """
    (height, width), (wide, high) = picture.shape[:2], size
    if (width, height) == size:
        return picture
    factor = max(wide / width, high / height)
    scaled = (max(wide, round(width * factor)), max(high, round(height * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    picture = cv2.resize(np.ascontiguousarray(picture), scaled, interpolation=method)
    left, top = (scaled[0] - wide) // 2, (scaled[1] - high) // 2
    return picture[top : top + high, left : left + wide]
