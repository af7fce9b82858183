"""The order of samples, how processes share them, and what a sample is."""

from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.tiny_runs import sliding_square, write_squares
from toontween.data.clips import Clip
from toontween.data.shards import write_shards
from toontween.errors import InputError
from toontween.training.batches import Batch, SampleSet, collate, loader
from toontween.training.config import DataConfig


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("shards"), count=6)


def samples(
    shards: Path, *, seed: int = 0, with_lines: bool = False, **fields: object
) -> SampleSet:
    config = DataConfig(**{"shards": (str(shards),), "num_frames": 4, **fields})  # pyright: ignore[reportArgumentType]
    return SampleSet(config, seed=seed, with_lines=with_lines)


def test_every_clip_comes_once_an_epoch_in_another_order(shards: Path) -> None:
    found = samples(shards)
    epochs = [[found[6 * epoch + n].key for n in range(6)] for epoch in range(3)]
    assert all(len(set(keys)) == 6 for keys in epochs)
    assert epochs[0] != epochs[1]
    assert epochs[0] != [samples(shards, seed=1)[n].key for n in range(6)]


def test_processes_share_a_step_and_begin_anywhere(shards: Path) -> None:
    found = samples(shards)

    def numbers(rank: int, world: int, first: int) -> list[tuple[int, ...]]:
        batches = loader(
            found,
            first_step=first,
            last_step=3,
            batch_size=4,
            micro_batch_size=1,
            rank=rank,
            world_size=world,
        )
        return [batch.numbers for batch in batches if isinstance(batch, Batch)]

    assert numbers(0, 1, 1) == [(n,) for n in range(4, 12)]
    assert numbers(0, 2, 1) == [(4,), (5,), (8,), (9,)]
    assert numbers(1, 2, 1) == [(6,), (7,), (10,), (11,)]
    with pytest.raises(InputError, match="4 samples a step cannot be shared by 3 processes"):
        numbers(0, 3, 0)


def test_worker_processes_read_the_same(shards: Path) -> None:
    found = samples(shards, mirror=0.5, reverse=0.5)
    plan = {"first_step": 0, "last_step": 2, "batch_size": 2, "micro_batch_size": 2}
    alone = list(loader(found, **plan))
    helped = list(loader(found, workers=2, **plan))
    for one, other in zip(alone, helped, strict=True):
        assert isinstance(one, Batch)
        assert isinstance(other, Batch)
        assert one.keys == other.keys
        assert one.frames.equal(other.frames)


def test_pixels_become_minus_one_to_one(shards: Path) -> None:
    found = samples(shards)
    batch = collate([found[0], found[1]])
    assert batch.frames.shape == (2, 4, 3, 32, 48)
    pixels = found[0].frames.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
    np.testing.assert_allclose(batch.frames[0].numpy(), pixels, atol=1e-6)
    assert batch.lines is None


def test_mirrored_and_reversed_clips_are_that(shards: Path) -> None:
    plain = {s.key: s.frames for s in (samples(shards)[n] for n in range(6))}
    turned = [samples(shards, mirror=1.0, reverse=1.0)[n] for n in range(6)]
    for sample in turned:
        np.testing.assert_array_equal(sample.frames, plain[sample.key][::-1, :, ::-1])


def test_strides_and_exposures_set_the_motion_rate(tmp_path: Path) -> None:
    clip = sliding_square(0, frames=10)
    held = Clip(key="held", frames=clip.frames, fps=24.0, exposures=(2,) * 10)
    write_shards([held], tmp_path)
    assert samples(tmp_path)[0].motion_fps == 12
    strided = samples(tmp_path, strides=(3,))[0]
    assert strided.motion_fps == 4
    np.testing.assert_array_equal(strided.frames, held.frames[::3])


def test_ink_is_extracted_where_a_shard_has_none(tmp_path: Path) -> None:
    clip = sliding_square(3)
    ink = np.zeros(clip.frames.shape[:3], np.uint8)
    ink[:, 5, 5:20] = 255
    known = Clip(key="known", frames=clip.frames, fps=24.0, lines=ink)
    write_shards([known, clip], tmp_path)
    found = {s.key: s for s in (samples(tmp_path, with_lines=True)[n] for n in range(2))}
    np.testing.assert_array_equal(found["known"].lines, ink)  # pyright: ignore[reportArgumentType]
    extracted = found[clip.key].lines
    assert extracted is not None
    dark = (clip.frames < 60).all(axis=3)
    assert extracted[dark].mean() > 4 * extracted[~dark].mean()


def test_clips_are_scaled_and_cropped_in_the_middle(tmp_path: Path) -> None:
    write_shards([sliding_square(0, size=(96, 48)), sliding_square(1)], tmp_path)
    found = samples(tmp_path, size=(32, 32))
    assert collate([found[0], found[1]]).frames.shape == (2, 4, 3, 32, 32)
    with pytest.raises(InputError, match="clips of different sizes"):
        collate([samples(tmp_path)[0], samples(tmp_path)[1]])


def test_a_run_without_shards_says_so() -> None:
    with pytest.raises(InputError, match=r"data\.shards"):
        SampleSet(DataConfig(), seed=0)
