"""Windows cut out of training clips."""

from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.tiny_runs import write_squares
from toontween.errors import InputError, MediaError
from toontween.training.batches import SampleSet
from toontween.training.config import DataConfig
from toontween.training.crops import busiest_window


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("shards"), count=6)


def _samples(shards: Path, **fields: object) -> SampleSet:
    places = {"shards": (str(shards),), "validation": (str(shards),), "num_frames": 4}
    held_out = bool(fields.pop("held_out", False))
    return SampleSet(DataConfig(**places | fields), seed=0, held_out=held_out)  # pyright: ignore[reportArgumentType]


def test_a_window_is_a_part_of_the_clip_in_every_drawing(shards: Path) -> None:
    whole = _samples(shards)
    cut = _samples(shards, crop=(16, 24))
    places = set()
    for number in range(6):
        clip, window = whole[number].frames, cut[number].frames
        assert window.shape == (4, 24, 16, 3)
        found = [
            (y, x)
            for y in range(32 - 24 + 1)
            for x in range(48 - 16 + 1)
            if np.array_equal(clip[:, y : y + 24, x : x + 16], window)
        ]
        assert found
        places.add(found[0])
    assert len(places) > 1


def test_the_same_sample_has_the_same_window(shards: Path) -> None:
    one, other = (_samples(shards, crop=(16, 16), crop_tries=3) for _ in range(2))
    assert np.array_equal(one[4].frames, other[4].frames)


def test_held_out_clips_are_whole(shards: Path) -> None:
    assert _samples(shards, crop=(16, 16), held_out=True)[0].frames.shape == (4, 32, 48, 3)


@pytest.mark.parametrize("frames", [1, 3])
def test_of_many_places_the_one_where_most_happens_is_taken(frames: int) -> None:
    clip = np.zeros((frames, 64, 64, 3), np.uint8)
    clip[:, 40:56, 40:56] = np.random.default_rng(0).integers(0, 255, (frames, 16, 16, 3))
    rows, columns = busiest_window(clip, (16, 16), tries=400, rng=np.random.default_rng(0))
    assert abs(rows.start - 40) <= 6
    assert abs(columns.start - 40) <= 6


def test_a_window_larger_than_the_clip_is_refused() -> None:
    clip = np.zeros((1, 8, 8, 3), np.uint8)
    with pytest.raises(MediaError, match="8×8 pixels is smaller than"):
        busiest_window(clip, (16, 4), tries=1, rng=np.random.default_rng(0))


def test_impossible_windows_are_refused(shards: Path) -> None:
    with pytest.raises(InputError, match="0 tries"):
        _samples(shards, crop=(16, 16), crop_tries=0)
    with pytest.raises(InputError, match="cannot be cropped"):
        _samples(shards, crop=(16, 16), latents="somewhere")
