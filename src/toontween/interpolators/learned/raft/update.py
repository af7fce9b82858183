"""RAFT's recurrent update: what the correlations say of the present flow changes a hidden state, which changes the flow.

Teed and Deng, ECCV 2020, section 3.3.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from toontween.interpolators.ops.correlation import Correlation, cell_coordinates

Size = Literal["large", "small"]
"""The two published sizes."""

MASK_SCALE = 0.25
"""The published networks scale the logarithms of the upsampling weights by this."""


class MotionEncoder(nn.Module):
    """Features of the present flow and of the correlations around it, the flow itself appended; the large network's.

    Args:
        correlation_channels: Values looked up for each cell.
    """

    output_channels = 128

    def __init__(self, correlation_channels: int) -> None:
        super().__init__()
        self.correlation1 = nn.Conv2d(correlation_channels, 256, 1)
        self.correlation2 = nn.Conv2d(256, 192, 3, padding=1)
        self.flow1 = nn.Conv2d(2, 128, 7, padding=3)
        self.flow2 = nn.Conv2d(128, 64, 3, padding=1)
        self.merge = nn.Conv2d(192 + 64, 126, 3, padding=1)

    def forward(
        self, flow: Float[Tensor, "b 2 h w"], correlations: Float[Tensor, "b n h w"]
    ) -> Float[Tensor, "b c h w"]:
        """Features of a flow and of what was looked up at its end."""
        seen = F.relu(self.correlation1(correlations))
        seen = F.relu(self.correlation2(seen))
        moved = F.relu(self.flow1(flow))
        moved = F.relu(self.flow2(moved))
        merged = F.relu(self.merge(torch.cat([seen, moved], dim=1)))
        return torch.cat([merged, flow], dim=1)


class SmallMotionEncoder(nn.Module):
    """The same of the small network.

    Args:
        correlation_channels: Values looked up for each cell.
    """

    output_channels = 82

    def __init__(self, correlation_channels: int) -> None:
        super().__init__()
        self.correlation1 = nn.Conv2d(correlation_channels, 96, 1)
        self.flow1 = nn.Conv2d(2, 64, 7, padding=3)
        self.flow2 = nn.Conv2d(64, 32, 3, padding=1)
        self.merge = nn.Conv2d(96 + 32, 80, 3, padding=1)

    def forward(
        self, flow: Float[Tensor, "b 2 h w"], correlations: Float[Tensor, "b n h w"]
    ) -> Float[Tensor, "b c h w"]:
        """Features of a flow and of what was looked up at its end."""
        seen = F.relu(self.correlation1(correlations))
        moved = F.relu(self.flow1(flow))
        moved = F.relu(self.flow2(moved))
        merged = F.relu(self.merge(torch.cat([seen, moved], dim=1)))
        return torch.cat([merged, flow], dim=1)


class GatedConvolution(nn.Module):
    """A gated recurrent unit whose matrices are convolutions (equations 2-5).

    Args:
        hidden_channels: Channels of the hidden state.
        input_channels: Channels of what it is told.
        kernel: Height and width of the kernels.
    """

    def __init__(
        self, hidden_channels: int, input_channels: int, *, kernel: tuple[int, int]
    ) -> None:
        super().__init__()
        both, padding = hidden_channels + input_channels, (kernel[0] // 2, kernel[1] // 2)
        self.update = nn.Conv2d(both, hidden_channels, kernel, padding=padding)
        self.reset = nn.Conv2d(both, hidden_channels, kernel, padding=padding)
        self.candidate = nn.Conv2d(both, hidden_channels, kernel, padding=padding)

    def forward(
        self, hidden: Float[Tensor, "b _ h w"], told: Float[Tensor, "b _ h w"]
    ) -> Float[Tensor, "b _ h w"]:
        """The next hidden state."""
        both = torch.cat([hidden, told], dim=1)
        update = self.update(both).sigmoid()
        reset = self.reset(both).sigmoid()
        candidate = self.candidate(torch.cat([reset * hidden, told], dim=1)).tanh()
        return (1 - update) * hidden + update * candidate


class FlowHead(nn.Module):
    """What a hidden state adds to the flow."""

    def __init__(self, hidden_channels: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(hidden_channels, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, 2, 3, padding=1)

    def forward(self, hidden: Float[Tensor, "b _ h w"]) -> Float[Tensor, "b 2 h w"]:
        """A change of flow, cells."""
        return self.conv2(F.relu(self.conv1(hidden)))


class MaskHead(nn.Module):
    """The weights with which a hidden state wants the flow enlarged eightfold; the large network's."""

    def __init__(self, hidden_channels: int, width: int = 256) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(hidden_channels, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, 9 * 8 * 8, 1)

    def forward(self, hidden: Float[Tensor, "b _ h w"]) -> Float[Tensor, "b 576 h w"]:
        """Logarithms of weights, as `ops.convex.convex_upsample` takes them."""
        return MASK_SCALE * self.conv2(F.relu(self.conv1(hidden)))


class UpdateBlock(nn.Module):
    """One step of the recurrence.

    Args:
        hidden_channels: Channels of the hidden state.
        context_channels: Channels of the context.
        correlation_channels: Values looked up for each cell.
        size: Of which published network.
    """

    def __init__(
        self,
        *,
        hidden_channels: int,
        context_channels: int,
        correlation_channels: int,
        size: Size = "large",
    ) -> None:
        super().__init__()
        encoder = MotionEncoder if size == "large" else SmallMotionEncoder
        kernels = ((1, 5), (5, 1)) if size == "large" else ((3, 3),)
        self.motion = encoder(correlation_channels)
        told = context_channels + encoder.output_channels
        self.recurrence = nn.ModuleList(
            GatedConvolution(hidden_channels, told, kernel=kernel) for kernel in kernels
        )
        self.flow_head = FlowHead(hidden_channels, 256 if size == "large" else 128)

    def forward(
        self,
        hidden: Float[Tensor, "b _ h w"],
        context: Float[Tensor, "b _ h w"],
        correlations: Float[Tensor, "b n h w"],
        flow: Float[Tensor, "b 2 h w"],
    ) -> tuple[Float[Tensor, "b _ h w"], Float[Tensor, "b 2 h w"]]:
        """The next hidden state and the change of the flow, cells."""
        told = torch.cat([context, self.motion(flow, correlations)], dim=1)
        for unit in self.recurrence:
            hidden = unit(hidden, told)
        return hidden, self.flow_head(hidden)


def refine(
    update: UpdateBlock,
    correlation: Correlation,
    *,
    hidden: Float[Tensor, "b _ h w"],
    context: Float[Tensor, "b _ h w"],
    flow: Float[Tensor, "b 2 h w"],
    iterations: int,
) -> tuple[Float[Tensor, "b 2 h w"], Float[Tensor, "b _ h w"]]:
    """Flow and hidden state after some updates.

    Args:
        update: The step.
        correlation: Of the two pictures' features.
        hidden: The first hidden state.
        context: Features of the first picture.
        flow: The flow to begin with, cells.
        iterations: How many updates.
    """
    cells = cell_coordinates(flow)
    for _ in range(iterations):
        correlations = correlation.look_up(cells + flow)
        hidden, change = update(hidden, context, correlations, flow)
        flow = flow + change
    return flow, hidden
