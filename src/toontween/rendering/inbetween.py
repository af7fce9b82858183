"""`toontween.inbetween`: two pictures in, the drawings between them out, in one call."""

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from toontween.interpolators.base import Interpolator
from toontween.media.frames import Pixels
from toontween.media.images import read_still
from toontween.rendering.inputs.keys import Given
from toontween.rendering.job import build_interpolator
from toontween.rendering.renderer import RenderSettings, render_keys

Key = str | PathLike[str] | Image.Image | np.ndarray
"""A file, a PIL image, or an array (h, w, 3|4) of uint8 or uint16."""


def inbetween(
    first: Key,
    last: Key,
    *,
    count: int = 14,
    method: str | Interpolator | None = None,
    model: str | None = None,
    prompt: str = "",
    seed: int = 0,
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
        line_art: Whether the keys are line drawings, whose in-betweens stand on the same bare ground.
        options: Settings of the method, by its own names, and `device` for `toon`.

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
        interpolator, rest = build_interpolator(method, model=model, device=device, options=options)
    settings = RenderSettings(
        count=count, prompt=prompt, seed=seed, options=rest, line_art=line_art
    )
    take = render_keys([_read(first), _read(last)], interpolator, settings=settings)
    return [Image.fromarray(_to_8_bit(drawing)) for drawing in take.inbetweens]


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
