"""Files that say nothing about who drew them."""

import numpy as np
from PIL import Image

from toontween.evaluation.store import to_grid
from toontween.evaluation.study.films import new_tokens, spoil, write_films
from toontween.media.images import read_still


def films(seed: int = 0) -> dict[str, np.ndarray]:
    flat = np.full((5, 24, 36, 3), 90, np.uint8)
    noisy = np.random.default_rng(seed).integers(0, 256, flat.shape, dtype=np.uint8)
    return {"flat": flat, "noisy": noisy}


def test_films_keep_every_pixel(tmp_path):
    write_films(tmp_path, films(), np.random.default_rng(0))
    for token, frames in films().items():
        read = read_still(tmp_path / f"{token}.webp").pixels
        np.testing.assert_array_equal(read[..., :3], to_grid(frames))


def test_all_films_of_a_clip_are_equally_long(tmp_path):
    write_films(tmp_path, films(), np.random.default_rng(0))
    flat, noisy = (tmp_path / f"{token}.webp" for token in films())
    assert flat.stat().st_size == noisy.stat().st_size
    assert int.from_bytes(flat.read_bytes()[4:8], "little") + 8 == flat.stat().st_size


def test_films_carry_no_metadata(tmp_path):
    write_films(tmp_path, films(), np.random.default_rng(0))
    for token in films():
        with Image.open(tmp_path / f"{token}.webp") as image:
            assert set(image.info) <= {"loop", "background", "duration", "timestamp"}
            assert not dict(image.getexif())


def test_tokens_are_different_and_decided_by_the_generator():
    tokens = new_tokens(500, np.random.default_rng(4))
    assert len(set(tokens)) == 500
    assert tokens == new_tokens(500, np.random.default_rng(4))
    assert tokens != new_tokens(500, np.random.default_rng(5))


def test_a_spoilt_film_keeps_its_keys_and_nothing_else():
    frames = films()["noisy"]
    spoilt = spoil(frames, np.random.default_rng(0))
    np.testing.assert_array_equal(spoilt[[0, -1]], frames[[0, -1]])
    differences = np.abs(spoilt[1:-1].astype(int) - frames[1:-1]).mean(axis=(1, 2, 3))
    assert (differences > 30).all()


def test_a_film_of_one_colour_is_spoilt_by_flicker():
    spoilt = spoil(films()["flat"], np.random.default_rng(0))
    brightness = spoilt[1:-1].mean(axis=(1, 2, 3))
    assert np.abs(np.diff(brightness)).min() > 100


def test_the_sides_need_not_be_multiples_of_the_blocks():
    frames = np.random.default_rng(0).integers(0, 256, (4, 37, 53, 3), dtype=np.uint8)
    assert spoil(frames, np.random.default_rng(0)).shape == frames.shape
