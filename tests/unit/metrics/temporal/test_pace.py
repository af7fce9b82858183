import pytest
import torch

from tests.unit.metrics.toon_frames import toon_clip
from toontween.errors import InputError, ShapeError
from toontween.metrics.clips import to_frames
from toontween.metrics.temporal.pace import (
    curve_distance,
    held_steps,
    jumping_steps,
    motion_curve,
)

CLIP = to_frames(list(toon_clip(16, 64, 96)))
ON_TWOS = CLIP[[0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10, 12, 12, 14, 15]]
FROZEN = torch.cat([CLIP[:1].expand(15, -1, -1, -1), CLIP[-1:]])
CROSSFADE = torch.lerp(CLIP[:1], CLIP[-1:], torch.linspace(0, 1, 16).view(16, 1, 1, 1))


def test_the_truth_neither_holds_nor_jumps():
    assert not held_steps(CLIP, CLIP).any()
    assert not jumping_steps(CLIP, CLIP).any()


def test_a_clip_that_waits_for_the_last_key_holds_and_then_jumps():
    assert held_steps(FROZEN, CLIP).tolist() == [True] * 14 + [False]
    assert jumping_steps(FROZEN, CLIP).tolist() == [False] * 14 + [True]


def test_on_twos_every_other_step_is_held_and_none_jumps():
    assert held_steps(ON_TWOS, CLIP).tolist() == [True, False] * 7 + [False]
    assert not jumping_steps(ON_TWOS, CLIP).any()


def test_holds_of_the_truth_are_no_faults():
    assert not held_steps(ON_TWOS, ON_TWOS).any()
    assert not held_steps(CLIP, ON_TWOS).any()


def test_a_crossfade_neither_holds_nor_jumps():
    assert not held_steps(CROSSFADE, CLIP).any()
    assert not jumping_steps(CROSSFADE, CLIP).any()


def test_eased_motion_does_not_jump():
    ease = 0.5 - 0.5 * torch.cos(torch.linspace(0, torch.pi, 16))
    places = (ease * 60).round().long()
    frames = torch.zeros(16, 1, 4, 64)
    for frame, place in zip(frames, places, strict=True):
        frame[:, :, place : place + 3] = 1
    steady = torch.zeros(16, 1, 4, 64)
    for number, frame in enumerate(steady):
        frame[:, :, 4 * number : 4 * number + 3] = 1
    assert not jumping_steps(frames, steady).any()


def test_a_jump_of_the_truth_is_no_fault():
    cut = CLIP[[0, 1, 2, 3, 4, 5, 6, 7]].clone()
    cut[4:] = 1 - cut[4:]
    assert not jumping_steps(cut, cut).any()
    assert jumping_steps(cut, CLIP[:8]).tolist() == [False] * 3 + [True] + [False] * 3


def test_grain_of_a_still_clip_is_no_jump():
    still = torch.full((5, 3, 4, 4), 0.5)
    grain = still.clone()
    grain[2] += 5e-4
    assert not jumping_steps(grain, still).any()


def test_a_still_truth_holds_nothing():
    still = CLIP[:1].expand(16, -1, -1, -1)
    assert not held_steps(still, still).any()


def test_a_motion_curve_is_as_high_as_things_are_fast():
    slow, fast = (to_frames(list(toon_clip(6, 64, 96, speed=s))) for s in (0.5, 1.0))
    ratio = float(motion_curve(fast).mean() / motion_curve(slow).mean())
    assert ratio == pytest.approx(2, rel=0.25)


def test_a_motion_curve_shows_in_which_step_things_move():
    curve = motion_curve(ON_TWOS[:9])
    assert float(curve[1::2].min()) > 10 * float(curve[::2].max())


def test_the_same_curve_is_no_distance_away_and_a_still_clip_one():
    curve = torch.tensor([1.0, 2, 3])
    assert curve_distance(curve, curve) == 0
    assert curve_distance(curve * 0, curve) == 1
    assert curve_distance(torch.tensor([2.0, 0]), torch.tensor([1.0, 1])) == 1


def test_a_still_truth_has_no_curve_to_compare_with():
    with pytest.raises(InputError, match="nothing moves"):
        curve_distance(torch.ones(3), torch.zeros(3))
    with pytest.raises(InputError, match="3 steps cannot be compared with 4"):
        curve_distance(torch.ones(3), torch.ones(4))


@pytest.mark.parametrize("measure", [held_steps, jumping_steps])
def test_clips_of_different_length_are_not_compared(measure):
    with pytest.raises(ShapeError, match="15 frames of ours"):
        measure(CLIP[:15], CLIP)
