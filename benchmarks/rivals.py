"""Seconds and memory per in-between of the learned rivals, with untrained weights: what they cost, not how they draw.

    python benchmarks/rivals.py [--count 3] [--methods film rife-4.25 …] [--sizes 256x160 512x320]

Baseline: `flow` at the same size in the same run; ratios are of processor seconds, which other work on the machine disturbs
less than wall time. Every row runs in a process of its own, on one thread, so that peak memory belongs to it alone. Three
in-betweens stand at quarters, which methods that draw half-way only reach exactly by halves of halves; what is done once a
pair (flow, features) is shared among the in-betweens of methods that draw at any time. EISAI works at 960×540 whatever the
size of the keys. A method that the catalogue does not have is named and left out.
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

from toontween.errors import UnknownNameError
from toontween.interpolators.base import InbetweenRequest, evenly_spaced_times
from toontween.interpolators.catalog import METHODS, build
from toontween.interpolators.timing import draw_at_times
from toontween.runtime import versions

BASELINE = "flow"
RANDOM = {"weights": "random", "device": "cpu"}
ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    BASELINE: ("flow", {}),
    "film": ("film", RANDOM),
    "rife": ("rife", {**RANDOM, "variant": "rife"}),
    "rife-m": ("rife", {**RANDOM, "variant": "rife-m"}),
    "rife-4.6": ("rife", {**RANDOM, "variant": "rife-4.6"}),
    "rife-4.25": ("rife", {**RANDOM, "variant": "rife-4.25"}),
    "animeinterp": ("animeinterp", RANDOM),
    "eisai": ("eisai", {"ssl": "random", "dtm": "random", "flow": "random", "device": "cpu"}),
    "sepconv": ("sepconv", RANDOM),
    "resepconv": ("resepconv", RANDOM),
    "phasenet": ("phasenet", RANDOM),
    "raft-flow": ("raft-flow", RANDOM),
}
"""Row → method and options of its constructor."""

SIZES = ("256x160", "512x320")
RESULTS = Path(__file__).parent / "results" / "rivals_cpu.json"
WARM_UP_PX = 64


def drawing(width: int, height: int, *, at: float) -> np.ndarray:
    """An outlined disc on a striped ground; `at` is where its centre is, 0…1 of the width."""
    y, x = np.mgrid[:height, :width].astype(np.float32) + 0.5
    outside = np.hypot(x - at * width, y - 0.5 * height) - 0.25 * height
    body, line = np.clip(0.5 - outside, 0, 1), np.clip(2 - np.abs(outside), 0, 1)
    ground = 0.75 + 0.15 * np.sign(np.sin(y * (40 / height)))
    shades = [(ground * (1 - body) + tone * body) * (1 - line) for tone in (0.8, 0.4, 0.3)]
    return np.stack(shades, axis=-1).astype(np.float32)


def request(width: int, height: int, times: tuple[float, ...]) -> InbetweenRequest:
    """Two keys between which a disc moves by a twentieth of the width."""
    first, last = (drawing(width, height, at=at) for at in (0.45, 0.5))
    return InbetweenRequest(first=first, last=last, times=times)


def measure(row: str, size: str, count: int) -> dict[str, Any]:
    """Time and memory of one run in this process, after a small one that pays for first calls."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    method, options = ROWS[row]
    width, height = (int(side) for side in size.split("x"))
    interpolator = build(method, **options)
    draw_at_times(interpolator, request(WARM_UP_PX, WARM_UP_PX, (0.5,)))
    asked = request(width, height, evenly_spaced_times(count))
    before = psutil.Process().memory_info().rss
    wall, processor = time.perf_counter(), time.process_time()
    draw_at_times(interpolator, asked)
    processor, wall = time.process_time() - processor, time.perf_counter() - wall
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {
        "method": row,
        "size": size,
        "count": count,
        "timing": interpolator.capabilities.timing.value,
        "processor_seconds_each": round(processor / count, 3),
        "wall_seconds_each": round(wall / count, 3),
        "peak_mib": round(peak / 2**20),
        "peak_above_start_mib": max(0, round((peak - before) / 2**20)),
    }


def add_ratios(rows: list[dict[str, Any]]) -> None:
    """Processor seconds as multiples of the baseline's at the same size."""
    baseline = {
        row["size"]: row["processor_seconds_each"] for row in rows if row["method"] == BASELINE
    }
    for row in rows:
        row["times_flow"] = round(row["processor_seconds_each"] / baseline[row["size"]], 1)


def to_markdown(machine: dict[str, Any], rows: list[dict[str, Any]], missing: list[str]) -> str:
    """The rows as a table, and what they were measured on."""
    lines = [
        f"{machine['machine']}, {machine['cores']} cores shared with other work (load "
        f"{machine['load_before']} before, {machine['load_after']} after), {machine['threads']} "
        f"thread, torch {machine['torch']}, float32, untrained weights; {rows[0]['count']} "
        "in-betweens of one pair.",
        "",
        "| size | method | draws at | processor s each | × flow | wall s each | peak MiB | above start |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['size']} | {row['method']} | {row['timing']} | {row['processor_seconds_each']:.3f} "
        f"| {row['times_flow']:.1f} | {row['wall_seconds_each']:.3f} | {row['peak_mib']} "
        f"| {row['peak_above_start_mib']} |"
        for row in rows
    ]
    if missing:
        lines += ["", f"Not in the catalogue: {', '.join(missing)}."]
    return "\n".join(lines)


def is_listed(row: str) -> bool:
    """Whether the catalogue has the row's method."""
    try:
        METHODS.load(ROWS[row][0])
    except (UnknownNameError, ModuleNotFoundError) as error:
        print(f"skipped: {row} is not there ({error})", file=sys.stderr, flush=True)
        return False
    return True


def main() -> None:
    """Measure every row in a process of its own; write the JSON and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3, help="in-betweens of one pair")
    parser.add_argument("--methods", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(measure(*arguments.only, arguments.count)))
        return
    wanted = list(dict.fromkeys([BASELINE, *arguments.methods]))
    present = [row for row in wanted if is_listed(row)]
    load_before, rows = os.getloadavg()[0], []
    for size in arguments.sizes:
        for row in present:
            command = [sys.executable, __file__, "--only", row, size]
            command += ["--count", str(arguments.count)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            rows.append(json.loads(done.stdout.splitlines()[-1]))
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    add_ratios(rows)
    machine = {"machine": platform.machine(), "cores": os.cpu_count(), "threads": 1, **versions()}
    machine |= {"load_before": round(load_before, 1), "load_after": round(os.getloadavg()[0], 1)}
    missing = [row for row in wanted if row not in present]
    found = {"machine": machine, "rows": rows, "missing": missing}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    table = to_markdown(machine, rows, missing)
    RESULTS.with_suffix(".md").write_text(table + "\n")
    print(table)


if __name__ == "__main__":
    main()
