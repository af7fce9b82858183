"""How the two keys' features and the neighbouring frames enter the decoder."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from toontween.models.blocks.temporal_mixing import TemporalMixing
from toontween.models.dual_reference import ReferenceAttention, ReferenceInjection


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def injection() -> ReferenceInjection:
    layer = ReferenceInjection(4)
    with torch.no_grad():
        layer.conv.weight.copy_(_noise(4, 4, 1, 1, seed=1))
    return layer


@torch.no_grad()
def test_injection_touches_the_two_ends_only_each_with_its_own_key(injection):
    frames, reference = _noise(2 * 5, 4, 3, 3), _noise(2, 4, 2, 3, 3, seed=2)
    added = (injection(frames.clone(), reference, 5) - frames).unflatten(0, (2, 5))
    assert not added[:, 1:-1].any()
    assert torch.allclose(added[:, 0], injection.conv(reference[:, :, 0]), atol=1e-6)
    assert torch.allclose(added[:, -1], injection.conv(reference[:, :, 1]), atol=1e-6)


@torch.no_grad()
def test_a_single_frame_receives_both_keys(injection):
    frames, reference = _noise(1, 4, 3, 3), _noise(1, 4, 2, 3, 3, seed=2)
    both = injection.conv(reference[:, :, 0]) + injection.conv(reference[:, :, 1])
    assert torch.allclose(injection(frames.clone(), reference, 1), frames + both, atol=1e-6)


def test_injection_leaves_its_input_alone_while_gradients_are_recorded(injection):
    frames = _noise(5, 4, 3, 3)
    copy = frames.clone()
    injection(frames, _noise(1, 4, 2, 3, 3, seed=2), 5).sum().backward()
    assert torch.equal(frames, copy)
    assert injection.conv.weight.grad is not None


@torch.no_grad()
def test_reference_attention_is_a_softmax_over_both_keys():
    layer = ReferenceAttention(8, heads=2, head_dim=4, groups=2)
    layer.to_out.weight.copy_(_noise(8, 8, seed=1))
    frames, reference = _noise(3, 8, 2, 2), _noise(1, 8, 2, 2, 2, seed=2)
    tokens = layer.norm(frames).flatten(2).transpose(1, 2)
    source = reference[0].permute(1, 2, 3, 0).reshape(8, 8)
    result = torch.zeros(3, 4, 8)
    for head in (slice(0, 4), slice(4, 8)):
        query, key = layer.to_q(tokens)[..., head], layer.to_k(source)[:, head]
        weights = (query @ key.T / 2).softmax(dim=-1)
        result[..., head] = weights @ layer.to_v(source)[:, head]
    expected = frames + layer.to_out(result).transpose(1, 2).unflatten(2, (2, 2))
    assert torch.allclose(layer(frames, reference, 3), expected, atol=1e-5)


@torch.no_grad()
def test_temporal_mixing_is_the_published_three_dimensional_block():
    layer = TemporalMixing(8, groups=2)
    for index, parameter in enumerate(layer.parameters()):
        parameter.copy_(_noise(*parameter.shape, seed=index))
    frames = _noise(2 * 5, 8, 3, 4, seed=9) * 3 + 1
    clip = frames.unflatten(0, (2, 5)).transpose(1, 2)
    hidden = clip
    for norm, conv in ((layer.norm1, layer.conv1), (layer.norm2, layer.conv2)):
        hidden = F.silu(F.group_norm(hidden, 2, norm.weight, norm.bias, 1e-5))
        hidden = F.conv3d(hidden, conv.weight.unsqueeze(-1), conv.bias, padding=(1, 0, 0))
    alpha = layer.mix_factor.sigmoid()
    expected = alpha * (clip + hidden) + (1 - alpha) * clip
    found = layer(frames.clone(), 5).unflatten(0, (2, 5)).transpose(1, 2)
    assert torch.allclose(found, expected, atol=1e-4)
