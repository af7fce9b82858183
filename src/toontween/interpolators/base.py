"""The one interface through which every in-between is made.

An interpolator is given two keys and the times at which drawings are wanted, and gives back exactly those drawings.
It knows nothing of files, sheets or the command line. Colours are display-referred sRGB, alpha is straight.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float

from toontween.drawing.lines import Lines
from toontween.errors import InputError, ShapeError
from toontween.shapes import aspects_agree

Picture = Float[np.ndarray, "_ _ _"]
"""One drawing, (height, width, channels): float32 in 0…1, three channels (RGB) or four (RGB and straight alpha)."""

MAX_COUNT = 10_000
"""Most in-betweens asked of one gap; more is taken for a slip of the finger."""


class Timing(StrEnum):
    """At which times an interpolator can draw."""

    ANY_TIME = "any-time"
    """At any time strictly between the keys."""

    MIDPOINT = "midpoint"
    """Half-way only; other times are reached by bisection."""

    FIXED_COUNT = "fixed-count"
    """A fixed number of evenly spaced drawings in one run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """What an interpolator can do, declared before it is loaded or run."""

    timing: Timing
    """At which times it can draw."""

    fixed_count: int | None = None
    """In-betweens of one run, for `Timing.FIXED_COUNT` only."""

    text: bool = False
    """Whether a prompt steers it."""

    sketches: bool = False
    """Whether sketches steer it."""

    alpha: bool = False
    """Whether transparent keys give transparent in-betweens."""

    seeded: bool = False
    """Whether the seed changes the result."""

    devices: tuple[str, ...] = ("cpu",)
    """Device types it can run on."""


@dataclass(frozen=True, kw_only=True, eq=False)
class InbetweenRequest:
    """Two keys and the drawings wanted between them.

    Raises:
        ShapeError: The keys differ in size or channels, or are not RGB or RGBA pictures.
        InputError: The times are not strictly increasing within 0…1, both ends excluded, or a sketch is of no drawing.
    """

    first: Picture
    """The key at time 0, (h, w, c), float32 in 0…1."""

    last: Picture
    """The key at time 1, the same size and channels."""

    times: tuple[float, ...]
    """When the drawings are, strictly between 0 (first key) and 1 (last key), increasing."""

    prompt: str = ""
    """A line of text, for interpolators that read it."""

    sketches: Mapping[int, Lines] = field(default_factory=dict[int, Lines])
    """Index into `times` → sketch of that drawing, of any size with the keys' aspect ratio; −1 is the first key and
    the number of times the last one."""

    seed: int = 0
    """Seed of whatever is random."""

    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Settings of the particular interpolator, by its own names."""

    progress: Callable[[int, int], None] | None = None
    """Called with (steps done, steps in all)."""

    def __post_init__(self) -> None:
        if self.first.ndim != 3 or self.first.shape[2] not in (3, 4):
            raise ShapeError(f"a key is RGB or RGBA, not an array of shape {self.first.shape}")
        if self.first.shape != self.last.shape:
            raise ShapeError(f"the keys differ: {self.first.shape} and {self.last.shape}")
        if len(self.times) > MAX_COUNT:
            raise InputError(f"{len(self.times)} in-betweens in one gap; at most {MAX_COUNT}")
        ends = (0.0, *self.times, 1.0)
        if any(not late > early for early, late in pairwise(ends)):
            raise InputError(f"times {self.times} do not increase strictly between 0 and 1")
        for index, lines in self.sketches.items():
            self._check_sketch(index, lines)

    def _check_sketch(self, index: int, lines: Lines) -> None:
        if not -1 <= index <= len(self.times):
            raise InputError(
                f"a sketch for drawing {index} of {len(self.times)}",
                hint="sketches are counted from 0; −1 and the number of times are the keys",
            )
        height, width, _ = self.first.shape
        if not aspects_agree((lines.height_px, lines.width_px), (height, width)):
            raise ShapeError(
                f"the sketch of drawing {index} is {lines.width_px}×{lines.height_px}, "
                f"the keys are {width}×{height}: the shapes differ"
            )


def move_sketches(sketches: Mapping[int, Lines], places: Sequence[int]) -> dict[int, Lines]:
    """Sketches of a request by other numbers.

    Args:
        sketches: As in the request.
        places: The new number of the first key, of the drawing at each time, and of the last key.
    """
    return {places[index + 1]: lines for index, lines in sketches.items()}


@dataclass(frozen=True, kw_only=True, eq=False)
class InbetweenResult:
    """The drawings asked for, in the order of the request's times."""

    drawings: list[Picture]
    """One picture per time: float32 in 0…1, the keys' size and channels."""

    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What provenance should record: resolved settings, model name and hash."""

    ends: tuple[Picture, Picture] | None = None
    """The method's own drawings of both keys, if it makes any: for measures only, since keys are never replaced."""


def evenly_spaced_times(count: int) -> tuple[float, ...]:
    """Times of `count` in-betweens that cut the gap between two keys into equal steps.

    Raises:
        InputError: The count is negative or beyond `MAX_COUNT`.
    """
    if not 0 <= count <= MAX_COUNT:
        raise InputError(f"count {count} is not within 0…{MAX_COUNT}")
    return tuple(step / (count + 1) for step in range(1, count + 1))


class Interpolator(ABC):
    """Draws in-betweens. Instances may hold weights and are reused for many requests."""

    name: str
    capabilities: Capabilities

    @abstractmethod
    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """Draw the pictures at the request's times.

        Equal requests give equal drawings on one device type. The keys are left as they are.

        Raises:
            InputError: An option is unknown or has an impossible value, or the request needs
                something the capabilities do not declare.
        """
