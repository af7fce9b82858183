"""The one interface of everything that can be trained."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn

from toontween.training.batches import Batch
from toontween.training.draws import Draws


@dataclass(frozen=True, kw_only=True)
class Losses:
    """What is minimised in one step."""

    by_group: dict[str, Float[Tensor, ""]]
    """One scalar for each group of parameters; their gradients do not mix, so the sum is minimised."""

    logs: dict[str, Float[Tensor, ""]] = field(default_factory=dict)
    """Detached scalars worth recording."""


@runtime_checkable
class Objective(Protocol):
    """Networks and what they are to learn.

    An objective keeps no state but its networks: equal batches, draws and weights give equal losses.
    """

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """Networks that are trained wholly or in part, by the pipeline's names."""
        ...

    @property
    def frozen(self) -> Mapping[str, nn.Module]:
        """Networks that are only used."""
        ...

    def trained(self) -> dict[str, list[tuple[str, nn.Parameter]]]:
        """Group → names and parameters that are trained; a name begins with its network's, `unet.conv_out.bias`."""
        ...

    def losses(self, batch: Batch, draws: Draws, *, step: int) -> Losses:
        """The losses of a batch."""
        ...

    def measure(self, batch: Batch, draws: Draws) -> dict[str, Float[Tensor, " b"]]:
        """Measures of each clip of a held-out batch."""
        ...

    def sample(self, batch: Batch, draws: Draws) -> Float[Tensor, "b t 3 h w"]:
        """What the networks make of a held-out batch, 0…1, for strips."""
        ...

    def export(self, folder: Path, *, measures: Mapping[str, float]) -> None:
        """Write the networks into an empty folder, ready to draw with; `measures` are those of the held-out clips."""
        ...
