"""Shards give back what was put in, are the same bytes again, and name what is damaged."""

from pathlib import Path

import numpy as np
import pytest

from toontween.data.clips import Clip
from toontween.data.shards import ShardSet, write_shards
from toontween.errors import InputError, MediaError, OutputError, ShapeError


def clip(index: int) -> Clip:
    rng = np.random.default_rng(index)
    return Clip(
        key=f"clip-{index}",
        frames=rng.integers(0, 256, (3, 8, 12, 3), dtype=np.uint8),
        fps=24.0,
        exposures=(1, 2, 3),
        caption=f"Nr. {index}: ein Hündchen",
        lines=rng.integers(0, 256, (3, 8, 12), dtype=np.uint8) if index % 2 else None,
        about={"seed": index},
    )


def test_clips_come_back_as_they_were(tmp_path: Path) -> None:
    written = write_shards(map(clip, range(5)), tmp_path, clips_per_shard=2)
    assert [path.name for path in written] == ["00000.tar", "00001.tar", "00002.tar"]
    found = ShardSet([tmp_path])
    assert found.keys == [f"clip-{index}" for index in range(5)]
    for index, back in enumerate(found):
        put = clip(index)
        np.testing.assert_array_equal(back.frames, put.frames)
        assert (back.lines is None) == (put.lines is None)
        assert (back.fps, back.exposures, back.caption, back.about) == (
            put.fps,
            put.exposures,
            put.caption,
            put.about,
        )


def test_the_same_clips_are_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_shards(map(clip, range(3)), tmp_path / folder)
    assert (tmp_path / "a/00000.tar").read_bytes() == (tmp_path / "b/00000.tar").read_bytes()


def test_leftovers_of_a_killed_write_are_not_read(tmp_path: Path) -> None:
    write_shards(map(clip, range(2)), tmp_path)
    (tmp_path / ".toontween-1234.tar").write_bytes(b"half")
    assert len(ShardSet([tmp_path])) == 2


def test_what_is_damaged_is_named(tmp_path: Path) -> None:
    (path,) = write_shards(map(clip, range(3)), tmp_path)
    content = bytearray(path.read_bytes())
    place = content.index(b"clip-1.npz") + 700
    content[place : place + 50] = bytes(50)
    path.write_bytes(content)
    found = ShardSet([tmp_path])
    assert found[0].key == "clip-0"
    with pytest.raises(MediaError, match=r"clip 'clip-1' is damaged.*00000\.tar"):
        found[1]
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(MediaError, match=r"00000\.tar"):
        ShardSet([tmp_path])
    path.write_bytes(b"no tar at all" * 100)
    with pytest.raises(MediaError, match="is not a readable shard"):
        ShardSet([path])


def test_nothing_is_overwritten_and_names_are_checked(tmp_path: Path) -> None:
    write_shards([clip(0)], tmp_path / "full")
    with pytest.raises(OutputError, match="holds shards already"):
        write_shards([clip(1)], tmp_path / "full")
    with pytest.raises(InputError, match="two clips are called 'clip-0'"):
        write_shards([clip(0), clip(0)], tmp_path / "twice")
    wrong = Clip(key="a/b", frames=clip(0).frames, fps=24.0)
    with pytest.raises(InputError, match="'a/b' cannot be the key"):
        write_shards([wrong], tmp_path / "wrong")
    with pytest.raises(MediaError, match="there are no shards"):
        ShardSet([tmp_path / "wrong"])


def test_clips_that_do_not_fit_together_are_refused() -> None:
    frames = clip(0).frames
    with pytest.raises(ShapeError, match="2 exposures for 3 drawings"):
        Clip(key="x", frames=frames, fps=24.0, exposures=(1, 1))
    with pytest.raises(ShapeError, match="not shown"):
        Clip(key="x", frames=frames, fps=24.0, exposures=(1, 0, 1))
    with pytest.raises(ShapeError, match="no frames"):
        Clip(key="x", frames=frames[:0], fps=24.0)
