"""Seconds and memory per in-between of the methods that need no weights.

    python benchmarks/classical_methods.py [--count 14] [--methods hold …] [--sizes 256x160 …]

Baseline: `crossfade` at the same size in the same run; ratios are of processor seconds, which other work on the machine
disturbs less than wall time. Every row runs in a process of its own, on one thread, so that peak memory belongs to it
alone. What is done once a pair (flow, phases) is shared among the in-betweens, so their number is part of the result.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import torch

from toontween.interpolators.base import InbetweenRequest, evenly_spaced_times
from toontween.interpolators.catalog import build
from toontween.runtime import versions

METHODS = ("crossfade", "hold", "flow", "phase")
SIZES = ("256x160", "512x320", "1920x1080")
RESULTS = Path(__file__).parent / "results" / "classical_methods.json"
BASELINE = "crossfade"


def drawing(width: int, height: int, *, at: float) -> np.ndarray:
    """An outlined disc on a striped ground; `at` is where its centre is, 0…1 of the width."""
    y, x = np.mgrid[:height, :width].astype(np.float32) + 0.5
    outside = np.hypot(x - at * width, y - 0.5 * height) - 0.25 * height
    body, line = np.clip(0.5 - outside, 0, 1), np.clip(2 - np.abs(outside), 0, 1)
    ground = 0.75 + 0.15 * np.sign(np.sin(y * (40 / height)))
    shades = [(ground * (1 - body) + tone * body) * (1 - line) for tone in (0.8, 0.4, 0.3)]
    return np.stack(shades, axis=-1).astype(np.float32)


def measure(method: str, size: str, count: int) -> dict[str, Any]:
    """Time and memory of one run in this process, after a tiny one that pays for first calls."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    width, height = (int(side) for side in size.split("x"))
    interpolator = build(method)
    tiny = drawing(32, 32, at=0.5)
    interpolator.inbetween(InbetweenRequest(first=tiny, last=tiny, times=(0.5,)))
    request = InbetweenRequest(
        first=drawing(width, height, at=0.45),
        last=drawing(width, height, at=0.5),
        times=evenly_spaced_times(count),
    )
    before = psutil.Process().memory_info().rss
    wall, processor = time.perf_counter(), time.process_time()
    interpolator.inbetween(request)
    processor, wall = time.process_time() - processor, time.perf_counter() - wall
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {
        "method": method,
        "size": size,
        "count": count,
        "processor_seconds_each": round(processor / count, 4),
        "wall_seconds_each": round(wall / count, 4),
        "peak_mib": round(peak / 2**20),
        "peak_above_start_mib": round((peak - before) / 2**20),
    }


def add_ratios(rows: list[dict[str, Any]]) -> None:
    """Processor seconds as multiples of the baseline's at the same size."""
    baseline = {
        row["size"]: row["processor_seconds_each"] for row in rows if row["method"] == BASELINE
    }
    for row in rows:
        seconds = row["processor_seconds_each"]
        row["times_crossfade"] = round(seconds / baseline[row["size"]], 2)


def to_markdown(machine: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """The rows as a table, and what they were measured on."""
    lines = [
        f"{machine['machine']}, {machine['cores']} cores shared with other work (load "
        f"{machine['load_before']} before, {machine['load_after']} after), {machine['threads']} "
        f"thread, torch {machine['torch']}; {rows[0]['count']} in-betweens of one pair.",
        "",
        "| size | method | processor s each | × crossfade | wall s each | peak MiB | above start |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['size']} | {row['method']} | {row['processor_seconds_each']:.4f} "
        f"| {row['times_crossfade']:.2f} | {row['wall_seconds_each']:.4f} | {row['peak_mib']} "
        f"| {row['peak_above_start_mib']} |"
        for row in rows
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure every row in a process of its own; write the JSON and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=14, help="in-betweens of one pair")
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        method, size = arguments.only
        print(json.dumps(measure(method, size, arguments.count)))
        return
    load_before, rows = os.getloadavg()[0], []
    for size in arguments.sizes:
        for method in dict.fromkeys([BASELINE, *arguments.methods]):
            command = [sys.executable, __file__, "--only", method, size]
            command += ["--count", str(arguments.count)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            rows.append(json.loads(done.stdout.splitlines()[-1]))
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    add_ratios(rows)
    machine = {"machine": platform.machine(), "cores": os.cpu_count(), "threads": 1, **versions()}
    machine |= {"load_before": round(load_before, 1), "load_after": round(os.getloadavg()[0], 1)}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")
    table = to_markdown(machine, rows)
    RESULTS.with_suffix(".md").write_text(table + "\n")
    print(table)


if __name__ == "__main__":
    main()
