"""GMFSS's features of a picture, and the grid that makes a drawing of what was splatted.

The grid is GridNet (Fourure et al., BMVC 2017) in the form of Niklaus and Liu (CVPR 2018), with transposed convolutions on
the way up; it works at half of the size, and its tail doubles it by a pixel shuffle (Shi et al., CVPR 2016).
"""

from collections.abc import Sequence
from typing import Literal

import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor, nn

Rows = tuple[Float[Tensor, "b _ _ _"], Float[Tensor, "b _ _ _"], Float[Tensor, "b _ _ _"]]
"""Maps at a half, a quarter and an eighth of the picture's size."""

_WIDTHS = (64, 128, 192)

Change = Literal["keeps", "halves", "doubles"]


class GridUnit(nn.Module):
    """Two convolutions, each after an activation with one slope.

    Args:
        source: Channels in.
        target: Channels out.
        change: Whether the first convolution "halves" the size, "doubles" it (4×4, transposed), or "keeps" it.
    """

    def __init__(self, source: int, target: int, *, change: Change = "keeps") -> None:
        super().__init__()
        self.activation1 = nn.PReLU()
        self.conv1 = (
            nn.ConvTranspose2d(source, target, 4, stride=2, padding=1)
            if change == "doubles"
            else nn.Conv2d(source, target, 3, stride=2 if change == "halves" else 1, padding=1)
        )
        self.activation2 = nn.PReLU()
        self.conv2 = nn.Conv2d(target, target, 3, padding=1)

    def forward(self, hidden: Float[Tensor, "b _ h w"]) -> Float[Tensor, "b _ _ _"]:
        """Channels out."""
        hidden = self.conv1(self.activation1(hidden))
        return self.conv2(self.activation2(hidden))


class FeatureNet(ModelMixin, ConfigMixin):
    """Features of one picture at three sizes.

    Args:
        widths: Their channels.
    """

    @register_to_config
    def __init__(self, *, widths: Sequence[int] = _WIDTHS) -> None:
        super().__init__()
        self.levels = nn.ModuleList(
            GridUnit(source, target, change="halves")
            for source, target in zip((3, *widths), widths, strict=False)
        )

    def forward(self, picture: Float[Tensor, "b 3 h w"]) -> Rows:
        """Features at a half, a quarter and an eighth of the size, of a picture in 0…1 with sides of multiples of 8."""
        half = self.levels[0](picture)
        quarter = self.levels[1](half)
        return half, quarter, self.levels[2](quarter)


class Descent(nn.Module):
    """A column in which each row also hears the finer one.

    Args:
        widths: Channels of the rows.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.across = nn.ModuleList(GridUnit(width, width) for width in widths)
        self.down = nn.ModuleList(
            GridUnit(widths[row], widths[row + 1], change="halves") for row in range(2)
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
        self.up = nn.ModuleList(
            GridUnit(widths[row + 1], widths[row], change="doubles") for row in range(2)
        )

    def forward(self, rows: Rows) -> Rows:
        """The rows after the column."""
        top, middle, bottom = rows
        bottom = bottom + self.across[2](bottom)
        middle = middle + self.across[1](middle) + self.up[1](bottom)
        top = top + self.across[0](top) + self.up[0](middle)
        return top, middle, bottom


class FusionNet(ModelMixin, ConfigMixin):
    """A drawing from both splatted pictures, a first draft of it, and both splatted pictures' features.

    Args:
        widths: Channels of the three rows, which are also those of one picture's features at each size.
    """

    @register_to_config
    def __init__(self, *, widths: Sequence[int] = _WIDTHS) -> None:
        super().__init__()
        self.picture_head = GridUnit(9, widths[0])
        self.feature_heads = nn.ModuleList(GridUnit(2 * width, width) for width in widths)
        self.enter = nn.ModuleList(
            GridUnit(widths[row], widths[row + 1], change="halves") for row in range(2)
        )
        self.descent = Descent(widths)
        self.ascent1 = Ascent(widths)
        self.ascent2 = Ascent(widths)
        self.tail_in = nn.Conv2d(widths[0], widths[0], 3, padding=1)
        self.tail_activation = nn.PReLU()
        self.tail_up = nn.Conv2d(widths[0], 4 * widths[0], 3, padding=1)
        self.tail_out = nn.Conv2d(widths[0], 3, 3, padding=1)

    def forward(
        self, pictures: Float[Tensor, "b 9 h w"], features: Rows
    ) -> Float[Tensor, "b 3 _ _"]:
        """The drawing at twice the size, not clamped.

        Args:
            pictures: The first picture splatted, the draft, the last picture splatted; sides are multiples of 4.
            features: Both splatted pictures' features at the size of the pictures, a half and a quarter of it.
        """
        top = self.picture_head(pictures) + self.feature_heads[0](features[0])
        middle = self.enter[0](top) + self.feature_heads[1](features[1])
        bottom = self.enter[1](middle) + self.feature_heads[2](features[2])
        rows = self.descent((top, middle, bottom))
        rows = self.ascent1(rows)
        rows = self.ascent2(rows)
        hidden = self.tail_activation(self.tail_in(rows[0]))
        return self.tail_out(F.pixel_shuffle(self.tail_up(hidden), 2))
