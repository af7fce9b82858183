import numpy as np
import pytest
import torch
from PIL import Image

from toontween.errors import InputError, ShapeError
from toontween.pipelines.inputs.pictures import as_batch, read_drawing, read_picture

EIGHT_BITS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
WANTED = torch.from_numpy(EIGHT_BITS.astype(np.float32) / np.float32(255)).permute(2, 0, 1)


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(EIGHT_BITS, id="uint8"),
        pytest.param(Image.fromarray(EIGHT_BITS), id="pil"),
        pytest.param(WANTED, id="tensor"),
        pytest.param(WANTED.permute(1, 2, 0).numpy(), id="float array"),
        pytest.param(EIGHT_BITS.astype(np.uint16) * 257, id="uint16"),
    ],
)
def test_every_kind_of_picture_reads_the_same(picture):
    assert torch.equal(read_picture(picture, name="key"), WANTED)


@pytest.mark.parametrize(
    "grey",
    [
        pytest.param(EIGHT_BITS[:, :, 0], id="two axes"),
        pytest.param(EIGHT_BITS[:, :, :1], id="one channel"),
        pytest.param(Image.fromarray(EIGHT_BITS[:, :, 0]), id="L"),
        pytest.param(WANTED[:1], id="tensor"),
    ],
)
def test_grey_becomes_rgb(grey):
    assert torch.equal(read_picture(grey, name="key"), WANTED[:1].expand(3, -1, -1))


def test_sixteen_bits_keep_their_depth():
    deep = np.array([[0, 1], [40_000, 65_535]], dtype=np.uint16)
    picture = read_picture(Image.fromarray(deep), name="key")
    assert torch.equal((picture[0] * 65_535).round().int(), torch.from_numpy(deep.astype(np.int32)))


def test_a_palette_image_is_read_by_its_colours():
    image = Image.fromarray(EIGHT_BITS).quantize(8)
    wanted = read_picture(np.asarray(image.convert("RGB")), name="key")
    assert torch.equal(read_picture(image, name="key"), wanted)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_a_transparent_image_must_be_composited_first(mode: str):
    image = Image.new("RGBA", (4, 4)).convert(mode)
    with pytest.raises(InputError, match="composite"):
        read_picture(image, name="key")


def test_an_array_with_alpha_must_be_composited_first():
    with pytest.raises(InputError, match="composite"):
        read_picture(np.zeros((4, 4, 4), np.uint8), name="key")


@pytest.mark.parametrize(
    ("picture", "error", "says"),
    [
        pytest.param(torch.full((3, 4, 4), -0.5), InputError, "0…1", id="range"),
        pytest.param(torch.full((3, 4, 4), torch.nan), InputError, "finite", id="nan"),
        pytest.param(torch.zeros(3, 4, 4, dtype=torch.uint8), InputError, "floats", id="dtype"),
        pytest.param(np.zeros((4, 4, 3), np.int32), InputError, "uint8", id="int32"),
        pytest.param(np.zeros((3, 40, 50), np.uint8), ShapeError, "channels", id="layout"),
        pytest.param(np.zeros((1, 40, 3), np.uint8), ShapeError, "too small", id="small"),
        pytest.param(np.zeros(4, np.uint8), ShapeError, "height, width", id="axes"),
        pytest.param("a.png", InputError, "not a picture", id="path"),
        pytest.param(Image.new("F", (4, 4)), InputError, "mode F", id="mode"),
        pytest.param(Image.new("I", (4, 4), 70_000), InputError, "16 bits", id="deep"),
    ],
)
def test_what_is_no_picture_gets_an_error_of_its_own(picture, error: type[Exception], says: str):
    with pytest.raises(error, match=says):
        read_picture(picture, name="key")


@pytest.mark.parametrize(
    ("picture", "channels"),
    [
        pytest.param(EIGHT_BITS[:, :, 0], 1, id="grey"),
        pytest.param(EIGHT_BITS, 3, id="colour"),
        pytest.param(np.dstack([EIGHT_BITS, EIGHT_BITS[:, :, 0]]), 4, id="alpha"),
        pytest.param(EIGHT_BITS[:, :, :2], 4, id="grey and alpha"),
        pytest.param(Image.new("LA", (7, 5)), 4, id="LA"),
        pytest.param(WANTED, 3, id="tensor"),
    ],
)
def test_a_drawing_keeps_its_transparency(picture, channels: int):
    drawing = read_drawing(picture, name="sketch")
    assert drawing.shape == (5, 7, channels)
    assert drawing.dtype == np.float32


def test_the_alpha_of_grey_with_alpha_is_the_last_channel():
    drawing = read_drawing(EIGHT_BITS[:, :, :2], name="sketch")
    np.testing.assert_array_equal(drawing[:, :, 3], WANTED[1])
    for channel in range(3):
        np.testing.assert_array_equal(drawing[:, :, channel], WANTED[0])


def test_lists_and_a_batch_axis_make_a_batch():
    assert len(as_batch(WANTED, name="first")) == 1
    assert len(as_batch(WANTED.expand(4, -1, -1, -1), name="first")) == 4
    assert len(as_batch([EIGHT_BITS, EIGHT_BITS], name="first")) == 2
    with pytest.raises(InputError, match="empty"):
        as_batch([], name="first")
