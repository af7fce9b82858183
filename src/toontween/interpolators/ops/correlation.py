"""Correlation of all pairs of cells of two feature maps, looked up in windows at several scales.

Teed and Deng, "RAFT: Recurrent All-Pairs Field Transforms for Optical Flow", ECCV 2020, section 3.2: the correlation of
two cells is the dot product of their features over the square root of the number of features; the pyramid halves the
second map's axes by averaging. A window's values are ordered column by column: the published networks count the
horizontal offset slowest.

Averaging and bilinear sampling are linear, so the features may be averaged and sampled instead of the correlations.
`OnDemand` does that: the same numbers up to rounding, slower, but without the memory for every pair.
"""

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

MOST_PAIRS = 2**28
"""Up to this many pairs of cells all correlations are kept (1.4 GB with the pyramid); beyond, they are made on demand."""


class Correlation(ABC):
    """Correlations of one pair of feature maps.

    Args:
        num_levels: Scales.
        radius: A window reaches this far to each side, cells of its scale.
    """

    def __init__(self, *, num_levels: int, radius: int) -> None:
        self.num_levels = num_levels
        self.radius = radius

    def look_up(self, centres: Float[Tensor, "b 2 h w"]) -> Float[Tensor, "b n h w"]:
        """What each cell of the first map finds in a window of the second one.

        Args:
            centres: The windows' centres, cells of the second map at full scale: (x, y).

        Returns:
            num_levels · (2·radius + 1)² values: scale by scale, column by column; zero outside the map.
        """
        found = [self._look_up(level, centres / 2**level) for level in range(self.num_levels)]
        return torch.cat(found, dim=1)

    @abstractmethod
    def _look_up(self, level: int, centres: Tensor) -> Tensor:
        """The windows of one scale, whose centres are in its cells."""

    def _offsets(self, like: Tensor) -> Tensor:
        return torch.arange(-self.radius, self.radius + 1, dtype=like.dtype, device=like.device)


class AllPairs(Correlation):
    """Every correlation, computed once."""

    def __init__(
        self,
        first: Float[Tensor, "b c h w"],
        last: Float[Tensor, "b c h w"],
        *,
        num_levels: int,
        radius: int,
    ) -> None:
        super().__init__(num_levels=num_levels, radius=radius)
        channels, height, width = first.shape[1:]
        # the features are scaled, not the pairs, of which no second copy is wanted
        pairs = (first / channels**0.5).flatten(2).transpose(1, 2) @ last.flatten(2)
        self._pyramid = _pyramid(pairs.reshape(-1, 1, height, width), num_levels)

    def _look_up(self, level: int, centres: Tensor) -> Tensor:
        batch, _, height, width = centres.shape
        offsets = self._offsets(centres)
        x, y = centres.permute(1, 0, 2, 3).reshape(2, -1, 1, 1)
        # rows of the grid are columns of the window
        grid_x, grid_y = torch.broadcast_tensors(x + offsets[:, None], y + offsets)
        found = _sample(self._pyramid[level], grid_x, grid_y)
        return found.reshape(batch, height, width, -1).permute(0, 3, 1, 2)


class OnDemand(Correlation):
    """Correlations computed when they are looked up; memory grows with the number of cells, not with its square."""

    def __init__(
        self,
        first: Float[Tensor, "b c h w"],
        last: Float[Tensor, "b c h w"],
        *,
        num_levels: int,
        radius: int,
    ) -> None:
        super().__init__(num_levels=num_levels, radius=radius)
        self._first = first / first.shape[1] ** 0.5
        self._pyramid = _pyramid(last, num_levels)

    def _look_up(self, level: int, centres: Tensor) -> Tensor:
        offsets = self._offsets(centres)
        x, y = centres[:, 0, ..., None], centres[:, 1, ..., None]
        columns: list[Tensor] = []
        for offset in offsets:
            grid_x, grid_y = torch.broadcast_tensors(x + offset, y + offsets)
            found = _sample(self._pyramid[level], grid_x.flatten(2), grid_y.flatten(2))
            found = found.unflatten(3, (-1, len(offsets)))
            columns.append(torch.einsum("bchw,bchwj->bjhw", self._first, found))
        return torch.cat(columns, dim=1)


def correlate(
    first: Float[Tensor, "b c h w"],
    last: Float[Tensor, "b c h w"],
    *,
    num_levels: int = 4,
    radius: int = 4,
) -> Correlation:
    """Correlations of two feature maps, kept or made on demand, whichever suits their size."""
    batch, _, height, width = first.shape
    kind = AllPairs if batch * (height * width) ** 2 <= MOST_PAIRS else OnDemand
    return kind(first, last, num_levels=num_levels, radius=radius)


def cell_coordinates(like: Float[Tensor, "b _ h w"]) -> Float[Tensor, "1 2 h w"]:
    """Where each cell of a map is: (x, y), counted from 0."""
    height, width = like.shape[2:]
    rows = torch.arange(height, dtype=like.dtype, device=like.device)
    columns = torch.arange(width, dtype=like.dtype, device=like.device)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack([x, y])[None]


def _pyramid(maps: Tensor, num_levels: int) -> list[Tensor]:
    """Maps halved again and again by averaging; what is left of fewer than two cells is no cell."""
    levels = [maps]
    for _ in range(num_levels - 1):
        height, width = levels[-1].shape[2:]
        if height < 2 or width < 2:
            levels.append(maps.new_zeros(*maps.shape[:2], 0, 0))
        else:
            levels.append(F.avg_pool2d(levels[-1], 2))
    return levels


def _sample(maps: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Bilinear samples at cells (x, y); zero outside, and everywhere in a map without cells."""
    height, width = maps.shape[2:]
    if not height or not width:
        return maps.new_zeros(*maps.shape[:2], *x.shape[1:])
    grid = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], dim=-1)
    return F.grid_sample(maps, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
