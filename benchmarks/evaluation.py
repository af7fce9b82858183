"""What an evaluation costs: seconds a clip and row by measure, and memory with few and with many clips.

    python benchmarks/evaluation.py [--size 512x320] [--few 4] [--many 16] [--squeezenet SQUEEZENET.npz]

Clips of 16 drawings by the procedural studio; rows `hold` and the truth, in one process with one thread. Baseline of memory:
the peak with few clips, beside which that with many must not grow. A thousand clips are projected from both.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from toontween.data.shards import ShardSet
from toontween.data.synthetic.production import Order, make_shards
from toontween.data.synthetic.studio import StudioOptions
from toontween.evaluation.bench import Bench
from toontween.evaluation.evaluate import evaluate
from toontween.evaluation.measures.base import Observation, SetMeasure, TrueClip
from toontween.evaluation.measures.catalog import OFFLINE, build_measure
from toontween.evaluation.methods import MethodSpec, draw
from toontween.evaluation.suite import open_suite
from toontween.runtime import versions

RESULT = Path(__file__).with_name("results") / "evaluation_cpu.json"
ROWS = 2
"""`hold` and the truth."""


def time_measures(clips: Path, names: list[str], weights: tuple[tuple[str, str], ...]) -> Any:
    """Processor seconds of each measure on one clip, the true frames' share included, after a first one."""
    torch.set_num_threads(1)
    suite = ShardSet([clips])
    found: dict[str, float] = {}
    for name in names:
        measure = build_measure(name, weights)
        look: Any = measure.features if isinstance(measure, SetMeasure) else measure.value
        for number in (0, 1):
            clip = suite[number]
            drawn = draw(MethodSpec(method="hold"), clip).frames
            truth = TrueClip(clip.frames)
            begun = time.process_time()
            with torch.inference_mode():
                look(Observation(drawn, truth))
            found[name] = round(time.process_time() - begun, 3)
    return found


def run_whole(
    clips: Path, out: Path, count: int, names: list[str], weights: tuple[tuple[str, str], ...]
) -> dict[str, float]:
    """A whole evaluation in this process: wall seconds and peak memory."""
    torch.set_num_threads(1)
    bench = Bench(
        suite=open_suite(clips),
        methods=[MethodSpec(method="hold")],
        measures=names,
        weights={name: Path(path) for name, path in weights},
        num_clips=count,
    )
    wall, processor = time.perf_counter(), time.process_time()
    evaluate(bench, out)
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {
        "clips": count,
        "wall_seconds": round(time.perf_counter() - wall, 1),
        "processor_seconds": round(time.process_time() - processor, 1),
        "peak_mib": round(peak / 2**20),
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="512x320")
    parser.add_argument("--few", type=int, default=4)
    parser.add_argument("--many", type=int, default=16)
    parser.add_argument("--squeezenet", type=Path)
    arguments = parser.parse_args()
    width, height = (int(side) for side in arguments.size.split("x"))
    names = [*OFFLINE]
    weights: tuple[tuple[str, str], ...] = ()
    if arguments.squeezenet is not None:
        names += ["distance", "frechet"]
        weights = (("squeezenet", str(arguments.squeezenet)),)
    context = multiprocessing.get_context("spawn")
    with TemporaryDirectory() as place:
        clips = Path(place) / "clips"
        options = StudioOptions(num_frames=16, size=(width, height))
        make_shards(Order(seed=3, num_clips=arguments.many, options=options), clips)
        with context.Pool(1, maxtasksperchild=1) as pool:
            measures = pool.apply(time_measures, (clips, names, weights))
            few, many = (
                pool.apply(run_whole, (clips, Path(place) / f"{n}", n, names, weights))
                for n in (arguments.few, arguments.many)
            )
    each = many["processor_seconds"] / (arguments.many * ROWS)
    result = {
        "size": arguments.size,
        "frames": 16,
        "threads": 1,
        "measures_processor_seconds": measures,
        "few": few,
        "many": many,
        "thousand_clips_hours_a_row": round(1000 * each / 3600, 2),
        "mib_more_for_many": many["peak_mib"] - few["peak_mib"],
        "versions": versions(),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
