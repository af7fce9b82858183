"""RAFT's encoders: six residual units that bring a picture to an eighth of its size (ECCV 2020, section 3.1)."""

from collections.abc import Sequence
from typing import Literal

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

Norm = Literal["none", "instance", "batch"]
"""What follows a convolution: nothing, instance normalisation without weights, or batch normalisation."""

Unit = Literal["residual", "bottleneck"]
"""Two 3×3 convolutions (the large network), or a 3×3 convolution of a quarter of the channels between two 1×1 ones."""


def make_norm(norm: Norm, channels: int) -> nn.Module:
    """The layer of a normalisation."""
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    return nn.InstanceNorm2d(channels) if norm == "instance" else nn.Identity()


class ResidualUnit(nn.Module):
    """Two 3×3 convolutions beside a skip; with a stride, the skip is a 1×1 convolution."""

    def __init__(self, source: int, channels: int, *, stride: int, norm: Norm) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(source, channels, 3, stride=stride, padding=1)
        self.norm1 = make_norm(norm, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = make_norm(norm, channels)
        self.skip = nn.Identity() if stride == 1 else nn.Conv2d(source, channels, 1, stride=stride)
        self.skip_norm = nn.Identity() if stride == 1 else make_norm(norm, channels)

    def forward(self, hidden: Float[Tensor, "b _ h w"]) -> Float[Tensor, "b _ _ _"]:
        """Features of the unit's channels, at the size divided by the stride."""
        change = F.relu(self.norm1(self.conv1(hidden)))
        change = F.relu(self.norm2(self.conv2(change)))
        return F.relu(self.skip_norm(self.skip(hidden)) + change)


class BottleneckUnit(nn.Module):
    """A 3×3 convolution of a quarter of the channels between two 1×1 convolutions, beside a skip."""

    def __init__(self, source: int, channels: int, *, stride: int, norm: Norm) -> None:
        super().__init__()
        narrow = channels // 4
        self.conv1 = nn.Conv2d(source, narrow, 1)
        self.norm1 = make_norm(norm, narrow)
        self.conv2 = nn.Conv2d(narrow, narrow, 3, stride=stride, padding=1)
        self.norm2 = make_norm(norm, narrow)
        self.conv3 = nn.Conv2d(narrow, channels, 1)
        self.norm3 = make_norm(norm, channels)
        self.skip = nn.Identity() if stride == 1 else nn.Conv2d(source, channels, 1, stride=stride)
        self.skip_norm = nn.Identity() if stride == 1 else make_norm(norm, channels)

    def forward(self, hidden: Float[Tensor, "b _ h w"]) -> Float[Tensor, "b _ _ _"]:
        """Features of the unit's channels, at the size divided by the stride."""
        change = F.relu(self.norm1(self.conv1(hidden)))
        change = F.relu(self.norm2(self.conv2(change)))
        change = F.relu(self.norm3(self.conv3(change)))
        return F.relu(self.skip_norm(self.skip(hidden)) + change)


class Encoder(nn.Module):
    """Features of a picture at an eighth of its size.

    Args:
        widths: Channels at a half, a quarter and an eighth of the size.
        output_channels: Channels of the features.
        norm: What follows each convolution but the last.
        unit: The kind of residual unit.
    """

    def __init__(
        self, *, widths: Sequence[int], output_channels: int, norm: Norm, unit: Unit
    ) -> None:
        super().__init__()
        kind = ResidualUnit if unit == "residual" else BottleneckUnit
        self.stem = nn.Conv2d(3, widths[0], 7, stride=2, padding=3)
        self.stem_norm = make_norm(norm, widths[0])
        self.units = nn.ModuleList()
        for source, width, stride in zip((widths[0], *widths), widths, (1, 2, 2), strict=False):
            self.units.append(kind(source, width, stride=stride, norm=norm))
            self.units.append(kind(width, width, stride=1, norm=norm))
        self.out = nn.Conv2d(widths[-1], output_channels, 1)

    def forward(self, pictures: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c _ _"]:
        """Features of pictures whose sides are multiples of 8."""
        hidden = F.relu(self.stem_norm(self.stem(pictures)))
        for unit in self.units:
            hidden = unit(hidden)
        return self.out(hidden)
