"""Stages of the denoiser: residual blocks and transformers as they follow each other at one level."""

from jaxtyping import Float
from torch import Tensor, nn

from toontween.models.blocks.attention import Context, SpatialTransformer, TemporalTransformer
from toontween.models.blocks.layers import ResidualBlock, Upsample

_INITIAL_HEADS = 8
"""Heads of the temporal attention at the input, at every size of the network."""


class InputStage(nn.Module):
    """First convolution and the temporal attention at full resolution."""

    def __init__(
        self, in_channels: int, out_channels: int, *, head_dim: int, norm_groups: int
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
        self.temporal = TemporalTransformer(
            out_channels,
            inner_dim=_INITIAL_HEADS * head_dim,
            head_dim=head_dim,
            norm_groups=norm_groups,
        )

    def forward(
        self, hidden: Float[Tensor, "n i h w"], num_frames: int
    ) -> Float[Tensor, "n o h w"]:
        """Lift latents to the base width."""
        return self.temporal(self.conv(hidden), num_frames)


class StageParts:
    """Builds the parts of all stages from one set of sizes."""

    def __init__(
        self,
        *,
        head_dim: int,
        context_dim: int,
        norm_groups: int,
        embedding_dim: int,
        dropout: float,
    ) -> None:
        self._head_dim = head_dim
        self._context_dim = context_dim
        self._norm_groups = norm_groups
        self._embedding_dim = embedding_dim
        self._dropout = dropout

    def residual(self, in_channels: int, out_channels: int) -> ResidualBlock:
        """A residual block with its temporal convolution."""
        return ResidualBlock(
            in_channels,
            out_channels,
            embedding_dim=self._embedding_dim,
            norm_groups=self._norm_groups,
            dropout=self._dropout,
        )

    def spatial(self, channels: int) -> SpatialTransformer:
        """A transformer over the pixels of a frame."""
        return SpatialTransformer(
            channels,
            head_dim=self._head_dim,
            context_dim=self._context_dim,
            norm_groups=self._norm_groups,
        )

    def temporal(self, channels: int) -> TemporalTransformer:
        """A transformer along time, as wide inside as outside."""
        return TemporalTransformer(
            channels,
            inner_dim=channels,
            head_dim=self._head_dim,
            norm_groups=self._norm_groups,
        )


class DownStage(nn.Module):
    """A residual block and, where the level has attention, the two transformers."""

    def __init__(
        self, parts: StageParts, in_channels: int, out_channels: int, *, attention: bool
    ) -> None:
        super().__init__()
        self.residual = parts.residual(in_channels, out_channels)
        self.spatial = parts.spatial(out_channels) if attention else None
        self.temporal = parts.temporal(out_channels) if attention else None

    def forward(
        self,
        hidden: Float[Tensor, "n i h w"],
        embedding: Float[Tensor, "b e"],
        context: Context,
        num_frames: int,
    ) -> Float[Tensor, "n o h w"]:
        """Transform the frames at one level."""
        hidden = self.residual(hidden, embedding, num_frames)
        if self.spatial is not None and self.temporal is not None:
            hidden = self.spatial(hidden, context)
            hidden = self.temporal(hidden, num_frames)
        return hidden


class MiddleStage(nn.Module):
    """Residual block, the two transformers, residual block, at the coarsest level."""

    def __init__(self, parts: StageParts, channels: int) -> None:
        super().__init__()
        self.residual_in = parts.residual(channels, channels)
        self.spatial = parts.spatial(channels)
        self.temporal = parts.temporal(channels)
        self.residual_out = parts.residual(channels, channels)

    def forward(
        self,
        hidden: Float[Tensor, "n c h w"],
        embedding: Float[Tensor, "b e"],
        context: Context,
        num_frames: int,
    ) -> Float[Tensor, "n c h w"]:
        """Transform the frames at the coarsest level."""
        hidden = self.residual_in(hidden, embedding, num_frames)
        hidden = self.spatial(hidden, context)
        hidden = self.temporal(hidden, num_frames)
        return self.residual_out(hidden, embedding, num_frames)


class UpStage(DownStage):
    """The same after a skip connection, followed at a level's end by an enlargement."""

    def __init__(
        self,
        parts: StageParts,
        in_channels: int,
        out_channels: int,
        *,
        attention: bool,
        enlarge: bool,
    ) -> None:
        super().__init__(parts, in_channels, out_channels, attention=attention)
        self.upsample = Upsample(out_channels) if enlarge else nn.Identity()

    def forward(
        self,
        hidden: Float[Tensor, "n i h w"],
        embedding: Float[Tensor, "b e"],
        context: Context,
        num_frames: int,
    ) -> Float[Tensor, "n o y x"]:
        """Transform frames that have been joined with those of the way down."""
        return self.upsample(super().forward(hidden, embedding, context, num_frames))
