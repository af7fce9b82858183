"""A run goes on where it was stopped, and does nothing twice."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.evaluation.own_measures import MEAN_COLOURS
from tests.unit.evaluation.own_methods import (
    AttentiveInterpolator,
    register,
)
from tests.unit.evaluation.small_clips import (
    in_shards,
    methods,
    small_bench,
    small_clips,
    small_suite,
)
from toontween.data.clips import Clip
from toontween.errors import MediaError
from toontween.evaluation import runner
from toontween.evaluation.evaluate import evaluate
from toontween.evaluation.measures.catalog import build_measure
from toontween.evaluation.methods import MethodSpec
from toontween.evaluation.runner import plan, run
from toontween.evaluation.suite import Suite, open_suite


@pytest.fixture
def suite(tmp_path) -> Suite:
    return small_suite(tmp_path / "clips", 3)


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
