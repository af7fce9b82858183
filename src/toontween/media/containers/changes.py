"""What changes from one frame to the next; after the first frame only that is stored."""

from collections.abc import Iterable, Iterator

import numpy as np


def changes(
    frames: Iterable[np.ndarray], *, step: int = 1
) -> Iterator[tuple[int, int, np.ndarray]]:
    """(left, top, pixels) of the rectangle that changed since the last frame, one pixel at least.

    Args:
        frames: Frames of one size.
        step: What left and top are multiples of.
    """
    previous: np.ndarray | None = None
    for frame in frames:
        if previous is None:
            yield 0, 0, frame
        else:
            rows, columns = np.nonzero((frame != previous).any(axis=2))
            if len(rows) == 0:
                rows = columns = np.zeros(1, int)
            left, top = (int(side.min()) // step * step for side in (columns, rows))
            yield left, top, frame[top : rows.max() + 1, left : columns.max() + 1]
        previous = frame
