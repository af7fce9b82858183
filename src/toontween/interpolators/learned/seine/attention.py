"""Attention of SEINE's denoiser: within a frame, from a frame to the prompt, and along time.

Along time every pixel attends to itself in all frames, in both directions. Order is told twice: queries and keys are
turned by angles that grow with the frame (rotary embedding, arXiv 2104.09864), and a learned number for each distance
between two frames is added to their score (T5, arXiv 1910.10683, section 2.1).
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from toontween.models.blocks.attention import FeedForward, SpatialSelfAttention, attend
from toontween.models.blocks.layers import GroupNorm, from_tokens, to_tokens

ROTARY_DIM = 32
"""Leading numbers of every head that are turned, in pairs of neighbours; the rest is left as it is."""

_NUM_BUCKETS = 32
_MAX_DISTANCE = 32
_TRANSFORMER_EPS = 1e-6


class TextAttention(nn.Module):
    """The pixels of every frame attend to the tokens of the clip's prompt."""

    def __init__(self, dim: int, head_dim: int, *, context_dim: int) -> None:
        super().__init__()
        self.head_dim = head_dim
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_k = nn.Linear(context_dim, dim, bias=False)
        self.to_v = nn.Linear(context_dim, dim, bias=False)
        self.to_out = nn.Linear(dim, dim)

    def forward(
        self, tokens: Float[Tensor, "n l c"], text: Float[Tensor, "b m d"]
    ) -> Float[Tensor, "n l c"]:
        """Look up the prompt of each frame's clip."""
        q, k, v = self.to_q(tokens), self.to_k(text), self.to_v(text)
        return self.to_out(attend(q, k, v, head_dim=self.head_dim))


class TemporalAttention(nn.Module):
    """Every pixel attends to itself in all frames of the clip, knowing how far apart they are.

    The published file lists the rotary frequencies 10000^(−2i/32) with every such attention. They are constants, which
    half precision would round, so they are computed instead, and the angles stay in float32.
    """

    def __init__(self, dim: int, head_dim: int) -> None:
        super().__init__()
        self.head_dim = head_dim
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_k = nn.Linear(dim, dim, bias=False)
        self.to_v = nn.Linear(dim, dim, bias=False)
        self.to_out = nn.Linear(dim, dim)
        self.relative_attention_bias = nn.Embedding(_NUM_BUCKETS, dim // head_dim)

    def forward(self, tokens: Float[Tensor, "b t l c"]) -> Float[Tensor, "b t l c"]:
        """Mix frames, pixel by pixel."""
        batch, frames = tokens.shape[:2]
        angles = rotary_angles(frames, tokens.device)
        q = turn(self._sequences(self.to_q(tokens)), angles)
        k = turn(self._sequences(self.to_k(tokens)), angles)
        v = self._sequences(self.to_v(tokens))
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=self.bias(frames)[None])
        return self.to_out(mixed.unflatten(0, (batch, -1)).permute(0, 3, 1, 2, 4).flatten(3))

    def bias(self, num_frames: int) -> Float[Tensor, "heads t t"]:
        """What is added to the score of a frame (second axis) looking at another (third axis)."""
        buckets = distance_buckets(num_frames, self.relative_attention_bias.weight.device)
        return self.relative_attention_bias(buckets).permute(2, 0, 1)

    def _sequences(self, tokens: Float[Tensor, "b t l c"]) -> Float[Tensor, "s heads t d"]:
        return tokens.unflatten(-1, (-1, self.head_dim)).permute(0, 2, 3, 1, 4).flatten(0, 1)


def rotary_angles(num_frames: int, device: torch.device) -> Float[Tensor, "t i"]:
    """Frame number times 10000^(−2i/32), radians, float32."""
    exponents = torch.arange(0, ROTARY_DIM, 2, dtype=torch.float32, device=device) / ROTARY_DIM
    frames = torch.arange(num_frames, dtype=torch.float32, device=device)
    return frames[:, None] * 10_000.0**-exponents


def turn(
    vectors: Float[Tensor, "s heads t d"], angles: Float[Tensor, "t i"]
) -> Float[Tensor, "s heads t d"]:
    """Turn each pair of neighbours among the first 2i numbers of a head by its frame's angle."""
    turned, rest = vectors[..., : 2 * angles.shape[1]], vectors[..., 2 * angles.shape[1] :]
    left, right = turned.float().unflatten(-1, (-1, 2)).unbind(-1)
    cos, sin = angles.cos(), angles.sin()
    pairs = torch.stack([left * cos - right * sin, right * cos + left * sin], dim=-1)
    return torch.cat([pairs.flatten(-2).to(vectors.dtype), rest], dim=-1)


def distance_buckets(num_frames: int, device: torch.device) -> Int[Tensor, "t t"]:
    """T5's bucket of the distance from each frame (first axis) to each other one (second axis).

    Sixteen buckets for frames that are not later, sixteen for later ones; of each sixteen the first eight are single
    distances, the rest grow with the logarithm up to a distance of 32 and hold everything beyond.
    """
    frames = torch.arange(num_frames, device=device)
    ahead = frames[None, :] - frames[:, None]
    half, exact = _NUM_BUCKETS // 2, _NUM_BUCKETS // 4
    distance = ahead.abs()
    ratio = torch.log(distance.clamp(min=1).float() / exact) / math.log(_MAX_DISTANCE / exact)
    coarse = (exact + (ratio * (half - exact)).long()).clamp(max=half - 1)
    return (ahead > 0) * half + torch.where(distance < exact, distance, coarse)


class FrameTransformer(nn.Module):
    """Attention within each frame, to the prompt, along time, and a feed-forward layer.

    The group norm's statistics are those of single frames, unlike in the residual blocks.
    """

    def __init__(self, channels: int, *, head_dim: int, context_dim: int, norm_groups: int) -> None:
        super().__init__()
        self.norm = GroupNorm(norm_groups, channels, eps=_TRANSFORMER_EPS)
        self.proj_in = nn.Linear(channels, channels)
        self.norm1 = nn.LayerNorm(channels)
        self.attn1 = SpatialSelfAttention(channels, head_dim)
        self.norm2 = nn.LayerNorm(channels)
        self.attn2 = TextAttention(channels, head_dim, context_dim=context_dim)
        self.norm_temp = nn.LayerNorm(channels)
        self.attn_temp = TemporalAttention(channels, head_dim)
        self.norm3 = nn.LayerNorm(channels)
        self.ff = FeedForward(channels)
        self.proj_out = nn.Linear(channels, channels)

    def forward(
        self, hidden: Float[Tensor, "n c h w"], text: Float[Tensor, "b m d"], num_frames: int
    ) -> Float[Tensor, "n c h w"]:
        """Transform the frames of b clips, those of one clip next to each other."""
        tokens = self.proj_in(to_tokens(self.norm(hidden)))
        tokens = tokens + self.attn1(self.norm1(tokens))
        tokens = tokens + self.attn2(self.norm2(tokens), text)
        clips = tokens.unflatten(0, (-1, num_frames))
        tokens = (clips + self.attn_temp(self.norm_temp(clips))).flatten(0, 1)
        tokens = tokens + self.ff(self.norm3(tokens))
        return hidden + from_tokens(self.proj_out(tokens), hidden.shape[2])
