"""What a measure is to a table, and what it looks at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from toontween.errors import ShapeError
from toontween.metrics.protocol import MeasureProtocol


class Better(StrEnum):
    """Which of two values is the better one."""

    HIGHER = "higher"
    LOWER = "lower"
    NEAR_ZERO = "near 0"
    NEAR_ONE = "near 1"

    def badness(self, value: float) -> float:
        """Less is better."""
        distances = {
            Better.HIGHER: -value,
            Better.LOWER: value,
            Better.NEAR_ZERO: abs(value),
            Better.NEAR_ONE: abs(value - 1),
        }
        return distances[self]

    @property
    def arrow(self) -> str:
        """As tables print it."""
        return {Better.HIGHER: "↑", Better.LOWER: "↓", Better.NEAR_ZERO: "→0"}.get(self, "→1")


class _Finder:
    """What was found in some frames, by name."""

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}

    def find(self, name: str, look: Callable[[], Any]) -> Any:
        """What `look` gives, looked for once."""
        if name not in self._found:
            self._found[name] = look()
        return self._found[name]


class TrueClip(_Finder):
    """The true frames, and what measures have found in them: shared by all methods on a clip.

    Args:
        frames: All of them, both keys at the ends.
        caption: A line of text; "" when nobody said.
    """

    def __init__(self, frames: UInt8[np.ndarray, "t h w 3"], *, caption: str = "") -> None:
        super().__init__()
        self.frames, self.caption = frames, caption

    @cached_property
    def tensor(self) -> Float[Tensor, "t 3 h w"]:
        """The frames in 0…1."""
        return to_tensor(self.frames)


class Observation:
    """One method's frames beside the true ones.

    Args:
        frames: The method's frames, both keys at the ends.
        truth: The true ones.
        ends: The method's own drawings of both keys, if it draws them.

    Raises:
        ShapeError: They differ in number or size.
    """

    def __init__(
        self,
        frames: UInt8[np.ndarray, "t h w 3"],
        truth: TrueClip,
        *,
        ends: UInt8[np.ndarray, "2 h w 3"] | None = None,
    ) -> None:
        if frames.shape != truth.frames.shape:
            raise ShapeError(f"frames of {frames.shape} beside true ones of {truth.frames.shape}")
        self.frames, self.truth = frames, truth
        self.ends = None if ends is None else to_tensor(ends)
        # the truth measured against itself finds what it has found already
        self.find = truth.find if frames is truth.frames else _Finder().find

    @cached_property
    def tensor(self) -> Float[Tensor, "t 3 h w"]:
        """The frames in 0…1."""
        return to_tensor(self.frames)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipMeasure:
    """A number for each clip; a table has the mean over clips."""

    name: str
    """What people type."""

    title: str
    """What tables print."""

    better: Better
    """Which of two values is the better one."""

    protocol: MeasureProtocol
    """What decides its value beside the frames."""

    value: Callable[[Observation], float]
    """The number of one clip."""

    digits: int = 3
    """Decimals in tables."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SetMeasure:
    """A number for a set of clips, from features of each."""

    name: str
    """What people type."""

    title: str
    """What tables print."""

    better: Better
    """Which of two values is the better one."""

    protocol: MeasureProtocol
    """What decides its value beside the frames."""

    feature_name: str
    """Measures with equal names share their features."""

    features: Callable[[Observation], Float[np.ndarray, "n d"]]
    """Feature vectors of one clip."""

    distance: Callable[[Float[Tensor, "n d"], Float[Tensor, "m d"]], float]
    """The number of a set: ours, then the true one."""

    fewest: int = 2
    """Fewer feature vectors have no such distance."""

    few: int = 0
    """Of fewer feature vectors the distance has a bias that says more about their number than about the method."""

    digits: int = 2
    """Decimals in tables."""


Measure = ClipMeasure | SetMeasure


@dataclass(frozen=True, kw_only=True)
class Absence:
    """Why a method or a measure is not in a table, and what to do."""

    name: str
    why: str
    hint: str = ""


def together(absences: Sequence[Absence]) -> list[Absence]:
    """Absences of one cause as one, with all names."""
    names: dict[tuple[str, str], list[str]] = {}
    for one in absences:
        names.setdefault((one.why, one.hint), []).append(one.name)
    return [Absence(name=", ".join(n), why=why, hint=hint) for (why, hint), n in names.items()]


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was measured on one method's frames of one clip."""

    values: dict[str, float] = field(default_factory=dict)
    """Measure → number."""

    features: dict[str, Float[np.ndarray, "n d"]] = field(default_factory=dict)
    """Name of features → vectors."""


def observe(observation: Observation, measures: Sequence[Measure]) -> Found:
    """Take all measures of one method's frames.

    Raises:
        ToonTweenError: A measure refuses the frames.
    """
    found = Found()
    with torch.inference_mode():
        for measure in measures:
            if isinstance(measure, ClipMeasure):
                found.values[measure.name] = float(measure.value(observation))
            elif measure.feature_name not in found.features:
                vectors = np.asarray(measure.features(observation), np.float32)
                found.features[measure.feature_name] = vectors
    return found


def to_tensor(frames: UInt8[np.ndarray, "t h w 3"]) -> Float[Tensor, "t 3 h w"]:
    """Frames in 0…255 as a tensor in 0…1."""
    return torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float() / 255
