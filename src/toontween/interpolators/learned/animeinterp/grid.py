"""The synthesis network of AnimeInterp: a grid of three scales (Siyao et al., CVPR 2021, section 3.3).

The architecture is GridNet (Fourure et al., BMVC 2017) in the form of Niklaus and Liu (CVPR 2018), with two columns on
the way down and two on the way up.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class GridUnit(nn.Module):
    """Two 3×3 convolutions, each after an activation with one slope.

    Args:
        source: Channels in.
        target: Channels out.
        stride: Of the first convolution.
    """

    def __init__(self, source: int, target: int, *, stride: int = 1) -> None:
        super().__init__()
        self.activation1 = nn.PReLU()
        self.conv1 = nn.Conv2d(source, target, 3, stride=stride, padding=1)
        self.activation2 = nn.PReLU()
        self.conv2 = nn.Conv2d(target, target, 3, padding=1)

    def forward(self, hidden: Float[Tensor, "b _ h w"]) -> Float[Tensor, "b _ _ _"]:
        """Channels out, at the size divided by the stride."""
        hidden = self.conv1(self.activation1(hidden))
        return self.conv2(self.activation2(hidden))


Rows = tuple[Float[Tensor, "b _ h w"], Float[Tensor, "b _ _ _"], Float[Tensor, "b _ _ _"]]
"""Maps at the size, a half and a quarter of it."""


class Descent(nn.Module):
    """A column in which each row also hears the finer one.

    Args:
        widths: Channels of the rows.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.across = nn.ModuleList(GridUnit(width, width) for width in widths)
        self.down = nn.ModuleList(
            GridUnit(widths[row], widths[row + 1], stride=2) for row in range(2)
        )

    def forward(self, rows: Rows) -> Rows:
        """The rows after the column."""
        top, middle, bottom = rows
        top = top + self.across[0](top)
        middle = middle + self.across[1](middle) + self.down[0](top)
        bottom = bottom + self.across[2](bottom) + self.down[1](middle)
        return top, middle, bottom


class Ascent(nn.Module):
    """A column in which each row also hears the coarser one.

    Args:
        widths: Channels of the rows.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.across = nn.ModuleList(GridUnit(width, width) for width in widths)
        self.up = nn.ModuleList(GridUnit(widths[row + 1], widths[row]) for row in range(2))

    def forward(self, rows: Rows) -> Rows:
        """The rows after the column."""
        top, middle, bottom = rows
        bottom = bottom + self.across[2](bottom)
        middle = middle + self.across[1](middle) + self.up[1](_twice(bottom))
        top = top + self.across[0](top) + self.up[0](_twice(middle))
        return top, middle, bottom


class GridNet(nn.Module):
    """A picture from two warped pictures and their warped features.

    Args:
        widths: Channels of the three rows, which are also those of one picture's features at each scale.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.picture_head = GridUnit(6, widths[0])
        self.feature_heads = nn.ModuleList(GridUnit(2 * width, width) for width in widths)
        self.enter = nn.ModuleList(
            GridUnit(widths[row], widths[row + 1], stride=2) for row in range(2)
        )
        self.descent = Descent(widths)
        self.ascent1 = Ascent(widths)
        self.ascent2 = Ascent(widths)
        self.tail = GridUnit(widths[0], 3)

    def forward(
        self, pictures: Float[Tensor, "b 6 h w"], features: Rows
    ) -> Float[Tensor, "b 3 h w"]:
        """The picture.

        Args:
            pictures: Both warped pictures; sides are multiples of 4.
            features: Both warped pictures' features at the size, a half and a quarter of it.
        """
        top = self.picture_head(pictures) + self.feature_heads[0](features[0])
        middle = self.enter[0](top) + self.feature_heads[1](features[1])
        bottom = self.enter[1](middle) + self.feature_heads[2](features[2])
        rows = self.descent((top, middle, bottom))
        rows = self.ascent1(rows)
        rows = self.ascent2(rows)
        return self.tail(rows[0])


def _twice(hidden: Tensor) -> Tensor:
    return F.interpolate(hidden, scale_factor=2, mode="bilinear", align_corners=False)
