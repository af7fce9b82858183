import math

import pytest
import torch

from toontween.diffusion.guidance import Guidance, guide, guide_twice, rescale_guidance
from toontween.errors import InputError

GENERATOR = torch.Generator().manual_seed(0)
CONDITIONAL, UNCONDITIONAL, IMAGE_ONLY = torch.randn(3, 2, 4, 3, 5, 5, generator=GENERATOR)


def test_a_scale_of_one_is_the_conditional_prediction_and_of_zero_the_other():
    assert torch.allclose(guide(UNCONDITIONAL, CONDITIONAL, scale=1.0), CONDITIONAL)
    assert torch.equal(guide(UNCONDITIONAL, CONDITIONAL, scale=0.0), UNCONDITIONAL)


def test_equal_scales_of_two_conditions_are_one():
    both = guide_twice(UNCONDITIONAL, IMAGE_ONLY, CONDITIONAL, scale=3.0, image_scale=3.0)
    assert torch.allclose(both, guide(UNCONDITIONAL, CONDITIONAL, scale=3.0), atol=1e-5)


def test_a_full_rescale_gives_each_sample_the_conditional_spread():
    guided = guide(UNCONDITIONAL, CONDITIONAL, scale=7.5)
    rescaled = rescale_guidance(guided, CONDITIONAL, rescale=1.0)
    assert torch.allclose(rescaled.std(dim=(1, 2, 3, 4)), CONDITIONAL.std(dim=(1, 2, 3, 4)))
    assert torch.equal(rescale_guidance(guided, CONDITIONAL, rescale=0.0), guided)


@pytest.mark.parametrize(
    ("guidance", "count"),
    [
        (Guidance(scale=1.0, image_scale=3.0), 1),
        (Guidance(scale=7.5), 2),
        (Guidance(scale=7.5, image_scale=1.0), 3),
    ],
)
def test_no_more_predictions_are_made_than_needed(guidance: Guidance, count: int):
    assert guidance.num_predictions == count


def test_without_guidance_nothing_is_rescaled():
    assert Guidance(scale=1.0).combine([CONDITIONAL]) is CONDITIONAL


@pytest.mark.parametrize(
    "numbers", [{"scale": math.nan}, {"image_scale": math.inf}, {"rescale": -0.1}]
)
def test_impossible_guidance_is_refused(numbers: dict[str, float]):
    with pytest.raises(InputError):
        Guidance(**numbers)
