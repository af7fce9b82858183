"""reSepConv, adaptive separable convolution revisited (Niklaus, Mai and Wang, WACV 2021, arXiv 2011.01280).

The same idea as SepConv with what was learned since (section 3): pictures brought to mean 0 and deviation 1, residual
blocks with parametric ReLUs in place of a plain U-Net, and kernels made to add up to one by filtering a plane of ones
along with the pictures. The published network has 13,560,102 parameters and draws half-way only.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor, nn

from toontween.errors import InputError, ShapeError
from toontween.interpolators.ops.separable import separable_convolution

LEAST_SUM = 0.01
"""Where the kernels of a pixel add up to less than this in size, the pixel is left as it was filtered."""

_TINY = 1e-7


class ReSepConvNet(ModelMixin, ConfigMixin):
    """Draws the picture half-way between two.

    Args:
        channels: Channels at each level, from the finest on, the first being those of both pictures together; every
            level halves the size.
        taps: Length of a kernel, odd.

    Raises:
        InputError: There are fewer than two levels, an odd number of channels at the finest one, or of even taps.
    """

    @register_to_config
    def __init__(
        self, *, channels: Sequence[int] = (32, 64, 128, 256, 512), taps: int = 51
    ) -> None:
        super().__init__()
        if len(channels) < 2 or channels[0] % 2:
            raise InputError(
                f"channels {tuple(channels)} are not those of a reSepConv network",
                hint="two levels or more; the first number, of both pictures together, is even",
            )
        if taps < 1 or taps % 2 == 0:
            raise InputError(f"kernels of {taps} taps have no middle")
        self.taps = taps
        coarse_first = list(channels)[:0:-1]
        self.describe = nn.Conv2d(3, channels[0] // 2, 3, padding=1)
        self.lower = nn.ModuleList(Lowering(source, width) for source, width in pairwise(channels))
        self.across = nn.ModuleList(Residual(width) for width in coarse_first)
        self.rise = nn.ModuleList(
            Raising(source, width) for source, width in pairwise(coarse_first)
        )
        self.vertical_first = KernelHead(channels[1], taps)
        self.vertical_last = KernelHead(channels[1], taps)
        self.horizontal_first = KernelHead(channels[1], taps)
        self.horizontal_last = KernelHead(channels[1], taps)

    def forward(
        self, first: Float[Tensor, "b c h w"], last: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, "b c h w"]:
        """The picture half-way, not clamped, of two pictures in 0…1; the published weights want channels BGR.

        Raises:
            ShapeError: Not three channels, or a side is odd.
        """
        _check(first)
        hidden = self.decode(self.encode(first, last))
        sums = self._filter(first, self.vertical_first(hidden), self.horizontal_first(hidden))
        sums = sums + self._filter(last, self.vertical_last(hidden), self.horizontal_last(hidden))
        picture, weight = sums[:, :-1], sums[:, -1:]
        return picture / torch.where(weight.abs() < LEAST_SUM, 1.0, weight)

    def encode(
        self, first: Float[Tensor, "b 3 h w"], last: Float[Tensor, "b 3 h w"]
    ) -> list[Float[Tensor, "b _ _ _"]]:
        """Features of every level but the finest, from fine to coarse."""
        pair = torch.stack([first, last], dim=1)
        deviation, mean = torch.std_mean(pair, dim=(1, 2, 3, 4), correction=0, keepdim=True)
        pair = (pair - mean) / (deviation + _TINY)
        hidden = torch.cat([self.describe(pair[:, 0]), self.describe(pair[:, 1])], dim=1)
        levels: list[Tensor] = []
        for lower in self.lower:
            hidden = lower(hidden)
            levels.append(hidden)
        return levels

    def decode(self, levels: list[Float[Tensor, "b _ _ _"]]) -> Float[Tensor, "b _ _ _"]:
        """Features of half the pictures' size, in which every level has a part."""
        hidden = self.across[0](levels[-1])
        for rise, across, level in zip(self.rise, self.across[1:], levels[-2::-1], strict=True):
            height, width = level.shape[2:]
            # an odd side was rounded up on the way down: what is too much on the way up is cut off
            hidden = across(level) + rise(hidden)[..., :height, :width]
        return hidden

    def _filter(self, picture: Tensor, vertical: Tensor, horizontal: Tensor) -> Tensor:
        """The filtered picture and, as a fourth channel, the sum of each pixel's weights."""
        with_ones = torch.cat([picture, torch.ones_like(picture[:, :1])], dim=1)
        padded = F.pad(with_ones, [self.taps // 2] * 4, mode="replicate")
        return separable_convolution(padded, vertical, horizontal)


def _check(picture: Tensor) -> None:
    _, channels, height, width = picture.shape
    if channels != 3:
        raise ShapeError(f"pictures have {channels} channels; reSepConv draws three")
    if not height or not width or height % 2 or width % 2:
        raise ShapeError(
            f"reSepConv cannot draw pictures of {width}×{height} pixels",
            hint="both sides must be even",
        )


def double(hidden: Float[Tensor, "b c _ _"]) -> Float[Tensor, "b c _ _"]:
    """Twice the size, bilinear, edges on edges."""
    return F.interpolate(hidden, scale_factor=2, mode="bilinear", align_corners=False)


class Lowering(nn.Module):
    """One level down: half the size, rounded up.

    Args:
        source: Channels that come in.
        width: Channels that go out.
    """

    def __init__(self, source: int, width: int) -> None:
        super().__init__()
        self.first_slope = nn.PReLU()
        self.first = nn.Conv2d(source, width, 3, stride=2, padding=1)
        self.second_slope = nn.PReLU()
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, hidden: Float[Tensor, "b _ _ _"]) -> Float[Tensor, "b _ _ _"]:
        """As described."""
        hidden = self.first(self.first_slope(hidden))
        return self.second(self.second_slope(hidden))


class Raising(nn.Module):
    """One level up: twice the size.

    Args:
        source: Channels that come in.
        width: Channels that go out.
    """

    def __init__(self, source: int, width: int) -> None:
        super().__init__()
        self.first_slope = nn.PReLU()
        self.first = nn.Conv2d(source, width, 3, padding=1)
        self.second_slope = nn.PReLU()
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, hidden: Float[Tensor, "b _ _ _"]) -> Float[Tensor, "b _ _ _"]:
        """As described."""
        hidden = self.first(double(self.first_slope(hidden)))
        return self.second(self.second_slope(hidden))


class Residual(nn.Module):
    """What two convolutions see is added to what they saw.

    Args:
        width: Channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first_slope = nn.PReLU()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second_slope = nn.PReLU()
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, hidden: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """As described."""
        seen = self.first(self.first_slope(hidden))
        return hidden + self.second(self.second_slope(seen))


class KernelHead(nn.Module):
    """Kernels for every pixel, from features of half the size.

    Args:
        width: Channels of the features.
        taps: Length of a kernel.
    """

    def __init__(self, width: int, taps: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.slope = nn.PReLU()
        self.to_taps = nn.Conv2d(width, taps, 3, padding=1)

    def forward(self, hidden: Float[Tensor, "b _ _ _"]) -> Float[Tensor, "b _ h w"]:
        """Weights of the taps, any real numbers, of twice the size."""
        return self.to_taps(self.slope(self.first(double(hidden))))
