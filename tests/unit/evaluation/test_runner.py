"""Drawing and measuring: what is missing, clip by clip."""

import json
import weakref
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.evaluation.own_measures import MEAN_COLOURS
from tests.unit.evaluation.own_methods import (
    AttentiveInterpolator,
    OddInterpolator,
    odd,
    register,
)
from tests.unit.evaluation.small_clips import (
    in_shards,
    methods,
    small_bench,
    small_clip,
    small_clips,
    small_suite,
)
from toontween.data.clips import Clip
from toontween.errors import InputError, MediaError, OutputError
from toontween.evaluation import runner
from toontween.evaluation.evaluate import evaluate
from toontween.evaluation.measures.catalog import build_measure
from toontween.evaluation.methods import MethodSpec
from toontween.evaluation.runner import plan, run
from toontween.evaluation.suite import ShardSuite, Suite, open_suite


@pytest.fixture
def suite(tmp_path) -> Suite:
    return small_suite(tmp_path / "clips", 3)


@pytest.fixture
def drawn(monkeypatch) -> Counter[str]:
    """How often each method has drawn."""
    counter: Counter[str] = Counter()
    really = runner.draw

    def draw(spec: MethodSpec, clip: Clip):
        counter[spec.label] += 1
        return really(spec, clip)

    monkeypatch.setattr(runner, "draw", draw)
    return counter


@pytest.fixture
def measured(monkeypatch) -> Counter[str]:
    """How often each measure was taken."""
    counter: Counter[str] = Counter()
    really = runner.observe

    def observe(observation, measures):
        counter.update(measure.name for measure in measures)
        return really(observation, measures)

    monkeypatch.setattr(runner, "observe", observe)
    return counter


def test_a_second_run_draws_and_measures_nothing(suite, tmp_path, drawn, measured):
    order = plan(small_bench(suite))
    run(order, tmp_path / "report")
    assert drawn == {"hold": 3, "crossfade": 3, "truth": 3}
    assert measured == {"psnr": 9, "motion": 9}
    drawn.clear()
    measured.clear()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "report/clips").rglob("*")}
    run(order, tmp_path / "report")
    assert not drawn
    assert not measured
    assert before == {
        path: path.stat().st_mtime_ns for path in (tmp_path / "report/clips").rglob("*")
    }


def test_an_interrupted_run_goes_on_where_it_was(suite, tmp_path, drawn):
    order = plan(small_bench(suite))
    told = []

    def stop_after_the_first(part: float) -> None:
        told.append(part)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(order, tmp_path / "report", progress=stop_after_the_first)
    assert told == [pytest.approx(1 / 3)]
    assert drawn == {"hold": 1, "crossfade": 1, "truth": 1}
    run(order, tmp_path / "report")
    assert drawn == {"hold": 3, "crossfade": 3, "truth": 3}


def test_a_measure_that_fails_does_not_lose_the_drawings(suite, tmp_path, drawn, monkeypatch):
    order = plan(small_bench(suite, ("flow",)))

    def observe(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(runner, "observe", observe)
        with pytest.raises(KeyboardInterrupt):
            run(order, tmp_path / "report")
    assert drawn == {"flow": 1}
    run(order, tmp_path / "report")
    assert drawn == {"flow": 3, "truth": 3}


def test_a_new_method_draws_alone(suite, tmp_path, drawn, measured):
    run(plan(small_bench(suite)), tmp_path / "report")
    drawn.clear()
    measured.clear()
    run(plan(small_bench(suite, ("hold", "crossfade", "flow"))), tmp_path / "report")
    assert drawn == {"flow": 3}
    assert measured == {"psnr": 3, "motion": 3}


def test_a_new_measure_draws_nothing_and_looks_at_the_same_frames(suite, tmp_path, drawn, measured):
    report = tmp_path / "report"
    run(plan(small_bench(suite, measures=("psnr",))), report)
    drawn.clear()
    measured.clear()
    store = run(plan(small_bench(suite, measures=("psnr", "ssim"))), report)
    assert not drawn
    assert measured == {"ssim": 9}
    afresh = run(plan(small_bench(suite, measures=("ssim",))), tmp_path / "other")
    for clip in suite.keys:
        for label in ("hold", "crossfade", "truth"):
            record, other = store.latest(clip, label), afresh.latest(clip, label)
            assert record is not None
            assert other is not None
            assert set(record.values) == {"psnr", "ssim"}
            assert record.values["ssim"] == other.values["ssim"]


def test_own_drawings_of_the_keys_are_there_for_a_later_measure(suite, tmp_path, monkeypatch):
    register(monkeypatch, attentive=AttentiveInterpolator)
    run(plan(small_bench(suite, ("attentive",), ("psnr",))), tmp_path / "report")
    store = run(
        plan(small_bench(suite, ("attentive",), ("psnr", "first-key"))), tmp_path / "report"
    )
    record = store.latest("a", "attentive")
    assert record is not None
    off = suite[0].frames[0] / 255 - np.rint(suite[0].frames[0] * np.float32(0.9)) / 255
    expected = -10 * np.log10((off**2).mean())
    assert record.values["first-key"]["value"] == pytest.approx(expected, abs=1e-3)


def test_a_clip_that_changed_is_drawn_again_alone(tmp_path, drawn):
    clips = small_clips(3)
    for folder in ("before", "after"):
        changed = clips if folder == "before" else [clips[0], _changed(clips[1]), clips[2]]
        in_shards(tmp_path / folder / "clips", changed)
    run(plan(small_bench(open_suite(tmp_path / "before/clips"))), tmp_path / "report")
    drawn.clear()
    store = run(plan(small_bench(open_suite(tmp_path / "after/clips"))), tmp_path / "report")
    assert drawn == {"hold": 1, "crossfade": 1, "truth": 1}
    record = store.latest("b", "truth")
    assert record is not None
    assert (store.frames("b", "truth", record)[2, 0, 0] == 7).all()


def _changed(clip: Clip) -> Clip:
    frames = clip.frames.copy()
    frames[2, 0, 0] = 7
    return replace(clip, frames=frames)


def test_a_method_with_other_settings_is_drawn_again(suite, tmp_path, drawn):
    run(plan(small_bench(suite, ("hold", "flow"))), tmp_path / "report")
    drawn.clear()
    sharp = MethodSpec(method="flow", options=(("sharpness", 40.0),))
    bench = replace(small_bench(suite), methods=[*methods("hold"), sharp])
    run(plan(bench), tmp_path / "report")
    assert drawn == {"flow": 3}


@pytest.mark.parametrize("lost", ["a/crossfade.webp", "a/crossfade.json"])
def test_lost_files_are_made_again(suite, tmp_path, drawn, lost):
    order = plan(small_bench(suite))
    run(order, tmp_path / "report")
    (tmp_path / "report/clips" / lost).unlink()
    drawn.clear()
    store = run(order, tmp_path / "report")
    assert drawn == {"crossfade": 1}
    record = store.latest("a", "crossfade")
    assert record is not None
    assert set(record.values) == {"psnr", "motion"}
    assert store.picture("a", "crossfade").is_file()


def test_lost_features_are_made_again(suite, tmp_path, drawn, monkeypatch):
    _with_mean_colours(monkeypatch)
    order = plan(small_bench(suite, measures=("psnr", "mean-colours")))
    run(order, tmp_path / "report")
    path = tmp_path / "report/clips/b/hold.npz"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(MediaError, match=r"hold\.npz is damaged.*delete it and run again"):
        evaluate(small_bench(suite, measures=("psnr", "mean-colours")), tmp_path / "report")
    path.unlink()
    drawn.clear()
    run(order, tmp_path / "report")
    assert drawn == {"hold": 1}
    assert path.is_file()


def _with_mean_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A measure of sets of one's own, beside those of the catalogue."""
    own = {"mean-colours": MEAN_COLOURS}
    monkeypatch.setattr(
        runner,
        "build_measure",
        lambda name, weights=(): own.get(name) or build_measure(name, weights),
    )


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
    really = ShardSuite._read

    def read(self: ShardSuite, number: int) -> Clip:
        most.append(sum(one() is not None for one in alive))
        clip = really(self, number)
        alive.append(weakref.ref(clip))
        return clip

    monkeypatch.setattr(ShardSuite, "_read", read)
    evaluate(small_bench(suite, ("hold", "flow"), ("psnr", "flicker")), tmp_path / "report")
    assert len(most) == 12  # once to look at its size, once to draw
    assert max(most) <= 1


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
