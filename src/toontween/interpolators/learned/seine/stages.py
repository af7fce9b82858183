"""Stages of SEINE's denoiser: residual blocks and transformers at one level, with the change of size after them.

Every convolution sees single frames. Frames travel as a batch of pictures (b·t, c, h, w) in channels-last memory, those
of one clip next to each other.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from toontween.interpolators.learned.seine.attention import FrameTransformer
from toontween.models.blocks.layers import GroupNorm, from_planes, to_planes


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """What all stages have in common."""

    num_heads: int
    """Heads of every attention, at every level."""

    context_dim: int
    """Width of a prompt's token."""

    norm_groups: int
    """Groups of the group norms."""

    embedding_dim: int
    """Width of the embedded timestep."""

    def transformer(self, channels: int) -> FrameTransformer:
        """A transformer for some channels."""
        return FrameTransformer(
            channels,
            head_dim=channels // self.num_heads,
            context_dim=self.context_dim,
            norm_groups=self.norm_groups,
        )


class ClipGroupNorm(GroupNorm):
    """Group normalisation with statistics over all frames of a clip."""

    def over_clips(
        self, hidden: Float[Tensor, "n c h w"], num_frames: int
    ) -> Float[Tensor, "n c h w"]:
        """Normalise frames, those of one clip next to each other."""
        return from_planes(self(to_planes(hidden, num_frames)), hidden.shape[2])


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions a frame with the timestep between them."""

    def __init__(self, in_channels: int, out_channels: int, sizes: Sizes) -> None:
        super().__init__()
        self.norm1 = ClipGroupNorm(sizes.norm_groups, in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
        self.time_emb_proj = nn.Linear(sizes.embedding_dim, out_channels)
        self.norm2 = ClipGroupNorm(sizes.norm_groups, out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1)
        self.conv_shortcut = (
            nn.Identity()
            if in_channels == out_channels
            else nn.Conv2d(in_channels, out_channels, kernel_size=1)
        )

    def forward(
        self, hidden: Float[Tensor, "n i h w"], embedding: Float[Tensor, "b e"], num_frames: int
    ) -> Float[Tensor, "n o h w"]:
        """Transform frames, given one activated embedding a clip."""
        inner = self.conv1(F.silu(self.norm1.over_clips(hidden, num_frames)))
        shift = self.time_emb_proj(embedding).repeat_interleave(num_frames, dim=0)
        inner = inner + shift[:, :, None, None]
        inner = self.conv2(F.silu(self.norm2.over_clips(inner, num_frames)))
        return self.conv_shortcut(hidden) + inner


class DownBlock(nn.Module):
    """Residual blocks, each followed by a transformer where the level has attention, then half the size."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        sizes: Sizes,
        *,
        num_layers: int,
        attention: bool,
        shrink: bool,
    ) -> None:
        super().__init__()
        sources = [in_channels, *[out_channels] * (num_layers - 1)]
        self.resnets = nn.ModuleList(ResidualBlock(c, out_channels, sizes) for c in sources)
        self.attentions = nn.ModuleList(
            sizes.transformer(out_channels) for _ in range(num_layers if attention else 0)
        )
        self.downsample = (
            nn.Conv2d(out_channels, out_channels, kernel_size=3, stride=2, padding=1)
            if shrink
            else None
        )

    def forward(
        self,
        hidden: Float[Tensor, "n i h w"],
        embedding: Float[Tensor, "b e"],
        text: Float[Tensor, "b m d"],
        num_frames: int,
    ) -> list[Float[Tensor, "n o _ _"]]:
        """What follows each layer and the change of size; the last of it goes on, all of it is skipped to the way up."""
        skips: list[Tensor] = []
        for index, resnet in enumerate(self.resnets):
            hidden = resnet(hidden, embedding, num_frames)
            if self.attentions:
                hidden = self.attentions[index](hidden, text, num_frames)
            skips.append(hidden)
        if self.downsample is not None:
            skips.append(self.downsample(hidden))
        return skips


class MiddleBlock(nn.Module):
    """Residual block, transformer, residual block at the coarsest level."""

    def __init__(self, channels: int, sizes: Sizes) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(ResidualBlock(channels, channels, sizes) for _ in range(2))
        self.attentions = nn.ModuleList([sizes.transformer(channels)])

    def forward(
        self,
        hidden: Float[Tensor, "n c h w"],
        embedding: Float[Tensor, "b e"],
        text: Float[Tensor, "b m d"],
        num_frames: int,
    ) -> Float[Tensor, "n c h w"]:
        """Transform the frames."""
        hidden = self.resnets[0](hidden, embedding, num_frames)
        hidden = self.attentions[0](hidden, text, num_frames)
        return self.resnets[1](hidden, embedding, num_frames)


class UpBlock(nn.Module):
    """Residual blocks that are shown the way down, with transformers where the level has attention, then a larger size."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        skip_channels: list[int],
        sizes: Sizes,
        *,
        attention: bool,
        enlarge: bool,
    ) -> None:
        super().__init__()
        sources = [in_channels, *[out_channels] * (len(skip_channels) - 1)]
        self.resnets = nn.ModuleList(
            ResidualBlock(source + skip, out_channels, sizes)
            for source, skip in zip(sources, skip_channels, strict=True)
        )
        self.attentions = nn.ModuleList(
            sizes.transformer(out_channels) for _ in range(len(sources) if attention else 0)
        )
        self.upsample = (
            nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1) if enlarge else None
        )

    def forward(
        self,
        hidden: Float[Tensor, "n i h w"],
        skips: list[Float[Tensor, "n _ h w"]],
        embedding: Float[Tensor, "b e"],
        text: Float[Tensor, "b m d"],
        num_frames: int,
        size: tuple[int, int],
    ) -> Float[Tensor, "n o _ _"]:
        """Transform the frames and bring them to the size of the next level.

        Args:
            hidden: From the level below.
            skips: From the way down, the first to be shown first.
            embedding: One activated embedding a clip.
            text: The prompt of each clip.
            num_frames: Frames of one clip.
            size: Height and width of the next level.
        """
        for index, (resnet, skip) in enumerate(zip(self.resnets, skips, strict=True)):
            hidden = resnet(torch.cat([hidden, skip], dim=1), embedding, num_frames)
            if self.attentions:
                hidden = self.attentions[index](hidden, text, num_frames)
        if self.upsample is not None:
            hidden = self.upsample(F.interpolate(hidden, size=size, mode="nearest"))
        return hidden
