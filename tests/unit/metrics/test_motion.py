import pytest
import torch

from toontween.errors import InputError, ShapeError
from toontween.metrics.motion import share_of_true_motion


def walk(step_px: int = 1) -> torch.Tensor:
    """Eight frames of a bright pixel that walks to the right."""
    frames = torch.zeros(8, 3, 4, 24)
    for number in range(8):
        frames[number, :, 2, number * step_px] = 1
    return frames


def test_all_of_the_motion_is_one_and_none_is_zero():
    assert share_of_true_motion(walk(), walk()) == pytest.approx(1)
    assert share_of_true_motion(walk()[:1].expand(8, -1, -1, -1), walk()) == 0


def test_half_the_contrast_is_half_the_motion():
    assert share_of_true_motion(0.5 * walk(), walk()) == pytest.approx(0.5)


def test_the_right_motion_at_the_wrong_place_counts_for_little():
    assert abs(share_of_true_motion(walk(step_px=3), walk())) < 0.2


def test_backwards_motion_is_negative():
    assert share_of_true_motion(walk().flip(0), walk()) < 0


def test_a_still_truth_has_no_share():
    still = torch.zeros(3, 3, 2, 2)
    with pytest.raises(InputError, match="nothing moves"):
        share_of_true_motion(still, still)


def test_clips_of_different_length_are_not_compared():
    with pytest.raises(ShapeError, match="cannot be compared"):
        share_of_true_motion(walk()[:7], walk())
