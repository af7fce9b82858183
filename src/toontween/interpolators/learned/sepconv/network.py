"""SepConv, adaptive separable convolution (Niklaus, Mai and Liu, ICCV 2017, arXiv 1708.01692).

A U-Net looks at both pictures and gives every pixel of the drawing four kernels of 51 taps: one along each axis for each
picture (section 3, figure 2). The drawing is the sum of both pictures filtered by them; there is no flow and no time but
the half. Motion beyond 25 pixels cannot be followed. The published network has 21,675,452 parameters; it was published
twice, trained for the absolute difference ("l1") and for a difference of features ("lf").
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor, nn

from toontween.errors import InputError, ShapeError
from toontween.interpolators.ops.separable import separable_convolution


class SepConvNet(ModelMixin, ConfigMixin):
    """Draws the picture half-way between two.

    Args:
        channels: Channels at each level, from the finest on; every level halves the size.
        taps: Length of a kernel, odd.

    Raises:
        InputError: There are fewer than two levels, or the number of taps is even.
    """

    @register_to_config
    def __init__(
        self, *, channels: Sequence[int] = (32, 64, 128, 256, 512), taps: int = 51
    ) -> None:
        super().__init__()
        if len(channels) < 2:
            raise InputError(
                f"channels {tuple(channels)} are not a U-Net; it has two levels or more"
            )
        if taps < 1 or taps % 2 == 0:
            raise InputError(f"kernels of {taps} taps have no middle")
        self.taps = taps
        self.multiple = 2 ** len(channels)
        self.encode = nn.ModuleList(
            TripleConvolution(source, width)
            for source, width in zip([6, *channels], channels, strict=False)
        )
        coarse_first = list(channels)[:0:-1]
        self.decode = nn.ModuleList(
            TripleConvolution(source, width)
            for source, width in zip([channels[-1], *coarse_first], coarse_first, strict=False)
        )
        self.enlarge = nn.ModuleList(
            nn.Conv2d(width, width, 3, padding=1) for width in coarse_first
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
            ShapeError: Not three channels, or a side is not a multiple of 2^levels (32 for the published network).
        """
        self._check(first)
        hidden = torch.cat([first, last], dim=1)
        skips: list[Tensor] = []
        for encode in self.encode:
            hidden = encode(hidden)
            skips.append(hidden)
            hidden = F.avg_pool2d(hidden, 2)
        # the finest level has no way back: kernels are made from half the size
        for decode, enlarge in zip(self.decode, self.enlarge, strict=True):
            hidden = F.relu(enlarge(double(decode(hidden)))) + skips.pop()
        margins = [self.taps // 2] * 4
        drawn = separable_convolution(
            F.pad(first, margins, mode="replicate"),
            self.vertical_first(hidden),
            self.horizontal_first(hidden),
        )
        return drawn + separable_convolution(
            F.pad(last, margins, mode="replicate"),
            self.vertical_last(hidden),
            self.horizontal_last(hidden),
        )

    def _check(self, picture: Tensor) -> None:
        _, channels, height, width = picture.shape
        if channels != 3:
            raise ShapeError(f"pictures have {channels} channels; SepConv draws three")
        if not height or not width or height % self.multiple or width % self.multiple:
            raise ShapeError(
                f"SepConv cannot draw pictures of {width}×{height} pixels",
                hint=f"both sides must be multiples of {self.multiple}",
            )


def double(hidden: Float[Tensor, "b c _ _"]) -> Float[Tensor, "b c _ _"]:
    """Twice the size, bilinear, corners on corners."""
    return F.interpolate(hidden, scale_factor=2, mode="bilinear", align_corners=True)


class TripleConvolution(nn.Module):
    """Three 3×3 convolutions, each followed by a ReLU.

    Args:
        source: Channels that come in.
        width: Channels that go out.
    """

    def __init__(self, source: int, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(source, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.third = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, hidden: Float[Tensor, "b _ h w"]) -> Float[Tensor, "b _ h w"]:
        """As described."""
        hidden = F.relu(self.first(hidden))
        hidden = F.relu(self.second(hidden))
        return F.relu(self.third(hidden))


class KernelHead(nn.Module):
    """Kernels for every pixel, from features of half the size.

    Args:
        width: Channels of the features.
        taps: Length of a kernel.
    """

    def __init__(self, width: int, taps: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.third = nn.Conv2d(width, taps, 3, padding=1)
        self.to_taps = nn.Conv2d(taps, taps, 3, padding=1)

    def forward(self, hidden: Float[Tensor, "b _ _ _"]) -> Float[Tensor, "b _ h w"]:
        """Weights of the taps, any real numbers, of twice the size."""
        hidden = F.relu(self.first(hidden))
        hidden = F.relu(self.second(hidden))
        hidden = F.relu(self.third(hidden))
        return self.to_taps(double(hidden))
