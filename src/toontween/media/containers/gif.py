"""GIF89a, put together here: Pillow merges repeated frames. Every frame has a palette of its own.

Exact up to 256 colours a frame (255 with alpha); above that the nearest of a median-cut palette, without
dithering, which would crawl from frame to frame. Alpha is one bit: below 128 is clear, and clear pixels
have no colour.
"""

import io
import itertools
import struct
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile

from toontween.errors import OutputError
from toontween.media.containers.changes import changes
from toontween.media.containers.info import VideoInfo
from toontween.media.containers.ticks import delay, note, rate, read_note

_TICKS = 100
_FASTEST = 50  # players slow down anything below 2 ticks
_UNTIMED_TICKS = 10  # what players make of a delay of 0
_LONGEST_SIDE = _LONGEST_DELAY = 65_535
_LEAVE, _CLEAR = 1, 2  # what becomes of a frame when the next one comes


def write_gif(
    stream: BinaryIO, frames: Iterable[np.ndarray], *, fps: Fraction, text: Mapping[str, str]
) -> None:
    """Write frames of one size, uint8, to a stream.

    Raises:
        OutputError: The format cannot hold the rate or the size.
    """
    if not _TICKS / _FASTEST <= _TICKS / fps <= _LONGEST_DELAY:
        raise OutputError(
            f"a GIF cannot play {float(fps):g} frames a second; {_FASTEST} is the most",
            hint="write .webp, .apng or .mp4",
        )
    for index, (left, top, pixels) in enumerate(_gif_changes(frames)):
        height, width, channels = pixels.shape
        if index == 0:
            if max(width, height) > _LONGEST_SIDE:
                raise OutputError(f"a GIF cannot be {width}×{height} pixels large")
            stream.write(b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0))
            play_for_ever = b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
            comment = note(fps, text, " alpha" if channels == 4 else "").encode()
            stream.write(play_for_ever + b"!\xfe" + _sub_blocks(comment))
        stream.write(_gif_frame(pixels, left=left, top=top, shown=delay(index, fps, _TICKS)))
    stream.write(b";")


def probe_gif(image: ImageFile.ImageFile, count: int) -> VideoInfo:
    """Size, rate and alpha; all frames are decoded, since nothing announces clear pixels."""
    noted = read_note(image.info.get("comment", b""))
    has_alpha = bool(noted and noted[3])
    delays: list[int] = []
    for index in range(count):
        image.seek(index)
        delays.append(round(image.info.get("duration", 0) / 10) or _UNTIMED_TICKS)
        has_alpha = has_alpha or _has_clear_pixels(image)
    return VideoInfo(*image.size, rate(delays, _TICKS, noted), count, has_alpha, "gif")


def fits_gif(pixels: np.ndarray) -> bool:
    """Whether a GIF frame returns these pixels bit for bit."""
    if pixels.dtype != np.uint8:
        return False
    if pixels.shape[2] == 3:
        return len(np.unique(_packed(pixels))) <= 256
    clear = pixels[..., 3] == 0
    is_binary = bool((clear | (pixels[..., 3] == 255)).all())
    opaque = np.unique(_packed(pixels[..., :3])[~clear])
    return is_binary and not pixels[clear].any() and len(opaque) <= 255


def _has_clear_pixels(image: Image.Image) -> bool:
    return bool((np.asarray(image.convert("RGBA"))[..., 3] < 255).any())


def _gif_changes(frames: Iterable[np.ndarray]) -> Iterator[tuple[int, int, np.ndarray]]:
    """As `changes`, but whole frames where there is alpha: no pixel of a GIF turns clear again."""
    frames = iter(frames)
    first = next(frames)
    everything = itertools.chain([first], frames)
    if first.shape[2] == 3:
        yield from changes(everything)
    else:
        yield from ((0, 0, frame) for frame in everything)


def _gif_frame(pixels: np.ndarray, *, left: int, top: int, shown: int) -> bytes:
    """One frame with a palette of its own."""
    indices, palette, clear = _to_palette(pixels)
    bits = max(1, (max(len(palette), 2) - 1).bit_length())
    table = np.zeros((2**bits, 3), np.uint8)
    table[: len(palette)] = palette
    disposal = _LEAVE if clear is None else _CLEAR
    flags = disposal << 2 | (clear is not None)
    control = b"!\xf9\x04" + struct.pack("<BHBB", flags, shown, clear or 0, 0)
    size = (pixels.shape[1], pixels.shape[0])
    place = b"," + struct.pack("<HHHHB", left, top, *size, 0x80 | bits - 1)
    return control + place + table.tobytes() + _lzw(indices)


def _lzw(indices: np.ndarray) -> bytes:
    """The compressed data of a GIF frame, cut out of a file that Pillow makes."""
    image = Image.fromarray(indices).convert("P")
    image.putpalette(bytes(range(256)) * 3)
    saved = io.BytesIO()
    image.save(saved, "GIF", optimize=False, interlace=0)
    data = saved.getvalue()
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    while data[at : at + 1] == b"!":
        at = _after_sub_blocks(data, at + 2)
    at += 10 + (3 << (data[at + 9] & 7) + 1 if data[at + 9] & 0x80 else 0)
    return data[at : _after_sub_blocks(data, at + 1)]


def _after_sub_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += data[at] + 1
    return at + 1


def _sub_blocks(data: bytes) -> bytes:
    pieces = (data[at : at + 255] for at in range(0, len(data), 255))
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"


def _to_palette(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, int | None]:
    """Indices (h, w), colours (n, 3) and the index that is transparent, if pixels have alpha.

    Exact up to 256 colours (255 with alpha); above that, the nearest of a median-cut palette without
    dithering, which would crawl from frame to frame.
    """
    room = 256 if pixels.shape[2] == 3 else 255
    rgb = np.ascontiguousarray(pixels[..., :3])
    colours, indices = np.unique(_packed(rgb), return_inverse=True)
    if len(colours) <= room:
        palette = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1)
        indices = indices.reshape(rgb.shape[:2]).astype(np.uint8)
    else:
        method, dither = Image.Quantize.MEDIANCUT, Image.Dither.NONE
        reduced = Image.fromarray(rgb).quantize(room, method=method, dither=dither)
        palette = np.array(reduced.getpalette(), np.uint8).reshape(-1, 3)[:room]
        indices = np.array(reduced)
    if pixels.shape[2] == 3:
        return indices, palette.astype(np.uint8), None
    clear = len(palette)
    indices[pixels[..., 3] < 128] = clear
    return indices, np.vstack([palette, [[0, 0, 0]]]).astype(np.uint8), clear


def _packed(pixels: np.ndarray) -> np.ndarray:
    """Each RGB colour as one number."""
    wide = pixels.astype(np.uint32)
    return wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
