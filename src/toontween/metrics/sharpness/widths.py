"""How wide vertical edges are along their row (Marziliano et al., "A no-reference perceptual blur metric", ICIP 2002)."""

import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt8

FARTHEST_PX = 101
"""An edge is followed no further to each side."""

HALF_SECTOR = 2**0.5 - 1
"""tan 22.5°: gradients nearer to the row than to the diagonal round to 0 or ±180 degrees."""


def edge_widths(
    grey: UInt8[np.ndarray, "h w"], edges: Bool[np.ndarray, "h w"]
) -> Int64[np.ndarray, "h w"]:
    """Width of every edge that crosses its row, in pixels; 0 elsewhere.

    From the edge the row is followed to both sides as long as the levels go on rising, or falling, strictly. The
    gradient (central differences) says which: rising at 0 degrees, falling at ±180; others have no width. Where nothing
    changes along the row the reference leaves the angle at 0, so they count as rising; where all angles of a picture
    are 0 it measures nothing. Both are kept, and so is that edges at the picture's border have no width.

    Args:
        grey: Levels.
        edges: The vertical edges.
    """
    levels = grey.astype(np.float64)
    down, across = np.gradient(levels)
    if not ((across < 0) | ((across != 0) & (down != 0))).any():
        return np.zeros(grey.shape, np.int64)
    along_row = np.abs(down) < HALF_SECTOR * np.abs(across)
    rising = (across == 0) | (along_row & (across > 0))
    falling = along_row & (across < 0)
    inner = np.zeros(grey.shape, bool)
    inner[1:-1, 1:-1] = True
    inner &= edges
    widths = np.zeros(grey.shape, np.int64)
    for crossing, direction in ((rising, 1), (falling, -1)):
        rows, columns = np.nonzero(inner & crossing)
        left = _walk(direction * levels, rows, columns, step=-1)
        right = _walk(direction * levels, rows, columns, step=1)
        widths[rows, columns] = left + right
    return widths


def _walk(
    levels: Float64[np.ndarray, "h w"],
    rows: Int64[np.ndarray, " n"],
    columns: Int64[np.ndarray, " n"],
    *,
    step: int,
) -> Int64[np.ndarray, " n"]:
    """Pixels from each edge to where the levels cease to rise from left to right.

    All edges walk at once, one pixel a turn: most stop after two or three, so this is quicker than measuring the runs
    of the whole picture (1.5 against 4.4 ms at 320×512).
    """
    length = np.ones(len(rows), np.int64)
    walking = np.arange(len(rows))
    for reached in range(1, FARTHEST_PX):
        beyond = columns[walking] + (reached + 1) * step
        walking = walking[(beyond >= 0) & (beyond < levels.shape[1])]
        row, at = rows[walking], columns[walking] + reached * step
        walking = walking[step * (levels[row, at + step] - levels[row, at]) > 0]
        if not len(walking):
            break
        length[walking] += 1
    return length


def contrast(block: Float64[np.ndarray, "h w"] | UInt8[np.ndarray, "h w"]) -> int:
    """Difference of the lightest and darkest level."""
    return int(block.max()) - int(block.min())
