"""GMFlow's encoder: features of a picture at a quarter and an eighth of its size.

Xu et al., "GMFlow: Learning Optical Flow via Global Matching", CVPR 2022, sections 3.1 and 3.4.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class ResidualUnit(nn.Module):
    """Two 3×3 convolutions, each normalised within its picture, beside a skip.

    Args:
        source: Channels in.
        target: Channels out; where they differ from those in, the skip is a 1×1 convolution.
        stride: Of the first convolution and the skip.
    """

    def __init__(self, source: int, target: int, *, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(source, target, 3, stride=stride, padding=1, bias=False)
        self.conv2 = nn.Conv2d(target, target, 3, padding=1, bias=False)
        changes = source != target or stride != 1
        self.skip = nn.Conv2d(source, target, 1, stride=stride) if changes else None

    def forward(self, hidden: Float[Tensor, "b _ h w"]) -> Float[Tensor, "b _ _ _"]:
        """Channels out, at the size divided by the stride."""
        change = F.relu(F.instance_norm(self.conv1(hidden)))
        change = F.relu(F.instance_norm(self.conv2(change)))
        if self.skip is not None:
            hidden = F.instance_norm(self.skip(hidden))
        return F.relu(hidden + change)


class PictureEncoder(nn.Module):
    """Features at two sizes, of which the smaller are made with the kernel of the larger.

    Args:
        widths: Channels at a half of the size, and of two stages at a quarter.
        channels: Channels of the features.
    """

    def __init__(self, *, widths: Sequence[int], channels: int) -> None:
        super().__init__()
        half, quarter, deep = widths
        self.stem = nn.Conv2d(3, half, 7, stride=2, padding=3, bias=False)
        self.units = nn.ModuleList(
            ResidualUnit(source, target, stride=stride)
            for source, target, stride in (
                (half, half, 1),
                (half, half, 1),
                (half, quarter, 2),
                (quarter, quarter, 1),
                (quarter, deep, 1),
                (deep, deep, 1),
            )
        )
        self.out = nn.Conv2d(deep, channels, 1)
        self.branch = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(
        self, pictures: Float[Tensor, "b 3 h w"]
    ) -> tuple[Float[Tensor, "b c _ _"], Float[Tensor, "b c _ _"]]:
        """Features at an eighth and at a quarter of the size, of pictures whose sides are multiples of 8."""
        hidden = F.relu(F.instance_norm(self.stem(pictures)))
        for unit in self.units:
            hidden = unit(hidden)
        hidden = self.out(hidden)
        coarse = F.conv2d(hidden, self.branch.weight, stride=2, padding=1)
        return coarse, self.branch(hidden)
