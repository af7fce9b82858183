"""Clips to compare on: from shards, films and folders of frames, cut alike."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.unit.evaluation.small_clips import (
    HEIGHT,
    WIDTH,
    in_folders,
    in_shards,
    inked,
    small_clip,
    small_clips,
)
from toontween.data.clips import Clip
from toontween.data.shards import write_shard
from toontween.errors import InputError, MediaError
from toontween.evaluation import suite as suite_module
from toontween.evaluation.suite import Cut, FilmSuite, ShardSuite, describe, open_suite
from toontween.media.video import write_video


def test_clips_of_shards_come_as_they_were_put(tmp_path):
    clips = [inked(clip) for clip in small_clips(2, caption="a disc, moving")]
    suite = open_suite(in_shards(tmp_path / "clips", clips))
    assert isinstance(suite, ShardSuite)
    assert suite.keys == ["a", "b"]
    for number, put in enumerate(clips):
        back = suite[number]
        np.testing.assert_array_equal(back.frames, put.frames)
        np.testing.assert_array_equal(back.lines, put.lines)
        assert (back.key, back.caption, back.fps) == (put.key, put.caption, put.fps)


def test_one_shard_is_a_suite(tmp_path):
    in_shards(tmp_path, small_clips(2))
    assert open_suite(tmp_path / "00000.tar").keys == ["a", "b"]


def test_folders_of_frames_are_clips(tmp_path):
    clips = small_clips(2)
    suite = open_suite(in_folders(tmp_path / "films", clips))
    assert isinstance(suite, FilmSuite)
    assert [key.partition("-")[0] for key in suite.keys] == ["a", "b"]
    for number, put in enumerate(clips):
        np.testing.assert_array_equal(suite[number].frames, put.frames)


def test_films_are_clips_at_their_own_rate(tmp_path):
    write_video(tmp_path / "shot.mp4", small_clip(size=(64, 48)).frames, fps=Fraction(12))
    [clip] = [open_suite(tmp_path)[0]]
    assert clip.frames.shape == (5, 48, 64, 3)
    assert clip.fps == 12
    assert clip.key.startswith("shot-mp4-")


def test_one_film_is_a_suite(tmp_path):
    write_video(tmp_path / "shot.mp4", small_clip(size=(64, 48)).frames, fps=Fraction(12))
    assert len(open_suite(tmp_path / "shot.mp4")) == 1


def test_films_are_called_alike_wherever_their_folder_is(tmp_path):
    here, there = (in_folders(tmp_path / name, small_clips(2)) for name in ("here", "x/there"))
    assert open_suite(here).keys == open_suite(there).keys


def test_a_folder_of_frames_that_is_the_suite_itself_is_one_clip(tmp_path):
    folder = in_folders(tmp_path, [small_clip("walk")]) / "walk"
    suite = open_suite(folder)
    assert len(suite) == 1
    assert suite.keys[0].startswith("walk-")


def test_fewer_frames_are_the_first_ones(tmp_path):
    put = inked(small_clip(exposures=(1, 2, 3, 4, 5)))
    clip = open_suite(in_shards(tmp_path, [put]), Cut(frames=4))[0]
    np.testing.assert_array_equal(clip.frames, put.frames[:4])
    np.testing.assert_array_equal(clip.lines, inked(put).lines[:4])  # pyright: ignore[reportOptionalSubscript]
    assert clip.exposures == (1, 2, 3, 4)


@pytest.mark.parametrize("size", [(24, 16), (32, 32), (60, 20)])
def test_a_size_is_given_to_frames_and_lines_alike(tmp_path, size):
    clip = open_suite(in_shards(tmp_path, [inked(small_clip())]), Cut(size=size))[0]
    assert clip.frames.shape == (5, size[1], size[0], 3)
    assert clip.lines is not None
    assert clip.lines.shape == (5, size[1], size[0])


def test_scaling_keeps_the_proportions_and_the_middle(tmp_path):
    frames = np.zeros((3, HEIGHT, WIDTH, 3), np.uint8)
    frames[:, :, WIDTH // 3 : 2 * WIDTH // 3] = 255  # the middle third of the width
    suite = open_suite(
        in_shards(tmp_path, [Clip(key="a", frames=frames, fps=24.0)]), Cut(size=(16, 32))
    )
    assert (suite[0].frames == 255).all()


@pytest.mark.parametrize("frames", [2, 1, 0, -1, 1001])
def test_clips_without_a_drawing_between_or_without_end_are_refused(frames):
    with pytest.raises(InputError, match=rf"{frames} frames cannot be measured .*3 .*1000"):
        Cut(frames=frames)


@pytest.mark.parametrize("size", [(0, 10), (10, -1)])
def test_frames_without_pixels_are_refused(size):
    with pytest.raises(InputError, match=rf"{size[0]}×{size[1]} pixels"):
        Cut(size=size)


def test_a_clip_that_is_too_short_is_named(tmp_path):
    suite = open_suite(in_shards(tmp_path, small_clips(2)), Cut(frames=6))
    with pytest.raises(InputError, match=r"'b' has 5 frames; 6 are needed .*fewer --frames"):
        suite[1]


def test_a_film_that_is_too_short_is_named(tmp_path):
    suite = open_suite(in_folders(tmp_path, [small_clip("still", frames=2)]))
    with pytest.raises(InputError, match=r"'still-.*' has 2 frames; 3 are needed"):
        suite[0]


def test_a_film_that_is_too_long_to_be_a_clip_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(suite_module, "MOST_FRAMES", 4)
    folder = in_folders(tmp_path, [small_clip("feature")])
    with pytest.raises(InputError, match=r"feature has more than 4 frames .*--frames.*curate"):
        open_suite(folder)[0]
    assert len(open_suite(folder, Cut(frames=4))[0]) == 4


def test_a_damaged_clip_of_a_shard_is_named(tmp_path):
    folder = in_shards(tmp_path, small_clips(2))
    suite = open_suite(folder)
    shard = folder / "00000.tar"
    data = bytearray(shard.read_bytes())
    at = data.rindex(b"frames.npy")  # the name stands last in the directory of b's archive
    data[at : at + 10] = b"fromes.npy"
    shard.write_bytes(data)
    assert len(suite[0]) == 5
    with pytest.raises(MediaError, match=r"'b' is damaged.*00000\.tar"):
        suite[1]


def test_a_damaged_frame_is_named(tmp_path):
    folder = in_folders(tmp_path, small_clips(2))
    (folder / "b" / "0002.png").write_bytes(b"\x89PNG, or so it says")
    with pytest.raises(MediaError, match=r"0002\.png"):
        open_suite(folder)[1]


def test_a_clip_that_has_gone_is_named(tmp_path):
    folder = in_shards(tmp_path, small_clips(1))
    suite = open_suite(folder)
    (folder / "00000.tar").unlink()
    with pytest.raises(MediaError, match=r"'a' in .*00000\.tar cannot be read"):
        suite[0]


def test_a_path_without_clips_is_refused(tmp_path):
    with pytest.raises(MediaError, match="nowhere does not exist"):
        open_suite(tmp_path / "nowhere")
    with pytest.raises(MediaError, match="no films in"):
        open_suite(tmp_path)


@pytest.mark.parametrize("key", ["a/b", "/a", "a b", "<script>"])
def test_names_that_are_no_file_names_are_refused(tmp_path, key):
    write_shard([replace(small_clip(), key=key)], tmp_path / "foreign.tar")
    with pytest.raises(InputError, match="cannot be the key of a clip"):
        open_suite(tmp_path / "foreign.tar")


def test_what_decides_which_frames_are_looked_at_is_told(tmp_path):
    folder = in_shards(tmp_path / "clips", small_clips(2))
    whole = describe(open_suite(folder))
    assert whole["source"] == "clips"
    assert (whole["clips"], whole["frames"], whole["size"]) == (2, "whole clips", "as they are")
    cut = describe(open_suite(folder, Cut(frames=4, size=(24, 16))))
    assert (cut["frames"], cut["size"]) == (4, [24, 16])
    assert cut["names"] == whole["names"]


def test_the_working_folder_has_a_name_too(tmp_path, monkeypatch):
    folder = in_shards(tmp_path / "clips", small_clips(1))
    monkeypatch.chdir(folder)
    assert describe(open_suite(Path()))["source"] == "clips"


def test_other_names_are_told_from_the_same_number_of_clips(tmp_path):
    here = in_shards(tmp_path / "1" / "clips", [small_clip("a"), small_clip("b")])
    there = in_shards(tmp_path / "2" / "clips", [small_clip("a"), small_clip("c")])
    differing = {
        name
        for name, value in describe(open_suite(here)).items()
        if describe(open_suite(there))[name] != value
    }
    assert differing == {"names"}
