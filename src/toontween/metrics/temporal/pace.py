"""When things move: the speed of each step, and steps in which a clip stands still or jumps."""

import torch
from jaxtyping import Bool, Float, Float64
from torch import Tensor

from toontween.errors import InputError
from toontween.metrics.clips import check_frames, check_pair
from toontween.metrics.temporal.flicker import frame_changes
from toontween.metrics.temporal.flow import flow_to_next

MOVES = 1e-3
"""A step with a smaller mean change stands still: a quarter of an 8-bit level, what one per cent of the pixels does by
changing by a tenth."""

HELD_SHARE = 0.1
"""A step with less than this part of the true change is held. A clip that stands still makes none of it; a crossfade, the
slowest of all methods that change anything, makes 0.19 between keys a figure's width apart."""

JUMP = 2.5
"""A step with more than this many times the median change jumps. Measured on moving outlined figures: steps of steady motion
are at most 1.4 times the median, motion on twos at most 2.1, the last step of a clip that waited for it 2…5.4. Changes of
outlines saturate once these have moved by their width, so a jump between fast motion can hide; the holds before do not."""


def motion_curve(frames: Float[Tensor, "t c h w"]) -> Float64[Tensor, " s"]:
    """Mean length of the optical flow of each step, in pixels.

    Protocol: DIS flow of `temporal.flow`, forward, all pixels.

    Args:
        frames: Frames in 0…1, two or more.

    Raises:
        ShapeError: It is no clip.
        InputError: There are fewer than two frames, or one holds a number that is not finite or out of range.
    """
    check_frames(frames, "the clip", at_least=2)
    return flow_to_next(frames).double().norm(dim=1).mean(dim=(1, 2))


def curve_distance(ours: Float[Tensor, " s"], truth: Float[Tensor, " _"]) -> float:
    """How far a motion curve is from the true one: Σ |ours − truth| / Σ truth.

    0 is the same speed at the same time; a clip that stands still has 1; so has one that does all of a steady motion in
    half of the steps.

    Args:
        ours: Speed of each step.
        truth: The true speeds.

    Raises:
        InputError: The curves differ in length, or nothing moves in the truth.
    """
    if len(ours) != len(truth):
        raise InputError(f"{len(ours)} steps cannot be compared with {len(truth)}")
    total = float(truth.sum())
    if total <= 0:
        raise InputError("nothing moves in the true frames", hint="leave still clips out")
    return float((ours - truth).abs().sum()) / total


def held_steps(
    ours: Float[Tensor, "t c h w"], truth: Float[Tensor, "_ _ _ _"]
) -> Bool[Tensor, " s"]:
    """Steps in which the truth moves (`MOVES`) and ours makes less than `HELD_SHARE` of its change.

    Args:
        ours: Frames in 0…1 with the keys at both ends.
        truth: The true frames.

    Raises:
        ShapeError: The two differ in shape.
        InputError: There are fewer than two frames, or one holds a number that is not finite or out of range.
    """
    check_pair(ours, truth, at_least=2)
    true_change = frame_changes(truth)
    return (true_change >= MOVES) & (frame_changes(ours) < HELD_SHARE * true_change)


def jumping_steps(
    ours: Float[Tensor, "t c h w"], truth: Float[Tensor, "_ _ _ _"]
) -> Bool[Tensor, " s"]:
    """Steps in which ours changes by more than `JUMP` times the median change, and the truth does not.

    The median is the greater of ours and the truth's: a clip that stands still up to one step has a median of 0. A
    change below `MOVES` is no jump.

    Args:
        ours: Frames in 0…1 with the keys at both ends.
        truth: The true frames.

    Raises:
        ShapeError: The two differ in shape.
        InputError: There are fewer than two frames, or one holds a number that is not finite or out of range.
    """
    check_pair(ours, truth, at_least=2)
    our_change, true_change = frame_changes(ours), frame_changes(truth)
    usual = torch.maximum(our_change.quantile(0.5), true_change.quantile(0.5))
    limit = (JUMP * usual).clamp(min=MOVES)
    return (our_change > limit) & (true_change <= limit)
