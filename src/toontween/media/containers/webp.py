"""Animated WebP (RFC 9649 §2.7.1), lossless, put together here: libwebp merges repeated frames."""

import struct
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import BinaryIO

import numpy as np
from PIL import ImageFile

from toontween.errors import OutputError
from toontween.media.containers.changes import changes
from toontween.media.containers.info import VideoInfo
from toontween.media.containers.ticks import delay, note, rate, read_note
from toontween.media.images import check_side, encode_vp8l, webp_chunk, webp_header, xmp_packet

_TICKS = 1000
_UNTIMED_TICKS = 100
_ANIMATION, _XMP, _ALPHA = 0x02, 0x04, 0x10


def write_webp(
    stream: BinaryIO, frames: Iterable[np.ndarray], *, fps: Fraction, text: Mapping[str, str]
) -> None:
    """Write frames of one size, uint8, to a seekable stream, exactly.

    Raises:
        OutputError: The format cannot hold the rate, the size or that much data.
    """
    if not 1 <= _TICKS / fps < 2**24:
        raise OutputError(f"an animated WebP cannot play {float(fps):g} frames a second")
    for index, (left, top, pixels) in enumerate(changes(frames, step=2)):
        height, width, channels = pixels.shape
        if index == 0:
            check_side(".webp", pixels)
            flags = _ANIMATION | _XMP | (_ALPHA if channels == 4 else 0)
            stream.write(webp_header(flags=flags, width=width, height=height))
            play_for_ever = struct.pack("<IH", 0, 0)
            stream.write(webp_chunk(b"ANIM", play_for_ever))
        shown = delay(index, fps, _TICKS)
        numbers = (left // 2, top // 2, width - 1, height - 1, shown)
        place = b"".join(number.to_bytes(3, "little") for number in numbers)
        do_not_blend = b"\x02"
        stream.write(webp_chunk(b"ANMF", place + do_not_blend + encode_vp8l(pixels)))
    stream.write(webp_chunk(b"XMP ", xmp_packet(note(fps, text))))
    size = stream.tell() - 8
    if size >= 2**32 - 1:
        raise OutputError(
            "an animated WebP cannot be larger than 4 GiB", hint="write .apng or .mp4"
        )
    stream.seek(4)
    stream.write(struct.pack("<I", size))


def probe_webp(data: bytes, image: ImageFile.ImageFile) -> VideoInfo:
    """What the frame chunks of an animated WebP say."""
    delays: list[int] = []
    at = 12
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        if kind == b"ANMF":
            delays.append(int.from_bytes(data[at + 20 : at + 23], "little") or _UNTIMED_TICKS)
        at += 8 + size + size % 2
    found = rate(delays, _TICKS, read_note(image.info.get("xmp", b"")))
    return VideoInfo(*image.size, found, len(delays), image.mode == "RGBA", "webp")


def is_animated(webp: bytes) -> bool:
    """Whether the header of a WebP announces frames."""
    return webp[12:16] == b"VP8X" and len(webp) > 20 and bool(webp[20] & _ANIMATION)
