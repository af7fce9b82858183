"""Clips of one report are of one size and one length; and a clip is known by what is seen of it."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.evaluation.small_clips import in_shards, inked, small_clip, small_clips
from toontween.data.clips import Clip
from toontween.errors import InputError, MediaError
from toontween.evaluation.suite import Cut, common_shape, fingerprint, open_suite


def shape_of(folder, clips, cut=None):
    suite = open_suite(in_shards(folder, clips), cut)
    return common_shape(suite, range(len(suite)))


def test_clips_that_are_alike_have_a_common_shape(tmp_path):
    assert shape_of(tmp_path, small_clips(3)) == (5, 32, 48)


@pytest.mark.parametrize(
    ("other", "told", "hint"),
    [
        ({"size": (40, 32)}, "5 frames of 40×32", "scale and crop all with --size"),
        ({"frames": 6}, "6 frames of 48×32", "cut all with --frames"),
        (
            {"size": (48, 40), "frames": 4},
            "4 frames of 48×40",
            "scale and crop all with --size and cut all with --frames",
        ),
    ],
    ids=["size", "length", "both"],
)
def test_clips_that_differ_are_named_with_the_way_out(tmp_path, other, told, hint):
    clips = [small_clip("a"), small_clip("b"), small_clip("wide", **other)]
    with pytest.raises(InputError) as raised:
        shape_of(tmp_path, clips)
    assert f"clip 'a' is 5 frames of 48×32, clip 'wide' {told}" in raised.value.message
    assert raised.value.hint == hint


def test_clips_that_are_cut_alike_may_differ(tmp_path):
    clips = [small_clip("a"), small_clip("long", frames=6), small_clip("wide", size=(64, 48))]
    assert shape_of(tmp_path, clips, Cut(frames=4, size=(36, 24))) == (4, 24, 36)


def test_clips_that_are_not_looked_at_may_differ(tmp_path):
    clips = [small_clip("a"), small_clip("wide", size=(64, 48)), small_clip("c")]
    suite = open_suite(in_shards(tmp_path, clips))
    assert common_shape(suite, [0, 2]) == (5, 32, 48)


def test_damaged_and_short_clips_are_found_on_the_way(tmp_path):
    suite = open_suite(
        in_shards(tmp_path, [small_clip("a"), small_clip("b", frames=3)]), Cut(frames=4)
    )
    with pytest.raises(InputError, match="'b' has 3 frames"):
        common_shape(suite, [0, 1])
    (tmp_path / "00000.tar").write_bytes(b"")
    with pytest.raises(MediaError, match="'a' is damaged"):
        common_shape(suite, [0, 1])


def changed_in_one_pixel(clip: Clip) -> Clip:
    frames = clip.frames.copy()
    frames[2, 3, 4, 1] ^= 1
    return replace(clip, frames=frames)


def changed_in_one_line(clip: Clip) -> Clip:
    assert clip.lines is not None
    lines = clip.lines.copy()
    lines[4, 0, 0] ^= 1
    return replace(clip, lines=lines)


@pytest.mark.parametrize(
    "change",
    [
        changed_in_one_pixel,
        changed_in_one_line,
        lambda clip: replace(clip, caption="a Disc moves"),
        lambda clip: replace(clip, lines=None),
        lambda clip: replace(clip, frames=clip.frames[:4], lines=clip.lines[:4]),
        lambda clip: replace(
            clip,
            frames=clip.frames.reshape(5, 48, 32, 3),
            lines=clip.lines.reshape(5, 48, 32),
        ),
    ],
    ids=["pixel", "line", "caption", "no lines", "length", "shape"],
)
def test_whatever_is_seen_of_a_clip_changes_its_fingerprint(change):
    clip = inked(small_clip(caption="a disc moves"))
    assert fingerprint(change(clip)) != fingerprint(clip)


def test_what_is_not_seen_of_a_clip_does_not_change_its_fingerprint():
    clip = inked(small_clip(caption="a disc moves"))
    same = replace(clip, key="b", about={"seed": 7}, frames=np.asfortranarray(clip.frames))
    assert fingerprint(same) == fingerprint(clip)
