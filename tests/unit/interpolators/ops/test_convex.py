import pytest
import torch

from toontween.interpolators.ops.convex import convex_upsample


def test_a_weight_on_the_cell_itself_repeats_it_in_the_larger_pixels():
    flow = torch.arange(12.0).reshape(1, 2, 2, 3)
    mask = torch.full((1, 9, 4, 2, 3), -1e4)
    mask[:, 4] = 0
    fine = convex_upsample(flow, mask.flatten(1, 2), factor=2)
    assert torch.equal(fine, 2 * flow.repeat_interleave(2, 2).repeat_interleave(2, 3))


def test_a_fine_pixel_may_take_the_flow_of_any_neighbour():
    flow = torch.zeros(1, 1, 3, 3)
    flow[0, 0, 0, 2] = 1
    mask = torch.full((1, 9, 8, 8, 3, 3), -1e4)
    mask[:, 4] = 0
    # the neighbour above to the right, for the pixel in the second row and the fourth column of the middle cell
    mask[0, :, 1, 3, 1, 1] = torch.tensor([0.0, 0, 1e4, 0, 0, 0, 0, 0, 0])
    fine = convex_upsample(flow, mask.reshape(1, -1, 3, 3))
    assert fine[0, 0, 8 + 1, 8 + 3] == 8
    assert fine[0, 0, 8:16, 8:16].sum() == 8


def test_equal_weights_average_the_neighbours_with_nothing_outside():
    fine = convex_upsample(torch.full((1, 2, 1, 1), 9.0), torch.zeros(1, 36, 1, 1), factor=2)
    assert fine.flatten().tolist() == pytest.approx([2.0] * 8)
