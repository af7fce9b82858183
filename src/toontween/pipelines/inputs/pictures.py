"""Whatever a caller calls a picture → one float tensor in 0…1, or an error that says what is wrong with it."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Float32
from PIL import Image
from torch import Tensor

from toontween.errors import InputError, ShapeError

PictureLike = Image.Image | np.ndarray | Tensor
"""A PIL image, an array (h, w) or (h, w, c) of uint8, uint16 or floats, or a float tensor (c, h, w); floats in 0…1."""

_SMALLEST_PX = 2
_TOLERANCE = 1e-4
_ALPHA_MODES = ("RGBA", "LA", "PA", "RGBa", "La")
_DEEP_GREY_MODES = ("I", "I;16", "I;16L", "I;16B", "I;16N")
_COMPOSITE = "composite it over a colour first"


def read_picture(picture: object, *, name: str) -> Float[Tensor, "3 h w"]:
    """An opaque picture as float32 RGB in 0…1; grey becomes RGB, 16 bits keep their depth.

    Raises:
        InputError: It is transparent, or of a kind or range that cannot be read.
        ShapeError: It is too small or has an impossible number of axes or channels.
    """
    pixels = _channels(picture, name=name)
    if pixels.shape[0] in (2, 4):
        raise InputError(f"{name} has an alpha channel", hint=_COMPOSITE)
    return pixels.expand(3, -1, -1)


def read_drawing(picture: object, *, name: str) -> Float32[np.ndarray, "h w c"]:
    """A picture that may be transparent, as float32 with one, three or four channels in 0…1, alpha straight.

    Raises:
        InputError: It is of a kind or range that cannot be read.
        ShapeError: It is too small or has an impossible number of axes or channels.
    """
    pixels = _channels(picture, name=name).clamp(0, 1)
    if pixels.shape[0] == 2:
        pixels = torch.cat([pixels[:1].expand(3, -1, -1), pixels[1:]])
    return np.ascontiguousarray(pixels.permute(1, 2, 0).numpy())


def as_batch(value: PictureLike | Sequence[PictureLike], *, name: str) -> list[PictureLike]:
    """One picture, or a list of pictures (or a tensor with a batch axis), as a list.

    Raises:
        InputError: The list is empty.
    """
    if isinstance(value, Image.Image):
        return [value]
    if isinstance(value, Tensor | np.ndarray):
        return list(value) if value.ndim == 4 else [value]
    if not value:
        raise InputError(f"{name} is an empty list")
    return list(value)


def _channels(picture: object, *, name: str) -> Tensor:
    """Float32 (c, h, w) in 0…1 with one to four channels."""
    if isinstance(picture, Image.Image):
        picture = _array_of(picture, name=name)
    if isinstance(picture, np.ndarray):
        pixels = _from_array(picture, name=name)
    elif isinstance(picture, Tensor):
        if not picture.is_floating_point():
            raise InputError(
                f"{name} is a tensor of {picture.dtype}", hint="tensors are floats in 0…1"
            )
        pixels = picture.detach().to(device="cpu", dtype=torch.float32)
    else:
        raise InputError(
            f"{name} is a {type(picture).__name__}, not a picture",
            hint="give a PIL image, an array (h, w, c) or a tensor (3, h, w)",
        )
    _check(pixels, name=name)
    return pixels


def _array_of(image: Image.Image, *, name: str) -> np.ndarray:
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        return np.asarray(image.convert("RGBA"))
    if image.mode in _DEEP_GREY_MODES:
        deep = np.asarray(image).astype(np.int64)
        if deep.min() < 0 or deep.max() > 0xFFFF:
            raise InputError(f"{name} has values beyond 16 bits", hint="save it with 8 or 16 bits")
        return deep.astype(np.uint16)
    if image.mode == "F":
        raise InputError(f"{name} has PIL's mode F", hint="give its floats as an array in 0…1")
    return np.asarray(image.convert("RGB"))


def _from_array(array: np.ndarray, *, name: str) -> Tensor:
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3:
        raise ShapeError(
            f"{name} is an array of shape {array.shape}, not (height, width, channels)"
        )
    if array.dtype in (np.uint8, np.uint16):
        scaled = array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max)
    elif np.issubdtype(array.dtype, np.floating):
        scaled = array.astype(np.float32)
    else:
        raise InputError(f"{name} is an array of {array.dtype}", hint="use uint8, uint16 or floats")
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1)))


def _check(pixels: Tensor, *, name: str) -> None:
    shape = tuple(pixels.shape)
    if pixels.ndim != 3 or not 1 <= shape[0] <= 4:
        raise ShapeError(
            f"{name} has channels, height, width = {shape}",
            hint="arrays are (height, width, channels), tensors (channels, height, width)",
        )
    if min(shape[1:]) < _SMALLEST_PX:
        raise ShapeError(f"{name} of {shape[2]}×{shape[1]} pixels is too small")
    if not torch.isfinite(pixels).all():
        raise InputError(f"{name} has values that are not finite")
    low, high = float(pixels.min()), float(pixels.max())
    if low < -_TOLERANCE or high > 1 + _TOLERANCE:
        raise InputError(f"{name} has values in {low:.3g}…{high:.3g}", hint="floats are in 0…1")
