"""A whole curation: what is kept and why, whatever interrupts it and however many work."""

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.unit.data.curation.tiny_films import SIZE, drawings, film, letterboxed, on
from toontween.data.clips import Clip
from toontween.data.curation import run as run_module
from toontween.data.curation.films import find_films
from toontween.data.curation.run import curate
from toontween.data.curation.settings import CurateSettings
from toontween.data.shards import ShardSet
from toontween.errors import InputError, MediaError, OutputError, UnavailableError

SETTINGS = CurateSettings(size=(96, 56), frames=6, longest=12)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    film(folder / "a.mp4", on(2, drawings(1)), on(1, drawings(2, 20)))
    film(folder / "b" / "again.mp4", on(2, drawings(1)))
    film(
        folder / "b" / "boxed.mp4",
        letterboxed(on(2, drawings(3)), 16),
    )
    film(folder / "still.mp4", on(40, drawings(4, 1)), on(2, drawings(5, 4)))
    whole = (folder / "a.mp4").read_bytes()
    (folder / "broken.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "sequence").mkdir()
    for number, frame in enumerate(on(2, drawings(6))):
        Image.fromarray(frame).save(folder / "sequence" / f"{number:04d}.png")
    (folder / "sequence" / "caption.txt").write_text("somebody  passes\n", "utf-8")
    timed = {"start": 0.5, "stop": 9.0, "caption": "something else"}
    (folder / "a.captions.jsonl").write_text(json.dumps(timed), "utf-8")
    return folder


@pytest.fixture(scope="module")
def made(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("curated") / "out"
    curate([films], folder, SETTINGS)
    return folder


def manifest(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line) for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines()
    ]


def bytes_of(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_manifest_says_of_every_clip_why(made: Path, films: Path) -> None:
    name = films.name
    found = [
        (one["film"].removeprefix(f"{name}/"), one["drawings"], one["dropped_by"])
        for one in manifest(made)
        if "broken" not in one
    ]
    assert found == [
        ("a.mp4", 10, None),
        ("a.mp4", 12, None),  # a shot of twenty drawings gives two clips
        ("a.mp4", 8, None),
        ("still.mp4", 1, "drawings"),
        ("still.mp4", 4, "drawings"),
        ("b/again.mp4", 10, "duplicate"),
        ("b/boxed.mp4", 10, None),
        ("sequence", 10, None),
    ]
    assert [one["film"] for one in manifest(made) if "broken" in one] == [f"{name}/broken.mp4"]
    again = next(one for one in manifest(made) if one.get("dropped_by") == "duplicate")
    assert again["why"].startswith("much like films")
    still = next(one for one in manifest(made) if one.get("dropped_by") == "drawings")
    assert still["why"] == "1 is under 6"


def test_what_has_no_weights_is_not_applied_and_never_passed(made: Path) -> None:
    for one in manifest(made):
        for check in one.get("checks", ()):
            if check["name"] in ("text-area", "aesthetic", "similarity"):
                assert (check["outcome"], check["value"]) == ("not applied", None)
                assert "--weights" in check["why"]


def test_shards_hold_the_kept_clips_as_drawings_with_their_exposures(made: Path) -> None:
    clips = {clip.key: clip for clip in ShardSet([made])}
    kept = [one for one in manifest(made) if one["kept"]]
    assert list(clips) == [one["key"] for one in kept]
    for one in kept:
        clip = clips[one["key"]]
        assert clip.frames.shape == (one["drawings"], 56, 96, 3)
        assert sum(clip.exposures) == one["stop"] - one["start"]
        assert clip.caption == one["caption"]
        assert clip.about["film"] == one["film"]
        assert clip.about["scores"]["motion"] > 0.5
    first = clips[kept[0]["key"]]
    assert first.exposures == (2,) * 10
    expected = drawings(1)[3]
    small = np.asarray(Image.fromarray(expected).resize((96, 56), Image.Resampling.BOX))
    assert np.abs(first.frames[3].astype(int) - small).mean() < 5  # scaled, and through H.264


def test_captions_come_from_files_beside_the_film(made: Path) -> None:
    captions = [one["caption"] for one in manifest(made) if one.get("kept")]
    assert captions == ["", "something else", "something else", "", "somebody passes"]


def test_the_page_shows_numbers_reasons_and_strips(made: Path) -> None:
    page = (made / "summary.html").read_text("utf-8")
    assert "5 of 8 clips kept" in page
    assert "broken.mp4" in page
    assert "its weights were not given" in page
    for kind in ("kept", "drawings", "duplicate"):
        assert f"strips/{kind}.png" in page
        with Image.open(made / "strips" / f"{kind}.png") as picture:
            assert picture.width > 300


def test_nothing_unfinished_is_left_and_a_second_call_changes_nothing(
    made: Path, films: Path
) -> None:
    before = bytes_of(made)
    assert not any("unfinished" in name or name.startswith(".") for name in before)
    again = curate([films], made, SETTINGS)
    assert (again.kept, again.dropped) == (5, {"drawings": 2, "duplicate": 1})
    assert bytes_of(made) == before


@pytest.mark.slow
def test_two_processes_give_the_same_bytes(films: Path, made: Path, tmp_path: Path) -> None:
    curate([films], tmp_path / "out", SETTINGS, workers=2)
    assert bytes_of(tmp_path / "out") == bytes_of(made)


def _curate(films: Path, out: Path) -> None:
    curate([films], out, SETTINGS)


def test_a_killed_curation_goes_on_with_what_is_missing(
    films: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    process = multiprocessing.get_context("fork").Process(target=_curate, args=(films, out))
    process.start()
    until = time.monotonic() + 60
    while not list(out.glob("unfinished/*.json")) and time.monotonic() < until:
        time.sleep(0.02)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    done = {path.stem for path in out.glob("unfinished/*.json")}
    assert done
    assert not (out / "manifest.jsonl").exists()
    judged = []
    real = run_module.judge_film
    monkeypatch.setattr(run_module, "judge_film", lambda f, s: judged.append(f.key) or real(f, s))
    curate([films], out, SETTINGS)
    assert not done & set(judged)
    assert bytes_of(out) == bytes_of(made)


def test_other_films_or_settings_are_refused(films: Path, made: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="longest 12 there, 14 here"):
        curate([films], made, CurateSettings(size=(96, 56), frames=6, longest=14))
    with pytest.raises(OutputError, match="'films' differs"):
        curate([films / "a.mp4"], made, SETTINGS)
    (tmp_path / "00000.tar").touch()
    with pytest.raises(OutputError, match="holds shards already"):
        curate([films], tmp_path, SETTINGS)


class Lightness:
    """A scorer of somebody else's."""

    def __init__(self, weights: dict[str, Path]) -> None:
        self._unit = float((weights.get("unit") or Path("1")).name)

    def score(self, clip: Clip) -> float:
        return float(clip.frames.mean()) / 255 * self._unit


class Silent:
    """A captioner that has its words from nowhere."""

    def __init__(self, weights: dict[str, Path]) -> None:
        del weights

    def caption(self, clip: Clip) -> str:
        return f"a clip of {len(clip)}  drawings"


class Absent:
    """A scorer that is not here."""

    def __init__(self, weights: dict[str, Path]) -> None:
        raise UnavailableError(f"the moon is not up; {len(weights)} weights")


def test_scorers_of_others_judge_and_say_what_happens(films: Path, tmp_path: Path) -> None:
    here = f"{__name__}:"
    settings = CurateSettings(
        size=(96, 56),
        frames=6,
        longest=12,
        at_least={"lightness": 0.99},
        plugs={
            "moon": f"{here}Absent",
            "lightness": f"{here}Lightness",
            "caption": f"{here}Silent",
        },
    )
    result = curate([films / "sequence", films / "a.mp4"], tmp_path / "out", settings)
    assert result.dropped == {"lightness": 4}
    assert result.not_applied["moon"] == "the moon is not up; 0 weights"
    captions = [one["caption"] for one in manifest(tmp_path / "out")]
    assert captions == [
        "somebody passes",
        "a clip of 10 drawings",
        "something else",
        "something else",
    ]


def test_limits_drop_clips(films: Path, tmp_path: Path) -> None:
    settings = CurateSettings(size=(96, 56), frames=6, longest=12, at_least={"motion": 1000.0})
    result = curate([films / "sequence"], tmp_path / "out", settings)
    assert (result.kept, result.dropped) == (0, {"motion": 1})
    assert result.shards == ()
    large = CurateSettings(size=(512, 320), frames=6, longest=12)
    result = curate([films / "sequence"], tmp_path / "large", large)
    assert result.dropped == {"resolution": 1}
    told = manifest(tmp_path / "large")[0]["why"]
    assert told == f"{min(SIZE[0] / 512, SIZE[1] / 320):.4g} is under 1"


def test_bad_input_is_named(films: Path, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no file or folder"):
        curate([tmp_path / "nothing"], tmp_path / "out", SETTINGS)
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaError, match="no films"):
        curate([tmp_path / "empty"], tmp_path / "out", SETTINGS)
    with pytest.raises(InputError, match=r"two films are called 'a\.mp4'"):
        find_films([films / "a.mp4", films / "a.mp4"])
    with pytest.raises(InputError, match="--longest"):
        CurateSettings(frames=16, longest=20)
    with pytest.raises(InputError, match="3 at least"):
        CurateSettings(frames=2)
    with pytest.raises(InputError, match="0 workers"):
        curate([films], tmp_path / "out", SETTINGS, workers=0)


def test_a_broken_file_of_captions_is_the_films_trouble(tmp_path: Path) -> None:
    path = film(tmp_path / "c.mp4", on(2, drawings(7)))
    path.with_suffix(".captions.jsonl").write_text('{"start": 0}\n', "utf-8")
    result = curate([path], tmp_path / "out", SETTINGS)
    assert "line 1 is no caption" in result.broken["c.mp4"]
