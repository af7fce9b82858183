"""The autoencoder's encoder: pictures → moments of the latents, with the features of every level laid open.

The same network as Stable Diffusion's image encoder, with `quant_conv` at its end. Three options make it cheap enough to
train on a CPU, see `AutoencoderKLDualReference`: patches, no attention in the middle, a linear codec beside it all.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from toontween.models.blocks.block_codec import BlockAnalysis
from toontween.models.blocks.vae_layers import (
    NORM_EPSILON,
    Downsample,
    ImageAttention,
    ImageResidualBlock,
    set_to_zero,
    silu,
)

ReferenceFeatures = tuple[Float[Tensor, "_ _ _ _"], ...]
"""Encoder features: one tensor a level, finest first, then those of the first convolution, or the picture itself for a decoder
that blends it in."""

_FIRST_LOGVAR = -8.0
"""Of a new encoder with a linear codec: noise of a fiftieth of the latents' spread, where it would start at their spread."""


class EncoderLevel(nn.Module):
    """The blocks of one resolution."""

    def __init__(self, blocks: list[ImageResidualBlock]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)

    def forward(self, frames: Float[Tensor, "n c h w"]) -> Float[Tensor, "n o h w"]:
        """The frames after the blocks, at the level's own resolution."""
        for block in self.blocks:
            frames = block(frames)
        return frames


class EncoderMiddle(nn.Module):
    """Block, attention (or none), block, at the latent's own size."""

    def __init__(self, channels: int, *, groups: int, attends: bool) -> None:
        super().__init__()
        self.block1 = ImageResidualBlock(channels, channels, groups=groups)
        self.attention = ImageAttention(channels, groups=groups) if attends else nn.Identity()
        self.block2 = ImageResidualBlock(channels, channels, groups=groups)

    def forward(self, frames: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """The frames after the three layers."""
        return self.block2(self.attention(self.block1(frames)))


class ImageEncoder(nn.Module):
    """Pictures → the posterior's moments and the features of every level.

    Args:
        channels: Of each level, finest first.
        num_blocks: Residual blocks a level.
        latent_channels: Of the latents.
        groups: Of every GroupNorm.
        patch_size: Side of the squares of pixels whose values are the finest level's input channels.
        middle_attention: Whether every place looks at all others at the latents' own size.
        linear_codec: Whether a linear codec of blocks runs beside the layers, which then start at 0.
        gives_picture: Whether the last feature is the picture itself, not its first convolution.
    """

    def __init__(
        self,
        *,
        channels: tuple[int, ...],
        num_blocks: int,
        latent_channels: int,
        groups: int,
        patch_size: int = 1,
        middle_attention: bool = True,
        linear_codec: bool = False,
        gives_picture: bool = False,
    ) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.gives_picture = gives_picture
        self.conv_in = nn.Conv2d(3 * patch_size**2, channels[0], 3, padding=1)
        self.down = nn.ModuleList()
        for level, width in enumerate(channels):
            entering = channels[max(level - 1, 0)]
            blocks = [
                ImageResidualBlock(source, width, groups=groups)
                for source in [entering] + [width] * (num_blocks - 1)
            ]
            self.down.append(EncoderLevel(blocks))
        self.downsample = nn.ModuleList(Downsample(width) for width in channels[:-1])
        self.downsample.append(nn.Identity())
        self.mid = EncoderMiddle(channels[-1], groups=groups, attends=middle_attention)
        self.norm_out = nn.GroupNorm(groups, channels[-1], eps=NORM_EPSILON)
        self.conv_out = nn.Conv2d(channels[-1], 2 * latent_channels, 3, padding=1)
        self.quant_conv = nn.Conv2d(2 * latent_channels, 2 * latent_channels, 1)
        self.analysis: BlockAnalysis | None = None
        if linear_codec:
            block = patch_size * 2 ** (len(channels) - 1)
            self.analysis = BlockAnalysis(latent_channels, block=block)
            set_to_zero(self.quant_conv)
            assert self.quant_conv.bias is not None  # noqa: S101  a convolution has one unless told otherwise
            with torch.no_grad():
                self.quant_conv.bias[latent_channels:] = _FIRST_LOGVAR

    def forward(
        self, pixels: Float[Tensor, "n 3 h w"]
    ) -> tuple[Float[Tensor, "n m y x"], ReferenceFeatures]:
        """Moments (mean, then logarithm of the variance, along the channels) and features."""
        stem = self.conv_in(F.pixel_unshuffle(pixels, self.patch_size))
        hidden = stem
        features: list[Tensor] = []
        for stage, downsample in zip(self.down, self.downsample, strict=True):
            hidden = stage(hidden)
            features.append(hidden)
            hidden = downsample(hidden)
        hidden = self.conv_out(silu(self.norm_out(self.mid(hidden))))
        moments = self.quant_conv(hidden)
        if self.analysis is not None:
            mean, logvar = moments.chunk(2, dim=1)
            moments = torch.cat([mean + self.analysis(pixels), logvar], dim=1)
        return moments, (*features, pixels if self.gives_picture else stem)
