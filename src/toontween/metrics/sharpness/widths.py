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
    steps = np.diff(levels, axis=1)
    widths = np.zeros(grey.shape, np.int64)
    for crossing, is_step in ((rising, steps > 0), (falling, steps < 0)):
        rows, columns = np.nonzero(inner & crossing)
        before, after = _runs(is_step)
        left = np.minimum(before[rows, columns - 1] + 1, FARTHEST_PX)
        right = np.minimum(after[rows, columns + 1] + 1, FARTHEST_PX)
        widths[rows, columns] = left + right
    return widths


def _runs(
    is_step: Bool[np.ndarray, "h v"],
) -> tuple[Int64[np.ndarray, "h w"], Int64[np.ndarray, "h w"]]:
    """How many steps in a row end at each pixel, and how many start there."""
    height, num_steps = is_step.shape
    columns = np.arange(num_steps + 1)
    none = np.zeros((height, 1), bool)
    breaks_before = np.where(np.concatenate([none, is_step], axis=1), 0, columns)
    last_break = np.maximum.accumulate(breaks_before, axis=1)
    breaks_after = np.where(np.concatenate([is_step, none], axis=1), num_steps, columns)
    next_break = np.minimum.accumulate(breaks_after[:, ::-1], axis=1)[:, ::-1]
    return columns - last_break, next_break - columns


def contrast(block: Float64[np.ndarray, "h w"] | UInt8[np.ndarray, "h w"]) -> int:
    """Difference of the lightest and darkest level."""
    return int(block.max()) - int(block.min())
