"""Video and animation files in and out.

| suffix     | coding          | bits | alpha | exact | opens in                                   |
|------------|-----------------|------|-------|-------|--------------------------------------------|
| .mp4 .m4v  | H.264 4:2:0     | 8    | no    | no    | everything                                 |
| .webm      | VP9 4:2:0       | 8    | yes   | no    | browsers                                   |
| .mov       | ProRes 4444     | 10   | yes   | no    | editing and compositing programs           |
| .mkv       | FFV1            | 8,16 | yes   | yes   | FFmpeg, VLC; for archives and intermediates |
| .png .apng | animated PNG    | 8,16 | yes   | yes   | browsers                                   |
| .webp      | lossless WebP   | 8    | yes   | yes   | browsers                                   |
| .gif       | 256 colours     | 8    | 1 bit | if it fits | everything                            |

H.264 4:2:0 needs even sides: a last odd row or column is doubled, so such a video comes back one pixel
larger (4:4:4 would keep the size, but many players refuse it).
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np

from toontween.errors import InputError, MediaError, OutputError, ShapeError
from toontween.media.containers.animations import (
    ANIMATION_SUFFIXES,
    is_animated,
    probe_animation,
    read_animation,
    write_animation,
)
from toontween.media.containers.ffmpeg import (
    FFMPEG_SUFFIXES,
    available_encoders,
    decode_stream,
    encode_stream,
    probe_stream,
)
from toontween.media.containers.gif import fits_gif
from toontween.media.containers.info import VideoInfo, too_many_frames
from toontween.media.files import atomic_output, check_readable, no_permission
from toontween.media.frames import check_pixels, from_picture, to_picture
from toontween.media.images import DEEP_SUFFIXES, LONGEST_SIDES, STILL_SUFFIXES
from toontween.runtime import Settings, read_settings

__all__ = [
    "VIDEO_SUFFIXES",
    "VideoInfo",
    "available_encoders",
    "holds_exactly",
    "is_video",
    "probe",
    "read_video",
    "write_video",
]

VIDEO_SUFFIXES = ANIMATION_SUFFIXES | FFMPEG_SUFFIXES
"""Lower-case suffixes that `read_video` reads and `write_video` writes; .png and .webp if animated."""


def is_video(path: Path, *, settings: Settings | None = None) -> bool:
    """Whether `read_video` is the way to read a file: by its suffix, and by its content for .png and .webp.

    Raises:
        MediaError: The file is missing or cannot be read.
    """
    check_readable(path, max_bytes=(settings or read_settings()).max_bytes)
    suffix = path.suffix.lower()
    if suffix in STILL_SUFFIXES & VIDEO_SUFFIXES:
        return is_animated(_read_bytes(path))
    return suffix in VIDEO_SUFFIXES


def probe(path: Path, *, settings: Settings | None = None) -> VideoInfo:
    """Size, rate, number of frames and coding of a video, without decoding it (a GIF is decoded).

    Raises:
        MediaError: The file is missing, unreadable, no video, a still, damaged or over a limit.
    """
    settings = settings or read_settings()
    if _suffix_of(path, settings) in ANIMATION_SUFFIXES:
        return probe_animation(_read_bytes(path), path, settings)
    return probe_stream(path, settings)


def read_video(path: Path, *, settings: Settings | None = None) -> Iterator[np.ndarray]:
    """The frames of a video in order, as pixels (h, w, 3 or 4), decoded one at a time.

    Colours become sRGB values by the file's own tags (untagged: BT.709 from 720 lines on, BT.601
    below). Files with more than 8 bits give uint16. Frames come as they are stored: one with a longer
    exposure is not repeated.

    Raises:
        MediaError: As for `probe` at once; while iterating also for damaged or missing frames, and
            when the number of frames or of decoded bytes passes the limit in the settings.
    """
    settings = settings or read_settings()
    if _suffix_of(path, settings) not in ANIMATION_SUFFIXES:
        probe_stream(path, settings)
        return _limited(decode_stream(path, settings), path, settings)
    data = _read_bytes(path)
    info = probe_animation(data, path, settings)
    if info.codec == "apng":
        frames = decode_stream(path, settings, expected=info.num_frames)
    else:
        frames = read_animation(data, path, settings, has_alpha=info.has_alpha)
    return _limited(frames, path, settings)


def write_video(
    path: Path,
    frames: Iterable[np.ndarray],
    *,
    fps: Fraction,
    overwrite: bool = False,
    text: Mapping[str, str] | None = None,
) -> None:
    """Write frames in the coding that the suffix names (see the table above), whole or not at all.

    Args:
        path: The file to make.
        frames: Pixels, all of one size and type, consumed one at a time. Where a format holds no
            transparency, frames with a fourth channel must be opaque.
        fps: Frames a second, kept exactly.
        overwrite: Replace an existing file.
        text: Metadata, keyword → text.

    Raises:
        InputError: There are no frames, or the rate is not positive.
        ShapeError: A frame is not pixels, or differs from the first in size or type.
        OutputError: The format is unknown or cannot hold these frames, the file exists or cannot be
            written.
    """
    suffix = path.suffix.lower()
    if suffix not in VIDEO_SUFFIXES:
        known = ", ".join(sorted(VIDEO_SUFFIXES))
        raise OutputError(
            f"cannot write {path}: {path.suffix!r} is not a video format",
            hint=f"use one of {known}",
        )
    fps = Fraction(fps)
    if fps <= 0:
        raise InputError(f"a video cannot play {fps} frames a second")
    with atomic_output(path, overwrite=overwrite) as temporary:
        checked = _checked(frames, path)
        if suffix in ANIMATION_SUFFIXES:
            with temporary.open("r+b") as stream:
                fitting = _for_animation(checked, path)
                write_animation(stream, fitting, suffix=suffix, fps=fps, text=text or {})
        else:
            encode_stream(temporary, path, checked, fps=fps, text=text or {})


def holds_exactly(path: Path, pixels: np.ndarray) -> bool:
    """Whether a file or sequence of this name returns these pixels bit for bit.

    True says that writing `pixels` there and reading them back gives an equal array.
    """
    suffix = path.suffix.lower()
    if suffix == ".gif":
        return fits_gif(pixels)
    if suffix in DEEP_SUFFIXES | {".mkv", ".apng"}:
        return pixels.dtype in (np.uint8, np.uint16)
    if suffix in LONGEST_SIDES:
        return pixels.dtype == np.uint8 and max(pixels.shape[:2]) <= LONGEST_SIDES[suffix]
    return False


def _suffix_of(path: Path, settings: Settings) -> str:
    check_readable(path, max_bytes=settings.max_bytes)
    suffix = path.suffix.lower()
    if suffix not in VIDEO_SUFFIXES:
        known = ", ".join(sorted(VIDEO_SUFFIXES))
        raise MediaError(f"{path} has an unsupported suffix {suffix!r}", hint=f"use one of {known}")
    return suffix


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except PermissionError as error:
        raise no_permission(path) from error


def _limited(frames: Iterator[np.ndarray], path: Path, settings: Settings) -> Iterator[np.ndarray]:
    decoded_bytes = 0
    for count, pixels in enumerate(frames, start=1):
        decoded_bytes += pixels.nbytes
        if count > settings.max_frames:
            raise too_many_frames(path, settings)
        if decoded_bytes > settings.max_bytes:
            raise MediaError(
                f"{path} decodes to more than {settings.max_bytes} bytes, the limit",
                hint="raise TOONTWEEN_MAX_BYTES if you trust the file",
            )
        yield pixels


def _checked(frames: Iterable[np.ndarray], path: Path) -> Iterator[np.ndarray]:
    """The frames, once they are seen to be pixels of one size and type, and at least one."""
    first: np.ndarray | None = None
    for index, pixels in enumerate(frames):
        check_pixels(pixels)
        if first is None:
            first = pixels
        if (pixels.shape, pixels.dtype) != (first.shape, first.dtype):
            raise ShapeError(
                f"frame {index} for {path} is {pixels.shape} {pixels.dtype}, "
                f"the first is {first.shape} {first.dtype}"
            )
        yield pixels
    if first is None:
        raise InputError(f"there are no frames to write to {path}")


def _for_animation(frames: Iterator[np.ndarray], path: Path) -> Iterator[np.ndarray]:
    suffix = path.suffix.lower()
    for pixels in frames:
        if pixels.dtype == np.uint16 and suffix == ".webp":
            hint = "write .apng or .mov, or 8-bit pixels"
            raise OutputError(f"cannot write {path}: WebP holds only 8 bits per channel", hint=hint)
        if pixels.dtype == np.uint16 and suffix == ".gif":
            yield from_picture(to_picture(pixels), np.uint8)
        else:
            yield pixels
