"""What decoding a clip with the small decoder costs, whole and frame by frame: seconds, and memory by the length of the clip.

    python benchmarks/decoding.py [--threads 1 2] [--repeats 1] [--cases 16x256x160 64x256x160 256x256x160 16x512x320 64x512x320]

The network is that of the `mini_decoder` recipe with untrained weights, the clip is a drawn one of the studio (longer ones hold its 16
drawings): what stands still costs less to match. Baseline: `decode`, with temporal
layers that take their statistics over the clip, which holds coarse features and pictures of the whole clip. Against it
`decode_frames` with statistics of each frame, whose frames are thrown away as they come. Every decode has a process of its own, in
which nothing was decoded before, so that first calls are in the seconds and peak memory is that decode's alone. The
peak of resident memory is compared with what was resident before the call, when weights, latents and references were there.

Of the repeats the quickest counts, and the largest peak. Other work on the machine disturbs wall time; processor time hardly,
as threads that wait sleep here (`OMP_WAIT_POLICY=passive`). Left to spin, two threads on busy cores take many times as long.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import torch
from safetensors.torch import load_file, save_file

from toontween.data.synthetic.studio import StudioOptions, studio_clip
from toontween.models.vae import AutoencoderKLDualReference, pair_references
from toontween.recipes.mini import NETWORKS, mini_decoder
from toontween.runtime import versions
from toontween.training.draws import seed_layers

RESULTS = Path(__file__).parent / "results" / "decoding_cpu.json"
CASES = ("16x256x160", "64x256x160", "256x256x160", "16x512x320", "64x512x320")
WAYS = {"whole": "clip", "frame by frame": "frame"}
"""How the clip is decoded, and where temporal layers take their statistics then."""

MIB = 2**20


def made_network(temporal_norm: str) -> AutoencoderKLDualReference:
    """The network of the recipe, untrained."""
    objective: Any = mini_decoder().objective
    seed_layers(0, "vae")
    return AutoencoderKLDualReference.from_image_decoder(
        AutoencoderKLDualReference(**(NETWORKS.vae_size | {"temporal_norm": temporal_norm})),
        reference_heads=objective.reference_heads,
        reference_head_dim=objective.reference_head_dim,
    ).eval()


@torch.inference_mode()
def prepare(case: str, file: Path) -> None:
    """Latents of a drawn clip and references of its keys, made elsewhere so that they leave no peak of memory."""
    frames, width, height = map(int, case.split("x"))
    network = made_network("frame")
    drawn = studio_clip(0, StudioOptions(size=(width, height))).frames
    pixels = torch.from_numpy(drawn).permute(0, 3, 1, 2).float() / 127.5 - 1
    latents = torch.cat([network.encode(one).mean for one in pixels.split(1)])
    held = torch.linspace(0, len(pixels) - 1, frames).round().long()
    references = pair_references(network.encode(pixels[[0, -1]]).reference_features)
    made = {"latents": latents[held].transpose(0, 1)[None].contiguous()}
    save_file(made | {str(level): r.contiguous() for level, r in enumerate(references)}, file)


@torch.inference_mode()
def measure(way: str, case: str, threads: int, file: Path) -> dict[str, Any]:
    """Time and memory of one decode in this process."""
    torch.set_num_threads(threads)
    network = made_network(WAYS[way])
    made = load_file(file)
    latents = made.pop("latents")
    references = tuple(made[str(level)] for level in range(len(made)))
    resident = psutil.Process().memory_info().rss
    wall, processor = time.perf_counter(), time.process_time()
    if way == "whole":
        network.decode(latents, references)
    else:
        for _ in network.decode_frames(latents, references):
            pass
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return {
        "case": case,
        "way": way,
        "wall_seconds": round(wall, 2),
        "processor_seconds": round(processor, 2),
        "peak_mib": round(peak_rss() / MIB),
        "peak_above_start_mib": round((peak_rss() - resident) / MIB),
    }


def peak_rss() -> int:
    """Peak resident memory of this process in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def measure_apart(way: str, case: str, threads: int, repeats: int, file: Path) -> dict[str, Any]:
    """The same in processes of their own: the quickest and the largest of the repeats."""
    command = ["env", "OMP_WAIT_POLICY=passive", sys.executable, __file__]
    command += ["--threads", str(threads), "--only", way, case, str(file)]
    rows = []
    for _ in range(repeats):
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    best: dict[str, Any] = {"case": case, "way": way, "threads": threads}
    for name in ("wall_seconds", "processor_seconds"):
        best[name] = min(row[name] for row in rows)
    for name in ("peak_mib", "peak_above_start_mib"):
        best[name] = max(row[name] for row in rows)
    print(json.dumps(best), file=sys.stderr, flush=True)
    return best


def add_ratios(rows: list[dict[str, Any]]) -> None:
    """Each way against the whole decode of the same clip, and what another frame adds since the shortest clip of that size."""
    for row in rows:
        alike = [other for other in rows if other["threads"] == row["threads"]]
        base = next(r for r in alike if (r["case"], r["way"]) == (row["case"], "whole"))
        for name in ("wall_seconds", "processor_seconds", "peak_above_start_mib"):
            row[f"{name}_times_whole"] = round(row[name] / base[name], 2)
        frames, _, size = row["case"].partition("x")
        shorter = [
            other
            for other in alike
            if other["way"] == row["way"] and other["case"].partition("x")[2] == size
        ]
        shortest = min(shorter, key=lambda other: int(other["case"].partition("x")[0]))
        more = int(frames) - int(shortest["case"].partition("x")[0])
        if more:
            grown = row["peak_above_start_mib"] - shortest["peak_above_start_mib"]
            row["mib_a_frame"] = round(grown / more, 2)


def to_markdown(result: dict[str, Any]) -> str:
    """What was measured as a table, and on what."""
    machine = result["machine"]
    lines = [
        f"{machine['machine']}, {machine['cores']} cores (load {machine['load_before']} before, "
        f"{machine['load_after']} after), torch {machine['torch']}, float32, untrained weights "
        f"of `mini_decoder`. Baseline: the whole decode of the same clip.",
        "",
        'Peaks are of resident memory, above what was resident before; "MiB a frame" is what each frame more than in the shortest clip '
        "adds. Latents themselves are 0.02 MiB a frame at 256x160, 0.08 at 512x320, and are there before.",
        "",
        "| frames, size | threads | way | wall s | × whole | processor s | × whole | peak MiB | above start | × whole | MiB a frame |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['case'].replace('x', ', ', 1)} | {row['threads']} | {row['way']} | {row['wall_seconds']:.1f} | {row['wall_seconds_times_whole']:.2f} "
        f"| {row['processor_seconds']:.1f} | {row['processor_seconds_times_whole']:.2f} | {row['peak_mib']} "
        f"| {row['peak_above_start_mib']} | {row['peak_above_start_mib_times_whole']:.2f} "
        f"| {row.get('mib_a_frame', '')} |"
        for row in result["rows"]
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure every decode in a process of its own; write the JSON and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, nargs="+", default=(1, 2))
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--cases", nargs="+", default=CASES, help="frames x width x height")
    parser.add_argument("--only", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        way, case, file = arguments.only
        print(json.dumps(measure(way, case, arguments.threads[0], Path(file))))
        return
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        files = {case: Path(folder) / f"{case}.safetensors" for case in arguments.cases}
        for case, file in files.items():
            prepare(case, file)
        rows = [
            measure_apart(way, case, threads, arguments.repeats, file)
            for threads in arguments.threads
            for case, file in files.items()
            for way in WAYS
        ]
    add_ratios(rows)
    machine = {"machine": platform.machine(), "cores": os.cpu_count(), **versions()}
    machine |= {"load_before": round(load_before, 1), "load_after": round(os.getloadavg()[0], 1)}
    result = {"command": "benchmarks/decoding.py", "machine": machine, "rows": rows}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    table = to_markdown(result)
    RESULTS.with_suffix(".md").write_text(table + "\n")
    print(table)


if __name__ == "__main__":
    main()
