"""What a format cannot hold is said, and the nearest it can hold is written."""

import numpy as np
import pytest

from toontween.rendering.writing.container import fit_for


def drawing(channels=3, dtype: type = np.uint8, level=0, size=(2, 2)):
    return np.full((*size, channels), level, dtype)


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".mkv", ".apng"])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_formats_that_hold_everything_change_nothing(suffix, channels, dtype):
    pixels = drawing(channels, dtype, 77)
    convert, losses = fit_for(suffix, pixels)
    assert convert(pixels) is pixels
    assert losses == []


@pytest.mark.parametrize("suffix", [".mp4", ".jpg", ".MP4"])
def test_transparency_goes_onto_white_where_there_is_none(suffix):
    convert, losses = fit_for(suffix, drawing(4))
    assert np.array_equal(convert(drawing(4)), drawing(3, level=255))
    assert "transparency" in losses[0]


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".jpg", ".tga"])
def test_sixteen_bits_are_rounded_where_only_eight_fit(suffix):
    deep = drawing(3, np.uint16, 300)
    convert, losses = fit_for(suffix, deep)
    assert np.array_equal(convert(deep), drawing(3, level=1))
    assert "8 bits" in losses[0]


@pytest.mark.parametrize(("size", "film"), [((3, 4), "4×4"), ((4, 3), "4×4"), ((1, 1), "2×2")])
def test_odd_sides_of_an_mp4_are_said_to_grow(size, film):
    _, losses = fit_for(".mp4", drawing(size=size))
    assert film in losses[0]
    assert fit_for(".mov", drawing(size=size))[1] == []
