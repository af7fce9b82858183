"""Data sets from the studio."""

import json
from pathlib import Path

import pytest
from PIL import Image

from toontween.data.shards import ShardSet
from toontween.data.synthetic.production import MANIFEST, Order, make_shard, make_shards
from toontween.data.synthetic.studio import StudioOptions
from toontween.errors import InputError, MediaError, OutputError

OPTIONS = StudioOptions(size=(48, 32), num_frames=2)
ORDER = Order(seed=5, num_clips=3, options=OPTIONS, clips_per_shard=2)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    make_shards(ORDER, folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.tar"))}


def test_the_clips_can_be_read_back(whole: Path):
    clips = ShardSet([whole])
    assert clips.keys == ["cel-5-000000", "cel-5-000001", "cel-5-000002"]
    assert clips[2].frames.shape == (2, 32, 48, 3)
    assert clips[2].about["landmarks"]


def test_the_order_in_which_shards_are_drawn_changes_no_byte(whole: Path, tmp_path: Path):
    for number in (1, 0):
        make_shard(ORDER, tmp_path, number)
    assert contents(tmp_path) == contents(whole)


@pytest.mark.slow  # starting processes takes most of it
def test_the_number_of_processes_changes_no_byte(whole: Path, tmp_path: Path):
    told: list[float] = []
    made = make_shards(ORDER, tmp_path, num_workers=2, progress=told.append)
    assert made.num_written == 2
    assert told == [0.5, 1.0]
    assert contents(tmp_path) == contents(whole)


def test_an_interrupted_run_goes_on_with_what_is_missing(whole: Path, tmp_path: Path):
    make_shards(ORDER, tmp_path)
    (tmp_path / "00000.tar").unlink()
    kept = (tmp_path / "00001.tar").stat().st_mtime_ns
    assert make_shards(ORDER, tmp_path).num_written == 1
    assert (tmp_path / "00001.tar").stat().st_mtime_ns == kept
    assert contents(tmp_path) == contents(whole)


def test_a_finished_run_draws_nothing(whole: Path):
    assert make_shards(ORDER, whole).num_written == 0


def test_a_folder_begun_with_other_settings_is_refused(whole: Path):
    other = Order(seed=6, num_clips=3, options=OPTIONS, clips_per_shard=2)
    with pytest.raises(OutputError, match="seed 5 there, 6 here"):
        make_shards(other, whole)


def test_a_folder_of_other_shards_a_file_and_a_damaged_manifest_are_refused(tmp_path: Path):
    (tmp_path / "00000.tar").touch()
    with pytest.raises(OutputError, match="holds shards already"):
        make_shards(ORDER, tmp_path)
    with pytest.raises(OutputError, match="not a folder"):
        make_shards(ORDER, tmp_path / "00000.tar")
    (tmp_path / MANIFEST).write_text("{", encoding="utf-8")
    with pytest.raises(MediaError, match=MANIFEST):
        make_shards(ORDER, tmp_path)


def test_the_manifest_says_what_was_made(whole: Path):
    said = json.loads((whole / MANIFEST).read_text(encoding="utf-8"))
    assert said["seed"] == 5
    assert said["size"] == [48, 32]
    assert said["look"] == "cel"


def test_pictures_are_written_to_look_at(tmp_path: Path):
    order = Order(seed=5, num_clips=1, options=OPTIONS, pictures=True)
    make_shard(order, tmp_path, 0)
    names = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.png")}
    clip = "pictures/cel-5-000000"
    assert names == {
        f"{clip}/{kind}/000{n}.png" for kind in ("frames", "lines", "alpha") for n in (1, 2)
    }
    with Image.open(tmp_path / clip / "lines" / "0001.png") as picture:
        assert picture.size == (48, 32)
        assert picture.convert("L").getextrema()[1] == 255  # black ink on white paper


@pytest.mark.parametrize("wrong", [{"num_clips": 0}, {"clips_per_shard": 0}, {"seed": -1}])
def test_orders_that_cannot_be_filled_are_refused(wrong: dict[str, int]):
    with pytest.raises(InputError, match=str(next(iter(wrong.values())))):
        Order(**{"seed": 1, "num_clips": 1, "options": OPTIONS, **wrong})


def test_nobody_at_work_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="0 workers"):
        make_shards(ORDER, tmp_path, num_workers=0)
