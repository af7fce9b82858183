"""What EISAI's networks are fed: distances to lines, carried pictures, agreement along a flow."""

import numpy as np
import pytest
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from toontween.interpolators.learned.eisai.grid import GridNet
from toontween.interpolators.learned.eisai.line_distance import (
    find_lines,
    line_distance,
    squared_distance,
)
from toontween.interpolators.learned.eisai.network import SoftsplatLite
from toontween.interpolators.learned.eisai.photometry import agreement, fetch_along, rgb_to_lab
from toontween.interpolators.learned.eisai.warping import Motion, half_warp
from toontween.interpolators.learned.weights import fill_at_random
from toontween.interpolators.ops.lab import rgb_to_lab as standard_lab


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def flow_to(right: float, down: float, size: tuple[int, int]) -> Tensor:
    return (
        torch.tensor([float(right), float(down)])[None, :, None, None]
        .expand(1, 2, *size)
        .contiguous()
    )


def motion(forward: Tensor, backward: Tensor) -> Motion:
    level = torch.zeros(1, 1, *forward.shape[2:])
    return Motion(forward=forward, backward=backward, forward_metric=level, backward_metric=level)


@pytest.mark.parametrize("share", [0.0005, 0.01, 0.3])
@pytest.mark.parametrize("size", [(61, 83), (90, 31), (1, 50), (50, 1)])
def test_distances_are_exactly_the_euclidean_ones(size, share):
    lines = noise(2, 1, *size) < share
    lines[:, :, 0, size[1] // 2] = True
    wanted = np.zeros((2, 1, *size))
    for mask, distance in zip(lines.numpy(), wanted, strict=True):
        distance_transform_edt(~mask[0], distances=distance[0])
    found = squared_distance(lines).numpy()
    np.testing.assert_array_equal(found, np.rint(wanted**2))


def test_without_lines_the_distance_is_the_diagonal_and_other_pictures_are_not_touched():
    lines = torch.zeros(2, 1, 30, 40, dtype=torch.bool)
    lines[1, 0, 3, 4] = True
    found = squared_distance(lines)
    assert (found[0] == 50**2).all()
    assert found[1, 0, 29, 39] == 26**2 + 35**2


@pytest.mark.gpu
def test_distances_on_cuda_are_those_of_the_cpu():
    lines = noise(1, 1, 200, 300) < 0.002
    torch.testing.assert_close(squared_distance(lines.cuda()).cpu(), squared_distance(lines))


def test_a_thin_dark_line_is_found_and_distance_grows_with_the_pictures_share():
    picture = torch.ones(1, 3, 540, 300)
    picture[..., 150:152] = 0
    lines = find_lines(picture)
    assert lines[..., 150:152].all()
    assert not lines[..., :145].any()
    assert not lines[..., 157:].any()
    nearest = int(lines[0, 0, 270].nonzero().min())
    found = line_distance(picture)[0, 0, 270, nearest - 30]
    assert found == pytest.approx(1 - np.exp(-30 * 36 / 540), abs=1e-5)


def test_a_flat_picture_has_no_lines():
    found = line_distance(torch.full((1, 3, 30, 40), 0.4))
    torch.testing.assert_close(found, torch.full_like(found, 1 - float(np.exp(-50 * 36 / 40))))


def test_standing_pictures_are_carried_nowhere():
    first, last = noise(1, 4, 12, 16), noise(1, 4, 12, 16, seed=1)
    still = flow_to(0, 0, (12, 16))
    made = half_warp(first, last, motion(still, still), time=0.3)
    for found, wanted in ((made.from_first, first), (made.from_last, last)):
        torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)
    assert (made.first_mask == 1).all()
    assert (made.last_mask == 1).all()


def test_holes_of_one_key_are_filled_from_the_other():
    size = (16, 24)
    first, last = noise(1, 4, *size), noise(1, 4, *size, seed=1)
    made = half_warp(first, last, motion(flow_to(12, 0, size), flow_to(-12, 0, size)), time=0.5)
    assert (made.first_mask[..., :6] == 0).all()
    assert (made.first_mask[..., 6:] == 1).all()
    assert (made.last_mask[..., 18:] == 0).all()
    torch.testing.assert_close(made.from_first[..., 6:], first[..., :18], atol=1e-6, rtol=0)
    torch.testing.assert_close(made.from_first[..., :6], last[..., 6:12], atol=1e-6, rtol=0)
    torch.testing.assert_close(made.from_last[..., 18:], first[..., 12:18], atol=1e-6, rtol=0)


def test_specks_count_as_holes_but_keep_their_place_in_what_landed():
    size = (16, 24)
    first, last = torch.ones(1, 4, *size), torch.zeros(1, 4, *size)
    away = flow_to(100, 0, size)
    away[..., 4:8, 4:8] = 0  # narrower than five pixels
    made = half_warp(first, last, motion(away, flow_to(0, 0, size)), time=1.0)
    assert made.first.sum() == 4 * 16
    assert (made.first_mask == 0).all()
    assert (made.from_first == 0).all()


def test_swapping_keys_and_turning_time_round_swaps_what_is_carried():
    size = (12, 16)
    first, last = noise(1, 4, *size), noise(1, 4, *size, seed=1)
    forward, backward = 3 * noise(1, 2, *size, seed=2), -3 * noise(1, 2, *size, seed=3)
    made = half_warp(first, last, motion(forward, backward), time=0.25)
    turned = half_warp(last, first, motion(backward, forward), time=0.75)
    torch.testing.assert_close(made.from_first, turned.from_last)
    torch.testing.assert_close(made.last_mask, turned.first_mask)


def test_a_motion_on_a_smaller_grid_is_in_that_grids_pixels():
    moved = motion(flow_to(8, 6, (12, 16)), flow_to(-8, -6, (12, 16))).resized(4, 8)
    torch.testing.assert_close(moved.forward, flow_to(4, 2, (4, 8)))
    torch.testing.assert_close(moved.backward, flow_to(-4, -2, (4, 8)))
    assert moved.forward_metric.shape == (1, 1, 4, 8)


def test_backward_warping_without_flow_moves_the_borders_by_half_a_pixel():
    ramp = torch.arange(9.0).expand(1, 1, 5, 9)
    found = fetch_along(ramp, flow_to(0, 0, (5, 9)))
    wanted = (torch.arange(9.0) * 9 / 8 - 0.5).clamp(0, 8)
    torch.testing.assert_close(found, wanted.expand(1, 1, 5, 9), atol=1e-5, rtol=0)


def test_colours_that_agree_have_the_highest_metric():
    grey, white = torch.full((1, 3, 8, 8), 0.5), torch.ones(1, 3, 8, 8)
    flow = 3 * noise(1, 2, 8, 8)
    assert agreement(grey, grey, flow).abs().max() < 1e-4
    darker = torch.zeros(1, 3, 8, 8)
    torch.testing.assert_close(
        agreement(white, darker, flow), torch.full((1, 1, 8, 8), -10.0), atol=2e-3, rtol=0
    )


def test_colours_differ_from_the_standards_by_rounded_constants_only():
    rgb = noise(1, 3, 32, 32)
    difference = (rgb_to_lab(rgb) - standard_lab(rgb)).abs().max()
    assert 0 < difference < 0.02


def test_keys_that_do_not_move_are_drawn_the_same_at_every_time():
    network = SoftsplatLite()
    fill_at_random(network)
    network.eval()
    key, still = noise(1, 3, 48, 64), flow_to(0, 0, (48, 64))
    with torch.no_grad():
        pair = network.describe(key, key, forward_flow=still, backward_flow=still)
        early, late = (network(pair, time=time).picture for time in (0.1, 0.8))
    torch.testing.assert_close(early, late, atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [(8, 12), (7, 9), (5, 6)])
def test_the_grid_takes_rows_whose_sizes_were_rounded_up(size):
    grid = GridNet().eval()
    half = tuple((side + 1) // 2 for side in size)
    quarter = tuple((side + 1) // 2 for side in half)
    rows = [
        noise(1, width, *at) for width, at in zip((32, 64, 128), (size, half, quarter), strict=True)
    ]
    with torch.no_grad():
        assert grid(rows).shape == (1, 32, *size)
