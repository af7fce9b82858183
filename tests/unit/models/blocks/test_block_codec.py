"""The linear codec that a new autoencoder is."""

import pytest
import torch

from toontween.models.blocks.block_codec import BlockAnalysis, BlockSynthesis, lowest_waves


@pytest.mark.parametrize("count", [3, 8, 192])
def test_waves_are_orthonormal(count):
    waves, spreads = lowest_waves(count, block=8)
    products = waves.flatten(1) @ waves.flatten(1).T
    assert torch.allclose(products, torch.eye(count), atol=1e-5)
    assert (spreads > 0).all()


def test_the_first_latents_are_a_blocks_mean_colour_and_slopes():
    waves, _ = lowest_waves(5, block=8)
    assert waves[:3].std(dim=(2, 3)).max() < 1e-6
    sums = waves[3:].sum(dim=(2, 3))
    assert sums.abs().max() < 1e-5
    assert sorted(bool(w.std(dim=2).max() < 1e-6) for w in waves[3:]) == [False, True]


@torch.no_grad()
def test_synthesis_gives_back_what_lies_in_the_waves():
    analysis, synthesis = BlockAnalysis(8, block=8), BlockSynthesis(8, block=8)
    latents = torch.randn(2, 8, 3, 2, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(analysis(synthesis(latents)), latents, atol=1e-5)


@torch.no_grad()
def test_all_waves_of_a_block_lose_nothing():
    analysis, synthesis = BlockAnalysis(48, block=4), BlockSynthesis(48, block=4)
    pictures = torch.rand(1, 3, 8, 12, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert torch.allclose(synthesis(analysis(pictures)), pictures, atol=1e-5)
