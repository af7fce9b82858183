"""What FVD costs: seconds and memory of the I3D pass over clips of 16 frames, and whether a stream of clips stays in bounds.

    python benchmarks/fvd_features.py [--clips 8] [--stream 40] [--batch-sizes 1 2 4]

Baseline: one clip at a time in the same run; ratios are of processor seconds, which other work on the machine disturbs
less than wall time. Every row runs in a process of its own, on one thread, so that peak memory belongs to it alone. Clips of
512×320 pixels are made one by one when they are asked for, as files would be read. The weights are those of an untrained
network: they change no cost. The last row streams more clips and notes the peak on the way: once the allocator has
settled it must not grow.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import torch

from toontween.metrics.video.features import I3DFeatures
from toontween.metrics.video.i3d import I3D
from toontween.runtime import versions

RESULTS = Path(__file__).parent / "results" / "fvd_features.json"
BATCH_SIZES = (1, 2, 4)
FRAMES, HEIGHT, WIDTH = 16, 320, 512
PROJECTED = 1000
MIB = 2**20


def peak_mib() -> int:
    """The most memory this process has held so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB)


def made_clips(count: int, peaks: dict[int, int] | None = None) -> Iterator[torch.Tensor]:
    """Random clips one by one; the peak of memory is noted at every tenth."""
    random = torch.Generator().manual_seed(0)
    for number in range(count):
        if peaks is not None and number and number % 10 == 0:
            peaks[number] = peak_mib()
        yield torch.rand(FRAMES, 3, HEIGHT, WIDTH, generator=random)


def measure(batch_size: int, count: int) -> dict[str, Any]:
    """Time and memory of one pass over so many clips in this process, after a first one that pays for first calls."""
    torch.set_num_threads(1)
    extractor = I3DFeatures(I3D(), batch_size=batch_size)
    extractor.extract(made_clips(1))
    before = psutil.Process().memory_info().rss
    peaks: dict[int, int] = {}
    wall, processor = time.perf_counter(), time.process_time()
    features, _ = extractor.extract(made_clips(count, peaks))
    processor, wall = time.process_time() - processor, time.perf_counter() - wall
    peaks[count] = peak_mib()
    return {
        "batch_size": batch_size,
        "clips": count,
        "processor_seconds_each": round(processor / count, 3),
        "wall_seconds_each": round(wall / count, 3),
        "peak_mib": peaks[count],
        "peak_above_start_mib": peaks[count] - round(before / MIB),
        "features_kib": round(features.numel() * features.element_size() / 1024, 1),
        "peak_mib_after_clips": peaks,
    }


def measure_apart(batch_size: int, count: int) -> dict[str, Any]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--only", str(batch_size), str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    row = json.loads(done.stdout.splitlines()[-1])
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row


def project(stream: dict[str, Any]) -> dict[str, Any]:
    """What a thousand clips and a thousand true ones take, from the cost of one and the memory of a stream."""
    peaks = [
        mib for _, mib in sorted((int(n), mib) for n, mib in stream["peak_mib_after_clips"].items())
    ]
    features_mib = stream["features_kib"] / 1024 / stream["clips"] * PROJECTED
    return {
        "clips_a_set": PROJECTED,
        "processor_minutes_both_sets": round(
            2 * PROJECTED * stream["processor_seconds_each"] / 60, 1
        ),
        "peak_mib": round(peaks[-1] + 2 * features_mib),
        "peak_grew_by_mib_over_the_second_half": peaks[-1] - peaks[(len(peaks) - 1) // 2],
    }


def main() -> None:
    """Measure every row in a process of its own; write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=8, help="clips of every batch size")
    parser.add_argument("--stream", type=int, default=40, help="clips of the stream")
    parser.add_argument("--batch-sizes", nargs="+", type=int, default=BATCH_SIZES)
    parser.add_argument("--only", nargs=2, type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(measure(*arguments.only)))
        return
    load_before = os.getloadavg()[0]
    sizes = dict.fromkeys([1, *arguments.batch_sizes])
    rows = [measure_apart(batch_size, arguments.clips) for batch_size in sizes]
    for row in rows:
        ratio = row["processor_seconds_each"] / rows[0]["processor_seconds_each"]
        row["times_one_at_a_time"] = round(ratio, 2)
    stream = measure_apart(1, arguments.stream)
    machine = {"machine": platform.machine(), "cores": os.cpu_count(), "threads": 1, **versions()}
    machine |= {"load_before": round(load_before, 1), "load_after": round(os.getloadavg()[0], 1)}
    found = {
        "command": "benchmarks/fvd_features.py",
        "machine": machine,
        "clip": f"{FRAMES} frames of {WIDTH}×{HEIGHT}",
        "batches": rows,
        "stream": stream,
        "projected": project(stream),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(found["projected"], indent=1))


if __name__ == "__main__":
    main()
