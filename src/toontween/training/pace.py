"""How fast a run goes, and whether it is the data it waits for."""

import time
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")


class Pace:
    """Counts samples and seconds since it was begun, and those of the seconds that are spent waiting for batches.

    Where steps are queued for a device, the last of them may still be at work while a batch is waited for. The loop
    looks at every loss, so that it is never more than one backward pass.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Start counting anew."""
        self._began = time.perf_counter()
        self._waited_s = 0.0
        self._samples = 0

    def next_of(self, batches: Iterator[T]) -> T:
        """The next batch; the time until it is there counts as waiting."""
        asked = time.perf_counter()
        batch = next(batches)
        self._waited_s += time.perf_counter() - asked
        return batch

    def step_done(self, samples: int) -> None:
        """A step over so many samples is done."""
        self._samples += samples

    def values(self) -> dict[str, float]:
        """`samples_per_second`, and `waiting`: the share of the time spent waiting for data, 0…1."""
        seconds = time.perf_counter() - self._began
        return {
            "samples_per_second": self._samples / seconds,
            "waiting": self._waited_s / seconds,
        }
