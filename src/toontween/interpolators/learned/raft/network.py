"""RAFT, optical flow by recurrent look-ups in the correlations of all pairs (Teed and Deng, ECCV 2020).

Both published sizes. The large network enlarges its flow with learned weights, the small one bilinearly.
"""

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor

from toontween.errors import InputError, ShapeError
from toontween.interpolators.learned.raft.encoder import Encoder
from toontween.interpolators.learned.raft.update import MaskHead, UpdateBlock, refine
from toontween.interpolators.ops.convex import convex_upsample
from toontween.interpolators.ops.correlation import correlate

CELL_PX = 8
"""Flow is estimated in cells of this side; pictures' sides are multiples of it."""

NUM_LEVELS = 4
"""Scales of the correlation pyramid."""


class RaftFlow(ModelMixin, ConfigMixin):
    """Optical flow between two pictures.

    Args:
        size: `large` (5.3 million weights) or `small` (1.0 million).

    Raises:
        InputError: There is no such size.
    """

    @register_to_config
    def __init__(self, *, size: str = "large") -> None:
        super().__init__()
        if size == "large":
            widths, unit, norm = (64, 96, 128), "residual", "batch"
            num_features, self.hidden_channels, context_channels, self.radius = 256, 128, 128, 4
        elif size == "small":
            widths, unit, norm = (32, 64, 96), "bottleneck", "none"
            num_features, self.hidden_channels, context_channels, self.radius = 128, 96, 64, 3
        else:
            raise InputError(f"RAFT of size {size!r}", hint="the sizes are large and small")
        self.features = Encoder(
            widths=widths, output_channels=num_features, norm="instance", unit=unit
        )
        self.context = Encoder(
            widths=widths,
            output_channels=self.hidden_channels + context_channels,
            norm=norm,
            unit=unit,
        )
        self.step = UpdateBlock(
            hidden_channels=self.hidden_channels,
            context_channels=context_channels,
            correlation_channels=NUM_LEVELS * (2 * self.radius + 1) ** 2,
            size="large" if size == "large" else "small",
        )
        self.mask = MaskHead(self.hidden_channels) if size == "large" else None

    def forward(
        self,
        first: Float[Tensor, "b 3 h w"],
        last: Float[Tensor, "b 3 h w"],
        *,
        iterations: int = 12,
        initial_flow: Float[Tensor, "b 2 _ _"] | None = None,
    ) -> Float[Tensor, "b 2 h w"]:
        """Where each pixel of the first picture is in the last one, pixels: (right, down).

        Arguments and errors as for `estimate`.
        """
        coarse, hidden = self.estimate(
            first, last, iterations=iterations, initial_flow=initial_flow
        )
        if self.mask is None:
            size = (first.shape[2], first.shape[3])
            return CELL_PX * F.interpolate(coarse, size, mode="bilinear", align_corners=True)
        return convex_upsample(coarse, self.mask(hidden), factor=CELL_PX)

    def estimate(
        self,
        first: Float[Tensor, "b 3 h w"],
        last: Float[Tensor, "b 3 h w"],
        *,
        iterations: int = 12,
        initial_flow: Float[Tensor, "b 2 _ _"] | None = None,
    ) -> tuple[Float[Tensor, "b 2 _ _"], Float[Tensor, "b _ _ _"]]:
        """Flow in cells of 8 pixels, and the hidden state it comes from.

        Args:
            first: RGB in −1…1; sides are multiples of 8, at least 16.
            last: The same size.
            iterations: Updates of the flow.
            initial_flow: What to begin with, cells of 8 pixels at an eighth of the size; nothing is standing still.

        Raises:
            ShapeError: A side is not a multiple of 8, or only 8.
            InputError: There are fewer iterations than one.
        """
        height, width = first.shape[2:]
        if min(height, width) < 2 * CELL_PX or height % CELL_PX or width % CELL_PX:
            raise ShapeError(
                f"flow of pictures of {width}×{height} pixels",
                hint=f"both sides must be multiples of {CELL_PX}, at least {2 * CELL_PX}",
            )
        if iterations < 1:
            raise InputError(f"{iterations} iterations of flow; at least 1")
        correlation = correlate(
            self.features(first), self.features(last), num_levels=NUM_LEVELS, radius=self.radius
        )
        context = self.context(first)
        hidden, context = context[:, : self.hidden_channels], context[:, self.hidden_channels :]
        if initial_flow is None:
            initial_flow = torch.zeros_like(hidden[:, :2])
        return refine(
            self.step,
            correlation,
            hidden=hidden.tanh(),
            context=context.relu(),
            flow=initial_flow,
            iterations=iterations,
        )
