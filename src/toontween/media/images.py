"""Stills: read into the convention of `media.frames`, written whole or not at all.

| suffix      | bits  | alpha | exact | metadata         |
|-------------|-------|-------|-------|------------------|
| .png        | 8, 16 | yes   | yes   | iTXt             |
| .tif, .tiff | 8, 16 | yes   | yes   | ImageDescription |
| .webp       | 8     | yes   | yes   | XMP              |
| .tga        | 8     | yes   | yes   | none             |
| .jpg, .jpeg | 8     | no    | no    | comment          |

What is read becomes sRGB, upright, RGB or RGBA with straight alpha. Of the colour hints in a file only
the ICC profile is honoured (not PNG's gAMA and cHRM). What is written carries no profile: sRGB.
"""

import hashlib
import io
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import cv2
import numpy as np
from PIL import Image

from toontween.errors import InputError, MediaError, OutputError
from toontween.media.decoding import decode_size, decode_still
from toontween.media.files import atomic_output, check_readable, no_permission
from toontween.media.frames import check_pixels
from toontween.runtime import Settings, read_settings

STILL_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".tga"})
"""Lower-case suffixes that `read_still` reads and `write_still` writes."""

DEEP_SUFFIXES = frozenset({".png", ".tif", ".tiff"})
"""Suffixes of `STILL_SUFFIXES` that hold 16 bits per channel."""

LONGEST_SIDES = {".webp": 16_383, ".tga": 65_535}
"""The exact 8-bit formats, and the most pixels a side that they hold."""

_ANIMATION_SUFFIXES = {".gif", ".apng"}  # opened only to say how many frames there are
PNG_HEADER_END = 33
"""Bytes of a PNG's signature and IHDR chunk; further chunks may follow from here."""


@dataclass(frozen=True)
class Still:
    """One picture from a file."""

    pixels: np.ndarray
    """(h, w, 3 or 4), uint8 or uint16, sRGB, straight alpha."""

    path: Path
    """Where it came from."""

    sha256: str
    """Of the file's bytes, for provenance."""

    bit_depth: int
    """Bits per channel of `pixels`: 8 or 16."""


def read_still(path: Path, *, settings: Settings | None = None) -> Still:
    """Read one picture.

    Args:
        path: The file; its format is told by its content.
        settings: Limits; read from the environment when None.

    Raises:
        MediaError: The file is missing, a folder, unreadable, empty, no picture, damaged, too large,
            animated, or of a kind that is not supported.
    """
    settings = settings or read_settings()
    data = _read_bytes(path, settings)
    pixels = decode_still(data, path, settings)
    digest = hashlib.sha256(data).hexdigest()
    return Still(pixels, path, digest, bit_depth=8 * pixels.dtype.itemsize)


def still_size(path: Path, *, settings: Settings | None = None) -> tuple[int, int]:
    """Width and height that `read_still` would give, from the file's header alone.

    Raises:
        MediaError: As for `read_still`, as far as the header tells.
    """
    settings = settings or read_settings()
    return decode_size(_read_bytes(path, settings), path, settings)


def _read_bytes(path: Path, settings: Settings) -> bytes:
    check_readable(path, max_bytes=settings.max_bytes)
    suffix = path.suffix.lower()
    if suffix not in STILL_SUFFIXES | _ANIMATION_SUFFIXES:
        known = ", ".join(sorted(STILL_SUFFIXES))
        raise MediaError(f"{path} has an unsupported suffix {suffix!r}", hint=f"use one of {known}")
    try:
        return path.read_bytes()
    except PermissionError as error:
        raise no_permission(path) from error
    except OSError as error:
        raise MediaError(f"cannot read {path}: {error.strerror or error}") from error


def check_still_suffix(path: Path) -> None:
    """Make sure that stills can be written under this name.

    Raises:
        OutputError: The suffix is not one of `STILL_SUFFIXES`.
    """
    if path.suffix.lower() not in STILL_SUFFIXES:
        known = ", ".join(sorted(STILL_SUFFIXES))
        raise OutputError(
            f"cannot write {path}: {path.suffix!r} is not a picture format",
            hint=f"use one of {known}",
        )


def write_still(
    path: Path,
    pixels: np.ndarray,
    *,
    overwrite: bool = False,
    text: Mapping[str, str] | None = None,
) -> None:
    """Write one picture in the format its suffix names (see the table above).

    Args:
        path: The file to make.
        pixels: (h, w, 3 or 4), uint8 or uint16.
        overwrite: Replace an existing file.
        text: Metadata, keyword → text; keywords are Latin letters, as PNG demands.

    Raises:
        ShapeError: The array is not pixels.
        OutputError: The file exists, cannot be written, or the format cannot hold the picture.
    """
    data = encode_still(path, pixels, text=text)
    with atomic_output(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(data)


def encode_still(path: Path, pixels: np.ndarray, *, text: Mapping[str, str] | None = None) -> bytes:
    """The bytes that `write_still` writes.

    Raises:
        ShapeError: The array is not pixels.
        OutputError: The format is unknown or cannot hold the picture.
    """
    check_pixels(pixels)
    check_still_suffix(path)
    text = text or {}
    suffix = path.suffix.lower()
    if pixels.dtype == np.uint16 and suffix not in DEEP_SUFFIXES:
        hint = "write .png or .tiff, or 8-bit pixels"
        raise OutputError(f"cannot write {path}: {suffix} holds only 8 bits per channel", hint=hint)
    if suffix == ".png":
        return add_png_text(encode_png(pixels), text)
    if suffix in (".tif", ".tiff"):
        return _encode_tiff(pixels, text)
    return _encode_with_pillow(path, pixels, text)


def check_side(suffix: str, pixels: np.ndarray) -> None:
    """Make sure that a picture is not too wide or too high for a format.

    Raises:
        OutputError: It is.
    """
    height, width = pixels.shape[:2]
    limit = LONGEST_SIDES.get(suffix, max(width, height))
    if max(width, height) > limit:
        raise OutputError(
            f"{width}×{height} is too large for {suffix}, which holds {limit} pixels a side",
            hint="write .png or .tiff",
        )


def encode_png(pixels: np.ndarray) -> bytes:
    """Pixels (h, w, 3 or 4), uint8 or uint16 → a PNG file, exact."""
    order = [2, 1, 0, 3][: pixels.shape[2]]
    is_written, data = cv2.imencode(".png", np.ascontiguousarray(pixels[..., order]))
    if not is_written:
        raise OutputError(f"a picture of {pixels.shape[1]}×{pixels.shape[0]} does not fit a PNG")
    return data.tobytes()


def add_png_text(png: bytes, text: Mapping[str, str]) -> bytes:
    """The PNG with one iTXt chunk per entry after its header (PNG 3rd ed. §11.3.3.4).

    Raises:
        InputError: A keyword is not 1–79 printable Latin characters.
    """
    chunks = b"".join(png_chunk(b"iTXt", _itxt(key, value)) for key, value in text.items())
    return png[:PNG_HEADER_END] + chunks + png[PNG_HEADER_END:]


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG: length, kind, data, checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def plain_text(text: Mapping[str, str]) -> str:
    """Metadata as lines `keyword: text`, for formats with one comment field."""
    return "\n".join(f"{key}: {value}" for key, value in text.items())


def xmp_packet(description: str) -> bytes:
    """An XMP packet whose dc:description is this text, for WebP."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{escape(description)}</rdf:li>'
        "</rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def _itxt(keyword: str, value: str) -> bytes:
    is_latin = keyword.isprintable() and all(ord(letter) < 256 for letter in keyword)
    if not (is_latin and 1 <= len(keyword) <= 79 and keyword == keyword.strip()):
        raise InputError(
            f"{keyword!r} cannot be a metadata keyword",
            hint="use 1 to 79 printable Latin characters",
        )
    uncompressed, no_language = b"\0\0", b"\0\0"
    return keyword.encode("latin-1") + b"\0" + uncompressed + no_language + value.encode()


def _encode_with_pillow(path: Path, pixels: np.ndarray, text: Mapping[str, str]) -> bytes:
    suffix = path.suffix.lower()
    is_jpeg = suffix in (".jpg", ".jpeg")
    check_side(suffix, pixels)
    if is_jpeg and pixels.shape[2] == 4:
        raise OutputError(
            f"cannot write {path}: JPEG holds no transparency",
            hint="write .png, or put the picture on a background first",
        )
    if suffix == ".webp":
        return _encode_webp(pixels, text)
    stream = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if is_jpeg:
        # Full chroma resolution: halving it smears the colour of thin lines.
        comment = plain_text(text).encode()[:65_000]
        image.save(stream, "JPEG", quality=95, subsampling="4:4:4", comment=comment)
    else:
        image.save(stream, "TGA", compression="tga_rle")
    return stream.getvalue()


def _encode_webp(pixels: np.ndarray, text: Mapping[str, str]) -> bytes:
    height, width, channels = pixels.shape
    flags = (0x10 if channels == 4 else 0) | (0x04 if text else 0)
    body = webp_header(flags=flags, width=width, height=height) + encode_vp8l(pixels)
    if text:
        body += webp_chunk(b"XMP ", xmp_packet(plain_text(text)))
    return body[:4] + struct.pack("<I", len(body) - 8) + body[8:]


def encode_vp8l(pixels: np.ndarray) -> bytes:
    """uint8 pixels → the lossless chunk of a WebP (RFC 9649 §3), exact."""
    stream = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.save(stream, "WEBP", lossless=True, exact=True)
    chunk = bytearray(stream.getvalue()[12:])
    if chunk[:4] != b"VP8L":
        raise OutputError("this Pillow does not write lossless WebP as one plain chunk")
    if pixels.shape[2] == 4:
        chunk[12] |= 0x10  # libwebp denies the alpha of an opaque picture; we keep four channels
    return bytes(chunk)


def webp_chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a WebP: kind, length, data, padding."""
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def webp_header(*, flags: int, width: int, height: int) -> bytes:
    """The start of an extended WebP (RFC 9649 §2.7), the file's length left 0 at byte 4."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF\0\0\0\0WEBP" + webp_chunk(b"VP8X", struct.pack("<I", flags) + sides)


def _encode_tiff(pixels: np.ndarray, text: Mapping[str, str]) -> bytes:
    """A baseline TIFF, deflated, one strip (TIFF 6.0). Neither Pillow nor OpenCV does 16-bit alpha."""
    height, width, channels = pixels.shape
    strip = zlib.compress(pixels.astype(pixels.dtype.newbyteorder("<")).tobytes(), 6)
    description = plain_text(text).encode() + b"\0"
    blob = io.BytesIO()
    blob.write(b"II*\0\0\0\0\0" + strip + b"\0" * (len(strip) % 2))
    bits = struct.pack(f"<{channels}H", *[8 * pixels.dtype.itemsize] * channels)
    fields: list[tuple[int, int, bytes]] = [
        (256, 4, struct.pack("<I", width)),
        (257, 4, struct.pack("<I", height)),
        (258, 3, bits),
        (259, 3, struct.pack("<H", 8)),  # deflate
        (262, 3, struct.pack("<H", 2)),  # RGB
        (273, 4, struct.pack("<I", 8)),  # where the strip is
        (277, 3, struct.pack("<H", channels)),
        (278, 4, struct.pack("<I", height)),
        (279, 4, struct.pack("<I", len(strip))),
        (284, 3, struct.pack("<H", 1)),  # interleaved
    ]
    if text:
        fields.insert(5, (270, 2, description))
    if channels == 4:
        fields.append((338, 3, struct.pack("<H", 2)))  # straight alpha
    entries = b""
    for tag, kind, value in fields:
        size = {2: 1, 3: 2, 4: 4}[kind]
        where = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", blob.tell())
        if len(value) > 4:
            blob.write(value + b"\0" * (len(value) % 2))
        entries += struct.pack("<HHI", tag, kind, len(value) // size) + where
    directory = blob.tell()
    blob.write(struct.pack("<H", len(fields)) + entries + struct.pack("<I", 0))
    data = bytearray(blob.getvalue())
    data[4:8] = struct.pack("<I", directory)
    return bytes(data)
