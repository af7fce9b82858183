"""Animated PNG, animated WebP and GIF behind one interface.

The libraries at hand merge repeated drawings into one longer frame, and drawings on twos repeat; so
these containers are put together here from stills that the libraries encode.
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np

from toontween.errors import MediaError
from toontween.media.containers import apng, webp
from toontween.media.containers.apng import probe_apng, write_apng
from toontween.media.containers.gif import probe_gif, write_gif
from toontween.media.containers.info import VideoInfo, too_many_frames
from toontween.media.containers.webp import probe_webp, write_webp
from toontween.media.decoding import check_size, foreign_errors, open_picture
from toontween.runtime import Settings

ANIMATION_SUFFIXES = frozenset({".gif", ".webp", ".png", ".apng"})
"""Lower-case suffixes that this module writes."""


def write_animation(
    stream: BinaryIO,
    frames: Iterable[np.ndarray],
    *,
    suffix: str,
    fps: Fraction,
    text: Mapping[str, str],
) -> None:
    """Write frames of one size and type (checked by the caller) to a seekable stream.

    Raises:
        OutputError: The format cannot hold the size, the bit depth or the rate.
    """
    if suffix == ".gif":
        write_gif(stream, frames, fps=fps, text=text)
    elif suffix == ".webp":
        write_webp(stream, frames, fps=fps, text=text)
    else:
        write_apng(stream, frames, fps=fps, text=text)


def is_animated(data: bytes) -> bool:
    """Whether the bytes of a PNG or WebP announce frames."""
    if data.startswith(b"RIFF"):
        return webp.is_animated(data)
    return data.startswith(b"\x89PNG") and apng.is_animated(data)


def probe_animation(data: bytes, path: Path, settings: Settings) -> VideoInfo:
    """Size, rate and number of frames of an animated PNG, an animated WebP or a GIF.

    Raises:
        MediaError: The file is damaged, over a limit, a still, or of another format.
    """
    with foreign_errors(path):
        image = open_picture(data, path, settings)
        count = getattr(image, "n_frames", 1)
        if count > settings.max_frames:
            raise too_many_frames(path, settings)
        if image.format == "GIF":
            return probe_gif(image, count)
        if image.format == "PNG" and apng.is_animated(data):
            return probe_apng(data, image.size)
        if image.format == "WEBP" and webp.is_animated(data):
            return probe_webp(data, image)
    raise MediaError(
        f"{path} is a still picture, not an animation", hint="give it as a key instead"
    )


def read_animation(
    data: bytes, path: Path, settings: Settings, *, has_alpha: bool
) -> Iterator[np.ndarray]:
    """The composed frames of a WebP or GIF (an animated PNG is decoded by PyAV).

    Raises:
        MediaError: The file is damaged.
    """
    mode = "RGBA" if has_alpha else "RGB"
    with foreign_errors(path):
        image = open_picture(data, path, settings)
        count = getattr(image, "n_frames", 1)
    for index in range(count):
        with foreign_errors(path):
            image.seek(index)
            check_size(image.size, path, settings)  # frames of a GIF may enlarge it
            pixels = np.array(image.convert(mode))
        if has_alpha and image.format == "GIF":
            pixels[pixels[..., 3] == 0] = 0  # a GIF has no colour under transparency
        yield pixels
