"""What methods draw for a table: between the keys of a clip, rounded to 8 bits, checked."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.evaluation.own_methods import (
    AttentiveInterpolator,
    OddInterpolator,
    odd,
    register,
)
from tests.unit.evaluation.small_clips import inked, small_clip
from toontween.data.clips import Clip
from toontween.errors import InputError
from toontween.evaluation.methods import TRUTH, MethodSpec, draw


@pytest.fixture
def attentive(monkeypatch) -> MethodSpec:
    """A method whose requests can be looked at; nothing is remembered yet."""
    register(monkeypatch, attentive=AttentiveInterpolator)
    AttentiveInterpolator.requests.clear()
    return MethodSpec(method="attentive")


@pytest.mark.parametrize("method", ["hold", "crossfade", "flow"])
def test_keys_stay_bit_for_bit_and_all_between_is_drawn(method):
    clip = small_clip(frames=6, speed=2.0)
    drawn = draw(MethodSpec(method=method), clip)
    assert drawn.frames.dtype == np.uint8
    assert drawn.frames.shape == clip.frames.shape
    np.testing.assert_array_equal(drawn.frames[[0, -1]], clip.frames[[0, -1]])
    assert (drawn.frames[1:-1] != clip.frames[1:-1]).any()


def test_methods_see_nothing_but_the_keys():
    clip = small_clip()
    other = replace(clip, frames=clip.frames.copy())
    other.frames[1:-1] = 255 - other.frames[1:-1]
    for method in ("hold", "crossfade", "flow"):
        spec = MethodSpec(method=method)
        np.testing.assert_array_equal(draw(spec, clip).frames, draw(spec, other).frames)


def test_drawings_are_evenly_spaced_and_rounded_to_the_nearest_level():
    frames = np.zeros((5, 4, 4, 3), np.uint8)
    frames[-1] = 6  # in-betweens of a crossfade: 1.5, 3, 4.5
    drawn = draw(MethodSpec(method="crossfade"), Clip(key="a", frames=frames, fps=24.0))
    assert drawn.frames[2].max() == drawn.frames[2].min() == 3
    assert {int(drawn.frames[1, 0, 0, 0]), int(drawn.frames[3, 0, 0, 0])} <= {1, 2, 4, 5}
    assert drawn.frames[1, 0, 0, 0] + drawn.frames[3, 0, 0, 0] == 6


def test_values_out_of_range_are_clipped(monkeypatch):
    register(monkeypatch, odd=OddInterpolator)
    assert draw(odd("range"), small_clip()).frames[-2, 0, 0].tolist() == [0, 255, 128]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("count", "2 drawings for 3 times"),
        ("size", r"drawing 2 is \(32, 47, 3\), not \(32, 48, 3\)"),
        ("alpha", r"drawing 2 is \(32, 48, 4\)"),
        ("number", "drawing 2 has values that are no numbers"),
    ],
)
def test_what_is_no_drawing_is_refused_by_method_and_clip(monkeypatch, fault, told):
    register(monkeypatch, odd=OddInterpolator)
    with pytest.raises(InputError, match=f"method 'odd' on clip 'walk': {told}"):
        draw(odd(fault), small_clip("walk"))


def test_the_truth_is_the_clip_itself():
    clip = small_clip()
    drawn = draw(MethodSpec(method=TRUTH), clip)
    assert drawn.frames is clip.frames
    assert (drawn.seconds, drawn.ends) == (0.0, None)


def test_captions_and_seeds_reach_methods_that_read_them(attentive):
    draw(replace(attentive, seed=11), small_clip(caption="a disc rolls"))
    [request] = AttentiveInterpolator.requests
    assert (request.prompt, request.seed) == ("a disc rolls", 11)
    assert request.times == pytest.approx([0.25, 0.5, 0.75])


def test_captions_are_kept_from_methods_that_do_not_read_them():
    clip = small_clip(caption="a disc rolls")
    assert len(draw(MethodSpec(method="hold"), clip).frames) == len(clip)


def test_true_lines_are_given_at_their_frames_only(attentive):
    clip = inked(small_clip())
    draw(replace(attentive, sketched=(0, 2, 4)), clip)
    [request] = AttentiveInterpolator.requests
    assert sorted(request.sketches) == [
        -1,
        1,
        3,
    ]  # the first key, the second of three times, the last key
    assert clip.lines is not None
    np.testing.assert_allclose(request.sketches[1].ink, clip.lines[2] / 255, atol=1e-6)


def test_sketches_of_a_clip_without_lines_are_refused(attentive):
    with pytest.raises(
        InputError, match="'attentive' is to follow sketches, and clip 'walk' has no lines"
    ):
        draw(replace(attentive, sketched=(2,)), small_clip("walk"))


@pytest.mark.parametrize("frame", [-1, 5])
def test_sketches_of_no_frame_are_refused(attentive, frame):
    with pytest.raises(InputError, match=f"no frame {frame} to sketch in clip 'a'"):
        draw(replace(attentive, sketched=(frame,)), inked(small_clip()))


def test_a_methods_own_drawings_of_the_keys_are_kept_beside_the_frames(attentive):
    clip = small_clip()
    drawn = draw(attentive, clip)
    assert drawn.ends is not None
    np.testing.assert_allclose(drawn.ends, clip.frames[[0, -1]] * 0.9, atol=0.51)
    np.testing.assert_array_equal(drawn.frames[[0, -1]], clip.frames[[0, -1]])


def test_drawing_takes_time_and_the_same_call_draws_the_same():
    spec, clip = MethodSpec(method="flow", options=(("sharpness", 40.0),)), small_clip()
    first, second = draw(spec, clip), draw(spec, clip)
    np.testing.assert_array_equal(first.frames, second.frames)
    assert first.seconds > 0
