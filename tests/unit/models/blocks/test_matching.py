"""Block matching on pictures whose movement is known."""

import pytest
import torch
from torch import Tensor

from toontween.models.blocks.matching import match_blocks, moved


def _texture(height: int, width: int, seed: int = 0) -> Tensor:
    rough = torch.randn(
        1, 3, height // 8, width // 8, generator=torch.Generator().manual_seed(seed)
    )
    return torch.nn.functional.interpolate(rough, size=(height, width), mode="bicubic")


def test_what_stands_still_is_found_where_it_is_at_no_cost():
    picture = _texture(40, 56)
    move, cost = match_blocks(picture, picture)
    assert not move.any()
    assert cost.max() < 1e-6


@pytest.mark.parametrize(("down", "right"), [(3, 5), (-9, 4), (0, -14)])
def test_a_moved_picture_is_found_where_it_went(down, right):
    other = _texture(96, 120)
    picture = other.roll((down, right), dims=(2, 3))
    move, cost = match_blocks(picture, other)
    inner = (..., slice(24, -24), slice(24, -24))
    found = (move == torch.tensor([-down, -right]).view(1, 2, 1, 1)).all(1)
    assert found[inner].float().mean() > 0.95
    assert cost[inner].median() < 1e-5
    copied = moved(other, move)
    assert (copied - picture)[inner].abs().mean() < 0.01


def test_flat_places_do_not_wander():
    move, cost = match_blocks(torch.zeros(1, 3, 48, 48), torch.zeros(1, 3, 48, 48))
    assert not move.any()
    assert not cost.any()


@pytest.mark.parametrize("size", [(8, 8), (50, 75), (24, 200)])
def test_any_size_is_matched(size):
    picture, other = torch.rand(2, 3, *size), torch.rand(2, 3, *size)
    move, cost = match_blocks(picture, other)
    assert move.shape == (2, 2, *size)
    assert cost.shape == (2, 1, *size)


def test_moves_beyond_the_edge_take_the_edges_pixels():
    row = torch.arange(4.0).expand(1, 1, 3, 4)
    move = torch.tensor([0, 2]).view(1, 2, 1, 1).expand(1, 2, 3, 4)
    assert moved(row, move)[0, 0, 0].tolist() == [2, 3, 3, 3]
