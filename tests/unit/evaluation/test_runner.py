"""Drawing and measuring: what is missing, clip by clip."""

import json
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.evaluation.own_methods import (
    OddInterpolator,
    odd,
    register,
)
from tests.unit.evaluation.small_clips import (
    in_shards,
    methods,
    small_bench,
    small_clip,
    small_suite,
)
from toontween.data.clips import Clip
from toontween.errors import InputError, MediaError, OutputError
from toontween.evaluation import runner
from toontween.evaluation.evaluate import evaluate
from toontween.evaluation.methods import MethodSpec
from toontween.evaluation.runner import plan, run
from toontween.evaluation.suite import Suite, open_suite


@pytest.fixture
def suite(tmp_path) -> Suite:
    return small_suite(tmp_path / "clips", 3)


def test_damaged_records_are_named_with_method_and_clip(suite, tmp_path):
    order = plan(small_bench(suite))
    run(order, tmp_path / "report")
    (tmp_path / "report/clips/b/crossfade.json").write_text("{")
    with pytest.raises(MediaError, match=r"crossfade on clip 'b': .*crossfade\.json is damaged"):
        run(order, tmp_path / "report")


def test_a_method_that_fails_is_named_and_what_was_done_is_kept(
    suite, tmp_path, monkeypatch, drawn
):
    register(monkeypatch, odd=OddInterpolator)
    bench = replace(small_bench(suite), methods=[*methods("hold"), odd("number")])
    with pytest.raises(InputError, match=r"odd on clip 'a': .* no numbers"):
        run(plan(bench), tmp_path / "report")
    drawn.clear()
    run(plan(small_bench(suite, ("hold",))), tmp_path / "report")
    assert drawn == {"hold": 2, "truth": 3}


def test_clips_that_differ_are_refused_before_anything_is_drawn(tmp_path, drawn):
    clips = [small_clip("a"), small_clip("b"), small_clip("wide", size=(64, 32))]
    suite = open_suite(in_shards(tmp_path / "clips", clips))
    with pytest.raises(InputError, match=r"'a' is 5 frames of 48×32, clip 'wide' 5 .*--size"):
        run(plan(small_bench(suite)), tmp_path / "report")
    assert not drawn
    assert not (tmp_path / "report").exists()


def test_clips_too_large_to_be_kept_are_refused_before_anything_is_drawn(tmp_path, drawn):
    frames = np.zeros((3, 6_000, 16_383, 3), np.uint8)
    suite = open_suite(in_shards(tmp_path / "clips", [small_clip("a")]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "common_shape", lambda *_: frames.shape[:3])
        with pytest.raises(InputError, match=r"3 frames of 16383×6000 do not fit .*--size"):
            run(plan(small_bench(suite)), tmp_path / "report")
    assert not drawn


@pytest.mark.parametrize("workers", [0, -2])
def test_no_workers_cannot_work(suite, tmp_path, workers):
    with pytest.raises(InputError, match=f"{workers} workers"):
        run(plan(small_bench(suite)), tmp_path / "report", workers=workers)


def test_progress_grows_from_clip_to_clip(suite, tmp_path):
    told: list[float] = []
    run(plan(small_bench(suite)), tmp_path / "report", progress=told.append)
    assert told == pytest.approx([1 / 3, 2 / 3, 1])


def test_a_folder_that_holds_other_things_is_left_alone(suite, tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "letter.txt").write_text("dear")
    with pytest.raises(OutputError, match="is not empty and no report"):
        run(plan(small_bench(suite)), tmp_path / "report")
    assert [path.name for path in (tmp_path / "report").iterdir()] == ["letter.txt"]


def test_one_clip_is_held_at_a_time(tmp_path, monkeypatch):
    suite = small_suite(tmp_path / "clips", 6)
    alive: list[weakref.ref[Clip]] = []
    most = []
    really = Suite.__getitem__

    def read(self: Suite, number: int) -> Clip:
        most.append(sum(one() is not None for one in alive))
        clip = really(self, number)
        alive.append(weakref.ref(clip))
        return clip

    monkeypatch.setattr(Suite, "__getitem__", read)
    evaluate(small_bench(suite, ("hold", "flow"), ("psnr", "flicker")), tmp_path / "report")
    assert len(most) == 12  # once to look at its size, once to draw
    assert max(most) == 0


def test_frames_of_methods_are_not_held_from_clip_to_clip(tmp_path, monkeypatch):
    suite = small_suite(tmp_path / "clips", 5)
    alive: list[weakref.ref[np.ndarray]] = []
    most = []
    really = runner.draw

    def draw(spec: MethodSpec, clip: Clip):
        most.append(sum(one() is not None for one in alive))
        found = really(spec, clip)
        alive.append(weakref.ref(found.frames))
        return found

    monkeypatch.setattr(runner, "draw", draw)
    evaluate(small_bench(suite, ("hold", "flow"), ("psnr", "ssim")), tmp_path / "report")
    assert len(most) == 15
    assert max(most) <= 2  # of one clip: a method's and the truth's


@pytest.mark.slow
def test_processes_find_what_one_process_finds(suite, tmp_path):
    bench = small_bench(suite, ("hold", "flow"), ("psnr", "ssim", "motion"))
    found = []
    for workers in (1, 2):
        report = evaluate(bench, tmp_path / str(workers), workers=workers)
        found.append(_without_times(report.json))
    assert found[0] == found[1]


def _without_times(path: Path):
    known = json.loads(path.read_text())
    for row in known["rows"]:
        row["seconds_per_drawing"] = None
    return known
