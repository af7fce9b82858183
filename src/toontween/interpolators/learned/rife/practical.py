"""RIFE 4, the networks its author trains for daily use ("Practical RIFE"): 4.6, 4.25 and 4.26.

No paper describes them. Flow and mask are refined by four or five blocks from a sixteenth of the size on, at any time; there
is no network of refinement. From 4.25 on, the pictures are also described by a few learned features, which are carried
along, and each block hands features on to the next.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor, nn

from toontween.errors import InputError
from toontween.interpolators.learned.rife.motion import Motion, check_pair, fetch, plane, resize

FLOW_SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Flow scales that are in use: at 0.5 all blocks work at half their size, for large pictures or large motion."""

_SLOPE = 0.2
_RGB, _FLOW, _MASK, _TIME = 3, 4, 1, 1
_ENCODER_WIDTH = 16


class PracticalRifeNet(ModelMixin, ConfigMixin):
    """Draws at any time between two pictures.

    Args:
        widths: Channels of the blocks; each works at twice the size of the one before, the last one at full size.
        encoded_channels: Learned features of each picture; 0 for none (4.6).
        carried_channels: Features that blocks hand on. Such blocks answer the whole mask; where there are none (0, in
            4.6), blocks answer what is to be added to it.

    Raises:
        InputError: There are no widths.
    """

    @register_to_config
    def __init__(
        self,
        *,
        widths: Sequence[int] = (192, 128, 96, 64, 32),
        encoded_channels: int = 4,
        carried_channels: int = 8,
    ) -> None:
        super().__init__()
        if not widths:
            raise InputError("a RIFE network without blocks")
        self.scales = [2 ** (len(widths) - 1 - level) for level in range(len(widths))]
        self.encoder = PictureEncoder(encoded_channels) if encoded_channels else None
        start = 2 * (_RGB + encoded_channels) + _TIME
        later = start + _MASK + carried_channels + _FLOW
        self.blocks = nn.ModuleList(
            MotionBlock(later if level else start, width, carried_channels)
            for level, width in enumerate(widths)
        )

    def multiple_at(self, flow_scale: float) -> int:
        """What both sides must be multiples of: 32 (4.6) or 64 (4.25) at flow scales of 1 and more."""
        return max(4 * self.scales[0], int(4 * self.scales[0] / flow_scale))

    def forward(
        self,
        first: Float[Tensor, "b c h w"],
        last: Float[Tensor, "b c h w"],
        time: float = 0.5,
        *,
        flow_scale: float = 1.0,
    ) -> Float[Tensor, "b 3 h w"]:
        """The drawing at a time in 0…1, of pictures in 0…1.

        Args:
            first: The picture at time 0.
            last: The picture at time 1.
            time: When the drawing is.
            flow_scale: One of `FLOW_SCALES`: less makes all blocks work smaller.

        Raises:
            ShapeError: The pictures differ, are not RGB, or a side is not a multiple of `multiple_at(flow_scale)`.
        """
        check_pair(first, last, multiple=self.multiple_at(flow_scale))
        motions = self.estimate(
            self.describe(first), self.describe(last), time, flow_scale=flow_scale
        )
        return motions[-1].blend()

    def describe(self, picture: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h w"]:
        """The picture and, where the network has them, its features; the same for all times."""
        if self.encoder is None:
            return picture
        return torch.cat([picture, self.encoder(picture)], dim=1)

    def estimate(
        self,
        first: Float[Tensor, "b c h w"],
        last: Float[Tensor, "b c h w"],
        time: float,
        *,
        flow_scale: float = 1.0,
    ) -> list[Motion]:
        """The estimate after every block, the best one last.

        Args:
            first: The first picture as `describe` gives it.
            last: The last one.
            time: When the drawing is, 0…1.
            flow_scale: One of `FLOW_SCALES`.
        """
        motions: list[Motion] = []
        clock = plane(first, time)
        for block, scale in zip(self.blocks, self.scales, strict=True):
            if motions:
                before = motions[-1]
                known = [*_by_kind(before.first, before.last), clock, before.mask]
                if before.carried is not None:
                    known.append(before.carried)
                seen = torch.cat(known, dim=1)
                flow, mask, carried = block(seen, before.flow, scale / flow_scale)
                flow = before.flow + flow
                mask = before.mask + mask if carried is None else mask
            else:
                seen = torch.cat([*_by_kind(first, last), clock], dim=1)
                flow, mask, carried = block(seen, None, scale / flow_scale)
            moved, other_moved = fetch(first, last, flow)
            motions.append(
                Motion(flow=flow, mask=mask, first=moved, last=other_moved, carried=carried)
            )
        return motions


def _by_kind(first: Tensor, last: Tensor) -> list[Tensor]:
    """The colours of both pictures, then the features of both."""
    return [first[:, :_RGB], last[:, :_RGB], first[:, _RGB:], last[:, _RGB:]]


class PictureEncoder(nn.Module):
    """A few learned features of a picture, computed at half its size.

    Args:
        channels: Features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.shrink = nn.Conv2d(_RGB, _ENCODER_WIDTH, 3, stride=2, padding=1)
        self.first = nn.Conv2d(_ENCODER_WIDTH, _ENCODER_WIDTH, 3, padding=1)
        self.second = nn.Conv2d(_ENCODER_WIDTH, _ENCODER_WIDTH, 3, padding=1)
        self.enlarge = nn.ConvTranspose2d(_ENCODER_WIDTH, channels, 4, stride=2, padding=1)

    def forward(self, picture: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h w"]:
        """Features of every pixel."""
        hidden = F.leaky_relu(self.shrink(picture), _SLOPE)
        hidden = F.leaky_relu(self.first(hidden), _SLOPE)
        hidden = F.leaky_relu(self.second(hidden), _SLOPE)
        return self.enlarge(hidden)


class MotionBlock(nn.Module):
    """Flow, mask and features for the next block, at one scale.

    Args:
        source: Channels that come in, flow included.
        width: Channels within.
        carried: Features for the next block; without any, the published networks still answer one unused channel.
    """

    def __init__(self, source: int, width: int, carried: int) -> None:
        super().__init__()
        self.carries = carried > 0
        self.shrink = nn.ModuleList(
            [
                nn.Conv2d(source, width // 2, 3, stride=2, padding=1),
                nn.Conv2d(width // 2, width, 3, stride=2, padding=1),
            ]
        )
        self.body = nn.ModuleList(ScaledResidual(width) for _ in range(8))
        answers = _FLOW + _MASK + max(carried, 1)
        # four times the channels: they become the four pixels of a cell
        self.to_motion = nn.ConvTranspose2d(width, 4 * answers, 4, stride=2, padding=1)

    def forward(
        self, seen: Float[Tensor, "b _ h w"], flow: Float[Tensor, "b 4 h w"] | None, scale: float
    ) -> tuple[Float[Tensor, "b 4 h w"], Float[Tensor, "b 1 h w"], Float[Tensor, "b d h w"] | None]:
        """Flow in pixels of full size, the mask as a logit, and features for the next block where there are any.

        Args:
            seen: Pictures and whatever is known of them.
            flow: The estimate so far.
            scale: How many times smaller to work.
        """
        hidden = resize(seen, 1 / scale)
        if flow is not None:
            hidden = torch.cat([hidden, resize(flow, 1 / scale) / scale], dim=1)
        for shrink in self.shrink:
            hidden = F.leaky_relu(shrink(hidden), _SLOPE)
        for residual in self.body:
            hidden = residual(hidden)
        answers = resize(F.pixel_shuffle(self.to_motion(hidden), 2), scale)
        carried = answers[:, _FLOW + _MASK :] if self.carries else None
        return answers[:, :_FLOW] * scale, answers[:, _FLOW : _FLOW + _MASK], carried


class ScaledResidual(nn.Module):
    """A 3×3 convolution, scaled channel by channel and added to what came in, and a leaky ReLU.

    Args:
        width: Channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(width, width, 3, padding=1)
        self.scale = nn.Parameter(torch.ones(1, width, 1, 1))

    def forward(self, hidden: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """As described."""
        return F.leaky_relu(self.convolution(hidden) * self.scale + hidden, _SLOPE)
