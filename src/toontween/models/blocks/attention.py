"""Attention of the denoiser: within a frame, from a frame to its context, and along time.

A frame's pixels are queries to text and image tokens through the same query projection; each kind of token has its own
keys and values and the two results are added. Along time every pixel attends to itself in all frames of the clip, in both
directions, and no position is encoded: order reaches the network through the temporal convolutions alone.
"""

from typing import NamedTuple

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from toontween.models.blocks.layers import (
    GroupNorm,
    from_planes,
    from_tokens,
    to_planes,
    to_tokens,
    zero_init,
)

_TRANSFORMER_EPS = 1e-6


class Context(NamedTuple):
    """What frames may look at besides themselves."""

    text: Float[Tensor, "b n d"]
    """Text tokens, shared by all frames of a clip."""

    image: Float[Tensor, "g m d"]
    """Image tokens: one group per frame, or one per clip that all of its frames share."""


def attend(
    queries: Float[Tensor, "n l c"],
    keys: Float[Tensor, "g m c"],
    values: Float[Tensor, "g m c"],
    *,
    head_dim: int,
) -> Float[Tensor, "n l c"]:
    """Multi-head attention of n sequences, of which each n/g neighbours share one set of keys.

    Shared keys are not repeated: sequences that share them are joined to one long row of queries.
    """
    num, length, _ = queries.shape
    groups = keys.shape[0]
    q = queries.reshape(groups, num // groups * length, -1, head_dim).transpose(1, 2)
    k = keys.unflatten(-1, (-1, head_dim)).transpose(1, 2)
    v = values.unflatten(-1, (-1, head_dim)).transpose(1, 2)
    mixed = F.scaled_dot_product_attention(q, k, v)
    return mixed.transpose(1, 2).reshape(num, length, -1)


class SpatialSelfAttention(nn.Module):
    """Every pixel of a frame attends to every pixel of that frame."""

    def __init__(self, dim: int, head_dim: int) -> None:
        super().__init__()
        self.head_dim = head_dim
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_k = nn.Linear(dim, dim, bias=False)
        self.to_v = nn.Linear(dim, dim, bias=False)
        self.to_out = nn.Linear(dim, dim)

    def forward(self, tokens: Float[Tensor, "n l c"]) -> Float[Tensor, "n l c"]:
        """Mix the tokens of each sequence."""
        q, k, v = self.to_q(tokens), self.to_k(tokens), self.to_v(tokens)
        return self.to_out(attend(q, k, v, head_dim=self.head_dim))


class TemporalSelfAttention(nn.Module):
    """Every pixel attends to itself in all frames of the clip."""

    def __init__(self, dim: int, head_dim: int) -> None:
        super().__init__()
        self.head_dim = head_dim
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_k = nn.Linear(dim, dim, bias=False)
        self.to_v = nn.Linear(dim, dim, bias=False)
        self.to_out = nn.Linear(dim, dim)

    def forward(self, tokens: Float[Tensor, "b t l c"]) -> Float[Tensor, "b t l c"]:
        """Mix frames, pixel by pixel; only the small per-head tensors are rearranged, not the tokens."""
        batch = tokens.shape[0]
        q = self._sequences(self.to_q(tokens))
        k = self._sequences(self.to_k(tokens))
        v = self._sequences(self.to_v(tokens))
        mixed = F.scaled_dot_product_attention(q, k, v)
        mixed = mixed.unflatten(0, (batch, -1)).permute(0, 3, 1, 2, 4).flatten(3)
        return self.to_out(mixed)

    def _sequences(self, tokens: Float[Tensor, "b t l c"]) -> Float[Tensor, "s heads t d"]:
        return tokens.unflatten(-1, (-1, self.head_dim)).permute(0, 2, 3, 1, 4).flatten(0, 1)


class ContextAttention(nn.Module):
    """Pixels attend to text tokens and, with the same queries, to image tokens; the results are added."""

    def __init__(self, dim: int, head_dim: int, *, context_dim: int) -> None:
        super().__init__()
        self.head_dim = head_dim
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_k = nn.Linear(context_dim, dim, bias=False)
        self.to_v = nn.Linear(context_dim, dim, bias=False)
        self.to_k_image = nn.Linear(context_dim, dim, bias=False)
        self.to_v_image = nn.Linear(context_dim, dim, bias=False)
        self.to_out = nn.Linear(dim, dim)

    def forward(self, tokens: Float[Tensor, "n l c"], context: Context) -> Float[Tensor, "n l c"]:
        """Look up the context of each frame."""
        q = self.to_q(tokens)
        k_text, v_text = self.to_k(context.text), self.to_v(context.text)
        k_image, v_image = self.to_k_image(context.image), self.to_v_image(context.image)
        from_text = attend(q, k_text, v_text, head_dim=self.head_dim)
        from_image = attend(q, k_image, v_image, head_dim=self.head_dim)
        return self.to_out(from_text + from_image)


class FeedForward(nn.Module):
    """Gated feed-forward layer: value · GELU(gate), four times as wide as its input."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.proj_in = nn.Linear(dim, 8 * dim)
        self.proj_out = nn.Linear(4 * dim, dim)

    def forward(self, tokens: Float[Tensor, "*n c"]) -> Float[Tensor, "*n c"]:
        """Transform each token on its own."""
        value, gate = self.proj_in(tokens).chunk(2, dim=-1)
        return self.proj_out(value * F.gelu(gate))


class SpatialTransformer(nn.Module):
    """Self-attention, attention to the context and a feed-forward layer over the pixels of each frame."""

    def __init__(self, channels: int, *, head_dim: int, context_dim: int, norm_groups: int) -> None:
        super().__init__()
        self.norm = GroupNorm(norm_groups, channels, eps=_TRANSFORMER_EPS)
        self.proj_in = nn.Linear(channels, channels)
        self.norm1 = nn.LayerNorm(channels)
        self.attention1 = SpatialSelfAttention(channels, head_dim)
        self.norm2 = nn.LayerNorm(channels)
        self.attention2 = ContextAttention(channels, head_dim, context_dim=context_dim)
        self.norm3 = nn.LayerNorm(channels)
        self.feed_forward = FeedForward(channels)
        self.proj_out = zero_init(nn.Linear(channels, channels))

    def forward(
        self, hidden: Float[Tensor, "n c h w"], context: Context
    ) -> Float[Tensor, "n c h w"]:
        """Transform each frame on its own."""
        tokens = self.proj_in(to_tokens(self.norm(hidden)))
        tokens = tokens + self.attention1(self.norm1(tokens))
        tokens = tokens + self.attention2(self.norm2(tokens), context)
        tokens = tokens + self.feed_forward(self.norm3(tokens))
        return hidden + from_tokens(self.proj_out(tokens), hidden.shape[2])


class TemporalTransformer(nn.Module):
    """Two self-attentions along time and a feed-forward layer; an identity at initialisation."""

    def __init__(self, channels: int, *, inner_dim: int, head_dim: int, norm_groups: int) -> None:
        super().__init__()
        self.norm = GroupNorm(norm_groups, channels, eps=_TRANSFORMER_EPS)
        self.proj_in = nn.Linear(channels, inner_dim)
        self.norm1 = nn.LayerNorm(inner_dim)
        self.attention1 = TemporalSelfAttention(inner_dim, head_dim)
        self.norm2 = nn.LayerNorm(inner_dim)
        self.attention2 = TemporalSelfAttention(inner_dim, head_dim)
        self.norm3 = nn.LayerNorm(inner_dim)
        self.feed_forward = FeedForward(inner_dim)
        self.proj_out = zero_init(nn.Linear(inner_dim, channels))

    def forward(
        self, hidden: Float[Tensor, "n c h w"], num_frames: int
    ) -> Float[Tensor, "n c h w"]:
        """Mix the frames of each clip; the norm's statistics cover the clip's time and space."""
        planes = self.norm(to_planes(hidden, num_frames))
        tokens = self.proj_in(planes.permute(0, 2, 3, 1))
        tokens = tokens + self.attention1(self.norm1(tokens))
        tokens = tokens + self.attention2(self.norm2(tokens))
        tokens = tokens + self.feed_forward(self.norm3(tokens))
        planes = self.proj_out(tokens).permute(0, 3, 1, 2)
        return hidden + from_planes(planes, hidden.shape[2])
