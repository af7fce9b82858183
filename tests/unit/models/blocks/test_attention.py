"""Attention of the denoiser."""

import torch

from toontween.models.blocks.attention import (
    Context,
    ContextAttention,
    SpatialTransformer,
    TemporalTransformer,
    attend,
)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def filled(module: torch.nn.Module) -> torch.nn.Module:
    for index, parameter in enumerate(module.parameters()):
        parameter.data = noise(*parameter.shape, seed=index) / 3
    return module


def test_attention_is_a_softmax_over_keys_head_by_head():
    q, k, v = noise(2, 3, 8), noise(2, 5, 8, seed=1), noise(2, 5, 8, seed=2)
    heads = []
    for head in (slice(0, 4), slice(4, 8)):
        weights = (q[..., head] @ k[..., head].mT / 4**0.5).softmax(-1)
        heads.append(weights @ v[..., head])
    torch.testing.assert_close(attend(q, k, v, head_dim=4), torch.cat(heads, -1))


def test_shared_keys_are_the_same_as_repeated_keys():
    q, k, v = noise(6, 3, 8), noise(2, 5, 8, seed=1), noise(2, 5, 8, seed=2)
    repeated = attend(q, k.repeat_interleave(3, 0), v.repeat_interleave(3, 0), head_dim=4)
    torch.testing.assert_close(attend(q, k, v, head_dim=4), repeated)


def test_a_frame_sees_only_its_own_image_tokens():
    attention = filled(ContextAttention(8, 4, context_dim=6))
    tokens, text, image = noise(4, 3, 8), noise(2, 5, 6, seed=1), noise(4, 2, 6, seed=2)
    before = attention(tokens, Context(text, image))
    changed = image.clone()
    changed[1] += 1
    after = attention(tokens, Context(text, changed))
    assert torch.equal(before[[0, 2, 3]], after[[0, 2, 3]])
    assert not torch.allclose(before[1], after[1])


def test_text_and_image_are_looked_up_apart_and_added():
    attention = ContextAttention(8, 4, context_dim=6)
    filled(attention)
    tokens, text, image = noise(4, 3, 8), noise(2, 5, 6, seed=1), noise(4, 2, 6, seed=2)
    both = attention(tokens, Context(text, image))
    attention.to_v_image.weight.data.zero_()
    text_only = attention(tokens, Context(text, image))
    q = attention.to_q(tokens)
    wanted = attend(q, attention.to_k(text), attention.to_v(text), head_dim=4)
    torch.testing.assert_close(text_only, attention.to_out(wanted))
    assert not torch.allclose(both, text_only)


def test_time_has_no_position_for_temporal_attention():
    transformer = filled(TemporalTransformer(8, inner_dim=16, head_dim=4, norm_groups=4))
    pictures, order = noise(5, 8, 2, 3), torch.tensor([3, 0, 4, 1, 2])
    torch.testing.assert_close(
        transformer(pictures[order], 5), transformer(pictures, 5)[order], atol=1e-4, rtol=1e-4
    )


def test_temporal_attention_does_not_mix_clips():
    transformer = filled(TemporalTransformer(8, inner_dim=16, head_dim=4, norm_groups=4))
    pictures = noise(6, 8, 2, 3)
    apart = torch.cat([transformer(pictures[:3], 3), transformer(pictures[3:], 3)])
    torch.testing.assert_close(transformer(pictures, 3), apart, atol=1e-5, rtol=1e-5)


def test_spatial_attention_does_not_mix_frames():
    transformer = filled(SpatialTransformer(8, head_dim=4, context_dim=6, norm_groups=4))
    pictures, text, image = noise(2, 8, 2, 3), noise(1, 5, 6, seed=1), noise(1, 2, 6, seed=2)
    alone = transformer(pictures[:1], Context(text, image))
    both = transformer(pictures, Context(text, image))
    torch.testing.assert_close(both[:1], alone, atol=1e-5, rtol=1e-5)


def test_untrained_transformers_change_nothing():
    pictures, text, image = noise(2, 8, 2, 3), noise(1, 5, 6, seed=1), noise(1, 2, 6, seed=2)
    spatial = SpatialTransformer(8, head_dim=4, context_dim=6, norm_groups=4)
    temporal = TemporalTransformer(8, inner_dim=16, head_dim=4, norm_groups=4)
    assert torch.equal(spatial(pictures, Context(text, image)), pictures)
    assert torch.equal(temporal(pictures, 2), pictures)
