"""What the dual-reference decoder is built of, level by level: residual blocks, each followed by mixing over time or not.

Every layer takes a whole clip as frames (`n` = batch · frames, sample by sample), or one that passes by, see `temporal_mixing`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from toontween.models.blocks.temporal_mixing import TemporalMixing, TemporalNorm, each_passing
from toontween.models.blocks.vae_layers import ImageAttention, ImageResidualBlock, by_frames

Parts = Iterable[Float[Tensor, "b _ _ _ _"]]
"""A clip that passes by."""


class DecoderBlock(nn.Module):
    """A residual block on each frame, then, unless `temporal_norm` is None, mixing over time."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        groups: int,
        temporal_norm: TemporalNorm | None,
    ) -> None:
        super().__init__()
        self.image = ImageResidualBlock(in_channels, out_channels, groups=groups)
        self.temporal: TemporalMixing | None = None
        if temporal_norm is not None:
            self.temporal = TemporalMixing(out_channels, groups=groups, temporal_norm=temporal_norm)

    def forward(
        self, frames: Float[Tensor, "n c h w"], num_frames: int
    ) -> Float[Tensor, "n o h w"]:
        """The block's result, a new tensor."""
        hidden = by_frames(self.image, frames)
        return hidden if self.temporal is None else self.temporal(hidden, num_frames)

    def pass_by(self, parts: Parts) -> Iterator[Tensor]:
        """The same for a clip that passes by."""
        hidden = each_passing(self.image, parts)
        return hidden if self.temporal is None else self.temporal.pass_by(hidden)


class DecoderMiddle(nn.Module):
    """Block, attention within each frame (or none), block, at the latent's own size."""

    def __init__(
        self, channels: int, *, groups: int, temporal_norm: TemporalNorm | None, attends: bool
    ) -> None:
        super().__init__()
        self.block1 = DecoderBlock(channels, channels, groups=groups, temporal_norm=temporal_norm)
        self.attention = ImageAttention(channels, groups=groups) if attends else nn.Identity()
        self.block2 = DecoderBlock(channels, channels, groups=groups, temporal_norm=temporal_norm)

    def forward(
        self, frames: Float[Tensor, "n c h w"], num_frames: int
    ) -> Float[Tensor, "n c h w"]:
        """The frames after the three layers."""
        hidden = self.block1(frames, num_frames)
        hidden = by_frames(self.attention, hidden)
        return self.block2(hidden, num_frames)

    def pass_by(self, parts: Parts) -> Iterator[Tensor]:
        """The same for a clip that passes by."""
        return self.block2.pass_by(each_passing(self.attention, self.block1.pass_by(parts)))


class DecoderLevel(nn.Module):
    """The blocks of one resolution."""

    def __init__(self, blocks: list[DecoderBlock]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)

    def pass_by(self, parts: Parts) -> Iterator[Tensor]:
        """All of them, one after the other, on a clip that passes by."""
        blocks: Any = self.blocks
        for block in blocks:
            parts = block.pass_by(parts)
        return iter(parts)


def attend_passing(
    attention: nn.Module, reference: Float[Tensor, "b c 2 h w"], parts: Parts
) -> Iterator[Tensor]:
    """`ReferenceAttention` on every part of a clip that passes by."""
    for part in parts:
        yield attention(part.flatten(0, 1), reference, part.shape[1]).unflatten(0, part.shape[:2])
