import math

import numpy as np
import pytest
import torch

from toontween.interpolators.ops.splat import softmax_splat, splat_sum


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def splat_by_loop(values: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Every pixel of every picture by itself, shared among the four it lands between."""
    batch, _, height, width = values.shape
    total = np.zeros_like(values)
    for b, y, x in np.ndindex(batch, height, width):
        to_x, to_y = x + flow[b, 0, y, x], y + flow[b, 1, y, x]
        for column in (math.floor(to_x), math.floor(to_x) + 1):
            for row in (math.floor(to_y), math.floor(to_y) + 1):
                if 0 <= column < width and 0 <= row < height:
                    share = (1 - abs(to_x - column)) * (1 - abs(to_y - row))
                    total[b, :, row, column] += share * values[b, :, y, x]
    return total


def test_a_picture_of_more_pixels_than_float32_can_count_stays_as_it_is():
    values = noise(1, 1, 2, 2**23 + 3)
    assert torch.equal(splat_sum(values, torch.zeros(1, 2, 2, 2**23 + 3)), values)


def test_splatting_agrees_with_a_loop_over_pixels():
    values, flow = noise(2, 3, 6, 7).double(), 3 * noise(2, 2, 6, 7, seed=1).double()
    expected = splat_by_loop(values.numpy(), flow.numpy())
    np.testing.assert_allclose(splat_sum(values, flow).numpy(), expected, atol=1e-12)


def test_a_shift_by_whole_pixels_moves_the_picture():
    values = noise(1, 2, 5, 6)
    flow = torch.tensor([2.0, -1.0]).view(1, 2, 1, 1).expand(1, 2, 5, 6)
    moved = splat_sum(values, flow)
    torch.testing.assert_close(moved[:, :, :4, 2:], values[:, :, 1:, :4])
    assert not moved[:, :, 4].any()
    assert not moved[:, :, :, :2].any()


def test_what_is_not_lost_over_the_border_is_kept():
    values = noise(1, 1, 9, 9).abs()
    flow = noise(1, 2, 9, 9, seed=2).clamp(-1, 1)
    values[:, :, [0, -1]], values[:, :, :, [0, -1]] = 0, 0
    assert float(splat_sum(values, flow).sum()) == pytest.approx(float(values.sum()), rel=1e-5)


def test_flow_that_is_not_finite_carries_nothing():
    values, flow = torch.ones(1, 1, 2, 2), torch.zeros(1, 2, 2, 2)
    flow[0, 0, 0, 0], flow[0, 1, 1, 1] = float("nan"), float("inf")
    assert splat_sum(values, flow).tolist() == [[[[0, 1], [1, 0]]]]


def test_flow_far_beyond_the_picture_carries_nothing():
    values, flow = torch.ones(1, 1, 2, 2), torch.full((1, 2, 2, 2), 1e30)
    assert not splat_sum(values, flow).any()


def test_the_larger_metric_wins_where_two_pixels_land():
    values = torch.tensor([[[[1.0, 5.0]]]])
    flow = torch.tensor([[[[1.0, 0.0]], [[0.0, 0.0]]]])
    sums, weights = softmax_splat(values, flow, torch.tensor([[[[math.log(3), 0.0]]]]))
    assert weights[0, 0, 0].tolist() == pytest.approx([0, 4])
    assert float(sums[0, 0, 0, 1] / weights[0, 0, 0, 1]) == pytest.approx((3 * 1 + 5) / 4)


def test_gradients_reach_values_flow_and_metric():
    parts = (noise(1, 2, 3, 4), 0.8 * noise(1, 2, 3, 4, seed=3), noise(1, 1, 3, 4, seed=4))
    inputs = tuple(part.double().requires_grad_() for part in parts)
    assert torch.autograd.gradcheck(softmax_splat, inputs)
