"""The autoencoder's encoder: pictures → moments of the latents, with the features of every level laid open.

The same network as Stable Diffusion's image encoder, with `quant_conv` at its end.
"""

from jaxtyping import Float
from torch import Tensor, nn

from toontween.models.blocks.vae_layers import (
    NORM_EPSILON,
    Downsample,
    ImageAttention,
    ImageResidualBlock,
    silu,
)

ReferenceFeatures = tuple[Float[Tensor, "_ _ _ _"], ...]
"""Encoder features: one tensor a level, finest first, then those of the first convolution."""


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
    """Block, attention, block, at the latent's own size."""

    def __init__(self, channels: int, *, groups: int) -> None:
        super().__init__()
        self.block1 = ImageResidualBlock(channels, channels, groups=groups)
        self.attention = ImageAttention(channels, groups=groups)
        self.block2 = ImageResidualBlock(channels, channels, groups=groups)

    def forward(self, frames: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """The frames after the three layers."""
        return self.block2(self.attention(self.block1(frames)))


class ImageEncoder(nn.Module):
    """Pictures → the posterior's moments and the features of every level."""

    def __init__(
        self, *, channels: tuple[int, ...], num_blocks: int, latent_channels: int, groups: int
    ) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(3, channels[0], 3, padding=1)
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
        self.mid = EncoderMiddle(channels[-1], groups=groups)
        self.norm_out = nn.GroupNorm(groups, channels[-1], eps=NORM_EPSILON)
        self.conv_out = nn.Conv2d(channels[-1], 2 * latent_channels, 3, padding=1)
        self.quant_conv = nn.Conv2d(2 * latent_channels, 2 * latent_channels, 1)

    def forward(
        self, pixels: Float[Tensor, "n 3 h w"]
    ) -> tuple[Float[Tensor, "n m y x"], ReferenceFeatures]:
        """Moments (mean, then logarithm of the variance, along the channels) and features."""
        stem = self.conv_in(pixels)
        hidden = stem
        features: list[Tensor] = []
        for stage, downsample in zip(self.down, self.downsample, strict=True):
            hidden = stage(hidden)
            features.append(hidden)
            hidden = downsample(hidden)
        hidden = self.conv_out(silu(self.norm_out(self.mid(hidden))))
        return self.quant_conv(hidden), (*features, stem)
