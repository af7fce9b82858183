"""Pixels, pictures and fitting one canvas into another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from toontween.errors import InputError, ShapeError
from toontween.media.frames import (
    check_pixels,
    composite_over,
    fit,
    from_picture,
    premultiply,
    to_picture,
    unpremultiply,
)

SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 6), st.sampled_from([3, 4]))
PIXELS = st.sampled_from([np.uint8, np.uint16]).flatmap(lambda kind: arrays(kind, SHAPES))


@given(PIXELS)
def test_pixels_survive_becoming_a_picture(pixels):
    picture = to_picture(pixels)
    assert picture.dtype == np.float32
    assert 0 <= picture.min() <= picture.max() <= 1
    assert np.array_equal(from_picture(picture, pixels.dtype), pixels)


def test_every_level_of_16_bits_survives():
    levels = np.arange(65_536, dtype=np.uint16).reshape(256, 256, 1).repeat(3, axis=2)
    assert np.array_equal(from_picture(to_picture(levels), np.uint16), levels)


def test_values_outside_are_clipped_and_halves_go_to_the_nearest():
    picture = np.array([[[-0.5, 0.5001, 1.5]]], np.float32)
    assert from_picture(picture, np.uint8).tolist() == [[[0, 128, 255]]]


def test_nan_is_an_error_and_not_black():
    with pytest.raises(InputError, match="NaN"):
        from_picture(np.full((1, 1, 3), np.nan, np.float32), np.uint8)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 1), np.uint8),
        np.zeros((4, 4, 5), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 3), np.int16),
    ],
    ids=["no channels", "grey", "five channels", "no rows", "float", "signed"],
)
def test_other_arrays_are_not_pixels(array):
    with pytest.raises(ShapeError, match="pixels must be"):
        check_pixels(array)


def test_pictures_become_only_8_or_16_bits():
    with pytest.raises(ShapeError, match="int32"):
        from_picture(np.zeros((1, 1, 3), np.float32), np.int32)


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=5).map(lambda s: (*s, 4))))
def test_premultiplying_can_be_undone_where_there_is_alpha(pixels):
    picture = to_picture(pixels)
    back = from_picture(unpremultiply(premultiply(picture)), np.uint8)
    visible = pixels[..., 3] > 0
    assert np.array_equal(back[visible], pixels[visible])
    assert not back[~visible].any()


def test_compositing_mixes_by_alpha():
    picture = np.array([[[1, 0, 0, 0.25], [0.2, 0.4, 0.6, 1]]], np.float32)
    over_white = composite_over(picture, (1.0, 1.0, 1.0))
    assert over_white == pytest.approx(np.array([[[1, 0.75, 0.75], [0.2, 0.4, 0.6]]]))


def test_compositing_leaves_an_opaque_picture_alone():
    picture = np.full((2, 2, 3), 0.3, np.float32)
    assert composite_over(picture, (0.0, 0.0, 0.0)) is picture


@given(PIXELS, st.integers(1, 9), st.integers(1, 9), st.sampled_from(["pad", "crop"]))
def test_the_result_has_the_size_of_the_canvas(pixels, width, height, mode):
    fitted = fit(pixels, width_px=width, height_px=height, mode=mode)
    assert fitted.shape == (height, width, pixels.shape[2])
    assert fitted.dtype == pixels.dtype


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_the_same_size_changes_nothing_and_shares_nothing(kind):
    pixels = np.random.default_rng(0).integers(0, 255, (5, 7, 4)).astype(kind)
    fitted = fit(pixels, width_px=7, height_px=5, mode="pad")
    assert np.array_equal(fitted, pixels)
    assert not np.shares_memory(fitted, pixels)


def test_padding_at_the_right_scale_keeps_the_pixels_exact():
    pixels = np.random.default_rng(0).integers(0, 256, (6, 10, 3)).astype(np.uint8)
    fitted = fit(pixels, width_px=16, height_px=6, mode="pad")
    assert np.array_equal(fitted[:, 3:13], pixels)


def test_cropping_at_the_right_scale_keeps_the_middle_exact():
    pixels = np.random.default_rng(0).integers(0, 256, (6, 10, 3)).astype(np.uint8)
    assert np.array_equal(fit(pixels, width_px=4, height_px=6, mode="crop"), pixels[:, 3:7])


@pytest.mark.parametrize("mode", ["pad", "crop"])
def test_proportions_are_never_distorted(mode):
    """A disc stays as wide as it is high."""
    y, x = np.mgrid[:90, :160]
    disc = ((x - 79.5) ** 2 + (y - 44.5) ** 2 < 30**2)[..., None]
    pixels = np.where(disc, 0, 255).astype(np.uint8).repeat(3, axis=2)
    dark = fit(pixels, width_px=400, height_px=400, mode=mode)[..., 0] < 128
    width, height = dark.any(axis=0).sum(), dark.any(axis=1).sum()
    assert abs(int(width) - int(height)) <= 1


def test_rgba_is_letterboxed_with_transparency():
    pixels = np.full((4, 8, 4), 255, np.uint8)
    fitted = fit(pixels, width_px=8, height_px=8, mode="pad")
    assert (fitted[[0, 1, 6, 7]] == 0).all()
    assert (fitted[2:6] == 255).all()


def test_rgb_is_letterboxed_with_the_colour_of_its_border():
    pixels = np.full((4, 8, 3), (250, 240, 230), np.uint8)
    pixels[1:3, 2:6] = 0
    pixels[0, 0] = 9
    fitted = fit(pixels, width_px=8, height_px=8, mode="pad")
    assert (fitted[0] == (250, 240, 230)).all()


@pytest.mark.parametrize(("channels", "expected"), [(3, [255, 0, 128]), (4, [255, 0, 128, 255])])
def test_a_background_can_be_chosen(channels, expected):
    pixels = np.zeros((4, 8, channels), np.uint8)
    fitted = fit(pixels, width_px=8, height_px=8, mode="pad", background=(1.0, 0.0, 0.5))
    assert fitted[0, 0].tolist() == expected


@pytest.mark.parametrize("size", [(4, 4), (3, 5), (64, 48)])
def test_hidden_colours_do_not_bleed_into_the_drawing(size):
    """Red paint under transparency must not redden the edge of a blue shape."""
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[...] = (255, 0, 0, 0)
    pixels[4:12, 4:12] = (0, 0, 255, 255)
    fitted = fit(pixels, width_px=size[0], height_px=size[1], mode="pad")
    visible = fitted[fitted[..., 3] > 0]
    assert visible[:, 0].max() == 0
    assert visible[:, 2].min() == 255


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_plain_picture_stays_plain_at_any_size(kind):
    pixels = np.full((5, 9, 3), np.iinfo(kind).max // 3, kind)
    fitted = fit(pixels, width_px=31, height_px=17, mode="crop")
    assert (fitted == pixels[0, 0]).all()


def test_a_single_pixel_can_be_enlarged():
    pixels = np.array([[[10, 20, 30]]], np.uint8)
    assert (fit(pixels, width_px=7, height_px=5, mode="crop") == pixels[0, 0]).all()


def test_a_thin_picture_does_not_vanish():
    fitted = fit(np.zeros((1, 1000, 3), np.uint8), width_px=10, height_px=10, mode="pad")
    assert fitted.shape == (10, 10, 3)


def test_16_bit_pictures_are_resampled_in_16_bits():
    ramp = np.linspace(0, 65_535, 512).astype(np.uint16)
    pixels = np.repeat(np.repeat(ramp[None, :, None], 8, axis=0), 3, axis=2)
    fitted = fit(pixels, width_px=256, height_px=4, mode="crop")
    assert len(np.unique(fitted)) > 250


def test_a_canvas_without_pixels_is_refused():
    with pytest.raises(ShapeError, match="0×5"):
        fit(np.zeros((4, 4, 3), np.uint8), width_px=0, height_px=5, mode="pad")
