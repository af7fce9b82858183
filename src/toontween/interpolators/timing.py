"""Any times from any interpolator: halves of halves for midpoint methods, the nearest of a fixed set for others.

An interpolator that draws at any time is asked directly. No drawing is made twice, and no two times are given
the same drawing: that would be a pause nobody asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from toontween.drawing.lines import Lines
from toontween.errors import InputError
from toontween.interpolators.base import (
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Picture,
    Timing,
    evenly_spaced_times,
    move_sketches,
)

TIMING_TOLERANCE = 1 / 8
"""How far off its time a drawing may be, as a part of the smallest distance between two drawings."""

_EXACT = 1e-9
_MAX_HALVINGS = 18


def draw_at_times(interpolator: Interpolator, request: InbetweenRequest) -> InbetweenResult:
    """The drawings at the request's times, whatever times the interpolator itself can draw at.

    When drawings stand for slightly different times than asked, `details["drawn_at"]` lists the
    times that were really drawn.

    Raises:
        InputError: Two times are too close together to be told apart, or the interpolator refuses.
    """
    capabilities = interpolator.capabilities
    if not request.times or capabilities.timing is Timing.ANY_TIME:
        return interpolator.inbetween(request)
    if capabilities.timing is Timing.MIDPOINT:
        return _draw_by_halves(interpolator, request)
    return _draw_on_grid(interpolator, request)


def pick_nearest(wanted: Sequence[float], grid: Sequence[float]) -> list[int]:
    """Indices into the increasing `grid`, strictly increasing, nearest in sum to the wanted times.

    Raises:
        InputError: More times are wanted than the grid has.
    """
    if len(wanted) > len(grid):
        raise InputError(f"{len(wanted)} drawings cannot be picked from {len(grid)}")
    distances = np.abs(np.subtract.outer(np.asarray(wanted, float), np.asarray(grid, float)))
    slack = len(grid) - len(wanted)
    # cost[s]: the best sum so far when the present time takes grid index (its number + s)
    cost = np.zeros(slack + 1)
    chosen = np.zeros((len(wanted), slack + 1), dtype=np.int64)
    for number, row in enumerate(distances):
        for skip in range(slack + 1):
            chosen[number, skip] = int(np.argmin(cost[: skip + 1]))
        cost = cost[chosen[number]] + row[number : number + slack + 1]
    picks: list[int] = []
    skip = int(np.argmin(cost))
    for number in reversed(range(len(wanted))):
        picks.append(number + skip)
        skip = int(chosen[number, skip])
    return picks[::-1]


def _draw_on_grid(interpolator: Interpolator, request: InbetweenRequest) -> InbetweenResult:
    fixed = interpolator.capabilities.fixed_count or len(request.times)
    grid = evenly_spaced_times(max(fixed, len(request.times)))
    picks = pick_nearest(request.times, grid)
    sketches = move_sketches(request.sketches, [-1, *picks, len(grid)])
    result = interpolator.inbetween(replace(request, times=grid, sketches=sketches))
    drawings = [result.drawings[pick] for pick in picks]
    drawn_at = [grid[pick] for pick in picks]
    return replace(_result(request, drawings, drawn_at, result.details), ends=result.ends)


def _draw_by_halves(interpolator: Interpolator, request: InbetweenRequest) -> InbetweenResult:
    parts, numerators = _halving_plan(request.times)
    sketches = move_sketches(request.sketches, [0, *numerators, parts])
    halves = _Halves(interpolator, request, parts, sketches)
    drawings: list[Picture] = []
    for done, numerator in enumerate(numerators, start=1):
        drawings.append(halves.draw(numerator))
        if request.progress is not None:
            request.progress(done, len(numerators))
    return _result(request, drawings, [n / parts for n in numerators], halves.details)


def _halving_plan(times: Sequence[float]) -> tuple[int, list[int]]:
    """Into how many parts (a power of two) the gap is cut, and which cuts stand for the times."""
    smallest = min(late - early for early, late in pairwise((0.0, *times, 1.0)))
    for halvings in range(1, _MAX_HALVINGS + 1):
        parts = 2**halvings
        numerators = [round(time * parts) for time in times]
        off = max(abs(n / parts - time) for n, time in zip(numerators, times, strict=True))
        if off <= max(_EXACT, smallest * TIMING_TOLERANCE):
            return parts, numerators
    raise InputError(f"two of the times are only {smallest:g} of the gap apart")


@dataclass
class _Halves:
    """Drawings at parts of the gap: every one is half-way between two drawn before it."""

    interpolator: Interpolator
    request: InbetweenRequest
    parts: int
    sketches: dict[int, Lines]
    details: dict[str, Any] = field(default_factory=dict[str, Any])
    drawn: dict[int, Picture] = field(default_factory=dict[int, Picture])

    def draw(self, numerator: int) -> Picture:
        if numerator in (0, self.parts):
            return self.request.last if numerator else self.request.first
        if numerator not in self.drawn:
            reach = numerator & -numerator  # the largest power of two that divides it
            around = {-1: numerator - reach, 0: numerator, 1: numerator + reach}
            middle = replace(
                self.request,
                first=self.draw(numerator - reach),
                last=self.draw(numerator + reach),
                times=(0.5,),
                sketches={i: self.sketches[n] for i, n in around.items() if n in self.sketches},
                progress=None,
            )
            result = self.interpolator.inbetween(middle)
            self.details.update(result.details)
            self.drawn[numerator] = result.drawings[0]
        return self.drawn[numerator]


def _result(
    request: InbetweenRequest,
    drawings: list[Picture],
    drawn_at: list[float],
    details: Mapping[str, Any],
) -> InbetweenResult:
    exact = np.allclose(drawn_at, request.times, rtol=0, atol=_EXACT)
    noted = dict(details) if exact else {**details, "drawn_at": drawn_at}
    return InbetweenResult(drawings=drawings, details=noted)
