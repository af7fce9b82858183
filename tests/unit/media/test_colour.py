"""Colour profiles: what becomes sRGB, what is left alone, what is refused."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from toontween.errors import MediaError
from toontween.media.colour import convert_16bit, read_curve_profile
from toontween.media.images import encode_png, read_still

SRGB_PRIMARIES = [
    (0.4360747, 0.2225045, 0.0139322),
    (0.3850649, 0.7168786, 0.0971045),
    (0.1430804, 0.0606169, 0.7141733),
]
ADOBE_PRIMARIES = [
    (0.60974, 0.31111, 0.01947),
    (0.20528, 0.62567, 0.06087),
    (0.14919, 0.06322, 0.74457),
]


def gamma(value):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256)) + b"\0\0"


def table(values):
    body = b"".join(struct.pack(">H", round(65_535 * value)) for value in values)
    return b"curv\0\0\0\0" + struct.pack(">I", len(values)) + body + b"\0" * (len(body) % 4)


def parametric(kind, *numbers: float):
    fixed = b"".join(struct.pack(">i", round(65_536 * number)) for number in numbers)
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + fixed


def xyz(values):
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(65_536 * v)) for v in values)


def profile(space, tags):
    """An ICC profile of version 2 with these tags."""
    white = (0.9642, 1.0, 0.8249)
    text = b"test\0"
    entries = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78 + 3),
        b"wtpt": xyz(white),
        **tags,
    }
    offset, directory, body = 132 + 12 * len(entries), b"", b""
    for name, data in entries.items():
        directory += name + struct.pack(">II", offset + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    header = bytearray(128)
    header[8:12] = b"\x02\x20\0\0"
    header[12:24] = b"mntr" + space + b"XYZ "
    header[36:40] = b"acsp"
    header[68:80] = b"".join(struct.pack(">i", round(65_536 * value)) for value in white)
    header[0:4] = struct.pack(">I", offset + len(body))
    return bytes(header) + struct.pack(">I", len(entries)) + directory + body


def rgb_profile(primaries, curve):
    names = zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return profile(b"RGB ", {name: xyz(values) for name, values in names} | curves)


ADOBE = rgb_profile(ADOBE_PRIMARIES, gamma(563 / 256))
GREY = profile(b"GRAY", {b"kTRC": gamma(1.8)})
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SRGB_CURVE = parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def noise(channels, kind: type = np.uint8):
    levels = np.iinfo(kind).max + 1
    return np.random.default_rng(0).integers(0, levels, (20, 30, channels)).astype(kind)


def reference(pixels, icc):
    """What Little CMS makes of 8-bit pixels."""
    image = Image.fromarray(pixels)
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    target = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    assert converted is not None
    return np.asarray(converted)


def with_profile(png, icc):
    body = b"icc\0\0" + zlib.compress(icc)
    kind = b"iCCP" + body
    return (
        png[:33]
        + struct.pack(">I", len(body))
        + kind
        + struct.pack(">I", zlib.crc32(kind))
        + png[33:]
    )


def test_a_wide_profile_becomes_srgb_and_alpha_is_kept(tmp_path):
    pixels = noise(4)
    Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=ADOBE)
    found = read_still(tmp_path / "a.png").pixels
    assert np.array_equal(found[..., :3], reference(pixels[..., :3], ADOBE))
    assert np.array_equal(found[..., 3], pixels[..., 3])
    assert np.abs(found[..., :3].astype(int) - pixels[..., :3]).max() > 5


@pytest.mark.parametrize(
    "icc",
    [SRGB, rgb_profile(SRGB_PRIMARIES, SRGB_CURVE)],
    ids=["of Little CMS", "parametric"],
)
@pytest.mark.parametrize("suffix", [".png", ".webp", ".tiff"])
def test_srgb_leaves_every_pixel_alone(tmp_path, icc, suffix):
    pixels = noise(3)
    options: dict[str, Any] = {"lossless": True} if suffix == ".webp" else {}
    Image.fromarray(pixels).save(tmp_path / f"a{suffix}", icc_profile=icc, **options)
    assert np.array_equal(read_still(tmp_path / f"a{suffix}").pixels, pixels)


def test_16_bits_are_converted_as_well_as_8(tmp_path):
    pixels = noise(3)
    deep = pixels.astype(np.uint16) * 257
    (tmp_path / "a.png").write_bytes(with_profile(encode_png(deep), ADOBE))
    still = read_still(tmp_path / "a.png")
    assert still.bit_depth == 16
    difference = still.pixels / 257 - reference(pixels, ADOBE)
    assert np.abs(difference).max() < 1.5


def test_16_bit_srgb_and_its_alpha_are_left_alone(tmp_path):
    deep = noise(4, np.uint16)
    (tmp_path / "a.png").write_bytes(with_profile(encode_png(deep), SRGB))
    assert np.array_equal(read_still(tmp_path / "a.png").pixels, deep)


def test_grey_profiles_of_8_bits(tmp_path):
    grey = noise(1)[..., 0]
    Image.fromarray(grey).save(tmp_path / "a.png", icc_profile=GREY)
    found = read_still(tmp_path / "a.png").pixels
    assert np.abs(found.astype(int) - reference(grey, GREY)).max() <= 1
    assert not np.array_equal(found[..., 0], grey)


def test_grey_profiles_of_16_bits(tmp_path):
    ramp = np.linspace(0, 65_535, 64).astype(np.uint16).reshape(8, 8, 1)
    found = convert_16bit(ramp, GREY, "a.png")
    linear = (ramp / 65_535) ** (round(1.8 * 256) / 256)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert np.abs(found - srgb * 65_535).max() <= 1


@pytest.mark.parametrize(
    "curve",
    [
        table(np.linspace(0, 1, 256) ** 2.2),
        parametric(0, 2.2),
        parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
        parametric(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0.0, 0.0),
        b"curv\0\0\0\0\0\0\0\0",
    ],
    ids=["table", "gamma", "with a toe", "with offsets", "linear"],
)
def test_every_kind_of_curve_agrees_with_little_cms(curve):
    icc = rgb_profile(ADOBE_PRIMARIES, curve)
    pixels = noise(3)
    found = convert_16bit(pixels.astype(np.uint16) * 257, icc, "a.png") / 257
    assert np.abs(found - reference(pixels, icc)).max() < 2


def test_curves_with_an_offset_follow_the_standard():
    for kind, numbers in ((1, (2.0, 2.0, -0.5)), (2, (2.0, 2.0, -0.5, 0.125))):
        found = read_curve_profile(profile(b"GRAY", {b"kTRC": parametric(kind, *numbers)}))
        assert found is not None
        low = (*numbers, 0.0)[3]
        assert found.curves[0](np.array([0.1, 0.25, 0.5])) == pytest.approx([low, low, 0.25 + low])


def test_tables_in_16_bits_are_refused_with_a_way_out(tmp_path):
    icc = rgb_profile(ADOBE_PRIMARIES, gamma(2.2)).replace(b"desc", b"A2B0", 1)
    (tmp_path / "a.png").write_bytes(with_profile(encode_png(noise(3, np.uint16)), icc))
    with pytest.raises(MediaError, match="tables") as caught:
        read_still(tmp_path / "a.png")
    assert "sRGB" in (caught.value.hint or "")


def test_a_damaged_profile_is_logged_and_ignored(tmp_path, caplog):
    pixels = noise(3)
    broken = ADOBE[:128] + b"\xff" * 40
    Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=broken)
    assert np.array_equal(read_still(tmp_path / "a.png").pixels, pixels)
    assert "profile" in caplog.text


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_a_profile_for_another_kind_of_picture_is_logged_and_ignored(tmp_path, caplog, mode):
    icc = GREY if mode == "RGB" else ADOBE
    Image.new(mode, (8, 8)).save(tmp_path / "a.tiff", icc_profile=icc)
    with Image.open(tmp_path / "a.tiff") as image:
        expected = np.asarray(image.convert("RGB"))
    assert np.array_equal(read_still(tmp_path / "a.tiff").pixels, expected)
    assert "does not fit" in caplog.text


def test_grey_pictures_with_a_profile_for_rgb_are_converted_as_rgb(tmp_path):
    grey = noise(1)[..., 0]
    Image.fromarray(grey).save(tmp_path / "a.png", icc_profile=ADOBE)
    expected = reference(grey[..., None].repeat(3, axis=2), ADOBE)
    assert np.array_equal(read_still(tmp_path / "a.png").pixels, expected)
