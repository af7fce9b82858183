"""GridNet: three rows of features at three sizes, one column going down and one going up (Fourure et al., BMVC 2017)."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from toontween.interpolators.learned.eisai.blocks import ActivatedConv, Down, Residual, Up

FEATURES = (64, 256, 512)
"""Channels of the stem's features, from the finest to the coarsest."""

ROWS = (32, 64, 128)
"""Channels of the grid's rows."""


class Converter(nn.ModuleList):
    """A 1×1 convolution for each level, from the stem's channels to the grid's."""

    def __init__(self) -> None:
        super().__init__(
            ActivatedConv(source, width, kernel=1)
            for source, width in zip(FEATURES, ROWS, strict=True)
        )

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Features of the rows' channels, sizes kept."""
        return [convert(level) for convert, level in zip(self, features, strict=True)]


class GridNet(nn.Module):
    """Down the rows with residual blocks, and up again."""

    def __init__(self) -> None:
        super().__init__()
        fine, middle, coarse = ROWS
        self.encode = nn.ModuleList(Residual(width) for width in ROWS)
        self.down = nn.ModuleList([Down(fine, middle), Down(middle, coarse)])
        self.decode = nn.ModuleList(Residual(width) for width in ROWS)
        self.up = nn.ModuleList([Up(middle, fine), Up(coarse, middle)])

    def forward(self, rows: Sequence[Tensor]) -> Float[Tensor, "b 32 h w"]:
        """Features of the finest row.

        Args:
            rows: Features of 32, 64 and 128 channels, each of half the size before, rounded up.
        """
        fine = self.encode[0](rows[0])
        middle = self.encode[1](rows[1]) + self.down[0](fine)
        coarse = self.encode[2](rows[2]) + self.down[1](middle)
        coarse = self.decode[2](coarse)
        middle = self.decode[1](middle) + self.up[1](coarse, size=middle.shape[2:])
        return self.decode[0](fine) + self.up[0](middle, size=fine.shape[2:])
