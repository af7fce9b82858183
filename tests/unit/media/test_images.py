"""Stills: what comes back from every kind of file, and what is written."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageOps

from toontween.errors import InputError, MediaError, OutputError, ShapeError
from toontween.media.files import sha256_of
from toontween.media.images import (
    STILL_SUFFIXES,
    encode_still,
    read_still,
    still_size,
    write_still,
)

EXACT = [
    (suffix, kind, channels)
    for suffix in (".png", ".tif", ".tiff", ".webp", ".tga")
    for kind in (np.uint8, np.uint16)
    for channels in (3, 4)
    if kind is np.uint8 or suffix not in (".webp", ".tga")
]
SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 5), st.sampled_from([3, 4]))


def noise(height, width, channels, kind: type = np.uint8):
    levels = np.iinfo(kind).max + 1
    return np.random.default_rng(0).integers(0, levels, (height, width, channels)).astype(kind)


def png(samples, colour_type, bits, *chunks: tuple[bytes, bytes]):
    """A PNG file by hand, for the kinds that Pillow does not write; samples are rows of bytes."""
    width, height = samples[0], len(samples[1])
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in samples[1]))
    parts = [(b"IHDR", header), *chunks, (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def rows_of(pixels):
    return pixels.shape[1], [row.astype(pixels.dtype.newbyteorder(">")).tobytes() for row in pixels]


def read_bytes(tmp_path, data, name="a.png"):
    path = tmp_path / name
    path.write_bytes(data)
    return read_still(path)


@pytest.mark.parametrize(("suffix", "kind", "channels"), EXACT)
def test_an_exact_format_returns_every_pixel(tmp_path, suffix, kind, channels):
    pixels = noise(13, 17, channels, kind)
    path = tmp_path / f"a{suffix}"
    write_still(path, pixels, text={"Comment": "hällo"})
    still = read_still(path)
    assert still.pixels.dtype == kind
    assert np.array_equal(still.pixels, pixels)
    assert still.bit_depth == 8 * np.dtype(kind).itemsize
    assert still.path == path
    assert still.sha256 == sha256_of(path)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrays(np.uint8, SHAPES), st.sampled_from([".png", ".webp", ".tiff", ".tga"]))
def test_any_small_picture_survives(tmp_path, pixels, suffix):
    path = tmp_path / f"a{suffix}"
    write_still(path, pixels, overwrite=True)
    assert np.array_equal(read_still(path).pixels, pixels)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tiff", ".tga"])
def test_an_opaque_alpha_channel_and_hidden_colours_are_kept(tmp_path, suffix):
    pixels = noise(4, 5, 4)
    pixels[..., 3] = 255
    write_still(tmp_path / f"opaque{suffix}", pixels)
    assert np.array_equal(read_still(tmp_path / f"opaque{suffix}").pixels, pixels)
    pixels[..., 3] = 0
    write_still(tmp_path / f"clear{suffix}", pixels)
    assert np.array_equal(read_still(tmp_path / f"clear{suffix}").pixels, pixels)


def test_jpeg_comes_close(tmp_path):
    y, x = np.mgrid[:32, :48]
    pixels = np.stack([x * 5, y * 7, x + y], axis=-1).astype(np.uint8)
    write_still(tmp_path / "a.jpg", pixels, text={"Comment": "made by hand"})
    back = read_still(tmp_path / "a.jpg").pixels
    assert np.abs(back.astype(int) - pixels).mean() < 2
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.info["comment"] == b"Comment: made by hand"


def test_metadata_stands_in_the_file(tmp_path):
    text = {"Comment": "hällo ✓", "toontween": '{"seed": 7}'}
    for suffix in (".png", ".tiff", ".webp"):
        write_still(tmp_path / f"a{suffix}", noise(3, 3, 4), text=text)
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        assert {key: str(image.info[key]) for key in text} == text
    for suffix in (".tiff", ".webp"):
        raw = (tmp_path / f"a{suffix}").read_bytes()
        assert "Comment: hällo ✓".encode() in raw
        assert b'toontween: {"seed": 7}' in raw


@pytest.mark.parametrize("keyword", ["", " padded", "x" * 80, "日本語", "new\nline"])
def test_an_impossible_metadata_keyword_is_refused(tmp_path, keyword):
    with pytest.raises(InputError, match="keyword"):
        write_still(tmp_path / "a.png", noise(2, 2, 3), text={keyword: "x"})
    assert list(tmp_path.iterdir()) == []


def test_an_existing_still_is_refused_unless_asked(tmp_path):
    path = tmp_path / "a.png"
    write_still(path, noise(2, 2, 3))
    with pytest.raises(OutputError, match="exists already"):
        write_still(path, noise(3, 3, 3))
    write_still(path, noise(3, 3, 3), overwrite=True)
    assert read_still(path).pixels.shape == (3, 3, 3)


@pytest.mark.parametrize(
    ("name", "pixels", "words"),
    [
        ("a.jpg", noise(2, 2, 4), "no transparency"),
        ("a.jpg", noise(2, 2, 3, np.uint16), "only 8 bits"),
        ("a.webp", noise(2, 2, 3, np.uint16), "only 8 bits"),
        ("a.webp", np.zeros((1, 16_384, 3), np.uint8), "16383 pixels a side"),
        ("a.psd", noise(2, 2, 3), "not a picture format"),
        ("a", noise(2, 2, 3), "not a picture format"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(tmp_path, name, pixels, words):
    with pytest.raises(OutputError, match=words):
        write_still(tmp_path / name, pixels)
    assert list(tmp_path.iterdir()) == []


def test_floats_are_not_written(tmp_path):
    with pytest.raises(ShapeError, match="from_picture"):
        write_still(tmp_path / "a.png", np.zeros((2, 2, 3), np.float32))


@pytest.mark.parametrize("suffix", sorted(STILL_SUFFIXES))
def test_upper_case_suffixes_and_single_pixels_work(tmp_path, suffix):
    path = tmp_path / f"A{suffix.upper()}"
    write_still(path, np.full((1, 1, 3), 128, np.uint8))
    assert read_still(path).pixels.tolist() == [[[128, 128, 128]]]


@pytest.mark.slow
def test_a_picture_of_8k_is_read(tmp_path):
    pixels = np.zeros((4320, 7680, 3), np.uint8)
    pixels[::540, ::960] = 255
    write_still(tmp_path / "a.png", pixels)
    assert np.array_equal(read_still(tmp_path / "a.png").pixels, pixels)


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        ("1", 1, [255, 255, 255]),
        ("L", 77, [77, 77, 77]),
        ("LA", (77, 20), [77, 77, 77, 20]),
        ("RGB", (1, 2, 3), [1, 2, 3]),
        ("RGBA", (1, 2, 3, 0), [1, 2, 3, 0]),
    ],
)
@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_8_bit_kinds_become_rgb_or_rgba(tmp_path, mode, value, expected, suffix):
    path = tmp_path / f"a{suffix}"
    Image.new(mode, (3, 2), value).save(path)
    pixels = read_still(path).pixels
    assert pixels.shape == (2, 3, len(expected))
    assert pixels[1, 2].tolist() == expected


def test_a_palette_becomes_rgb(tmp_path):
    image = Image.new("P", (2, 1), 1)
    image.putpalette([9, 9, 9, 10, 20, 30])
    image.save(tmp_path / "a.png")
    assert read_still(tmp_path / "a.png").pixels[0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize("transparency", [1, bytes([255, 40])], ids=["one index", "table"])
def test_a_palette_with_transparency_becomes_rgba(tmp_path, transparency):
    image = Image.new("P", (2, 1), 1)
    image.putpixel((0, 0), 0)
    image.putpalette([9, 8, 7, 10, 20, 30])
    image.save(tmp_path / "a.png", transparency=transparency)
    expected = 0 if transparency == 1 else 40
    assert read_still(tmp_path / "a.png").pixels[0].tolist() == [
        [9, 8, 7, 255],
        [10, 20, 30, expected],
    ]


@pytest.mark.parametrize(("mode", "key"), [("L", 5), ("RGB", (5, 5, 5))])
def test_a_transparent_colour_becomes_alpha(tmp_path, mode, key):
    image = Image.new(mode, (2, 1), key)
    image.putpixel((1, 0), 200 if mode == "L" else (200, 200, 200))
    image.save(tmp_path / "a.png", transparency=key)
    alpha = read_still(tmp_path / "a.png").pixels[0, :, 3]
    assert alpha.tolist() == [0, 255]


def test_cmyk_becomes_rgb(tmp_path):
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    red = read_still(tmp_path / "a.jpg").pixels
    assert red.shape == (8, 8, 3)
    assert red[4, 4, 0] > 200
    assert red[4, 4, 1:].max() < 60


def test_16_bit_grey_becomes_three_equal_channels(tmp_path):
    grey = noise(3, 4, 1, np.uint16)
    still = read_bytes(tmp_path, png(rows_of(grey), 0, 16))
    assert still.bit_depth == 16
    assert np.array_equal(still.pixels, grey.repeat(3, axis=2))


def test_16_bit_grey_with_alpha_keeps_both(tmp_path):
    both = noise(3, 4, 2, np.uint16)
    pixels = read_bytes(tmp_path, png(rows_of(both), 4, 16)).pixels
    assert np.array_equal(pixels, both[..., [0, 0, 0, 1]])


@pytest.mark.parametrize(("colour_type", "channels"), [(0, 1), (2, 3)])
def test_a_transparent_colour_of_16_bits_is_compared_in_16_bits(tmp_path, colour_type, channels):
    samples = np.full((1, 2, channels), 0x1234, np.uint16)
    samples[0, 1] = 0x1235
    chunk = (b"tRNS", samples[0, 0].astype(">u2").tobytes())
    pixels = read_bytes(tmp_path, png(rows_of(samples), colour_type, 16, chunk)).pixels
    assert pixels[0, :, 3].tolist() == [0, 65_535]
    assert pixels[0, :, 0].tolist() == [0x1234, 0x1235]


def test_16_bit_tiff_by_pillow_is_read(tmp_path):
    grey = noise(5, 6, 1, np.uint16)
    Image.fromarray(grey[..., 0]).save(tmp_path / "a.tif")
    assert np.array_equal(read_still(tmp_path / "a.tif").pixels, grey.repeat(3, axis=2))


def test_16_bit_white_is_zero_is_turned_round(tmp_path):
    grey = noise(5, 6, 1, np.uint16)
    image = Image.fromarray(grey[..., 0])
    image.save(tmp_path / "a.tif")
    raw = bytearray((tmp_path / "a.tif").read_bytes())
    black_is_zero = struct.pack("<HHIHH", 262, 3, 1, 1, 0)
    at = raw.index(black_is_zero)
    raw[at : at + 12] = struct.pack("<HHIHH", 262, 3, 1, 0, 0)
    inverted = read_bytes(tmp_path, bytes(raw), "b.tif").pixels
    assert np.array_equal(inverted, 65_535 - grey.repeat(3, axis=2))


def test_premultiplied_tiff_becomes_straight(tmp_path):
    pixels = np.array([[[20_000, 10_000, 0, 32_768], [0, 0, 0, 0]]], np.uint16)
    raw = bytearray(encode_still(tmp_path / "a.tiff", pixels))
    at = raw.index(struct.pack("<HHIHH", 338, 3, 1, 2, 0))
    raw[at : at + 12] = struct.pack("<HHIHH", 338, 3, 1, 1, 0)
    straight = read_bytes(tmp_path, bytes(raw), "a.tiff").pixels
    assert np.abs(straight[0, 0].astype(int) - [39_999, 20_000, 0, 32_768]).max() <= 1
    assert straight[0, 1].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tiff"])
def test_a_turned_picture_is_turned_back(tmp_path, orientation, suffix):
    pixels = np.zeros((16, 24, 3), np.uint8)
    pixels[:8, :8] = (250, 10, 10)
    pixels[8:, 16:] = (10, 10, 250)
    image = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"quality": 95, "subsampling": 0} if suffix == ".jpg" else {}
    options |= {"lossless": True} if suffix == ".webp" else {}
    image.save(tmp_path / f"a{suffix}", exif=exif, **options)
    image.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(image))
    found = read_still(tmp_path / f"a{suffix}").pixels
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() < 20
    assert still_size(tmp_path / f"a{suffix}") == found.shape[1::-1]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_16_bit_tiff_is_turned_back(tmp_path, orientation):
    grey = noise(3, 5, 1, np.uint16)[..., 0]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(grey).save(tmp_path / "a.tif", exif=exif)
    image = Image.fromarray(grey)
    image.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(read_still(tmp_path / "a.tif").pixels[..., 0], expected)
    assert still_size(tmp_path / "a.tif") == expected.shape[::-1]


@pytest.mark.parametrize("suffix", sorted(STILL_SUFFIXES))
def test_the_size_of_a_picture_is_told_without_decoding_it(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_still(path, noise(50, 70, 3))
    if (
        suffix != ".webp"
    ):  # Pillow knows a WebP only whole, and the directory of our TIFFs is at their end
        whole = path.read_bytes()
        path.write_bytes(whole if suffix in (".tif", ".tiff") else whole[: len(whole) // 2])
    assert still_size(path) == (70, 50)


def test_the_size_of_what_is_no_picture_is_refused(tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(MediaError, match="not a picture"):
        still_size(tmp_path / "a.png")


def test_the_content_counts_and_not_the_suffix(tmp_path):
    stream = io.BytesIO()
    Image.new("RGB", (4, 4), (1, 2, 3)).save(stream, "TIFF")
    assert read_bytes(tmp_path, stream.getvalue(), "a.png").pixels[0, 0].tolist() == [1, 2, 3]


def test_lossy_webp_is_read(tmp_path):
    Image.new("RGB", (40, 30), (200, 100, 50)).save(tmp_path / "a.webp", quality=90)
    pixels = read_still(tmp_path / "a.webp").pixels
    assert pixels.shape == (30, 40, 3)
    assert np.abs(pixels.astype(int) - (200, 100, 50)).max() < 10
