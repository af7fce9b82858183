"""Processor seconds a frame of the sharpness measure, and what a thousand clips cost.

    python benchmarks/cpbd.py [--repeats 3] [--output RESULT.json]

Frames are those of the bundled scenes at 512×320, as drawn, softened, and with grain (which has many more edges).

Baseline: the same formula with loops, as the reference implementations have it: a walk along the row from every pixel that is
an edge, a look at every pixel for being one, and a loop over blocks and the widths in them. Edge detection is the same
in both, its share is given. Ratios are of processor seconds on one thread, the least of several runs; both have to
find the same histogram.
"""

import argparse
import json
import math
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from toontween.data.synthetic.scenes import SCENES
from toontween.metrics.clips import to_frames
from toontween.metrics.grey import to_grey_levels
from toontween.metrics.sharpness import cpbd, edges
from toontween.metrics.sharpness.widths import FARTHEST_PX
from toontween.runtime import versions

RESULTS = Path(__file__).parent / "results" / "cpbd_cpu.json"
SIZE = (512, 320)
TIMES = (0.2, 0.5, 0.8)
NUM_CLIPS, NUM_FRAMES = 1000, 16
GRAIN = 8.0
"""Standard deviation, 0…255."""


def pictures() -> dict[str, list[np.ndarray]]:
    """RGB frames (h, w, 3) uint8 of every kind."""
    drawn = [
        cv2.resize(scene.draw(at).frame[..., :3], SIZE, interpolation=cv2.INTER_AREA)
        for scene in SCENES
        for at in TIMES
    ]
    random = np.random.default_rng(0)
    grain = [frame + random.normal(0, GRAIN, frame.shape) for frame in drawn]
    return {
        "drawn": drawn,
        "softened": [cv2.GaussianBlur(frame, (0, 0), 1.0) for frame in drawn],
        "grainy": [np.clip(np.rint(frame), 0, 255).astype(np.uint8) for frame in grain],
    }


def walk(row: list[float], column: int, direction: int) -> int:
    """Width of the edge at a column: how far the levels go on rising (1) or falling (-1), both ways."""
    width = 0
    for step in (-1, 1):
        at = column + step
        for length in range(1, FARTHEST_PX + 1):
            width += 1
            following = at + step
            outside = not 0 <= following < len(row)
            if (
                outside
                or direction * step * (row[following] - row[at]) <= 0
                or length == FARTHEST_PX
            ):
                break
            at = following
    return width


def loop_widths(grey: np.ndarray, vertical: np.ndarray) -> np.ndarray:
    """Widths pixel by pixel."""
    levels = grey.astype(np.float64)
    down, across = (np.asarray(plane) for plane in np.gradient(levels))
    angles = np.zeros(grey.shape)
    height, width = grey.shape
    for y in range(height):
        for x in range(width):
            if across[y, x] != 0:
                angles[y, x] = math.degrees(math.atan2(down[y, x], across[y, x]))
    widths = np.zeros(grey.shape, np.int64)
    if not angles.any():
        return widths
    for y in range(1, height - 1):
        row = levels[y].tolist()
        for x in range(1, width - 1):
            if vertical[y, x]:
                sector = 45 * round(angles[y, x] / 45)
                if sector == 0:
                    widths[y, x] = walk(row, x, 1)
                elif abs(sector) == 180:
                    widths[y, x] = walk(row, x, -1)
    return widths


def loop_histogram(grey: np.ndarray) -> np.ndarray:
    """What `cpbd.blur_histogram` gives, with loops."""
    detail = edges.port_edges(grey)
    widths = loop_widths(grey, edges.port_vertical_edges(grey))
    histogram = np.zeros(101, np.int64)
    side = cpbd.BLOCK_PX
    for block_row in range(grey.shape[0] // side):
        for block_column in range(grey.shape[1] // side):
            rows = slice(block_row * side, (block_row + 1) * side)
            columns = slice(block_column * side, (block_column + 1) * side)
            if detail[rows, columns].sum() <= cpbd.FEWEST_EDGE_PX:
                continue
            block = grey[rows, columns]
            low = int(block.max()) - int(block.min()) <= cpbd.LOW_CONTRAST
            for width in widths[rows, columns].ravel():
                if width:
                    relative = width / cpbd.NOTICEABLE_WIDTHS_PX[low]
                    histogram[round(100 * (1 - math.exp(-(relative**cpbd.BETA))))] += 1
    return histogram


def seconds(work: Callable[[np.ndarray], Any], frames: list[np.ndarray], repeats: int) -> float:
    """Processor seconds a frame: the least of several runs over all frames."""
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        for frame in frames:
            work(frame)
        taken.append(time.process_time() - start)
    return min(taken) / len(frames)


def measure(kind: str, frames: list[np.ndarray], repeats: int) -> dict[str, Any]:
    """One row: both ways on the same frames, after proof that they agree."""
    greys = list(to_grey_levels(to_frames(frames)))
    histograms = [cpbd.blur_histogram(grey) for grey in greys]
    for grey, histogram in zip(greys, histograms, strict=True):
        np.testing.assert_array_equal(loop_histogram(grey), histogram)
    loops = seconds(loop_histogram, greys, repeats)
    ours = seconds(cpbd.blur_histogram, greys, repeats)
    matlab = seconds(
        lambda grey: cpbd.blur_histogram(grey, rule=cpbd.EdgeRule.MATLAB), greys, repeats
    )
    canny = seconds(edges.port_edges, greys, repeats)
    return {
        "frames": kind,
        "num_frames": len(greys),
        "mean_score": round(float(np.mean([cpbd.score(h) for h in histograms])), 4),
        "widths_a_frame": round(float(np.mean([h.sum() for h in histograms]))),
        "loop_seconds": round(loops, 4),
        "seconds": round(ours, 4),
        "matlab_seconds": round(matlab, 4),
        "edge_detection_seconds": round(canny, 4),
        "times_quicker": round(loops / ours, 1),
        "minutes_a_thousand_clips": round(ours * NUM_CLIPS * NUM_FRAMES / 60, 1),
        "loop_minutes_a_thousand_clips": round(loops * NUM_CLIPS * NUM_FRAMES / 60, 1),
    }


def to_markdown(rows: list[dict[str, Any]]) -> str:
    """The rows as a table."""
    lines = [
        "| frames | widths | loops s | ours s | of it edges s | × quicker | 1,000 clips min | with loops min |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['frames']} | {row['widths_a_frame']} | {row['loop_seconds']:.3f} | {row['seconds']:.4f} "
        f"| {row['edge_detection_seconds']:.4f} | {row['times_quicker']} "
        f"| {row['minutes_a_thousand_clips']} | {row['loop_minutes_a_thousand_clips']} |"
        for row in rows
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure every kind of frame; write the JSON and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    load_before = os.getloadavg()[0]
    rows = [measure(kind, frames, arguments.repeats) for kind, frames in pictures().items()]
    machine = {"machine": platform.machine(), "cores": os.cpu_count(), "threads": 1, **versions()}
    machine |= {"load_before": round(load_before, 1), "load_after": round(os.getloadavg()[0], 1)}
    record = {
        "machine": machine,
        "size": list(SIZE),
        "clips": NUM_CLIPS,
        "frames_a_clip": NUM_FRAMES,
    }
    arguments.output.parent.mkdir(exist_ok=True)
    arguments.output.write_text(json.dumps({**record, "rows": rows}, indent=1) + "\n")
    print(to_markdown(rows))


if __name__ == "__main__":
    main()
