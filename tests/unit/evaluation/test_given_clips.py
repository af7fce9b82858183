"""Rows of clips that something else drew."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.evaluation.small_clips import (
    in_folders,
    in_shards,
    small_clip,
    small_clips,
    small_suite,
)
from toontween.data.clips import Clip
from toontween.errors import InputError, MediaError
from toontween.evaluation import methods
from toontween.evaluation.bench import Bench
from toontween.evaluation.evaluate import evaluate
from toontween.evaluation.methods import GIVEN, MethodSpec, capabilities_of, draw
from toontween.evaluation.suite import open_suite


def given(path: Path, label: str = "by-hand") -> MethodSpec:
    return MethodSpec(method=GIVEN, label=label, options=(("path", str(path)),))


def darker(clip: Clip) -> Clip:
    return replace(clip, frames=(clip.frames * 0.9).astype(np.uint8))


def test_the_keys_are_true_and_the_rest_is_as_given(tmp_path):
    clip = small_clip()
    put = darker(clip)
    drawn = draw(given(in_shards(tmp_path, [put])), clip)
    np.testing.assert_array_equal(drawn.frames[[0, -1]], clip.frames[[0, -1]])
    np.testing.assert_array_equal(drawn.frames[1:-1], put.frames[1:-1])
    assert drawn.ends is not None
    np.testing.assert_array_equal(drawn.ends, put.frames[[0, -1]])


def test_a_clip_that_was_not_given_is_named(tmp_path):
    with pytest.raises(InputError, match=r"'by-hand' has no clip 'walk' .*looked in"):
        draw(given(in_shards(tmp_path, [small_clip("run")])), small_clip("walk"))


def test_clips_of_another_size_are_named(tmp_path):
    spec = given(in_shards(tmp_path, [small_clip("walk", size=(40, 32))]))
    with pytest.raises(InputError, match=r"'by-hand' on clip 'walk': .*40, 3"):
        draw(spec, small_clip("walk"))


def test_clips_that_are_not_there_are_refused_before_any_work(tmp_path):
    with pytest.raises(MediaError, match="nowhere does not exist"):
        capabilities_of(given(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="'by-hand' does not say the path"):
        capabilities_of(MethodSpec(method=GIVEN, label="by-hand"))


def test_given_clips_have_a_row_like_any_method(tmp_path):
    suite = small_suite(tmp_path / "clips", 2)
    spec = given(in_shards(tmp_path / "drawn", [darker(clip) for clip in small_clips(2)]))
    bench = Bench(suite=suite, methods=[spec], measures=("psnr", "first-key"))
    row = evaluate(bench, tmp_path / "report").evaluation.row("by-hand")
    assert row.cells["psnr"].clips == 2
    off = [(c.frames[0] / 255.0 - darker(c).frames[0] / 255.0) ** 2 for c in small_clips(2)]
    expected = np.mean([-10 * np.log10(squares.mean()) for squares in off])
    assert row.cells["first-key"].value == pytest.approx(expected, abs=1e-3)


def test_the_truth_given_as_clips_is_as_good_as_the_truth(tmp_path):
    clips = small_clips(2)
    here, there = (in_folders(tmp_path / name, clips) for name in ("clips", "drawn"))
    bench = Bench(suite=open_suite(here), methods=[given(there)], measures=("psnr", "ssim"))
    table = evaluate(bench, tmp_path / "report").evaluation
    assert table.row("by-hand").cells == table.row("truth").cells


def test_what_is_given_anew_is_measured_anew(tmp_path):
    suite, drawn = small_suite(tmp_path / "clips", 2), tmp_path / "drawn"
    bench = Bench(suite=suite, methods=[given(drawn)], measures=("psnr",))
    clips, found = small_clips(2), []
    for put in (clips, [clips[0], darker(clips[1])]):
        shutil.rmtree(drawn, ignore_errors=True)
        in_shards(drawn, put)
        methods._given_suite.cache_clear()  # as in a new process
        found.append(evaluate(bench, tmp_path / "report").evaluation.values["by-hand"]["psnr"])
    before, after = found
    assert after[0] == before[0]
    assert after[1] < before[1]
