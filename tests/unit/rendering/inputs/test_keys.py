"""Keys are brought to one canvas without ever being stretched, and every change is noted."""

from pathlib import Path

import numpy as np
import pytest

from toontween.errors import InputError, ShapeError
from toontween.media.images import Still
from toontween.rendering.inputs.keys import prepare_keys


def picture(width, height, channels=3, dtype: type = np.uint8):
    values = np.arange(height * width * channels, dtype=np.uint32).reshape(height, width, channels)
    return (values % (np.iinfo(dtype).max + 1)).astype(dtype)


def test_keys_that_fit_are_passed_on_bit_for_bit():
    first, last = picture(6, 4), picture(6, 4)[::-1].copy()
    keys = prepare_keys([first, last])
    assert np.array_equal(keys.pixels[0], first)
    assert np.array_equal(keys.pixels[1], last)
    assert keys.warnings == ()
    assert all("adapted" not in record for record in keys.records)


def test_a_key_of_the_same_shape_is_scaled_with_a_warning():
    keys = prepare_keys([picture(32, 18), picture(64, 36)])
    assert keys.pixels[1].shape == (18, 32, 3)
    assert keys.warnings == ("key 2 is 64×36, the first key 32×18: scaled",)
    assert keys.records[1]["adapted"] == "scaled"


def test_a_shape_that_differs_by_rounding_is_scaled_without_bars():
    white = np.full((333, 1000, 3), 255, np.uint8)
    keys = prepare_keys([np.zeros((167, 500, 3), np.uint8), white])
    assert np.array_equal(keys.pixels[1], np.full((167, 500, 3), 255, np.uint8))
    assert keys.records[1]["adapted"] == "scaled"


def test_another_shape_is_letterboxed_on_the_first_keys_canvas():
    red = np.full((10, 10, 3), (255, 0, 0), np.uint8)
    red[3:7, 3:7] = (0, 0, 255)
    keys = prepare_keys([picture(40, 10), red])
    assert keys.pixels[1].shape == (10, 40, 3)
    assert np.array_equal(keys.pixels[1][:, 15:25], red)
    assert "10×10" in keys.warnings[0]
    assert "40×10" in keys.warnings[0]
    assert keys.records[1]["adapted"] == "letterboxed"


def test_another_shape_can_be_cropped():
    keys = prepare_keys([picture(40, 10), picture(10, 10)], mode="crop")
    assert keys.pixels[1].shape == (10, 40, 3)
    assert keys.records[1]["adapted"] == "cropped"


def test_another_shape_can_be_refused():
    with pytest.raises(InputError, match=r"10×10.*40×10"):
        prepare_keys([picture(40, 10), picture(10, 10)], mode="error")


def test_transparency_of_one_key_gives_all_an_alpha_channel():
    first, last = picture(4, 4), picture(4, 4, channels=4)
    keys = prepare_keys([first, last])
    assert np.array_equal(keys.pixels[0][..., :3], first)
    assert (keys.pixels[0][..., 3] == 255).all()
    assert np.array_equal(keys.pixels[1], last)


def test_sixteen_bits_of_one_key_widen_all_without_changing_a_colour():
    first, last = picture(4, 4), picture(4, 4, dtype=np.uint16)
    keys = prepare_keys([first, last])
    assert keys.pixels[0].dtype == np.uint16
    assert np.array_equal(keys.pixels[0] // 257, first)
    assert np.array_equal(keys.pixels[0] % 257, np.zeros_like(first))
    assert np.array_equal(keys.pixels[1], last)


def test_files_are_recorded_by_name_and_hash_but_not_by_folder():
    still = Still(picture(4, 4), Path("/secret/project/A.png"), "ab" * 32, 8)
    record = prepare_keys([still, still]).records[0]
    assert record == {
        "name": "A.png",
        "width": 4,
        "height": 4,
        "bit_depth": 8,
        "sha256": "ab" * 32,
    }


@pytest.mark.parametrize("number", [0, 1])
def test_fewer_than_two_keys_are_refused(number):
    with pytest.raises(InputError, match="at least two"):
        prepare_keys([picture(4, 4)] * number)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 3), np.int64),
    ],
)
def test_arrays_that_are_no_pictures_are_refused_by_number(wrong):
    with pytest.raises(ShapeError, match="key 2"):
        prepare_keys([picture(4, 4), wrong])
