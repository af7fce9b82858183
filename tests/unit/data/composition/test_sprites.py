"""Drawing the material once."""

import json

import numpy as np
import pytest

from tests.fake_material import make_material
from toontween.data.composition.material import Entry, Material
from toontween.data.composition.sprites import fill_cache, read_scenes, read_sprites, sprite_path
from toontween.errors import InputError, MediaError, UnavailableError


def test_a_sprite_is_cropped_to_what_is_seen_and_keeps_its_drawings(material, cache):
    sprite = read_sprites(cache, "train")[1]
    assert sprite.about["id"] == "shapes/redBox"
    drawn = Material(material).draw(Entry(json.loads(first_line(material))), (64, 64))
    rows = np.flatnonzero(drawn[..., 3].any(axis=(0, 2)))
    columns = np.flatnonzero(drawn[..., 3].any(axis=(0, 1)))
    crop = drawn[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert sprite.size == (crop.shape[2], crop.shape[1])
    np.testing.assert_array_equal(sprite.drawings([7])[7], crop[7])


def first_line(folder):
    return (folder / "manifest.jsonl").read_text().splitlines()[0]


def test_drawings_that_are_held_are_kept_once(tmp_path):
    folder = make_material(tmp_path / "m", hold=3)
    fill_cache(folder, tmp_path / "cache", split="train", sprite_px=32)
    held = next(s for s in read_sprites(tmp_path / "cache", "train") if "red" in s.about["id"])
    assert len(held) == 36
    assert held.order.max() + 1 == len(set(held.order.tolist())) == 12


def test_only_the_split_that_is_asked_for_is_drawn(material, tmp_path):
    fill_cache(material, tmp_path / "cache", split="train", sprite_px=32)
    assert not sprite_path(tmp_path / "cache", "other/greenBox").exists()
    assert {sprite.about["split"] for sprite in read_sprites(tmp_path / "cache", "train")} == {
        "train"
    }


def test_what_is_there_is_not_drawn_again(material, tmp_path):
    cache = tmp_path / "cache"
    fill_cache(material, cache, split="train", sprite_px=32)
    kept, lost = sprite_path(cache, "shapes/redBox"), sprite_path(cache, "shapes/blueBox")
    before, whole = kept.stat().st_mtime_ns, lost.read_bytes()
    lost.unlink()
    fill_cache(material, cache, split="train", sprite_px=32)
    assert kept.stat().st_mtime_ns == before
    assert lost.read_bytes() == whole


def test_a_missing_program_is_reported_with_the_clips_name(tmp_path):
    folder = make_material(tmp_path / "m", kind="program")
    failures = fill_cache(folder, tmp_path / "cache", split="train", sprite_px=32)
    assert failures == ["shapes/redBox: drawingprogram is not here; is it installed?"]
    assert [s.about["id"] for s in read_sprites(tmp_path / "cache", "train")] == ["shapes/blueBox"]


def test_a_missing_library_says_what_to_install(tmp_path):
    folder = make_material(tmp_path / "m", kind="library")
    with pytest.raises(UnavailableError, match="pip install a-library-nobody-has"):
        fill_cache(folder, tmp_path / "cache", split="train", sprite_px=32)


def test_a_clip_in_which_nothing_is_seen_is_reported(tmp_path):
    folder = make_material(tmp_path / "m", kind="nothing")
    failures = fill_cache(folder, tmp_path / "cache", split="train", sprite_px=32)
    assert failures == ["shapes/redBox: nothing is to be seen"]


def test_a_cache_drawn_too_small_is_refused(material, tmp_path):
    fill_cache(material, tmp_path / "cache", split="train", sprite_px=32)
    with pytest.raises(InputError, match="drawn at 32 px, these scenes need 64"):
        fill_cache(material, tmp_path / "cache", split="train", sprite_px=64)


def test_a_damaged_file_is_named(cache, tmp_path):
    (tmp_path / "broken.npz").write_bytes(b"not a zip")
    with pytest.raises(MediaError, match=r"broken\.npz"):
        read_sprites(tmp_path, "train")


def test_scenes_say_what_they_show_and_whose_they_are(cache):
    forest = read_scenes(cache)[0].about
    assert forest["caption"] == "forest"
    assert forest["part"]["licence"] == "CC0-1.0"
    assert forest["part"]["file"] == "backgroundColorForest.png"


def test_an_unknown_split_is_refused_with_those_there_are(material):
    with pytest.raises(MediaError, match="has train, val"):
        Material(material).of_split("test")


def test_a_folder_without_a_renderer_is_refused(tmp_path):
    with pytest.raises(MediaError, match=r"no render\.py"):
        Material(tmp_path)


@pytest.mark.parametrize(
    ("line", "caption"),
    [
        ({"id": "noto/alarmClock"}, "an alarm clock"),
        ({"id": "d/char1-dab0", "kind": "bvh_puppet"}, "a child's drawing of a character, dab"),
        ({"id": "m/male-side-02", "kind": "synfig_rig", "style": "walk"}, "a male side figure walking"),
        ({"id": "x/y", "caption": "a bird flies"}, "a bird flies"),
    ],
)  # fmt: skip
def test_captions_come_from_names(line, caption):
    assert Entry(line).caption == caption
