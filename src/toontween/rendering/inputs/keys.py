"""Keys made ready for drawing between: one size, one depth, one number of channels, and a note of every change.

The first key sets the canvas. A key that already fits is passed on bit for bit; going from 8 to 16 bit (×257) and
gaining an opaque alpha channel change no colour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from toontween.errors import InputError, ShapeError
from toontween.media.frames import (
    Picture,
    Pixels,
    composite_over,
    fit,
    from_picture,
    to_picture,
)
from toontween.media.images import Still
from toontween.shapes import aspects_agree

Given = Still | np.ndarray
"""A key or sketch as it is handed in: a file that was read, or an array (h, w, 3|4) of uint8 or uint16."""

FitMode = Literal["pad", "crop", "error"]
"""What to do with a key of another shape: letterbox it, cut it, or refuse it."""

_WHITE = (1.0, 1.0, 1.0)


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class KeySet:
    """The keys on one canvas."""

    pixels: tuple[Pixels, ...]
    """All of one shape and dtype."""

    records: tuple[Mapping[str, Any], ...]
    """What provenance says of each key: name, hash, size, and how it was adapted."""

    warnings: tuple[str, ...] = ()
    """What was done to keys that did not fit the first."""


@dataclass(slots=True)
class _Fitted:
    pixels: Pixels
    record: dict[str, Any] = field(default_factory=dict[str, Any])
    warning: str | None = None


def prepare_keys(keys: Sequence[Given], *, mode: FitMode = "pad", fewest: int = 2) -> KeySet:
    """Bring all keys to the first key's size, and to one depth and number of channels.

    Raises:
        InputError: There are fewer keys than `fewest`, or one has another shape and the mode is "error".
        ShapeError: An array is not a uint8 or uint16 RGB or RGBA picture.
    """
    if len(keys) < fewest:
        raise InputError(f"{len(keys)} key given; there must be at least two to draw between")
    names = [name_of(key, f"key {number}") for number, key in enumerate(keys, start=1)]
    first = pixels_of(keys[0], names[0])
    height_px, width_px = first.shape[:2]
    fitted = [
        _fit_to_canvas(key, width_px=width_px, height_px=height_px, mode=mode, name=name)
        for key, name in zip(keys, names, strict=True)
    ]
    channels = max(one.pixels.shape[2] for one in fitted)
    deep = any(one.pixels.dtype == np.uint16 for one in fitted)
    return KeySet(
        pixels=tuple(_widen(one.pixels, channels=channels, deep=deep) for one in fitted),
        records=tuple(one.record for one in fitted),
        warnings=tuple(one.warning for one in fitted if one.warning is not None),
    )


def _fit_to_canvas(
    picture: Given, *, width_px: int, height_px: int, mode: FitMode, name: str
) -> _Fitted:
    """Scale or fit one picture to the canvas, never distorting it.

    Raises:
        InputError: The picture has another aspect ratio and the mode is "error".
        ShapeError: It is not a uint8 or uint16 RGB or RGBA picture.
    """
    pixels = pixels_of(picture, name)
    height, width = pixels.shape[:2]
    record: dict[str, Any] = {"name": name, "width": width, "height": height}
    record["bit_depth"] = picture.bit_depth if isinstance(picture, Still) else pixels.itemsize * 8
    if isinstance(picture, Still):
        record["sha256"] = picture.sha256
    if (width, height) == (width_px, height_px):
        return _Fitted(pixels, record)
    sizes = f"{name} is {width}×{height}, the first key {width_px}×{height_px}"
    if aspects_agree((height, width), (height_px, width_px)):
        # "crop" leaves no bar where rounding makes the two ratios differ by less than a pixel
        pixels = fit(pixels, width_px=width_px, height_px=height_px, mode="crop")
        record["adapted"] = "scaled"
        return _Fitted(pixels, record, f"{sizes}: scaled")
    if mode == "error":
        hint = "draw all keys on the same canvas, or use --fit pad or --fit crop"
        raise InputError(f"{sizes}: the shapes differ", hint=hint)
    done = "letterboxed" if mode == "pad" else "cropped"
    pixels = fit(pixels, width_px=width_px, height_px=height_px, mode=mode)
    record["adapted"] = done
    return _Fitted(pixels, record, f"{sizes}: {done}, not stretched")


def name_of(key: Given, otherwise: str) -> str:
    """What messages call a key or sketch: its file's name, if it has one."""
    return key.path.name if isinstance(key, Still) else otherwise


def pixels_of(key: Given, name: str) -> Pixels:
    """The pixels of a key or sketch.

    Raises:
        ShapeError: It is not a uint8 or uint16 RGB or RGBA picture.
    """
    pixels = key.pixels if isinstance(key, Still) else key
    if pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or 0 in pixels.shape:
        raise ShapeError(f"{name} has shape {pixels.shape}; a picture is (height, width, 3 or 4)")
    if pixels.dtype.name not in ("uint8", "uint16"):
        raise ShapeError(f"{name} is {pixels.dtype}; a picture is uint8 or uint16")
    return pixels


def as_drawn(pixels: np.ndarray, *, alpha: bool) -> Picture:
    """A key as an interpolator is given it: on white, unless it can draw transparency."""
    picture = to_picture(pixels)
    return picture if alpha else composite_over(picture, _WHITE)


def as_given(picture: np.ndarray, like: np.ndarray) -> Pixels:
    """What an interpolator drew, in the depth and with the channels of the keys."""
    return _widen(from_picture(picture, like.dtype), channels=like.shape[2], deep=False)


def _widen(pixels: np.ndarray, *, channels: int, deep: bool) -> Pixels:
    if deep and pixels.dtype == np.uint8:
        pixels = pixels.astype(np.uint16) * 257
    if pixels.shape[2] < channels:
        opaque = np.full((*pixels.shape[:2], 1), np.iinfo(pixels.dtype).max, pixels.dtype)
        pixels = np.concatenate([pixels, opaque], axis=2)
    return pixels
