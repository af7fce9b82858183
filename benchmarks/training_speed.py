"""How fast each objective trains on this machine, and whether it is the data it waits for.

    python benchmarks/training_speed.py [--precision no|bf16|fp16] [--size 96x64] [--frames 8] [--batch 4] [--steps 8]
        [--objectives autoencoder …] [--loader-size 512x320] [--loader-frames 16]

The networks are those of the `small_…` recipes, the clips are drawn by the procedural studio. Baseline: the same run with all
its batches in memory before the first step. Ratios are of samples a second, the higher the better, and of processor seconds
of the training process, the lower the better; other work on the machine disturbs the second less. Then, for one objective,
`data.workers` 0, 1 and 2, and kept latents (`data.latents`) against encoding at every step. Last, the loader alone at the
published size. A CUDA device is used where there is one.

Every run has a process of its own, so that peak memory belongs to it alone; the first step pays for what is made once and is
left out, and samples a second are those of the median step. Peak memory is the resident memory of the training process on a
CPU (torch itself is in it), on CUDA what the allocator gave out at most.

Where steps are short, take `--steps 100`: each worker holds four batches ready, and only behind those it can be seen whether
it keeps up.
"""

import argparse
import dataclasses
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import torch

from toontween.data.synthetic.production import Order, make_shards
from toontween.data.synthetic.studio import StudioOptions
from toontween.recipes import small
from toontween.runtime import versions
from toontween.training import trainer
from toontween.training.batches import Batch, SampleSet, loader
from toontween.training.config import DataConfig, RunConfig, VideoConfig
from toontween.training.latents import encode_shards
from toontween.training.networks import build_vae
from toontween.training.records import read_record

RESULTS = Path(__file__).parent / "results" / "training_speed.json"
OBJECTIVES = (
    "autoencoder",
    "decoder full",
    "video freeze-temporal",
    "video all",
    "sketch",
    "lora",
)
CLOSELY = "video freeze-temporal"
"""The objective of the rows about workers and latents."""

WORKERS = (0, 1, 2)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One measured run."""

    objective: str
    data: str
    """"memory": all batches there before the first step; "disk": read while training."""

    workers: int = 1
    """Processes that read clips."""

    latents: bool = False
    """Whether latents are kept on disk."""


def recipe(objective: str) -> RunConfig:
    """The small recipe of an objective, with new networks."""
    made = {
        "autoencoder": small.small_autoencoder,
        "decoder full": small.small_decoder,
        "video freeze-temporal": small.small_rectification,
        "video all": small.small_rectification,
        "sketch": small.small_sketch,
        "lora": small.small_lora,
    }[objective]()
    if objective == "video all":
        made = dataclasses.replace(made, objective=VideoConfig(variant="all"))
    return dataclasses.replace(made, networks=small.NETWORKS)


def run_of(row: Row, work: Path, arguments: argparse.Namespace) -> RunConfig:
    """The recipe at the size that is asked for."""
    made, frames = recipe(row.objective), arguments.frames
    sizes = made.networks
    networks = dataclasses.replace(
        sizes,
        unet_size={**sizes.unet_size, "num_frames": frames},
        projector_size={**sizes.projector_size, "num_frames": frames},
    )
    clips = str(work / "clips")
    data = dataclasses.replace(
        made.data,
        shards=(clips,),
        validation=(clips,) if row.objective == "autoencoder" else (),
        latents=str(work / "latents") if row.latents else None,
        num_frames=min(frames, made.data.num_frames),
        workers=row.workers,
    )
    loop = dataclasses.replace(
        made.loop,
        steps=arguments.steps + 1,
        batch_size=arguments.batch,
        precision=arguments.precision,
        log_every=1,
        validation_clips=1,
    )
    return dataclasses.replace(made, networks=networks, data=data, loop=loop)


@contextmanager
def batches_in_memory() -> Iterator[None]:
    """Have the trainer read all its batches before the first step."""

    def kept(samples: SampleSet, **settings: Any) -> list[Any]:
        return list(loader(samples, **{**settings, "workers": 0}))

    with mock.patch.object(trainer, "loader", kept):
        yield


def measure(row: Row, work: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Train in this process; the peak is taken before anything is saved or exported."""
    run = run_of(row, work, arguments)
    peaks: list[int] = []
    processor: list[float] = []

    def step_done(_: float) -> None:
        peaks.append(peak_bytes())
        processor.append(time.process_time())

    with tempfile.TemporaryDirectory(dir=work) as folder:
        with batches_in_memory() if row.data == "memory" else nullcontext():
            trainer.train(run, Path(folder), progress=step_done)
        lines = read_record(Path(folder), "train")[1:]
    batch, steps = run.loop.batch_size, len(lines)
    seconds = [batch / line["samples_per_second"] for line in lines]
    waited = [s * line["waiting"] for s, line in zip(seconds, lines, strict=True)]
    return {
        **dataclasses.asdict(row),
        "frames": run.data.num_frames,
        "samples": steps * batch,
        "samples_per_second": round(batch / statistics.median(seconds), 3),
        "waiting": round(sum(waited) / sum(seconds), 4),
        "processor_seconds_per_sample": round((processor[-1] - processor[0]) / (steps * batch), 4),
        "peak_mib": round(peaks[-1] / 2**20),
    }


def peak_bytes() -> int:
    """Peak memory of this process so far: resident, or what the CUDA allocator gave out."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def measure_loader(
    data: DataConfig, arguments: argparse.Namespace, *, lines: bool
) -> dict[str, Any]:
    """Samples a second of the loader when nothing else is done, behind the first batch."""
    samples = SampleSet(data, seed=0, with_lines=lines)
    batches = iter(
        loader(
            samples,
            first_step=0,
            last_step=1 + arguments.loader_batches,
            batch_size=2,
            micro_batch_size=2,
            workers=data.workers,
        )
    )
    first = next(batches)
    assert isinstance(first, Batch)  # noqa: S101  made by the collate function
    began = time.perf_counter()
    count = sum(2 for _ in batches)
    rate = count / (time.perf_counter() - began)
    read = "drawings and ink" if lines else "drawings"
    return {
        "read": "drawings and latents" if data.latents else read,
        "workers": data.workers,
        "samples_per_second": round(rate, 2),
        "mib_per_second_of_drawings": round(rate * first.frames[0].numel() / 2**20, 1),
    }


def measure_loaders(work: Path, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The loader alone: plain drawings, with their ink, with kept latents; by number of workers."""
    found = []
    for workers in WORKERS:
        plain = DataConfig(
            shards=(str(work / "loader-clips"),),
            num_frames=arguments.loader_frames,
            workers=workers,
        )
        kept = dataclasses.replace(plain, latents=str(work / "loader-latents"))
        for data, lines in ((plain, False), (plain, True), (kept, False)):
            found.append(measure_loader(data, arguments, lines=lines))
    return found


def prepare(work: Path, arguments: argparse.Namespace) -> None:
    """Draw the clips and keep latents of them, at both sizes."""
    wanted = (
        ("", arguments.size, arguments.frames, arguments.clips),
        ("loader-", arguments.loader_size, arguments.loader_frames, 2),
    )
    for name, size, frames, count in wanted:
        width, height = (int(side) for side in size.split("x"))
        options = StudioOptions(size=(width, height), num_frames=frames)
        make_shards(Order(seed=1, num_clips=count, options=options), work / f"{name}clips")
        run = run_of(Row(objective=CLOSELY, data="disk"), work, arguments)
        encode_shards(
            [work / f"{name}clips"],
            build_vae(run.networks, seed=run.seed),
            work / f"{name}latents",
            mirrored=True,
        )
        print(f"{count} clips of {size} drawn and encoded", file=sys.stderr, flush=True)


def rows_wanted(objectives: list[str]) -> list[Row]:
    """All runs; those about workers and latents only with their objective."""
    rows = [Row(objective=name, data=data) for name in objectives for data in ("memory", "disk")]
    if CLOSELY in objectives:
        rows += [Row(objective=CLOSELY, data="disk", workers=n) for n in WORKERS if n != 1]
        rows += [Row(objective=CLOSELY, data=data, latents=True) for data in ("memory", "disk")]
    return rows


def add_ratios(rows: list[dict[str, Any]]) -> None:
    """Samples a second and processor seconds as multiples of those of the same objective with its drawings in memory."""
    baseline = {
        row["objective"]: row for row in rows if row["data"] == "memory" and not row["latents"]
    }
    for row in rows:
        base = baseline[row["objective"]]
        for name in ("samples_per_second", "processor_seconds_per_sample"):
            row[f"{name}_times_in_memory"] = round(row[name] / base[name], 2)


def to_markdown(result: dict[str, Any]) -> str:
    """What was measured as tables, and on what."""
    machine, asked = result["machine"], result["arguments"]
    lines = [
        f"{machine['machine']}, {machine['device']}, {machine['cores']} cores shared with other work (load "
        f"{machine['load_before']} before, {machine['load_after']} after), {machine['threads']} thread, "
        f"torch {machine['torch']}; precision {asked['precision']}, {asked['frames']} drawings of {asked['size']} "
        f"(the autoencoder no more than its recipe), batches of {asked['batch']}, {asked['steps']} steps behind the first.",
        "",
        "Samples a second move with whatever else runs on the machine, between rows too; processor seconds of the training "
        "process hardly do. Where the machine is shared, compare those.",
        "",
        "| objective | drawings | data | workers | waiting for data | samples/s | × in memory | processor s a sample | × in memory | peak MiB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        what = row["data"] + (", latents" if row["latents"] else "")
        workers = "" if row["data"] == "memory" else row["workers"]
        lines.append(
            f"| {row['objective']} | {row['frames']} | {what} | {workers} | {100 * row['waiting']:.1f} % "
            f"| {row['samples_per_second']:.2f} | {row['samples_per_second_times_in_memory']:.2f} "
            f"| {row['processor_seconds_per_sample']:.3f} "
            f"| {row['processor_seconds_per_sample_times_in_memory']:.2f} | {row['peak_mib']} |"
        )
    lines += [
        "",
        f"The loader alone, {asked['loader_frames']} drawings of {asked['loader_size']}:",
        "",
        "| read | workers | samples/s | MiB/s of drawings, a byte a value |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row['read']} | {row['workers']} | {row['samples_per_second']:.2f} "
        f"| {row['mib_per_second_of_drawings']:.0f} |"
        for row in result["loader"]
    ]
    return "\n".join(lines)


def parse() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--precision", default="no", choices=["no", "bf16", "fp16"])
    parser.add_argument("--size", default="96x64", help="multiples of 32 pixels")
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=8, help="measured, behind the first")
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--objectives", nargs="+", default=list(OBJECTIVES), choices=OBJECTIVES)
    parser.add_argument("--loader-size", default="512x320")
    parser.add_argument("--loader-frames", type=int, default=16)
    parser.add_argument("--loader-batches", type=int, default=16, help="of two clips each")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    return parser.parse_args()


def do(what: str, work: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """One thing that has a process of its own: the preparation, or a row as JSON."""
    if what == "prepare":
        prepare(work, arguments)
        return {}
    return measure(Row(**json.loads(what)), work, arguments)


def in_own_process(what: str, work: Path) -> dict[str, Any]:
    """`do` it in another process with the same arguments."""
    command = [sys.executable, *sys.argv, "--work", str(work), "--only", what]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    print(json.dumps(found), file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Measure every row in a process of its own; write the JSON and the page."""
    arguments = parse()
    if arguments.only:
        print(json.dumps(do(arguments.only, arguments.work, arguments)))
        return
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        in_own_process("prepare", work)
        rows = [
            in_own_process(json.dumps(dataclasses.asdict(row)), work)
            for row in rows_wanted(arguments.objectives)
        ]
        alone = measure_loaders(work, arguments)
    add_ratios(rows)
    on_cuda = torch.cuda.is_available()
    device = torch.cuda.get_device_name() if on_cuda else "CPU"
    machine = {"machine": platform.machine(), "device": device, "cores": os.cpu_count()}
    machine |= {"threads": torch.get_num_threads(), **versions()}
    machine |= {"load_before": round(load_before, 1), "load_after": round(os.getloadavg()[0], 1)}
    asked = {k: v for k, v in vars(arguments).items() if k not in ("only", "work")}
    result = {"machine": machine, "arguments": asked, "rows": rows, "loader": alone}
    target = RESULTS.with_stem(
        f"{RESULTS.stem}_{'cuda' if on_cuda else 'cpu'}_{arguments.precision}"
    )
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(result, indent=1) + "\n")
    table = to_markdown(result)
    target.with_suffix(".md").write_text(table + "\n")
    print(table)


if __name__ == "__main__":
    main()
