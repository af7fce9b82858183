"""PhaseNet, half-way drawings from the coefficients of steerable pyramids (Meyer et al., CVPR 2018, arXiv 1804.00884).

From coarse to fine, a small block per level predicts phases and amplitudes half-way from those of both pictures and from
what the coarser level knew (section 3.2, figure 3). Phases are predicted afresh, amplitudes and the low-pass residual as
a blend of both pictures'. Only weights of a re-implementation are public (466,745 parameters); this is its network, in
which one block serves all levels beyond the seventh. Random weights predict random phases: they draw noise, even between
equal pictures.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor, nn

from toontween.errors import InputError

_POINTWISE_BLOCKS = 3
"""So many coarse blocks see no neighbours: their levels are a few pixels wide, and motion there is global."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Band:
    """One level of a pyramid: what its oriented filters found of a batch of planes."""

    phases: Float[Tensor, "b o h w"]
    """Angles of the coefficients, −π…π, by orientation."""

    amplitudes: Float[Tensor, "b o h w"]
    """Sizes of the coefficients, not negative."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Decomposition:
    """A batch of planes as a pyramid without its high-pass residual."""

    low: Float[Tensor, "b 1 _ _"]
    """Low-pass residual."""

    bands: tuple[Band, ...]
    """Levels from coarse to fine."""


class PhaseNet(ModelMixin, ConfigMixin):
    """Predicts the decomposition half-way between two.

    Args:
        num_blocks: One for the low-pass residual, then one a level from coarse to fine; the last serves all finer ones.
        channels: Channels of the features.
        num_orientations: Directions into which a level is split.

    Raises:
        InputError: There are fewer than two blocks.
    """

    @register_to_config
    def __init__(
        self, *, num_blocks: int = 8, channels: int = 64, num_orientations: int = 4
    ) -> None:
        super().__init__()
        if num_blocks < 2:
            raise InputError(
                f"{num_blocks} blocks; there is one for the low-pass and one for the levels at least"
            )
        predicted = [1] + [2 * num_orientations] * (num_blocks - 1)
        sources = [2] + [channels + 4 * num_orientations + before for before in predicted[:-1]]
        self.blocks = nn.ModuleList(
            PredictionBlock(
                source, channels, number, kernel_size=1 if index < _POINTWISE_BLOCKS else 3
            )
            for index, (source, number) in enumerate(zip(sources, predicted, strict=True))
        )

    def forward(self, first: Decomposition, last: Decomposition) -> Decomposition:
        """The decomposition half-way between those of two pictures, of the same levels.

        Values are brought into the network's range by the largest of both pictures, for each plane and level.
        """
        lows = torch.cat([first.low, last.low], dim=1)
        features, prediction = self.blocks[0](lows / _largest(lows))
        low = torch.lerp(last.low, first.low, (prediction + 1) / 2)
        bands: list[Band] = []
        for level, (one, other) in enumerate(zip(first.bands, last.bands, strict=True), start=1):
            height, width = one.phases.shape[2:]
            phases = torch.cat([one.phases, other.phases], dim=1)
            amplitudes = torch.cat([one.amplitudes, other.amplitudes], dim=1)
            seen = torch.cat(
                [
                    enlarge(features, (height, width)),
                    phases / math.pi,
                    amplitudes / _largest(amplitudes),
                    enlarge(prediction, (height, width)),
                ],
                dim=1,
            )
            block = self.blocks[min(level, len(self.blocks) - 1)]
            features, prediction = block(seen)
            turn, share = prediction.chunk(2, dim=1)
            blend = torch.lerp(one.amplitudes, other.amplitudes, (share + 1) / 2)
            bands.append(Band(phases=math.pi * turn, amplitudes=blend))
        return Decomposition(low=low, bands=tuple(bands))


def enlarge(values: Float[Tensor, "b c _ _"], size: tuple[int, int]) -> Float[Tensor, "b c h w"]:
    """To the size of the next level, bilinear, edges on edges."""
    return F.interpolate(values, size, mode="bilinear", align_corners=False)


def _largest(values: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 1 1 1"]:
    """The largest size of any value of a plane; 1 where all are zero, as in the lightness of a black picture."""
    largest = values.abs().amax(dim=(1, 2, 3), keepdim=True)
    return torch.where(largest > 0, largest, 1)


class PredictionBlock(nn.Module):
    """Features of one level, and what they predict.

    Args:
        source: Channels that come in.
        channels: Channels of the features.
        num_predicted: Values predicted for each place.
        kernel_size: Side of both convolutions' kernels, odd; edges are mirrored.
    """

    def __init__(self, source: int, channels: int, num_predicted: int, *, kernel_size: int) -> None:
        super().__init__()
        self.margin = kernel_size // 2
        self.first = nn.Conv2d(source, channels, kernel_size)
        self.norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, kernel_size)
        self.predict = nn.Conv2d(channels, num_predicted, 1)

    def forward(
        self, seen: Float[Tensor, "b _ h w"]
    ) -> tuple[Float[Tensor, "b _ h w"], Float[Tensor, "b _ h w"]]:
        """Features, and predictions in −1…1."""
        hidden = F.elu(self.norm(self.first(self._mirror(seen))))
        hidden = F.elu(self.second(self._mirror(hidden)))
        return hidden, self.predict(hidden).tanh()

    def _mirror(self, values: Tensor) -> Tensor:
        return F.pad(values, [self.margin] * 4, mode="reflect")
