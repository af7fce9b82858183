"""Convolutional parts of the denoiser: residual blocks, temporal convolutions, resampling, embeddings of numbers.

Frames travel as a batch of pictures (b·t, c, h, w) in channels-last memory, so that a picture's tokens (b·t, h·w, c) and
a clip's time-by-space plane (b, c, t, h·w) are views of the same memory. Group norms are computed in fp32 whatever the
network's precision: their statistics cover up to a whole clip, which half precision cannot add up.
"""

import math
from typing import TypeVar

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

_Module = TypeVar("_Module", bound=nn.Module)


class GroupNorm(nn.GroupNorm):
    """Group normalisation in fp32, returned in the precision of its input."""

    def forward(self, input: Float[Tensor, "n c *s"]) -> Float[Tensor, "n c *s"]:  # noqa: A002 torch's name
        """Normalise each group of channels over everything behind the channel axis."""
        weight, bias = self.weight.float(), self.bias.float()
        normed = F.group_norm(input.float(), self.num_groups, weight, bias, self.eps)
        return normed.to(input.dtype)


def sinusoidal_embedding(values: Int[Tensor, " b"], dim: int) -> Float[Tensor, "b d"]:
    """Embed whole numbers as [cos(v·f) | sin(v·f)] with f falling geometrically from 1 to 1/10000, in fp32.

    Args:
        values: Diffusion timesteps, or frames per second.
        dim: Size of the embedding, even.
    """
    half = dim // 2
    exponents = torch.arange(half, dtype=torch.float32, device=values.device) / half
    angles = values.float()[:, None] * torch.exp(-math.log(10_000) * exponents)
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


class EmbeddingMLP(nn.Module):
    """Two linear layers that turn the sinusoids of a number into what residual blocks add."""

    def __init__(self, in_dim: int, out_dim: int) -> None:
        super().__init__()
        self.in_dim = in_dim
        self.linear_1 = nn.Linear(in_dim, out_dim)
        self.linear_2 = nn.Linear(out_dim, out_dim)

    def forward(self, values: Int[Tensor, " b"]) -> Float[Tensor, "b d"]:
        """Embed one whole number per sample."""
        sinusoids = sinusoidal_embedding(values, self.in_dim).to(self.linear_1.weight.dtype)
        return self.linear_2(F.silu(self.linear_1(sinusoids)))


def to_tokens(pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n l c"]:
    """Pixels as tokens; a view of channels-last memory."""
    return pictures.permute(0, 2, 3, 1).flatten(1, 2)


def from_tokens(tokens: Float[Tensor, "n l c"], height: int) -> Float[Tensor, "n c h w"]:
    """The inverse of `to_tokens`, channels last."""
    return tokens.unflatten(1, (height, -1)).permute(0, 3, 1, 2)


def to_planes(pictures: Float[Tensor, "n c h w"], num_frames: int) -> Float[Tensor, "b c t l"]:
    """Clips as time-by-space planes, over which temporal layers convolve and normalise; a view of channels-last memory."""
    return to_tokens(pictures).unflatten(0, (-1, num_frames)).permute(0, 3, 1, 2)


def from_planes(planes: Float[Tensor, "b c t l"], height: int) -> Float[Tensor, "n c h w"]:
    """The inverse of `to_planes`, channels last."""
    return from_tokens(planes.permute(0, 2, 3, 1).flatten(0, 1), height)


class TemporalConvolution(nn.Module):
    """Four normalised convolutions along time, added to their input; an identity at initialisation.

    The (3, 1, 1) kernels are kept as (3, 1) over time-by-space planes: the same sums, without the slow 3-D convolution.
    """

    def __init__(self, channels: int, norm_groups: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = GroupNorm(norm_groups, channels)
        self.conv1 = _time_convolution(channels)
        self.norm2 = GroupNorm(norm_groups, channels)
        self.conv2 = _time_convolution(channels)
        self.norm3 = GroupNorm(norm_groups, channels)
        self.conv3 = _time_convolution(channels)
        self.norm4 = GroupNorm(norm_groups, channels)
        self.conv4 = zero_init(_time_convolution(channels))
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, hidden: Float[Tensor, "n c h w"], num_frames: int
    ) -> Float[Tensor, "n c h w"]:
        """Mix frames of one clip, pixel by pixel; statistics cover the clip's time and space."""
        planes = to_planes(hidden, num_frames)
        planes = self.conv1(F.silu(self.norm1(planes)))
        planes = self.conv2(self.dropout(F.silu(self.norm2(planes))))
        planes = self.conv3(self.dropout(F.silu(self.norm3(planes))))
        planes = self.conv4(self.dropout(F.silu(self.norm4(planes))))
        return hidden + from_planes(planes, hidden.shape[2])


def _time_convolution(channels: int) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, kernel_size=(3, 1), padding=(1, 0))


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions a frame with the time embedding between them, then a temporal convolution."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        embedding_dim: int,
        norm_groups: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.norm1 = GroupNorm(norm_groups, in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
        self.embedding_proj = nn.Linear(embedding_dim, out_channels)
        self.norm2 = GroupNorm(norm_groups, out_channels)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = zero_init(nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1))
        self.shortcut = (
            nn.Identity()
            if in_channels == out_channels
            else nn.Conv2d(in_channels, out_channels, 1)
        )
        self.temporal_conv = TemporalConvolution(out_channels, norm_groups, dropout)

    def forward(
        self, hidden: Float[Tensor, "n i h w"], embedding: Float[Tensor, "b e"], num_frames: int
    ) -> Float[Tensor, "n o h w"]:
        """Transform the frames of `b` clips.

        Args:
            hidden: Frames, those of one clip next to each other.
            embedding: One activated embedding per clip.
            num_frames: Frames of one clip.
        """
        inner = self.conv1(F.silu(self.norm1(hidden)))
        shift = self.embedding_proj(embedding).repeat_interleave(num_frames, dim=0)
        inner = inner + shift[:, :, None, None]
        inner = self.conv2(self.dropout(F.silu(self.norm2(inner))))
        return self.temporal_conv(self.shortcut(hidden) + inner, num_frames)


class Upsample(nn.Module):
    """Double height and width by repetition, then smooth with a 3×3 convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel_size=3, padding=1)

    def forward(self, hidden: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c 2*h 2*w"]:
        """Return the frames at twice the size."""
        return self.conv(F.interpolate(hidden, scale_factor=2.0, mode="nearest"))


def zero_init(module: _Module) -> _Module:
    """Set all parameters to zero, so that the branch they end starts as nothing."""
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    return module
