"""Which sketches are coloured together: a plan in which no drawing is far from a reference.

An interpolator that knows a window of so many drawings cannot colour a long sequence at once, and windows chained end to
end drift: each one starts from the faults of the one before. So a long stretch is first coloured at evenly spaced
drawings, *anchors*, from the references alone, and then between neighbouring anchors, and so on. With 14 drawings a
window, 224 sketches are two generations from the references, 3,374 three.

Positions are drawing numbers, counted from 1. A reference that stands apart from the drawings is at 0, before the first,
or behind the last.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

from toontween.errors import InputError


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Two coloured drawings and the sketches that are coloured between them in one run."""

    first: int
    """Position of the key at its beginning: a reference, or a drawing of an earlier window."""

    last: int
    """Position of the key at its end."""

    drawings: tuple[int, ...]
    """The drawings that the run is for."""

    asked: tuple[int, ...]
    """All drawings of the run in order. Between anchors that lie far apart those in the middle are drawn for the
    motion's sake and thrown away: they are coloured again between nearer keys."""

    generation: int
    """Windows from a reference to these drawings, at least 1."""

    @property
    def times(self) -> tuple[float, ...]:
        """When the drawings of the run are between the keys, 0…1."""
        return tuple((number - self.first) / (self.last - self.first) for number in self.asked)


def plan_windows(keys: Collection[int], *, capacity: int) -> list[Window]:
    """Windows that together draw everything between the keys, each drawing once.

    Every window comes after the windows that its own keys are drawn in.

    Args:
        keys: Positions of the references, at least two.
        capacity: Drawings of one window, at least 1.

    Raises:
        InputError: There are fewer than two keys, or a window holds no drawing.
    """
    if capacity < 1:
        raise InputError(f"a window of {capacity} drawings holds none")
    if len(set(keys)) < 2:
        raise InputError("drawings are coloured between two keys; there is only one")
    stretches = pairwise(sorted(set(keys)))
    return [window for first, last in stretches for window in _plan(first, last, capacity, 1)]


def _plan(first: int, last: int, capacity: int, generation: int) -> Iterator[Window]:
    gap = last - first
    if gap == 1:
        return
    parts = min(capacity + 1, -(-gap // (capacity + 1)))
    if parts == 1:
        everything = tuple(range(first + 1, last))
        yield Window(
            first=first,
            last=last,
            drawings=everything,
            asked=everything,
            generation=generation,
        )
        return
    finer = (capacity + 1) // parts
    anchors = _evenly(first, gap, parts)
    yield Window(
        first=first,
        last=last,
        drawings=anchors,
        asked=_evenly(first, gap, parts * finer),
        generation=generation,
    )
    for start, end in pairwise((first, *anchors, last)):
        yield from _plan(start, end, capacity, generation + 1)


def _evenly(first: int, gap: int, parts: int) -> tuple[int, ...]:
    """Positions that cut a gap into parts which differ by one at most; finer cuts contain the coarser ones."""
    return tuple(first + gap * part // parts for part in range(1, parts))
