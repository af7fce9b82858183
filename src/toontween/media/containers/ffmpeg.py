"""FFmpeg's containers through PyAV: H.264, VP9, ProRes and FFV1 out, those and animated PNG in.

YUV is BT.709, limited range, and tagged so. Files are read through Python streams with the demuxer that
the suffix names, so a hostile file cannot make FFmpeg open other files or addresses. Encoders run with a
fixed number of threads: the bytes do not depend on the machine's number of cores.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import av.container
import av.error
import av.video
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation

from toontween.errors import MediaError, OutputError
from toontween.media.containers.info import VideoInfo, nearest_standard_rate
from toontween.media.decoding import check_size
from toontween.media.files import disk_errors, no_permission
from toontween.media.images import plain_text
from toontween.runtime import Settings

_DEMUXERS = {".mp4": "mov", ".m4v": "mov", ".mov": "mov", ".webm": "matroska", ".mkv": "matroska"}
_THREADS = 4
_SCALING = (
    Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)
_BT709 = 1
_SD_HEIGHT = 720  # below it, untagged video is BT.601 by convention
_MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}  # tag → libswscale's number for the coefficients
_HDR_CURVES = {16: "PQ", 18: "HLG"}
_DURATION = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)")
_STRAIGHT = {(3, 8): "rgb24", (4, 8): "rgba", (3, 16): "rgb48le", (4, 16): "rgba64le"}


@dataclass(frozen=True)
class _Coding:
    """How frames are put into a container."""

    container: str
    codec: str
    pixel_formats: Mapping[tuple[int, int], str]
    """(channels, bits) → FFmpeg's name; a combination that is absent cannot be stored."""

    options: Mapping[str, str] = field(default_factory=dict)
    muxing: Mapping[str, str] = field(default_factory=dict)
    needs_even: bool = False


_H264 = _Coding(
    "mp4",
    "libx264",
    {(3, 8): "yuv420p", (3, 16): "yuv420p"},
    {"crf": "14", "preset": "medium", "tune": "animation"},
    {"movflags": "+faststart"},
    needs_even=True,
)
_VP9 = _Coding(
    "webm",
    "libvpx-vp9",
    {(3, 8): "yuv420p", (3, 16): "yuv420p", (4, 8): "yuva420p", (4, 16): "yuva420p"},
    # With hidden reference frames the alpha stream would fall out of step.
    {"crf": "16", "deadline": "good", "cpu-used": "3", "row-mt": "1", "auto-alt-ref": "0"},
)
_PRORES = _Coding(
    "mov",
    "prores_ks",
    dict.fromkeys([(3, 8), (3, 16)], "yuv444p10le")
    | dict.fromkeys([(4, 8), (4, 16)], "yuva444p10le"),
    {"profile": "4444", "vendor": "apl0", "alpha_bits": "16"},
)
_FFV1 = _Coding(
    "matroska",
    "ffv1",
    {(3, 8): "bgr0", (4, 8): "bgra", (3, 16): "gbrp16le", (4, 16): "gbrap16le"},
    {"level": "3", "slicecrc": "1"},
)
_CODINGS = {".mp4": _H264, ".m4v": _H264, ".webm": _VP9, ".mov": _PRORES, ".mkv": _FFV1}

FFMPEG_SUFFIXES = frozenset(_DEMUXERS)
"""Lower-case suffixes that this module reads and writes."""


def available_encoders() -> dict[str, bool]:
    """Suffix → whether the installed PyAV has the encoder for it."""
    return {suffix: _has_encoder(coding.codec) for suffix, coding in _CODINGS.items()}


def _has_encoder(name: str) -> bool:
    try:
        return av.Codec(name, "w").is_encoder
    except ValueError:  # UnknownCodecError
        return False


def probe_stream(path: Path, settings: Settings) -> VideoInfo:
    """Size, rate, number of frames and coding; decodes one frame, which knows how it is turned.

    Raises:
        MediaError: The file is damaged, has no pictures or too many pixels.
    """
    with _opened(path, settings) as (container, stream):
        count = stream.frames or sum(1 for packet in container.demux(stream) if packet.size)
        container.seek(0)
        turns = next((_quarter_turns(frame) for frame in container.decode(stream)), 0)
        return _info(path, stream, count, is_sideways=turns % 2 == 1)


def decode_stream(
    path: Path, settings: Settings, expected: int | None = None
) -> Iterator[np.ndarray]:
    """The frames as pixels, the right way up, one at a time.

    Args:
        path: The file.
        settings: The limit on pixels.
        expected: Frames that must come; when None, what the file promises.

    Raises:
        MediaError: The file or a frame is damaged, frames are missing, or it is high dynamic range.
    """
    with _opened(path, settings) as (container, stream):
        expected = expected or stream.frames or _promised_frames(stream)
        decoder: av.VideoCodecContext = stream.codec_context
        if _has_vp9_alpha(stream):  # FFmpeg's own decoder, the default, drops the alpha
            name = "libvpx-vp9" if decoder.name == "vp9" else "libvpx"
            decoder = av.VideoCodecContext.create(name, "r")
            decoder.extradata = stream.codec_context.extradata
        decoder.thread_type = "AUTO"
        count = 0
        for packet in container.demux(stream):
            for frame in decoder.decode(packet if packet.size else None):
                check_size((frame.width, frame.height), path, settings)
                count += 1
                yield _to_pixels(frame, path)
        if count == 0 or count < expected:
            raise MediaError(
                f"{path} is truncated: {count} of {expected or 'its'} frames can be read",
                hint="copy or save the file again",
            )


def encode_stream(
    temporary: Path,
    path: Path,
    frames: Iterator[np.ndarray],
    *,
    fps: Fraction,
    text: Mapping[str, str],
) -> None:
    """Write frames of one size and type into an empty file.

    Args:
        temporary: The file to fill.
        path: What it will be called: the suffix says the coding, and messages name it.
        frames: Pixels, at least one.
        fps: Frames a second.
        text: Metadata.

    Raises:
        OutputError: The coding cannot hold the frames, or the disk is full.
    """
    coding = _CODINGS[path.suffix.lower()]
    first = next(frames)
    frames = itertools.chain([first], frames)
    depth = 8 * first.dtype.itemsize
    if (first.shape[2], depth) not in coding.pixel_formats:
        frames = _without_alpha(frames, path)
        first = first[..., :3]
    muxing = {"fflags": "+bitexact", **coding.muxing}
    try:
        with (
            disk_errors(path),
            av.open(str(temporary), "w", format=coding.container, options=muxing) as container,
        ):
            if coding.container in ("mp4", "mov"):
                container.metadata.update({"comment": plain_text(text)} if text else {})
            else:
                container.metadata.update(text)
            stream = _add_stream(
                container, coding, _even(first) if coding.needs_even else first, fps
            )
            for index, pixels in enumerate(frames):
                frame = _to_frame(_even(pixels) if coding.needs_even else pixels, stream)
                frame.pts, frame.time_base = index, 1 / fps
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except av.error.FFmpegError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


@contextmanager
def _opened(
    path: Path, settings: Settings
) -> Iterator[tuple[av.container.InputContainer, av.video.VideoStream]]:
    """The container and its first video stream, the size checked; FFmpeg's errors become ours."""
    demuxer = _DEMUXERS.get(path.suffix.lower(), "apng")
    try:
        with (
            path.open("rb") as file,
            av.open(file, "r", format=demuxer, metadata_errors="replace") as container,
        ):
            if not container.streams.video:
                raise MediaError(f"{path} has no pictures in it, only sound or data")
            stream = container.streams.video[0]
            if stream.codec_context is None:
                raise MediaError(f"{path} is coded in a way that this FFmpeg cannot decode")
            check_size((stream.width, stream.height), path, settings)
            yield container, stream
    except PermissionError as error:
        raise no_permission(path) from error
    except av.error.FFmpegError as error:
        raise MediaError(
            f"{path} is damaged or not a {path.suffix.lower()} file ({error.strerror})",
            hint="copy or save the file again",
        ) from error


def _info(path: Path, stream: av.video.VideoStream, count: int, *, is_sideways: bool) -> VideoInfo:
    rate = stream.average_rate or stream.guessed_rate
    if not rate:
        raise MediaError(f"{path} does not say how fast it plays")
    if path.suffix.lower() in (".webm", ".mkv"):  # they round a frame's duration to nanoseconds
        rate = nearest_standard_rate(rate)
    context = stream.codec_context
    components = context.format.components if context.format else ()
    has_alpha = any(part.is_alpha for part in components) or _has_vp9_alpha(stream)
    width, height = stream.width, stream.height
    if is_sideways:
        width, height = height, width
    return VideoInfo(width, height, rate, count, has_alpha, context.name)


def _has_vp9_alpha(stream: av.video.VideoStream) -> bool:
    tags = {key.lower(): value for key, value in stream.metadata.items()}
    return tags.get("alpha_mode") == "1"


def _promised_frames(stream: av.video.VideoStream) -> int:
    """Frames by the duration that Matroska writers note, less one for rounding; else 0."""
    noted = _DURATION.fullmatch(stream.metadata.get("DURATION", ""))
    if not noted or not stream.average_rate:
        return 0
    hours, minutes, seconds = (Fraction(part) for part in noted.groups())
    duration = hours * 3600 + minutes * 60 + seconds
    return max(0, round(duration * stream.average_rate) - 1)


def _to_pixels(frame: av.VideoFrame, path: Path) -> np.ndarray:
    if frame.is_corrupt:
        raise MediaError(f"{path} is damaged: a frame cannot be decoded", hint="copy it again")
    if frame.color_trc in _HDR_CURVES:
        raise MediaError(
            f"{path} is high dynamic range ({_HDR_CURVES[frame.color_trc]})",
            hint="convert it to standard range (BT.709) first",
        )
    components = frame.format.components
    alpha_bits = max((part.bits for part in components if part.is_alpha), default=0)
    channels = 4 if alpha_bits or frame.format.has_palette else 3
    bits = 16 if max(part.bits for part in components) > 8 else 8
    colours: dict[str, Any] = {}
    if not frame.format.is_rgb and not frame.format.has_palette:
        default = 1 if frame.height >= _SD_HEIGHT else 5
        is_full = frame.color_range == ColorRange.JPEG
        colours = {
            "src_colorspace": _MATRICES.get(frame.colorspace, default),
            "src_color_range": ColorRange.JPEG if is_full else ColorRange.MPEG,
            "dst_color_range": ColorRange.JPEG,
        }
    target = _STRAIGHT[channels, bits]
    pixels = frame.reformat(format=target, interpolation=_SCALING, **colours).to_ndarray()
    if 8 < alpha_bits < 16:  # libswscale shifts alpha up and leaves opaque short of 65535
        most = 2**alpha_bits - 1
        alpha = np.right_shift(pixels[..., 3], 16 - alpha_bits).astype(np.float64)
        pixels[..., 3] = np.rint(alpha * (65535 / most))
    turns = _quarter_turns(frame)
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


def _quarter_turns(frame: av.VideoFrame) -> int:
    """How often a player turns the frame by 90 degrees, counter-clockwise."""
    return round(frame.rotation / 90)


def _without_alpha(frames: Iterator[np.ndarray], path: Path) -> Iterator[np.ndarray]:
    for index, pixels in enumerate(frames):
        if (pixels[..., 3] != np.iinfo(pixels.dtype).max).any():
            raise OutputError(
                f"cannot write {path}: frame {index} has transparent pixels, "
                f"which {path.suffix.lower()} cannot hold",
                hint="write .webm, .mov or .apng, or put the frames on a background first",
            )
        yield pixels[..., :3]


def _add_stream(
    container: av.container.OutputContainer, coding: _Coding, first: np.ndarray, fps: Fraction
) -> av.video.VideoStream:
    options = dict(coding.options)
    if coding is _FFV1 and first.shape[1] == 1:
        options = {"level": "1"}  # without slices: one column cannot be cut
    made = container.add_stream(coding.codec, rate=fps, options=options)
    stream = cast("av.video.VideoStream", made)
    stream.height, stream.width, channels = first.shape
    stream.pix_fmt = coding.pixel_formats[channels, 8 * first.dtype.itemsize]
    context = stream.codec_context
    context.time_base = 1 / fps
    context.bit_rate = 0  # the quality decides
    context.thread_count = _THREADS
    if stream.pix_fmt.startswith("yuv"):
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = ColorRange.MPEG
    return stream


def _to_frame(pixels: np.ndarray, stream: av.video.VideoStream) -> av.VideoFrame:
    layout = _STRAIGHT[pixels.shape[2], 8 * pixels.dtype.itemsize]
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format=layout)
    if not (stream.pix_fmt or "").startswith("yuv"):
        return frame.reformat(format=stream.pix_fmt)
    frame = frame.reformat(
        format=stream.pix_fmt,
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        interpolation=_SCALING,
    )
    frame.colorspace = frame.color_primaries = frame.color_trc = _BT709
    frame.color_range = ColorRange.MPEG
    return frame


def _even(pixels: np.ndarray) -> np.ndarray:
    """Double the last row or column where a side is odd."""
    height, width = pixels.shape[:2]
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
