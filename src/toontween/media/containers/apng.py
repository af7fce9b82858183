"""Animated PNG (PNG 3rd edition §11.3.2), written frame by frame; PyAV reads it."""

import itertools
import struct
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from toontween.errors import OutputError
from toontween.media.containers.changes import changes
from toontween.media.containers.info import VideoInfo, nearest_standard_rate
from toontween.media.images import PNG_HEADER_END, add_png_text, encode_png, png_chunk

_UNTIMED = Fraction(10)  # frames a second that players make of no delay at all
_COLOUR_TYPE_AT = 25
_ALPHA_COLOUR_TYPES = (4, 6)


def write_apng(
    stream: BinaryIO, frames: Iterable[np.ndarray], *, fps: Fraction, text: Mapping[str, str]
) -> None:
    """Write frames of one size and type to a seekable stream, exact in 8 and 16 bits.

    Raises:
        OutputError: The rate does not fit the format's two 16-bit numbers.
    """
    delay = (1 / fps).limit_denominator(65_535)
    if delay.numerator > 65_535 or delay == 0:
        raise OutputError(f"an animated PNG cannot play {float(fps):g} frames a second")
    sequence = itertools.count()
    count, control_at = 0, 0
    for count, (left, top, pixels) in enumerate(changes(frames), start=1):
        png = encode_png(pixels)
        if count == 1:
            control_at = stream.write(add_png_text(png[:PNG_HEADER_END], text))
            stream.write(_animation_control(0))
        height, width = pixels.shape[:2]
        place = struct.pack(">IIIII", next(sequence), width, height, left, top)
        timing = struct.pack(">HHBB", delay.numerator, delay.denominator, 0, 0)
        stream.write(png_chunk(b"fcTL", place + timing))
        for data in _chunks_of(png, b"IDAT"):
            if count == 1:
                stream.write(png_chunk(b"IDAT", data))
            else:
                stream.write(png_chunk(b"fdAT", struct.pack(">I", next(sequence)) + data))
    stream.write(png_chunk(b"IEND", b""))
    stream.seek(control_at)
    stream.write(_animation_control(count))


def probe_apng(data: bytes, size: tuple[int, int]) -> VideoInfo:
    """What an animated PNG's control chunks say."""
    (count,) = struct.unpack_from(">I", _chunks_of(data, b"acTL")[0])
    delays = [struct.unpack_from(">HH", chunk, 20) for chunk in _chunks_of(data, b"fcTL")]
    seconds = sum((Fraction(n, d or 100) for n, d in delays), Fraction(0))
    mean = len(delays) / seconds if seconds else _UNTIMED
    has_alpha = data[_COLOUR_TYPE_AT] in _ALPHA_COLOUR_TYPES or bool(_chunks_of(data, b"tRNS"))
    return VideoInfo(*size, nearest_standard_rate(mean), count, has_alpha, "apng")


def is_animated(png: bytes) -> bool:
    """Whether a PNG has the chunk that announces frames."""
    return bool(_chunks_of(png, b"acTL"))


def _chunks_of(png: bytes, kind: bytes) -> list[bytes]:
    """The contents of all chunks of one kind."""
    found: list[bytes] = []
    at = 8
    while at + 8 <= len(png):
        size, name = struct.unpack_from(">I4s", png, at)
        if name == kind:
            found.append(png[at + 8 : at + 8 + size])
        at += 12 + size
    return found


def _animation_control(num_frames: int) -> bytes:
    play_for_ever = 0
    return png_chunk(b"acTL", struct.pack(">II", num_frames, play_for_ever))
