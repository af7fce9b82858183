"""Classical methods on the validation windows: how close their 14 in-betweens come to the true ones.

    python benchmarks/validation_windows.py FRAMES.npz SQUEEZENET.npz [--methods hold flow …] [--output RESULT.json]

FRAMES.npz holds `frames` (windows, 16, height, width, 3) uint8 and `ids` (windows,); SQUEEZENET.npz the weights that
`toontween.metrics.perceptual.load_squeezenet` asks for. Baseline: `hold`, the nearest key standing still; `truth`, the
true frames measured against themselves, shows that the measures are right. Drawings are rounded to 8 bits first.
Windows are split into three equal groups by how far things move: the 95th percentile of the flow between the keys.
"""

import argparse
import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from toontween.interpolators.base import InbetweenRequest, Interpolator, evenly_spaced_times
from toontween.interpolators.catalog import build
from toontween.interpolators.classical.flow import estimate_flow
from toontween.metrics.distribution import frechet_distance
from toontween.metrics.frame import EIGHT_BIT_MSE_FLOOR, psnr, ssim
from toontween.metrics.motion import share_of_true_motion
from toontween.metrics.perceptual import (
    SqueezeNetFeatures,
    load_squeezenet,
    pooled_features,
    squeezenet_distance,
)
from toontween.runtime import versions

GROUPS = ("small", "middle", "large")
MEASURES = ("distance", "psnr_db", "ssim", "motion_share")
Row = dict[str, float]


def draw(method: Interpolator | None, frames: np.ndarray) -> np.ndarray:
    """A window's frames with the in-betweens drawn by a method; the true ones for None."""
    if method is None:
        return frames
    keys = frames[[0, -1]].astype(np.float32) / 255
    times = evenly_spaced_times(len(frames) - 2)
    drawings = method.inbetween(InbetweenRequest(first=keys[0], last=keys[1], times=times)).drawings
    inbetweens = np.rint(np.stack(drawings) * 255).astype(np.uint8)
    return np.concatenate([frames[:1], inbetweens, frames[-1:]])


def to_tensor(frames: np.ndarray) -> torch.Tensor:
    """Frames (t, h, w, 3) in 0…255 as a tensor (t, 3, h, w) in 0…1."""
    return torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255


def measure(
    network: SqueezeNetFeatures, ours: np.ndarray, truth: np.ndarray, true_maps: list[torch.Tensor]
) -> tuple[Row, torch.Tensor]:
    """One window's values, means over its in-betweens, and their pooled features."""
    x, y = to_tensor(ours), to_tensor(truth)
    our_maps = network(x[1:-1])
    row = {
        "distance": float(squeezenet_distance(our_maps, true_maps).mean()),
        "psnr_db": float(psnr(x[1:-1], y[1:-1], mse_floor=EIGHT_BIT_MSE_FLOOR).mean()),
        "ssim": float(ssim(x[1:-1], y[1:-1]).mean()),
        "motion_share": share_of_true_motion(x, y),
    }
    return row, pooled_features(our_maps)


def motion_px(frames: np.ndarray) -> float:
    """How far things move between the keys: the 95th percentile of the flow's length, in pixels."""
    keys = frames[[0, -1]].astype(np.float32) / 255
    forward, _ = estimate_flow(keys[0], keys[1])
    return float(torch.quantile(forward.norm(dim=1).flatten(), 0.95))


def summarise(rows: list[Row], group_of: np.ndarray) -> dict[str, Any]:
    """Means, medians and the means of each group of windows."""
    table = {name: np.array([row[name] for row in rows]) for name in MEASURES}
    return {
        "mean": {name: float(values.mean()) for name, values in table.items()},
        "median": {name: float(np.median(values)) for name, values in table.items()},
        **{
            f"mean_{group}": {name: float(v[group_of == i].mean()) for name, v in table.items()}
            for i, group in enumerate(GROUPS)
        },
    }


def measure_window(
    window: np.ndarray, weights: Path, names: list[str]
) -> dict[str, tuple[Row, torch.Tensor]]:
    """Every method's values and features for one window."""
    with torch.inference_mode():
        network = load_squeezenet(weights)
        true_maps = network(to_tensor(window[1:-1]))
        return {
            name: measure(
                network, draw(None if name == "truth" else build(name), window), window, true_maps
            )
            for name in names
        }


def run(frames: np.ndarray, weights: Path, names: list[str], jobs: int) -> dict[str, Any]:
    """Every method's summary and rows; windows are shared among processes."""
    names = ["truth", *names]
    rows: dict[str, list[Row]] = {name: [] for name in names}
    features: dict[str, list[torch.Tensor]] = {name: [] for name in names}
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        measured = pool.map(partial(measure_window, weights=weights, names=names), frames)
        for number, by_name in enumerate(measured, start=1):
            for name, (row, pooled) in by_name.items():
                rows[name].append(row)
                features[name].append(pooled)
            print(f"{number} of {len(frames)} windows", file=sys.stderr, flush=True)
    distances_px = np.array([motion_px(window) for window in frames])
    rank = distances_px.argsort(kind="stable").argsort(kind="stable")
    group_of = rank * len(GROUPS) // len(frames)
    true_features = torch.cat(features["truth"])
    results = {
        name: {
            "frechet": frechet_distance(torch.cat(features[name]), true_features),
            **summarise(rows[name], group_of),
            "windows": {key: [round(row[key], 5) for row in rows[name]] for key in MEASURES},
        }
        for name in names
    }
    bounds = {
        group: [round(float(limit(distances_px[group_of == i])), 2) for limit in (np.min, np.max)]
        for i, group in enumerate(GROUPS)
    }
    return {"motion_px": bounds, "methods": results}


def to_markdown(methods: dict[str, Any]) -> str:
    """The means as a table."""
    lines = [
        "| method | distance | PSNR dB | SSIM | Fréchet | share of motion |",
        "|---|---|---|---|---|---|",
    ]
    for name, result in methods.items():
        mean = result["mean"]
        lines.append(
            f"| {name} | {mean['distance']:.4f} | {mean['psnr_db']:.2f} | {mean['ssim']:.4f} "
            f"| {result['frechet']:,.0f} | {mean['motion_share']:.3f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("frames", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--methods", nargs="+", default=["hold", "crossfade", "flow", "phase"])
    parser.add_argument("--jobs", type=int, default=1, help="windows measured at once")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    with np.load(arguments.frames, allow_pickle=False) as archive:
        frames, ids = archive["frames"], archive["ids"]
    result = run(frames, arguments.weights, arguments.methods, arguments.jobs)
    result = {
        "command": "benchmarks/validation_windows.py",
        "size": list(frames.shape),
        "ids": ids.tolist(),
        "versions": versions(),
        **result,
    }
    print(to_markdown(result["methods"]))
    if arguments.output is not None:
        arguments.output.write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
