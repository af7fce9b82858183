"""The bytes of one still → pixels; every way in which they can be wrong has its own message.

Pillow decodes all but 16-bit colour, which it would cut down to 8 bits: there it only checks the file,
and OpenCV decodes. Formats are told by content, never by name. Pillow's plugins are called directly:
`Image.open` applies a pixel limit that is global to the process, ours comes from the settings. No state
of Pillow is changed.
"""

import io
import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from PIL import (
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TgaImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from toontween.errors import MediaError
from toontween.media.colour import convert_8bit, convert_16bit
from toontween.media.frames import from_picture, to_picture, unpremultiply
from toontween.runtime import Settings

logger = logging.getLogger(__name__)

_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    AssertionError,
    struct.error,
    zlib.error,
    cv2.error,
)
_ORIENTATION = 0x0112
_PNG_EXIF = (b"eXIf", b"Raw profile type exif", b"XML:com.adobe.xmp")
_BITS, _PHOTOMETRIC, _PLANAR, _EXTRA_SAMPLES = 258, 262, 284, 338
_TGA_KINDS = {bytes(kind) for kind in ((1, 1), (0, 2), (0, 3), (1, 9), (0, 10), (0, 11))}
_MODES = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}
_ALPHA_MODES = {"LA", "La", "PA", "RGBA", "RGBa"}
_PLUGINS: tuple[tuple[bytes, type[ImageFile.ImageFile]], ...] = (
    (b"\x89PNG\r\n\x1a\n", PngImagePlugin.PngImageFile),
    (b"\xff\xd8\xff", JpegImagePlugin.JpegImageFile),
    (b"RIFF", WebPImagePlugin.WebPImageFile),
    (b"II*\0", TiffImagePlugin.TiffImageFile),
    (b"MM\0*", TiffImagePlugin.TiffImageFile),
    (b"II+\0", TiffImagePlugin.TiffImageFile),
    (b"MM\0+", TiffImagePlugin.TiffImageFile),
    (b"GIF87a", GifImagePlugin.GifImageFile),
    (b"GIF89a", GifImagePlugin.GifImageFile),
)


def decode_still(data: bytes, path: Path, settings: Settings) -> np.ndarray:
    """Pixels (h, w, 3 or 4) in sRGB, the right way up, uint8 or uint16 as stored.

    Args:
        data: The whole file.
        path: Its name, for messages; `.tga` also says the format, which has no mark of its own.
        settings: The limits.

    Raises:
        MediaError: It is not a picture, truncated or damaged, too large, animated, or of a kind that
            cannot be represented (floating-point, signed or 32-bit samples).
    """
    with foreign_errors(path):
        image = open_picture(data, path, settings)
        _refuse_animation(image, path)
        if image.mode not in _MODES and not image.mode.startswith("I;16"):
            kind = {"F": "floating-point", "I": "32-bit"}.get(image.mode, image.mode)
            raise MediaError(
                f"{path} holds {kind} samples",
                hint="save the picture with 8 or 16 bits per channel, RGB or grey",
            )
        turn = _turn_of(image, data)
        icc = image.info.get("icc_profile")
        is_16bit = _is_16bit(image, data, path)
        image.load()
        if is_16bit:
            pixels = _pixels_16bit(image, data, path, icc)
        else:
            pixels = _pixels_8bit(image, path, icc)
        return np.ascontiguousarray(_turned(pixels, turn))


def decode_size(data: bytes, path: Path, settings: Settings) -> tuple[int, int]:
    """Width and height of the pixels `decode_still` gives; nothing is decoded.

    Raises:
        MediaError: It is not a picture, too large or animated.
    """
    with foreign_errors(path):
        image = open_picture(data, path, settings)
        _refuse_animation(image, path)
        width, height = image.size
        return (height, width) if _is_sideways(_turn_of(image, data)) else (width, height)


def open_picture(data: bytes, path: Path, settings: Settings) -> ImageFile.ImageFile:
    """Pillow's picture for these bytes, its size checked, nothing decoded yet.

    Raises:
        MediaError: The bytes are no picture, or it has too many pixels.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        check_size(_webp_size(data), path, settings)  # Pillow's class allocates at once
    plugin = _plugin_for(data, path)
    if plugin is None:
        raise MediaError(
            f"{path} is not a picture: its first bytes are {data[:8]!r}",
            hint="the file may have been renamed or saved by a program that failed",
        )
    image = plugin(io.BytesIO(data), str(path))
    check_size(image.size, path, settings)
    return image


def check_size(size: tuple[int, int], path: Path, settings: Settings) -> None:
    """Refuse a picture by the size in its header.

    Raises:
        MediaError: It has no pixels, or more than `settings.max_pixels`.
    """
    width, height = size
    if width < 1 or height < 1:
        raise MediaError(f"{path} has no pixels: its size is {width}×{height}")
    if width * height > settings.max_pixels:
        raise MediaError(
            f"{path} is {width}×{height}, {width * height} pixels; "
            f"the limit is {settings.max_pixels}",
            hint="raise TOONTWEEN_MAX_PIXELS if you trust the file",
        )


@contextmanager
def foreign_errors(path: Path) -> Iterator[None]:
    """Turn what decoders raise on bad bytes into `MediaError`, and their warnings into log lines.

    Raises:
        MediaError: A decoder failed inside the block.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except MediaError:
            raise
        except MemoryError as error:
            raise MediaError(f"{path} does not fit into memory") from error
        except (
            Image.DecompressionBombError
        ) as error:  # TIFF and GIF check once more, by their limit
            hint = "save it as .png, where only TOONTWEEN_MAX_PIXELS counts"
            raise MediaError(f"{path} is too large for Pillow: {error}", hint=hint) from error
        except _DECODER_ERRORS as error:
            is_short = isinstance(error, EOFError) or "truncated" in str(error).lower()
            wrong = "is truncated: the end of the file is missing" if is_short else "is damaged"
            hint = "copy or save the file again"
            raise MediaError(f"{path} {wrong} ({_one_line(error)})", hint=hint) from error
    for warning in caught:
        logger.warning("%s: %s", path, warning.message)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _plugin_for(data: bytes, path: Path) -> type[ImageFile.ImageFile] | None:
    for mark, plugin in _PLUGINS:
        if data.startswith(mark):
            return plugin
    if path.suffix.lower() == ".tga" and data[1:3] in _TGA_KINDS:
        return TgaImagePlugin.TgaImageFile
    return None


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height from the header (RFC 9649 §2.5–2.7)."""
    kind = data[12:16]
    if kind == b"VP8X":
        return _uint24(data[24:27]) + 1, _uint24(data[27:30]) + 1
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _uint24(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _refuse_animation(image: ImageFile.ImageFile, path: Path) -> None:
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        kind = "pages" if isinstance(image, TiffImagePlugin.TiffImageFile) else "frames"
        raise MediaError(
            f"{path} holds {frames} {kind}, where one still is needed",
            hint=f"save one of them as a file of its own: ffmpeg -i {path.name} %04d.png, then choose",
        )


def _is_16bit(image: ImageFile.ImageFile, data: bytes, path: Path) -> bool:
    if isinstance(image, PngImagePlugin.PngImageFile):
        return data[24] == 16
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        # 16-bit CMYK is brought to 8 bits by its conversion to RGB.
        is_16bit = set(image.tag_v2.get(_BITS, (1,))) == {16} and image.mode != "CMYK"
        if is_16bit and image.mode in ("RGB", "RGBA") and image.tag_v2.get(_PLANAR, 1) == 2:
            hint = "save it with interleaved channels"
            raise MediaError(f"{path} stores its 16-bit channels in separate planes", hint=hint)
        return is_16bit
    return False


def _pixels_8bit(image: ImageFile.ImageFile, path: Path, icc: bytes | None) -> np.ndarray:
    alpha = None
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        straight = image.convert("RGBA")
        alpha = np.asarray(straight)[..., 3]
        colour = straight.convert("L" if image.mode in ("LA", "La") else "RGB")
    elif image.mode in ("L", "CMYK"):
        colour = image
    else:
        colour = image.convert("L" if image.mode == "1" else "RGB")
    rgb = convert_8bit(colour, icc, str(path)) if icc else colour.convert("RGB")
    return np.asarray(rgb) if alpha is None else np.dstack([np.asarray(rgb), alpha])


def _pixels_16bit(
    image: ImageFile.ImageFile, data: bytes, path: Path, icc: bytes | None
) -> np.ndarray:
    tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype != np.uint16:
        raise MediaError(f"{path} is damaged, or a kind of 16-bit picture that cannot be read")
    stored = stored.reshape(*stored.shape[:2], -1)
    if tags.get(_PHOTOMETRIC) == 0:
        stored = 65535 - stored
    has_alpha = stored.shape[2] == 4 and (not tags or image.mode == "RGBA")
    alpha = stored[..., 3:] if has_alpha else None
    colour = stored[..., 2::-1] if stored.shape[2] >= 3 else stored[..., :1]
    if stored.shape[2] == 1 and isinstance(image.info.get("transparency"), int):
        alpha = np.where(stored == image.info["transparency"], 0, 65535).astype(np.uint16)
    if alpha is not None and 1 in tags.get(_EXTRA_SAMPLES, ()):
        premultiplied = np.concatenate([colour, alpha], axis=2)
        colour = from_picture(unpremultiply(to_picture(premultiplied)), np.uint16)[..., :3]
    if icc:
        colour = convert_16bit(colour, icc, str(path))
    rgb = np.broadcast_to(colour, (*colour.shape[:2], 3))
    return rgb if alpha is None else np.concatenate([rgb, alpha], axis=2)


def _turn_of(image: ImageFile.ImageFile, data: bytes) -> int:
    """EXIF's orientation that is still to be undone; decoders of TIFF turn pictures themselves."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return 1
    if isinstance(image, PngImagePlugin.PngImageFile) and not any(m in data for m in _PNG_EXIF):
        return 1  # Pillow would decode the whole picture to say so
    return image.getexif().get(_ORIENTATION, 1)


def _is_sideways(orientation: int) -> bool:
    return orientation in (5, 6, 7, 8)


def _turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Undo EXIF's orientation: 1 is upright, 2–4 are flips, 5–8 swap the sides."""
    if _is_sideways(orientation):
        pixels = pixels.transpose(1, 0, 2)
    flip_x = orientation in (2, 3, 6, 7)
    flip_y = orientation in (3, 4, 7, 8)
    return pixels[:: -1 if flip_y else 1, :: -1 if flip_x else 1]
