"""Measures that are given clip after clip and keep one value a clip.

The mean over frames is taken within a clip, the mean over clips of those values: a long clip counts as much as a short
one. Values are kept, not sums, so that two methods can be compared clip by clip, and so that processes which measured
different clips merge without loss.
"""

import zlib
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float64
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from toontween.errors import InputError
from toontween.metrics.protocol import MeasureProtocol


class ClipMeasure(Metric):
    """A measure with one or several numbers a clip.

    `update` takes one clip; `compute` gives the mean over clips of every number by name; `per_clip` the values
    themselves; `reset` forgets them. Under torch.distributed `compute` gathers the clips of all processes (one that has
    none takes part, too); without, `merge_state` adds another instance's clips in front of one's own.

    A number that a clip does not have (the share of the motion where nothing moves) is kept as NaN, left out of the
    mean and counted by `num_undefined`.

    Args:
        protocol: What decides the values.
        numbers: Names of the numbers, with units.
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    full_state_update = False
    is_differentiable = False

    def __init__(
        self, *, protocol: MeasureProtocol, numbers: tuple[str, ...], **synchronisation: Any
    ) -> None:
        super().__init__(**synchronisation)
        self.set_dtype(torch.float64)  # a process without clips sends zeros of this type
        self.protocol = protocol
        self.numbers = numbers
        for name in numbers:
            self.add_state(self._state(name), default=[], dist_reduce_fx="cat")

    @abstractmethod
    def update(self, *_: Any, **__: Any) -> None:
        """Measure one clip."""

    def compute(self) -> dict[str, Float64[Tensor, ""]]:
        """Mean over clips of every number; those that are NaN are left out.

        Raises:
            InputError: No clip was measured, or none of them has the number.
        """
        means = {}
        for name, values in self.per_clip().items():
            if not len(values):
                raise InputError(f"{self.protocol.measure}: no clip was measured")
            if values.isnan().all():
                raise InputError(
                    f"{self.protocol.measure}: {name} is defined in none of {len(values)} clips"
                )
            means[name] = values.nanmean()
        return means

    def per_clip(self) -> dict[str, Float64[Tensor, " n"]]:
        """Every number of every clip, in the order of measuring; those of all processes within `sync_context()`."""
        return {name: self._vector(self._state(name)) for name in self.numbers}

    def num_undefined(self) -> dict[str, int]:
        """How many clips do not have a number."""
        return {name: int(values.isnan().sum()) for name, values in self.per_clip().items()}

    @contextmanager
    def _next_clip(self) -> Iterator[None]:
        """Errors within say which clip is at fault, counted from 0 in this process."""
        try:
            yield
        except InputError as error:
            number = len(self._vector(self._state(self.numbers[0])))
            raise type(error)(f"clip {number}: {error.message}", hint=error.hint) from error

    def _keep(self, **numbers: float | Tensor) -> None:
        """Add the values of one clip: every number has to be there."""
        for name in self.numbers:
            value = torch.tensor([float(numbers[name])], dtype=torch.float64, device=self.device)
            self._append(self._state(name), value)

    def _append(self, state: str, vector: Float64[Tensor, " n"]) -> None:
        getattr(self, state).append(vector)

    def _vector(self, state: str) -> Float64[Tensor, " n"]:
        """All of a state: a list while clips are added, one vector while processes are gathered."""
        vectors = getattr(self, state)
        if isinstance(vectors, list) and not vectors:
            return torch.zeros(0, dtype=torch.float64, device=self.device)
        return dim_zero_cat(vectors)

    def _state(self, name: str) -> str:
        """Name of a number's state, which says the protocol, too.

        A `MetricCollection` takes measures for one whose states have equal names and, after the first clip, equal values;
        PSNR of all frames and of in-betweens may have. Values of different protocols do not merge either.
        """
        return f"clip_{name}_{zlib.crc32(self.protocol.describe().encode()):08x}"
