"""Convolutional parts of the denoiser."""

import math

import pytest
import torch
import torch.nn.functional as F

from toontween.models.blocks.layers import (
    EmbeddingMLP,
    GroupNorm,
    ResidualBlock,
    TemporalConvolution,
    Upsample,
    from_planes,
    from_tokens,
    sinusoidal_embedding,
    to_planes,
    to_tokens,
)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_sinusoids_are_cosines_then_sines_of_falling_frequencies():
    found = sinusoidal_embedding(torch.tensor([7]), 4)[0]
    slow = 7 / math.sqrt(10_000)
    wanted = torch.tensor([math.cos(7), math.cos(slow), math.sin(7), math.sin(slow)])
    torch.testing.assert_close(found, wanted)


def test_an_embedding_is_computed_in_the_precision_of_its_weights():
    assert EmbeddingMLP(8, 16).half()(torch.tensor([999, 0])).dtype == torch.float16


def test_group_norm_in_half_precision_survives_large_values():
    norm = GroupNorm(2, 4).half()
    pictures = (noise(1, 4, 8, 8) * 5_000).half()
    found = norm(pictures)
    assert found.dtype == torch.float16
    torch.testing.assert_close(found.float(), F.group_norm(pictures.float(), 2), atol=2e-3, rtol=0)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_tokens_and_planes_return_to_the_pictures_they_came_from(layout):
    pictures = noise(6, 4, 2, 3).contiguous(memory_format=layout)
    assert torch.equal(from_tokens(to_tokens(pictures), 2), pictures)
    assert torch.equal(from_planes(to_planes(pictures, 3), 2), pictures)


def test_planes_of_channels_last_pictures_are_views():
    pictures = noise(6, 4, 2, 3).contiguous(memory_format=torch.channels_last)
    assert to_planes(pictures, 3).data_ptr() == pictures.data_ptr()


def test_a_plane_has_time_before_space():
    pictures = noise(6, 4, 2, 5)
    planes = to_planes(pictures, 3)
    assert planes.shape == (2, 4, 3, 10)
    assert torch.equal(planes[1, :, 2].unflatten(1, (2, 5)), pictures[5])


def test_an_untrained_temporal_convolution_changes_nothing():
    pictures = noise(6, 8, 2, 3)
    assert torch.equal(TemporalConvolution(8, 4, 0.0)(pictures, 3), pictures)


def test_a_temporal_convolution_is_four_three_dimensional_ones():
    layer = TemporalConvolution(8, 4, 0.0)
    for index, parameter in enumerate(layer.parameters()):
        parameter.data = noise(*parameter.shape, seed=index) / 4
    pictures = noise(6, 8, 2, 5)
    clip = pictures.unflatten(0, (2, 3)).transpose(1, 2)
    wanted = clip
    for step in "1234":
        norm, conv = layer.get_submodule(f"norm{step}"), layer.get_submodule(f"conv{step}")
        assert isinstance(norm, GroupNorm)
        assert isinstance(conv, torch.nn.Conv2d)
        wanted = F.silu(F.group_norm(wanted, 4, norm.weight, norm.bias))
        wanted = F.conv3d(wanted, conv.weight[..., None], conv.bias, padding=(1, 0, 0))
    wanted = (clip + wanted).transpose(1, 2).flatten(0, 1)
    torch.testing.assert_close(layer(pictures, 3), wanted, atol=1e-5, rtol=1e-5)


def test_a_residual_block_adds_to_each_clip_its_own_embedding():
    block = ResidualBlock(4, 8, embedding_dim=6, norm_groups=2, dropout=0.0)
    torch.nn.init.normal_(block.conv2.weight, generator=torch.Generator().manual_seed(1))
    pictures, embedding = noise(6, 4, 2, 2), noise(2, 6)
    both = block(pictures, embedding, 3)
    torch.testing.assert_close(both[:3], block(pictures[:3], embedding[:1], 3))
    torch.testing.assert_close(both[3:], block(pictures[3:], embedding[1:], 3))
    assert not torch.allclose(both[3:], block(pictures[3:], embedding[:1], 3))


def test_enlarging_doubles_both_sides():
    assert Upsample(4)(noise(2, 4, 3, 5)).shape == (2, 4, 6, 10)
