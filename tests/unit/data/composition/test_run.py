"""From a folder to shards."""

import dataclasses

import numpy as np
import pytest

from tests.fake_material import make_material
from toontween.data.composition.material import Entry, Material
from toontween.data.composition.run import compose_shards
from toontween.data.composition.settings import ComposeSettings
from toontween.data.composition.sprites import read_sprites
from toontween.data.shards import ShardSet
from toontween.errors import InputError, MediaError, OutputError

SETTINGS = ComposeSettings(clips=3, frames=6, size=(48, 32))
PLAIN = ComposeSettings(plain=True, split="val", frames=6, size=(48, 32))


def test_the_number_of_workers_changes_no_byte(material, tmp_path):
    cache = tmp_path / "cache"
    one = compose_shards(material, tmp_path / "one", SETTINGS, cache=cache)
    many = dataclasses.replace(SETTINGS, workers=2)
    two = compose_shards(material, tmp_path / "two", many, cache=tmp_path / "other")
    assert [p.read_bytes() for p in one.shards] == [p.read_bytes() for p in two.shards]
    assert one.clips == 3
    assert "CC-BY-4.0" in one.licences


def test_val_is_not_touched_by_a_run_on_train(material, tmp_path):
    compose_shards(material, tmp_path / "out", SETTINGS)
    assert read_sprites(tmp_path / "out" / "sprites", "val") == []


def test_plain_clips_are_what_the_renderer_draws_from_the_first_window_on(material, tmp_path):
    made = compose_shards(material, tmp_path / "out", PLAIN)
    (clip,) = ShardSet(made.shards)
    source = Material(material)
    (entry,) = source.of_split("val")
    drawn = source.draw(entry, (48, 32), start=5, count=6)
    np.testing.assert_array_equal(clip.frames, source.composite(drawn, "scene:0"))
    assert [part["id"] for part in clip.about["parts"]] == ["other/greenBox", "scene:0"]
    assert made.licences == {"CC-BY-SA-4.0": 1, "CC0-1.0": 1}


def test_plain_clips_of_a_split_without_windows_are_refused(material, tmp_path):
    with pytest.raises(InputError, match="no windows for split 'train'"):
        compose_shards(material, tmp_path / "out", dataclasses.replace(PLAIN, split="train"))


def test_clips_that_cannot_be_drawn_are_told(tmp_path):
    folder = make_material(tmp_path / "m", kind="program")
    made = compose_shards(folder, tmp_path / "out", SETTINGS)
    assert [line.partition(":")[0] for line in made.skipped] == ["shapes/redBox"]


def test_when_no_clip_can_be_drawn_there_is_an_error_that_says_why(tmp_path):
    folder = make_material(tmp_path / "m")
    text = (folder / "manifest.jsonl").read_text().replace('"box"', '"program"')
    (folder / "manifest.jsonl").write_text(text)
    with pytest.raises(MediaError, match="drawingprogram is not here"):
        compose_shards(folder, tmp_path / "out", PLAIN)


def test_a_folder_with_shards_is_left_alone(material, tmp_path):
    (tmp_path / "00000.tar").touch()
    with pytest.raises(OutputError, match="holds shards already"):
        compose_shards(material, tmp_path, SETTINGS)


def test_progress_reaches_the_end(material, tmp_path):
    told: list[float] = []
    compose_shards(material, tmp_path / "out", SETTINGS, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_an_entry_without_statistics_is_taken_for_smooth():
    assert (Entry({"id": "a"}).pop, Entry({"id": "a"}).still) == (1.0, 0.0)
