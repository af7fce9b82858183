"""`toontween.inbetween`: two pictures in, the drawings between them out, in one call."""

import warnings
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from toontween.errors import InputError, ToonTweenWarning
from toontween.interpolators.base import Interpolator
from toontween.media.frames import Pixels
from toontween.media.images import read_still
from toontween.rendering.inputs.keys import Given
from toontween.rendering.job import build_interpolator
from toontween.rendering.renderer import RenderSettings, render_keys

Key = str | PathLike[str] | Image.Image | np.ndarray
"""A file, a PIL image, or an array (h, w, 3|4) of uint8 or uint16."""


def inbetween(  # noqa: PLR0913  everything in one call; all but the keys have defaults
    first: Key,
    last: Key,
    *,
    count: int = 14,
    method: str | Interpolator | None = None,
    model: str | None = None,
    prompt: str = "",
    seed: int = 0,
    sketches: Mapping[int, Key] | None = None,
    line_art: bool = False,
    **options: Any,
) -> list[Image.Image]:
    """Draw between two keys.

    Args:
        first: The first key; it sets the size.
        last: The last key; letterboxed if it has another shape.
        count: How many in-betweens, evenly spaced.
        method: A name (`flow`, the default, `phase`, `toon`, …) or an interpolator of one's own.
        model: Weights of method `toon`, which it implies: a name or a folder.
        prompt: A line of text, for methods that read it.
        seed: Seed of whatever is random.
        sketches: Index in the result → rough of that drawing, on any ground; implies method `toon`.
        line_art: Whether the keys are line drawings, whose in-betweens stand on the same bare ground.
        options: Settings of the method, by its own names, and `device` for `toon`.

    What is doubtful (a blank sketch, a key of another shape) is issued as `ToonTweenWarning`.

    Returns:
        The in-betweens without the keys, RGB, or RGBA when a key is; 8 bits a channel.

    Raises:
        InputError: A key, a name or a number cannot be used.
        UnavailableError: The method's weights or the device are not here.
    """
    if isinstance(method, Interpolator):
        interpolator, rest = method, dict(options)
    else:
        device = str(options.pop("device", "auto"))
        interpolator, rest = build_interpolator(
            method, model=model, device=device, options=options, sketches=bool(sketches)
        )
    settings = RenderSettings(
        count=count,
        prompt=prompt,
        seed=seed,
        sketches=_by_number(sketches or {}, count=count),
        options=rest,
        line_art=line_art,
    )
    take = render_keys([_read(first), _read(last)], interpolator, settings=settings)
    for warning in take.warnings:
        warnings.warn(warning, ToonTweenWarning, stacklevel=2)
    return [Image.fromarray(_to_8_bit(drawing)) for drawing in take.inbetweens]


def _by_number(sketches: Mapping[int, Key], *, count: int) -> dict[int, Given]:
    """Sketches by the numbers that a rendering gives its drawings: the first key is 1."""
    for index in sketches:
        if not 0 <= index < count:
            raise InputError(
                f"a sketch for in-between {index} of {count}", hint=f"they are 0…{count - 1}"
            )
    return {index + 2: _read(sketch) for index, sketch in sketches.items()}


def _read(key: Key) -> Given:
    if isinstance(key, np.ndarray):
        return key
    if isinstance(key, Image.Image):
        return np.asarray(key.convert("RGBA" if key.has_transparency_data else "RGB"))
    return read_still(Path(key))


def _to_8_bit(pixels: np.ndarray) -> Pixels:
    """PIL has no 16-bit colour: the nearest of 256 levels."""
    if pixels.dtype == np.uint8:
        return pixels
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
