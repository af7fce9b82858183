"""Recurrent flow refinement, AnimeInterp's optical flow (Siyao et al., CVPR 2021, section 3.2, "RFR module").

It is RAFT without normalisation, whose only encoder gives the features of both pictures as well as hidden state and
context. Two of the published network's peculiarities are kept because its weights were trained with them: the first
step adds the initial flow a second time, and the gate that should weigh it by the pictures' mismatch has weights, but
no say.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor, nn

from toontween.errors import InputError
from toontween.interpolators.learned.raft.encoder import Encoder
from toontween.interpolators.learned.raft.update import MaskHead, UpdateBlock, refine
from toontween.interpolators.ops.convex import convex_upsample
from toontween.interpolators.ops.correlation import correlate

CELL_PX = 8
"""Flow is estimated in cells of this side."""


class MismatchGate(nn.Module):
    """Parameters of the gate that the published network computes and does not use; it is never called."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(6, 32, 5, padding=2)
        self.prelu1 = nn.PReLU()
        self.conv2 = nn.Conv2d(32, 32, 3, padding=1)
        self.prelu2 = nn.PReLU()
        self.conv3 = nn.Conv2d(38, 1, 3, padding=1)


class RecurrentFlow(ModelMixin, ConfigMixin):
    """Optical flow between two pictures of any size.

    Args:
        widths: Channels of the encoder at a half, a quarter and an eighth of the size.
        hidden_channels: Channels of the hidden state and of the context; the features have the sum of both.
        num_levels: Scales of the correlation pyramid.
        radius: How far a look-up reaches at each scale, cells.
    """

    @register_to_config
    def __init__(
        self,
        *,
        widths: Sequence[int] = (64, 96, 128),
        hidden_channels: int = 128,
        num_levels: int = 4,
        radius: int = 4,
    ) -> None:
        super().__init__()
        self.hidden_channels = hidden_channels
        self.num_levels, self.radius = num_levels, radius
        self.encoder = Encoder(
            widths=widths, output_channels=2 * hidden_channels, norm="none", unit="residual"
        )
        self.step = UpdateBlock(
            hidden_channels=hidden_channels,
            context_channels=hidden_channels,
            correlation_channels=num_levels * (2 * radius + 1) ** 2,
        )
        self.mask = MaskHead(hidden_channels)
        self.gate = MismatchGate()

    def forward(
        self,
        image1: Float[Tensor, "b 3 h w"],
        image2: Float[Tensor, "b 3 h w"],
        *,
        iterations: int = 12,
        initial_flow: Float[Tensor, "b 2 h w"] | None = None,
    ) -> Float[Tensor, "b 2 h w"]:
        """Where each pixel of the first picture is in the second one, pixels: (right, down).

        Args:
            image1: RGB; AnimeInterp gives −1…1, EISAI 0…1.
            image2: The same size and range.
            iterations: Updates of the flow.
            initial_flow: What to begin with, pixels; nothing is standing still.

        Raises:
            InputError: There are fewer iterations than one.
        """
        height, width = image1.shape[2:]
        if iterations < 1:
            raise InputError(f"{iterations} iterations of flow; at least 1")
        # the published network cannot see pictures of less than a cell
        rows, columns = max(1, height // CELL_PX), max(1, width // CELL_PX)
        size = (rows * CELL_PX, columns * CELL_PX)
        features = self.encoder(_resize(image1, size))
        correlation = correlate(
            features,
            self.encoder(_resize(image2, size)),
            num_levels=self.num_levels,
            radius=self.radius,
        )
        hidden, context = features.split(self.hidden_channels, dim=1)
        flow = features.new_zeros(features.shape[0], 2, rows, columns)
        if initial_flow is not None:
            # the published network adds it before the first step and again in it
            flow = 2 * resize_flow(initial_flow, (rows, columns), mode="nearest")
        flow, hidden = refine(
            self.step,
            correlation,
            hidden=hidden.tanh(),
            context=context.relu(),
            flow=flow,
            iterations=iterations,
        )
        fine = convex_upsample(flow, self.mask(hidden), factor=CELL_PX)
        return resize_flow(fine, (height, width), mode="bilinear")


def resize_flow(
    flow: Float[Tensor, "b 2 _ _"], size: tuple[int, int], *, mode: str
) -> Float[Tensor, "b 2 _ _"]:
    """A flow at another size, in pixels of that size.

    Args:
        flow: Pixels of its own size: (right, down).
        size: New height and width.
        mode: `nearest` or `bilinear`.
    """
    height, width = flow.shape[2:]
    if (height, width) == size:
        return flow
    ratio = flow.new_tensor([size[1] / width, size[0] / height])[:, None, None]
    aligned = None if mode == "nearest" else False
    return ratio * F.interpolate(flow, size, mode=mode, align_corners=aligned)


def _resize(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(pictures.shape[2:]) == size:
        return pictures
    return F.interpolate(pictures, size, mode="bilinear", align_corners=False)
