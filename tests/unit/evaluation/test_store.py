"""What was drawn and measured, on disk."""

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.evaluation.small_clips import small_clip
from toontween.errors import InputError, MediaError, OutputError
from toontween.evaluation.store import Record, Store, columns_of, to_grid
from toontween.media import files
from toontween.media.images import LONGEST_SIDES

FRAMES = small_clip().frames


def record(digest: str = "d", **more: Any) -> Record:
    return Record(digest=digest, seconds=0.25, shape=(5, 32, 48), **more)


@pytest.fixture
def store(tmp_path) -> Store:
    """A store that holds one record."""
    store = Store(tmp_path)
    known = record(details={"untrained": True}, values={"psnr": {"value": 20.5, "protocol": {}}})
    store.write("a", "flow", known, frames=FRAMES)
    return store


def noise(count: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def test_a_record_comes_back_as_it_was(store):
    back = store.record("a", "flow", "d")
    assert back == record(
        details={"untrained": True}, values={"psnr": {"value": 20.5, "protocol": {}}}
    )
    np.testing.assert_array_equal(store.frames("a", "flow", back), FRAMES)


@pytest.mark.parametrize(
    ("count", "height", "width"),
    [
        (1, 3, 5),
        (3, 7, 4),
        (4, 2, 2),
        (5, 9, 1),
        (16, 4, 6),
        (17, 4, 6),
        (3, 1, 16_383),
        (3, 16_383, 1),
        (9, 2, 6_000),
        (9, 6_000, 2),
    ],
)
def test_frames_of_any_number_and_size_come_back_bit_for_bit(tmp_path, count, height, width):
    frames = noise(count, height, width)
    store, known = Store(tmp_path), Record(digest="d", seconds=0.0, shape=(count, height, width))
    store.write("a", "flow", known, frames=frames)
    np.testing.assert_array_equal(store.frames("a", "flow", known), frames)


@pytest.mark.parametrize("height", [1, 10, 320, 1080, 5_000, 16_383])
@pytest.mark.parametrize("width", [1, 10, 512, 1920, 5_000, 16_383])
def test_a_grid_is_never_larger_than_a_picture_can_be(height, width):
    longest = LONGEST_SIDES[".webp"]
    most = (longest // width) * (longest // height)
    for count in {1, 2, 3, 7, 16, 100, 1000, most} - {0}:
        if count > most:
            with pytest.raises(InputError, match=f"{count} frames of {width}×{height} do not fit"):
                columns_of(count, height, width)
            continue
        columns = columns_of(count, height, width)
        rows = -(-count // columns)
        assert columns * width <= longest
        assert rows * height <= longest
        assert (rows - 1) * columns < count


def test_a_grid_is_as_wide_as_it_is_high_where_that_fits():
    assert columns_of(16, 320, 512) == 4
    assert to_grid(noise(5, 2, 3)).shape == (2 * 2, 3 * 3, 3)
    assert (to_grid(noise(5, 2, 3))[2:, 6:] == 0).all()


def test_what_was_made_from_other_things_is_not_taken(store):
    assert store.record("a", "flow", "another") is None
    assert store.latest("a", "flow") is not None


def test_nothing_is_known_of_what_was_never_made(store):
    assert store.record("a", "hold", "d") is None
    assert store.record("b", "flow", "d") is None
    assert store.latest("b", "flow") is None


def test_a_record_whose_picture_has_gone_is_not_taken(store):
    store.picture("a", "flow").unlink()
    assert store.record("a", "flow", "d") is None


def test_a_record_whose_features_have_gone_is_not_taken(store):
    known = record(features={"colours": {}})
    store.write("a", "flow", known, features={"colours": np.ones((3, 2), np.float32)})
    assert store.record("a", "flow", "d") is not None
    (store.folder / "a" / "flow.npz").unlink()
    assert store.record("a", "flow", "d") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', "7", '{"format": 1}', '{"digest": "d"}'])
def test_a_damaged_record_is_named(store, text):
    path = store.folder / "a" / "flow.json"
    path.write_text(text)
    with pytest.raises(MediaError, match=r"flow\.json is damaged.*delete it and run again"):
        store.latest("a", "flow")


def test_a_record_of_another_format_counts_as_none(store):
    path = store.folder / "a" / "flow.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    assert store.latest("a", "flow") is None


def test_a_picture_of_another_size_than_its_record_says_is_named(store):
    longer = Record(digest="d", seconds=0.0, shape=(7, 32, 48))
    with pytest.raises(MediaError, match=r"flow\.webp is not what its record says.*delete both"):
        store.frames("a", "flow", longer)


def test_a_damaged_picture_is_named(store):
    picture = store.picture("a", "flow")
    picture.write_bytes(picture.read_bytes()[:40])
    with pytest.raises(MediaError, match=r"flow\.webp"):
        store.frames("a", "flow", record())


def test_features_are_added_beside_old_ones(store):
    first, second = (np.full((3, 2), n, np.float32) for n in (1, 2))
    store.write("a", "flow", record(features={"one": {}}), features={"one": first})
    store.write("a", "flow", record(features={"one": {}, "two": {}}), features={"two": second})
    np.testing.assert_array_equal(store.features("a", "flow", "one"), first)
    np.testing.assert_array_equal(store.features("a", "flow", "two"), second)


def test_new_frames_drop_the_features_of_old_ones(store):
    ones = np.ones((3, 2), np.float32)
    store.write("a", "flow", record(features={"one": {}}), features={"one": ones})
    store.write("a", "flow", record(digest="e"), frames=FRAMES[::-1])
    with pytest.raises(MediaError, match=r"flow\.npz is not there"):
        store.features("a", "flow", "one")


def test_damaged_and_missing_features_are_named(store):
    ones = np.ones((3, 2), np.float32)
    store.write("a", "flow", record(features={"one": {}}), features={"one": ones})
    with pytest.raises(MediaError, match=r"flow\.npz has no 'two'"):
        store.features("a", "flow", "two")
    path = store.folder / "a" / "flow.npz"
    whole = path.read_bytes()
    for damaged in (whole[:60], b"", b"flow", whole[:200] + b"!!!!" + whole[204:]):
        path.write_bytes(damaged)
        with pytest.raises(MediaError, match=r"flow\.npz is damaged.*delete it and run again"):
            store.features("a", "flow", "one")
    path.write_bytes(whole[:60])
    with pytest.raises(MediaError, match=r"flow\.npz is damaged"):
        store.write("a", "flow", record(), features={"two": ones})


class Crash(BaseException):
    """What nobody catches, such as a power cut."""


@pytest.mark.parametrize("survived", range(5))
def test_a_crash_never_leaves_a_record_beside_frames_it_is_not_of(
    store, tmp_path, monkeypatch, survived
):
    new = FRAMES[::-1].copy()
    features = {"one": np.ones((3, 2), np.float32)}
    _crash_after(monkeypatch, survived)
    known = record(digest="e", features={"one": {}})
    with contextlib.suppress(Crash):
        store.write("a", "flow", known, frames=new, features=features)
    monkeypatch.undo()
    afresh = Store(tmp_path)
    for digest, frames in (("d", FRAMES), ("e", new)):
        known = afresh.record("a", "flow", digest)
        if known is not None:
            np.testing.assert_array_equal(afresh.frames("a", "flow", known), frames)
            for name in known.features:
                np.testing.assert_array_equal(afresh.features("a", "flow", name), features[name])
    if survived == 0:
        assert afresh.record("a", "flow", "d") is not None


def _crash_after(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """The disk takes so many removals and renames, and then nothing more."""
    left, unlink, rename = [steps], Path.unlink, files._put_in_place

    def step() -> None:
        if left[0] == 0:
            raise Crash
        left[0] -= 1

    def remove(path: Path, *, missing_ok: bool = False) -> None:
        if not path.name.startswith(".toontween-"):
            step()
        unlink(path, missing_ok=missing_ok)

    def put_in_place(temporary: Path, target: Path, *, overwrite: bool) -> None:
        step()
        rename(temporary, target, overwrite=overwrite)

    monkeypatch.setattr(Path, "unlink", remove)
    monkeypatch.setattr(files, "_put_in_place", put_in_place)


def test_clips_and_labels_of_equal_names_do_not_meet(tmp_path):
    store = Store(tmp_path)
    for clip in ("a", "b"):
        for label in ("flow", "flow sharp"):
            frames = np.full((3, 4, 4, 3), len(clip + label) + ord(clip), np.uint8)
            known = Record(digest=clip + label, seconds=0.0, shape=(3, 4, 4))
            store.write(clip, label, known, frames=frames)
    for clip in ("a", "b"):
        for label in ("flow", "flow sharp"):
            known = store.record(clip, label, clip + label)
            assert known is not None
            assert store.frames(clip, label, known).max() == len(clip + label) + ord(clip)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(OutputError, match="the name is too long"):
        Store(tmp_path).write("a" * 300, "flow", record(), frames=FRAMES)


def test_records_are_plain_json(store):
    known = json.loads((store.folder / "a" / "flow.json").read_text())
    assert known["format"] == 1
    assert known["shape"] == [5, 32, 48]
    assert known["values"]["psnr"]["value"] == 20.5
