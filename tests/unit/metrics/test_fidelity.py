import math

import pytest
import torch

from toontween.errors import InputError, ShapeError
from toontween.metrics.fidelity import end_frame_fidelity
from toontween.metrics.frame import EIGHT_BIT_MSE_FLOOR


def keys() -> torch.Tensor:
    return torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0)) * 0.9


def test_each_end_has_the_psnr_of_its_own_key():
    ours = torch.stack([keys()[0] + 0.01, torch.zeros(3, 4, 5), keys()[1] + 0.1])
    assert end_frame_fidelity(ours, keys()) == pytest.approx((40, 20), abs=1e-4)


def test_keys_that_were_copied_are_infinitely_near_unless_there_is_a_floor():
    assert end_frame_fidelity(keys(), keys()) == (math.inf, math.inf)
    floored = end_frame_fidelity(keys(), keys(), mse_floor=EIGHT_BIT_MSE_FLOOR)
    assert floored == pytest.approx((68.13, 68.13), abs=0.01)


def test_swapped_ends_are_not_the_keys():
    assert max(end_frame_fidelity(keys().flip(0), keys())) < 20


@pytest.mark.parametrize(
    ("ours", "given", "error", "message"),
    [
        (torch.zeros(1, 3, 4, 5), keys(), InputError, "ours has too few frames: 1"),
        (torch.zeros(3, 3, 4, 5), keys()[:1], InputError, "keys has too few frames: 1"),
        (torch.zeros(3, 3, 4, 5), keys()[[0, 1, 1]], ShapeError, "3 keys"),
        (torch.zeros(3, 3, 4, 6), keys(), ShapeError, "cannot be compared"),
        (torch.full((3, 3, 4, 5), math.nan), keys(), InputError, "frame 0 of ours"),
    ],
)
def test_what_cannot_be_compared_is_refused(ours, given, error, message):
    with pytest.raises(error, match=message):
        end_frame_fidelity(ours, given)
