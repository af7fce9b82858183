"""Families of numbers that are found together, and accumulating measures of `toontween.metrics` as such families."""

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol, runtime_checkable

from torch import Tensor

from toontween.evaluation.measures.base import Observation
from toontween.evaluation.measures.weights import MeasureWeights
from toontween.metrics.measures.base import ClipMeasure as Accumulator
from toontween.metrics.protocol import MeasureProtocol


@runtime_checkable
class Family(Protocol):
    """One or several numbers of a clip that are found together."""

    name: str
    """Unique among families: under it the numbers of a clip are remembered."""

    protocol: MeasureProtocol
    """What decides them beside the frames."""

    def look(self, seen: Observation) -> dict[str, float]:
        """The numbers of one clip; NaN where it has none."""
        ...


Build = Callable[[MeasureWeights], Family]


class Shown(StrEnum):
    """What an accumulating measure is shown."""

    TRUTH = "ours and the true frames"
    KEYS = "ours and the keys"
    OURS = "ours alone"
    ENDS = "our own drawings of the keys, and the keys"


class Accumulated:
    """A family that an accumulating measure finds; the measure is emptied before each clip.

    Args:
        name: Of the family.
        measure: The measure.
        shown: What it is shown of a clip.
    """

    def __init__(self, name: str, measure: Accumulator, shown: Shown = Shown.TRUTH) -> None:
        self.name, self.protocol = name, measure.protocol
        self._measure, self._shown = measure, shown

    def look(self, seen: Observation) -> dict[str, float]:
        """The numbers of one clip; NaN where it has none."""
        given = self._given(seen)
        if given is None:  # the method hands the keys through and draws none of its own
            return dict.fromkeys(self._measure.numbers, math.nan)
        self._measure.reset()
        self._measure.update(*given)
        return {name: float(values[0]) for name, values in self._measure.per_clip().items()}

    def _given(self, seen: Observation) -> tuple[Tensor, ...] | None:
        keys = seen.truth.tensor[[0, -1]]
        if self._shown is Shown.TRUTH:
            return seen.tensor, seen.truth.tensor
        if self._shown is Shown.KEYS:
            return seen.tensor, keys
        if self._shown is Shown.ENDS:
            return None if seen.ends is None else (seen.ends, keys)
        return (seen.tensor,)


def number_of(family: Family, number: str) -> Callable[[Observation], float]:
    """What a table's column looks at: one number of a family.

    Args:
        family: Finds all of its numbers at once.
        number: Which one.
    """

    def value(seen: Observation) -> float:
        return seen.find(family.name, lambda: family.look(seen))[number]

    return value
