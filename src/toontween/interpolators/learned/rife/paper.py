"""RIFE as in its paper (Huang et al., ECCV 2022, arXiv 2011.06294), and RIFE_m, which is told the time.

Three blocks refine flow and mask at a quarter, half and full size (section 3.2); a U-Net with the context of both pictures
corrects the blend (section 3.4). The block that only teaches the others in training is no part of it.
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
from toontween.interpolators.ops.warp import backwarp

SCALES = (4.0, 2.0, 1.0)
"""How many times smaller than the picture each block works."""

_FLOW, _MASK = 4, 1


class RifeNet(ModelMixin, ConfigMixin):
    """Draws half-way between two pictures, or at a given time.

    Args:
        reads_time: Whether the blocks are told the time (RIFE_m); the others draw half-way only.
        widths: Channels of the three blocks.
        context_channels: Channels of the finest context; they double from level to level.

    Raises:
        InputError: There are not three widths.
    """

    @register_to_config
    def __init__(
        self,
        *,
        reads_time: bool = False,
        widths: Sequence[int] = (240, 150, 90),
        context_channels: int = 16,
    ) -> None:
        super().__init__()
        if len(widths) != len(SCALES):
            raise InputError(f"{len(widths)} widths for the {len(SCALES)} blocks of a RIFE network")
        self.reads_time = reads_time
        self.multiple = 32
        pictures, time = 2 * 3, int(reads_time)
        self.blocks = nn.ModuleList(
            MotionBlock(pictures + time + (pictures + _MASK + _FLOW if level else 0), width)
            for level, width in enumerate(widths)
        )
        self.context = ContextNet(context_channels)
        self.refinement = RefinementNet(2 * pictures + _MASK + _FLOW, context_channels)

    def forward(
        self, first: Float[Tensor, "b c h w"], last: Float[Tensor, "b c h w"], time: float = 0.5
    ) -> Float[Tensor, "b 3 h w"]:
        """The drawing at a time in 0…1, of pictures in 0…1.

        Raises:
            ShapeError: The pictures differ, are not RGB, or a side is not a multiple of 32.
            InputError: The network is not told the time, and the time is not 0.5.
        """
        motion = self.estimate(first, last, time)[-1]
        correction = self.correct(first, last, motion)
        return (motion.blend() + correction).clamp(0, 1)

    def estimate(
        self, first: Float[Tensor, "b c h w"], last: Float[Tensor, "b c h w"], time: float = 0.5
    ) -> list[Motion]:
        """The estimate after every block, the best one last.

        Raises:
            ShapeError, InputError: As for `forward`.
        """
        check_pair(first, last, multiple=self.multiple)
        if time != 0.5 and not self.reads_time:
            raise InputError(f"this RIFE network draws half-way only, not at {time}")
        still = torch.cat([first, last, *([plane(first, time)] if self.reads_time else [])], dim=1)
        motions: list[Motion] = []
        for block, scale in zip(self.blocks, SCALES, strict=True):
            if motions:
                before = motions[-1]
                seen = torch.cat([still, before.first, before.last, before.mask], dim=1)
                flow, mask = block(seen, before.flow, scale)
                flow, mask = before.flow + flow, before.mask + mask
            else:
                flow, mask = block(still, None, scale)
            moved, other_moved = fetch(first, last, flow)
            motions.append(Motion(flow=flow, mask=mask, first=moved, last=other_moved))
        return motions

    def correct(
        self, first: Float[Tensor, "b 3 h w"], last: Float[Tensor, "b 3 h w"], motion: Motion
    ) -> Float[Tensor, "b 3 h w"]:
        """What is added to the blend, −1…1."""
        contexts = self.context(first, motion.flow[:, :2])
        other_contexts = self.context(last, motion.flow[:, 2:])
        seen = [first, last, motion.first, motion.last, motion.mask, motion.flow]
        return self.refinement(torch.cat(seen, dim=1), contexts, other_contexts)


class MotionBlock(nn.Module):
    """Flow and mask, or what is to be added to them, at one scale.

    Args:
        source: Channels that come in, flow included.
        width: Channels within.
    """

    def __init__(self, source: int, width: int) -> None:
        super().__init__()
        self.shrink = nn.ModuleList(
            [Convolution(source, width // 2, stride=2), Convolution(width // 2, width, stride=2)]
        )
        self.body = nn.ModuleList(Convolution(width, width) for _ in range(8))
        self.to_motion = nn.ConvTranspose2d(width, _FLOW + _MASK, 4, stride=2, padding=1)

    def forward(
        self, seen: Float[Tensor, "b _ h w"], flow: Float[Tensor, "b 4 h w"] | None, scale: float
    ) -> tuple[Float[Tensor, "b 4 h w"], Float[Tensor, "b 1 h w"]]:
        """Flow in pixels of full size, and the mask as a logit.

        Args:
            seen: Pictures and whatever is known of them.
            flow: The estimate so far.
            scale: How many times smaller to work.
        """
        hidden = resize(seen, 1 / scale)
        if flow is not None:
            hidden = torch.cat([hidden, resize(flow, 1 / scale) / scale], dim=1)
        for shrink in self.shrink:
            hidden = shrink(hidden)
        shortcut = hidden
        for convolution in self.body:
            hidden = convolution(hidden)
        motion = resize(self.to_motion(hidden + shortcut), 2 * scale)
        return motion[:, :_FLOW] * (2 * scale), motion[:, _FLOW:]


class ContextNet(nn.Module):
    """Features of a picture at a half to a sixteenth of its size, fetched along its flow.

    Args:
        width: Channels at half size; they double from level to level.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(4)]
        self.levels = nn.ModuleList(
            ShrinkingPair(source, target)
            for source, target in zip([3, *widths], widths, strict=False)
        )

    def forward(
        self, picture: Float[Tensor, "b 3 h w"], flow: Float[Tensor, "b 2 h w"]
    ) -> list[Tensor]:
        """One map a level, (b, c, h, w), fine to coarse; flow is in pixels of the picture."""
        hidden, contexts = picture, []
        for level in self.levels:
            hidden, flow = level(hidden), resize(flow, 0.5) / 2
            contexts.append(backwarp(hidden, flow))
        return contexts


class RefinementNet(nn.Module):
    """U-Net that sees pictures, blend and context, and answers a correction.

    Args:
        source: Channels that come in.
        context: Channels of the finest context of one picture.
    """

    def __init__(self, source: int, context: int) -> None:
        super().__init__()
        width = 2 * context
        sources = [source, 2 * width, 4 * width, 8 * width]
        self.down = nn.ModuleList(
            ShrinkingPair(channels, width * 2**level) for level, channels in enumerate(sources)
        )
        self.up = nn.ModuleList(
            [
                Enlargement(16 * width, 4 * width),
                Enlargement(8 * width, 2 * width),
                Enlargement(4 * width, width),
                Enlargement(2 * width, context),
            ]
        )
        self.to_rgb = nn.Conv2d(context, 3, 3, padding=1)

    def forward(
        self, seen: Float[Tensor, "b _ h w"], contexts: list[Tensor], other_contexts: list[Tensor]
    ) -> Float[Tensor, "b 3 h w"]:
        """Values in −1…1."""
        hidden, skips = seen, []
        for level, down in enumerate(self.down):
            hidden = down(hidden)
            skips.append(hidden)
            hidden = torch.cat([hidden, contexts[level], other_contexts[level]], dim=1)
        hidden = self.up[0](hidden)
        for level in (2, 1, 0):
            hidden = self.up[3 - level](torch.cat([hidden, skips[level]], dim=1))
        return 2 * self.to_rgb(hidden).sigmoid() - 1


class Convolution(nn.Module):
    """A 3×3 convolution and a ReLU with a learned slope for each channel.

    Args:
        source: Channels that come in.
        target: Channels that go out.
        stride: 2 halves the size.
    """

    def __init__(self, source: int, target: int, *, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(source, target, 3, stride=stride, padding=1)
        self.slope = nn.Parameter(torch.full((target,), 0.25))

    def forward(self, hidden: Float[Tensor, "b _ _ _"]) -> Float[Tensor, "b _ _ _"]:
        """As described."""
        return F.prelu(self.convolution(hidden), self.slope)


class ShrinkingPair(nn.Module):
    """Two convolutions of which the first halves the size.

    Args:
        source: Channels that come in.
        target: Channels that go out.
    """

    def __init__(self, source: int, target: int) -> None:
        super().__init__()
        self.first = Convolution(source, target, stride=2)
        self.second = Convolution(target, target)

    def forward(self, hidden: Float[Tensor, "b _ _ _"]) -> Float[Tensor, "b _ _ _"]:
        """As described."""
        return self.second(self.first(hidden))


class Enlargement(nn.Module):
    """A transposed convolution that doubles the size, and a ReLU with learned slopes.

    Args:
        source: Channels that come in.
        target: Channels that go out.
    """

    def __init__(self, source: int, target: int) -> None:
        super().__init__()
        self.convolution = nn.ConvTranspose2d(source, target, 4, stride=2, padding=1)
        self.slope = nn.Parameter(torch.full((target,), 0.25))

    def forward(self, hidden: Float[Tensor, "b _ _ _"]) -> Float[Tensor, "b _ _ _"]:
        """As described."""
        return F.prelu(self.convolution(hidden), self.slope)
