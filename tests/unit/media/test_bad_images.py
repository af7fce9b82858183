"""Every way in which a still can be wrong has a message of its own."""

import contextlib
import errno
import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from PIL import Image, ImageFile, TiffImagePlugin

from toontween.errors import MediaError
from toontween.media.images import encode_still, read_still
from toontween.runtime import Settings


def noise(height, width, channels, kind: type = np.uint8):
    levels = np.iinfo(kind).max + 1
    return np.random.default_rng(0).integers(0, levels, (height, width, channels)).astype(kind)


def encoded(suffix, *, channels=3, kind: type = np.uint8):
    return encode_still(Path(f"a{suffix}"), noise(24, 32, channels, kind))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(bytes(10)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def refusal(path, settings=None):
    with pytest.raises(MediaError) as caught:
        read_still(path, settings=settings)
    assert path.name in caught.value.message
    return caught.value


def test_a_missing_file(tmp_path):
    assert "there is no file" in refusal(tmp_path / "a.png").message


def test_a_folder(tmp_path):
    (tmp_path / "a.png").mkdir()
    assert "is a folder" in refusal(tmp_path / "a.png").message


def test_a_device():
    assert "not a regular file" in refusal(Path(os.devnull)).message


def test_a_name_with_a_nul(tmp_path):
    with pytest.raises(MediaError, match="cannot read"):
        read_still(tmp_path / "a\0.png")


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    (tmp_path / "a.png").write_bytes(encoded(".png"))
    monkeypatch.setattr(Path, "read_bytes", refuse)
    error = refusal(tmp_path / "a.png")
    assert "no permission to read" in error.message
    assert "permissions" in (error.hint or "")


def test_an_empty_file(tmp_path):
    (tmp_path / "a.png").touch()
    assert "is empty" in refusal(tmp_path / "a.png").message


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tiff", ".tga"])
def test_a_text_with_the_suffix_of_a_picture(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text("Once upon a time there was a cat.\n" * 20)
    assert "is not a picture" in refusal(path).message


def test_an_unsupported_suffix(tmp_path):
    path = tmp_path / "a.psd"
    path.write_bytes(b"8BPS")
    error = refusal(path)
    assert "unsupported suffix '.psd'" in error.message
    assert ".png" in (error.hint or "")


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_file(tmp_path, suffix, kind, share):
    data = encoded(suffix, kind=kind)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data[: int(len(data) * share)])
    error = refusal(path)
    assert "truncated" in error.message or "damaged" in error.message
    assert error.hint


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_truncation_is_called_by_its_name(tmp_path, suffix):
    data = encoded(suffix)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data[: len(data) // 2])
    assert "is truncated: the end of the file is missing" in refusal(path).message


@pytest.mark.parametrize("suffix", [".webp", ".tga"])
def test_a_truncated_file_of_a_rarer_format(tmp_path, suffix):
    data = encoded(suffix)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data[: len(data) // 2])
    refusal(path)


def test_a_decompression_bomb_is_seen_in_the_header(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(60_000, 60_000))
    error = refusal(path)
    assert "60000×60000" in error.message
    assert "TOONTWEEN_MAX_PIXELS" in (error.hint or "")


def test_a_webp_bomb_is_seen_before_its_canvas_is_made(tmp_path):
    sides = (16_382).to_bytes(3, "little") * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + sides
    path = tmp_path / "bomb.webp"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    error = refusal(path)
    assert "16383×16383" in error.message
    assert "TOONTWEEN_MAX_PIXELS" in (error.hint or "")


@pytest.mark.parametrize(
    "chunk_of_webp",
    [
        b"VP8L" + struct.pack("<IBI", 5, 0x2F, 0x0FFF_FFFF),
        b"VP8 " + struct.pack("<I6xHH", 10, 0x3FFF, 0x3FFF),
    ],
    ids=["lossless", "lossy"],
)
def test_plain_webp_bombs_are_seen_too(tmp_path, chunk_of_webp):
    path = tmp_path / "bomb.webp"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunk_of_webp) + 4) + b"WEBP" + chunk_of_webp)
    assert "pixels; the limit is" in refusal(path).message


def test_a_picture_without_pixels(tmp_path):
    chunk_of_webp = b"VP8 " + struct.pack("<I6xHH", 10, 0, 7)
    path = tmp_path / "a.webp"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunk_of_webp) + 4) + b"WEBP" + chunk_of_webp)
    assert "has no pixels: its size is 0×7" in refusal(path).message


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tiff", ".tga"])
def test_the_pixel_limit_is_a_setting(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encoded(suffix))
    assert "limit is 767" in refusal(path, settings=Settings(max_pixels=24 * 32 - 1)).message
    assert read_still(path, settings=Settings(max_pixels=24 * 32)).pixels.shape == (24, 32, 3)


def test_the_limit_of_another_library_does_not_hold(tmp_path, monkeypatch):
    """Our limit decides, whatever Pillow's is; and no warning of Pillow's comes through."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    for suffix in (".png", ".jpg", ".tga"):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(encoded(suffix))
        assert read_still(path).pixels.shape == (24, 32, 3)


def test_a_tiff_too_large_for_pillow_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    (tmp_path / "a.tiff").write_bytes(encoded(".tiff"))
    assert "too large for Pillow" in refusal(tmp_path / "a.tiff").message


def test_the_state_of_pillow_is_left_alone(tmp_path):
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    (tmp_path / "a.png").write_bytes(encoded(".png"))
    read_still(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(encoded(".png")[:200])
    refusal(tmp_path / "b.png")
    after = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    assert before == after


def test_a_file_over_the_byte_limit(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(".png"))
    error = refusal(tmp_path / "a.png", settings=Settings(max_bytes=100))
    assert "TOONTWEEN_MAX_BYTES" in (error.hint or "")


@pytest.mark.parametrize("suffix", [".png", ".webp", ".gif"])
def test_an_animation_is_not_a_key(tmp_path, suffix):
    frames = [Image.new("RGB", (8, 8), (40 * i, 0, 0)) for i in range(5)]
    path = tmp_path / f"a{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, lossless=True)
    error = refusal(path)
    assert "holds 5 frames, where one still is needed" in error.message
    assert "ffmpeg" in (error.hint or "")


def test_a_document_of_several_pages_is_not_a_key(tmp_path):
    pages = [Image.new("L", (8, 8), 40 * i) for i in range(3)]
    pages[0].save(tmp_path / "a.tiff", save_all=True, append_images=pages[1:])
    assert "holds 3 pages" in refusal(tmp_path / "a.tiff").message


@pytest.mark.parametrize(
    ("mode", "words"), [("F", "floating-point"), ("I", "signed|32-bit")], ids=["float", "32 bits"]
)
def test_samples_that_are_no_8_or_16_bit_colours(tmp_path, mode, words):
    Image.new(mode, (4, 4)).save(tmp_path / "a.tiff")
    with pytest.raises(MediaError, match=words):
        read_still(tmp_path / "a.tiff")


def test_16_bit_planes_are_refused_instead_of_scrambled(tmp_path):
    raw = bytearray(encoded(".tiff", kind=np.uint16))
    at = raw.index(struct.pack("<HHIHH", 284, 3, 1, 1, 0))
    raw[at : at + 12] = struct.pack("<HHIHH", 284, 3, 1, 2, 0)
    (tmp_path / "a.tiff").write_bytes(raw)
    with pytest.raises(MediaError, match="separate planes"):
        read_still(tmp_path / "a.tiff")


def test_a_warning_of_a_decoder_is_logged_and_not_raised(tmp_path, caplog):
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    directory[274] = 1
    exif = b"Exif\0\0II*\0\x08\0\0\0\xff\xff"  # promises 65535 entries, has none
    Image.new("RGB", (4, 4)).save(tmp_path / "a.jpg", exif=exif)
    assert read_still(tmp_path / "a.jpg").pixels.shape == (4, 4, 3)
    assert "a.jpg" in caplog.text


@effort(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([".png", ".jpg", ".webp", ".tiff", ".tga"]),
    st.sampled_from([np.uint8, np.uint16]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
    st.floats(0.02, 1),
)
def test_damaged_bytes_give_pixels_or_a_message(tmp_path, suffix, kind, changes, share):
    kind = kind if suffix in (".png", ".tiff") else np.uint8
    data = bytearray(encoded(suffix, kind=kind))
    for place, value in changes:
        data[int(place * min(len(data), 200))] = value
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data[: max(1, int(len(data) * share))])
    with contextlib.suppress(MediaError):
        still = read_still(path, settings=Settings(max_pixels=100_000))
        assert still.pixels.shape[2] in (3, 4)


def test_grey_alpha_of_16_bits_in_tiff_is_refused_with_a_reason(tmp_path):
    stream = io.BytesIO(encoded(".tiff", kind=np.uint16))
    raw = bytearray(stream.getvalue())
    at = raw.index(struct.pack("<HHI", 277, 3, 1))
    raw[at + 8] = 2
    (tmp_path / "a.tiff").write_bytes(raw)
    refusal(tmp_path / "a.tiff")
