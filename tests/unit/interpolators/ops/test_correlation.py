import pytest
import torch

from toontween.interpolators.ops import correlation
from toontween.interpolators.ops.correlation import (
    AllPairs,
    OnDemand,
    cell_coordinates,
    correlate,
)

KINDS = pytest.mark.parametrize("kind", [AllPairs, OnDemand])


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@KINDS
def test_a_window_is_ordered_column_by_column(kind):
    here, there = torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8)
    here[0, 0, 3, 3] = 1
    there[0, 0, 4, 2] = 5
    found = kind(here, there, num_levels=1, radius=1).look_up(cell_coordinates(here))
    # one to the left is the first column, one below the last row of it
    assert found[0, :, 3, 3].tolist() == [0, 0, 5, 0, 0, 0, 0, 0, 0]


@KINDS
def test_a_correlation_is_a_dot_product_over_the_root_of_the_number_of_features(kind):
    here, there = noise(1, 16, 6, 7), noise(1, 16, 6, 7, seed=1)
    found = kind(here, there, num_levels=1, radius=0).look_up(cell_coordinates(here))
    assert torch.allclose(found[:, 0], (here * there).sum(dim=1) / 4, atol=1e-5)


@KINDS
def test_a_coarser_scale_sees_averages_of_four_cells(kind):
    here, there = torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8)
    here[0, 0, 2, 2] = 1
    there[0, 0, 2:4, 2:4] = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    found = kind(here, there, num_levels=2, radius=0).look_up(cell_coordinates(here))
    assert found[0, :, 2, 2].tolist() == pytest.approx([1, 3], abs=1e-5)


@KINDS
def test_nothing_correlates_outside_the_picture(kind):
    here = torch.ones(1, 1, 8, 8)
    found = kind(here, here, num_levels=3, radius=1).look_up(cell_coordinates(here) + 100)
    assert not found.any()


@KINDS
def test_scales_of_a_picture_too_small_for_them_find_nothing(kind):
    here = torch.ones(1, 1, 3, 1)
    found = kind(here, here, num_levels=3, radius=0).look_up(cell_coordinates(here))
    assert found[0, 0].flatten().tolist() == pytest.approx([1, 1, 1])
    assert not found[:, 1:].any()


def test_kept_and_made_on_demand_correlations_are_the_same_between_cells_too():
    here, there = noise(2, 5, 9, 12), noise(2, 5, 9, 12, seed=1)
    centres = cell_coordinates(here) + 3 * noise(2, 2, 9, 12, seed=2)
    kept = AllPairs(here, there, num_levels=3, radius=2).look_up(centres)
    demanded = OnDemand(here, there, num_levels=3, radius=2).look_up(centres)
    assert kept.shape == (2, 75, 9, 12)
    assert torch.allclose(kept, demanded, atol=1e-5)


def test_beyond_a_number_of_pairs_correlations_are_made_on_demand(monkeypatch):
    here = noise(1, 3, 4, 5)
    monkeypatch.setattr(correlation, "MOST_PAIRS", 400)
    assert isinstance(correlate(here, here), AllPairs)
    monkeypatch.setattr(correlation, "MOST_PAIRS", 399)
    assert isinstance(correlate(here, here), OnDemand)
