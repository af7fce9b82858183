"""AnimeInterp (Siyao et al., "Deep Animation Video Interpolation in the Wild", CVPR 2021): flow, splatting, synthesis.

Two flows of the whole gap are estimated once. For a time t the first key and its features are splatted by t of the one
flow, the last key by 1 − t of the other; where something lands, its mean stands, elsewhere nothing; the grid draws the
picture from what landed. The paper begins with flows of matched segments; without them the flow begins with none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor

from toontween.errors import ShapeError
from toontween.interpolators.learned.animeinterp.features import FeaturePyramid
from toontween.interpolators.learned.animeinterp.flow import RecurrentFlow, resize_flow
from toontween.interpolators.learned.animeinterp.grid import GridNet
from toontween.interpolators.ops.splat import splat_sum

MULTIPLE_PX = 4
"""Both sides of the pictures are multiples of this: the grid halves them twice."""

InitialFlows = tuple[Float[Tensor, "b 2 h w"], Float[Tensor, "b 2 h w"]]
"""Flows to begin with, first to last and back, pixels: (right, down)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedPair:
    """What is the same for all times between two pictures."""

    first: tuple[Tensor, Tensor, Tensor, Tensor]
    """The first picture in 0…1 and its features at the size, a half and a quarter of it."""

    last: tuple[Tensor, Tensor, Tensor, Tensor]
    """The same of the last picture."""

    forward: Float[Tensor, "b 2 h w"]
    """Flow from the first to the last picture, pixels: (right, down)."""

    backward: Float[Tensor, "b 2 h w"]
    """Flow from the last to the first picture."""


class AnimeInterp(ModelMixin, ConfigMixin):
    """Draws the picture at a time between two others.

    Args:
        widths: Channels of features and of the grid at the size, a half and a quarter of it.
        flow_widths: Channels of the flow's encoder at a half, a quarter and an eighth of the size.
        flow_hidden_channels: Channels of the flow's hidden state.
    """

    @register_to_config
    def __init__(
        self,
        *,
        widths: Sequence[int] = (32, 64, 96),
        flow_widths: Sequence[int] = (64, 96, 128),
        flow_hidden_channels: int = 128,
    ) -> None:
        super().__init__()
        self.flownet = RecurrentFlow(widths=flow_widths, hidden_channels=flow_hidden_channels)
        self.features = FeaturePyramid(widths)
        self.grid = GridNet(widths)

    def forward(
        self,
        first: Float[Tensor, "b 3 h w"],
        last: Float[Tensor, "b 3 h w"],
        *,
        time: float = 0.5,
        initial_flows: InitialFlows | None = None,
    ) -> Float[Tensor, "b 3 h w"]:
        """The picture at a time, not clipped.

        Args:
            first: The picture at time 0, in 0…1; sides are multiples of 4.
            last: The picture at time 1.
            time: Between 0 and 1.
            initial_flows: Flows to begin with.

        Raises:
            ShapeError: A side is not a multiple of 4.
        """
        return self.draw(self.prepare(first, last, initial_flows=initial_flows), time)

    def prepare(
        self,
        first: Float[Tensor, "b 3 h w"],
        last: Float[Tensor, "b 3 h w"],
        *,
        initial_flows: InitialFlows | None = None,
    ) -> PreparedPair:
        """Features and flows, for any number of times. Arguments and errors as for `forward`."""
        height, width = first.shape[2:]
        if height % MULTIPLE_PX or width % MULTIPLE_PX:
            raise ShapeError(
                f"AnimeInterp cannot draw {width}×{height} pixels",
                hint=f"both sides must be multiples of {MULTIPLE_PX}",
            )
        first_signed, last_signed = 2 * first - 1, 2 * last - 1
        start, back = initial_flows or (None, None)
        return PreparedPair(
            first=(first, *self.features(first_signed)),
            last=(last, *self.features(last_signed)),
            forward=self.flownet(first_signed, last_signed, initial_flow=start),
            backward=self.flownet(last_signed, first_signed, initial_flow=back),
        )

    def draw(self, pair: PreparedPair, time: float) -> Float[Tensor, "b 3 h w"]:
        """The picture at a time, not clipped."""
        pictures, whole, half, quarter = self.warp(pair, time)
        return self.grid(pictures, (whole, half, quarter))

    def warp(self, pair: PreparedPair, time: float) -> tuple[Tensor, ...]:
        """Both pictures and their features where they are at a time, beside each other along the channels."""
        forward, backward = time * pair.forward, (1 - time) * pair.backward
        return tuple(
            torch.cat([splat_mean(here, forward), splat_mean(there, backward)], dim=1)
            for here, there in zip(pair.first, pair.last, strict=True)
        )


def splat_mean(
    values: Float[Tensor, "b c h w"], flow: Float[Tensor, "b 2 _ _"]
) -> Float[Tensor, "b c h w"]:
    """The weighted mean of what lands on each pixel; zero where nothing does.

    Args:
        values: What is carried.
        flow: Where to, in pixels of its own size, which may be larger: (right, down).
    """
    height, width = values.shape[2:]
    flow = resize_flow(flow, (height, width), mode="nearest")
    landed = splat_sum(torch.cat([values, torch.ones_like(values[:, :1])], dim=1), flow)
    sums, weights = landed[:, :-1], landed[:, -1:]
    return torch.where(weights > 0, sums / torch.where(weights > 0, weights, 1), sums)
