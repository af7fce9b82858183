import pytest
import torch

from tests.tiny_pipeline import noise_key
from toontween.errors import ShapeError
from toontween.pipelines.inputs.keys import prepare_keys


def test_keys_are_shown_as_given_and_encoded_at_the_working_size():
    keys = prepare_keys(noise_key(1), noise_key(2), multiple=64)
    assert torch.equal(keys.shown, torch.stack([noise_key(1), noise_key(2)])[None])
    assert keys.pixels.shape == (1, 2, 3, 64, 64)
    assert keys.pixels[0, 0, :, 16:48, 8:56].sub(noise_key(1) * 2 - 1).abs().max() < 1e-6
    assert torch.equal(keys.clip_pictures[0], noise_key(1) * 2 - 1)


def test_the_web_page_shows_the_image_tower_the_raw_first_key():
    size = {"multiple": 16, "height": 16, "width": 32}
    web = prepare_keys(noise_key(1), noise_key(2), preprocessing="gradio", **size)
    line = prepare_keys(noise_key(1), noise_key(2), preprocessing="cli", **size)
    assert torch.equal(web.clip_pictures[0], noise_key(1) * 2 - 1)
    assert line.clip_pictures.shape == (1, 3, 16, 32)
    assert web.shown.shape == line.shown.shape == (1, 2, 3, 16, 32)


def test_the_front_ends_crop_to_the_published_size():
    keys = prepare_keys(noise_key(1), noise_key(2), multiple=64, preprocessing="cli")
    assert keys.pixels.shape == (1, 2, 3, 320, 512)


def test_keys_of_different_sizes_are_refused():
    with pytest.raises(ShapeError, match="48×32, 64×32"):
        prepare_keys(noise_key(1), noise_key(2, width=64), multiple=64)


def test_a_batch_needs_as_many_last_keys_as_first_ones():
    with pytest.raises(ShapeError, match="2 first keys and 1 last"):
        prepare_keys([noise_key(1)] * 2, [noise_key(2)], multiple=64)
