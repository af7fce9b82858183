"""Line extraction without weights, against the true line layers of drawings.

    python benchmarks/line_extraction.py [--set NAME=FOLDER …] [--sheet NAME=PNG …] [--output RESULT.json]

The bundled scenes are always measured: as drawn, larger and smaller, through JPEG, with grain, and darkened. A further
set is a folder with `frame/*.png` and, under the same names, `line/*.png` (black lines on white).

Baseline: plain Canny (`cv2.Canny` on grey) with usual thresholds (100, 200), with thresholds from the picture's
median, and with the thresholds and blur that give the least chamfer distance on the very set, chosen with the truth in hand.
Chamfer distance is `toontween.metrics.line` in units of 1e-5; precision is the part of the extracted line pixels within
1 or 2 px of a true one, recall the reverse; length is that of the thinned result as a multiple of the thinned truth's
(two edges for every line give 2).
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from skimage.morphology import skeletonize

from toontween.data.synthetic.scenes import SCENES
from toontween.drawing.extraction import ExtractionSettings, extract_lines
from toontween.metrics.line import LEAST_INK, line_chamfer_distance
from toontween.runtime import versions

TIMES = (0.0, 0.15, 0.35, 0.5, 0.65, 0.85, 1.0)
JPEG_QUALITY = 50
GRAIN = 8.0
"""Standard deviation, 0…255."""

NIGHT = (0.25, 0.28, 0.4)
"""Part of red, green and blue that is left."""

SWEEP = tuple(
    (low, high, sigma)
    for sigma in (0.0, 1.0, 1.5)
    for high in (30, 60, 100, 150, 200, 300, 400)
    for low in (high // 4, high // 2)
)
MEASURES = ("chamfer", "precision_1", "recall_1", "precision_2", "recall_2", "length")
SIZES = ((512, 320), (1920, 1080))

Method = Callable[[np.ndarray], np.ndarray]
"""Picture (h, w, 3) uint8 → where there is a line (h, w), bool."""


@dataclass(frozen=True)
class Pair:
    """A finished drawing and its true lines."""

    name: str
    frame: np.ndarray
    """(h, w, 3) uint8 sRGB."""

    line: np.ndarray
    """(h, w) float32 ink."""


def ours(frame: np.ndarray, settings: ExtractionSettings | None = None) -> np.ndarray:
    """Our extraction."""
    ink = extract_lines(frame.astype(np.float32) / 255, settings or ExtractionSettings()).ink
    return ink > LEAST_INK


def canny(frame: np.ndarray, low: float = 100, high: float = 200, sigma: float = 0) -> np.ndarray:
    """Plain Canny on grey."""
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    if sigma:
        grey = cv2.GaussianBlur(grey, (0, 0), sigma)
    return cv2.Canny(grey, low, high) > 0


def canny_by_median(frame: np.ndarray) -> np.ndarray:
    """Canny with thresholds a third below and above the median."""
    median = float(np.median(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)))
    return canny(frame, 0.67 * median, min(1.33 * median, 255))


def bundled(
    change: Callable[[np.ndarray], np.ndarray] | None = None, scale: float = 1.0
) -> list[Pair]:
    """Drawings of the bundled scenes, resized, and then changed."""
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    pairs = []
    for scene in SCENES:
        for at in TIMES:
            drawing = scene.draw(at)
            frame, line = drawing.frame, drawing.line[..., 3].astype(np.float32) / 255
            if scale != 1:
                frame = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=method)
                line = cv2.resize(line, None, fx=scale, fy=scale, interpolation=method).clip(0, 1)
            pairs.append(Pair(f"{scene.name} {at:.2f}", change(frame) if change else frame, line))
    return pairs


def through_jpeg(frame: np.ndarray) -> np.ndarray:
    """What is left of a picture after storing it as JPEG of middling quality."""
    _, stored = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return np.ascontiguousarray(cv2.imdecode(stored, cv2.IMREAD_COLOR)[..., ::-1])


def with_grain(frame: np.ndarray) -> np.ndarray:
    """A picture with film grain."""
    grain = np.random.default_rng(0).normal(scale=GRAIN, size=frame.shape)
    return np.rint(np.clip(frame + grain, 0, 255)).astype(np.uint8)


def at_night(frame: np.ndarray) -> np.ndarray:
    """A picture in the dark and bluish."""
    return np.rint(frame * NIGHT).astype(np.uint8)


def given(folder: Path) -> list[Pair]:
    """Pairs of a folder."""
    pairs = []
    for path in sorted((folder / "frame").glob("*.png")):
        frame = np.asarray(Image.open(path).convert("RGB"))
        line = np.asarray(Image.open(folder / "line" / path.name).convert("L"))
        pairs.append(Pair(path.stem, frame, 1 - line.astype(np.float32) / 255))
    return pairs


def measure(predicted: np.ndarray, line: np.ndarray) -> dict[str, float]:
    """One drawing's values."""
    true = line > LEAST_INK
    row = {"chamfer": 1e5 * line_chamfer_distance(predicted, true)}
    for radius in (1, 2):
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        near_true = cv2.dilate(true.astype(np.uint8), disc) > 0
        near_ours = cv2.dilate(predicted.astype(np.uint8), disc) > 0
        row[f"precision_{radius}"] = float(near_true[predicted].mean()) if predicted.any() else 1.0
        row[f"recall_{radius}"] = float(near_ours[true].mean()) if true.any() else 1.0
    row["length"] = float(skeletonize(predicted).sum() / max(1, skeletonize(true).sum()))
    return row


def mean_of(rows: list[dict[str, float]]) -> dict[str, float]:
    """Means over drawings."""
    return {name: round(statistics.fmean(row[name] for row in rows), 4) for name in MEASURES}


def measure_set(pairs: list[Pair]) -> dict[str, Any]:
    """All methods on one set."""
    methods: dict[str, Method] = {
        "ours": ours,
        "ours, with boundaries": partial(ours, settings=ExtractionSettings(boundaries=1.0)),
        "canny": canny,
        "canny by median": canny_by_median,
    }
    best = min(
        SWEEP,
        key=lambda choice: sum(
            line_chamfer_distance(canny(pair.frame, *choice), pair.line) for pair in pairs
        ),
    )
    methods["canny, best for the set"] = partial(canny, low=best[0], high=best[1], sigma=best[2])
    rows = {
        name: [measure(method(pair.frame), pair.line) for pair in pairs]
        for name, method in methods.items()
    }
    rivals = [name for name in rows if name.startswith("canny")]
    least = [min(rows[name][i]["chamfer"] for name in rivals) for i in range(len(pairs))]
    won = sum(row["chamfer"] < other for row, other in zip(rows["ours"], least, strict=True))
    return {
        "drawings": len(pairs),
        "best_canny": best,
        "drawings_on_which_we_beat_every_canny": won,
        "methods": {name: mean_of(of_method) for name, of_method in rows.items()},
    }


def seconds() -> dict[str, float]:
    """Processor seconds a frame, on one thread, the middle of five runs."""
    cv2.setNumThreads(1)
    frame, found = SCENES[0].draw(0.5).frame, {}
    for size in SIZES:
        picture = cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC)
        runs = []
        for _ in range(5):
            start = time.process_time()
            ours(picture)
            runs.append(time.process_time() - start)
        found[f"{size[0]}x{size[1]}"] = round(statistics.median(runs), 4)
    return found


def to_markdown(sets: Mapping[str, Any]) -> str:
    """The means as a table."""
    lines = [
        "| set | method | chamfer, 1e-5 | precision 1 px | recall 1 px | precision 2 px | recall 2 px | length |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, result in sets.items():
        for method, mean in result["methods"].items():
            shown = " | ".join(f"{mean[key]:.3f}" for key in MEASURES[1:])
            label = f"{name} ({result['drawings']})" if method == "ours" else ""
            lines.append(f"| {label} | {method} | {mean['chamfer']:.2f} | {shown} |")
    return "\n".join(lines)


def sheet(pairs: list[Pair]) -> Image.Image:
    """Rows of frame | true lines | ours | Canny, 256 colours."""
    rows = []
    for pair in pairs:
        ink = extract_lines(pair.frame.astype(np.float32) / 255).ink
        planes = (pair.line, ink, canny(pair.frame).astype(np.float32))
        drawn = [np.repeat(np.rint(255 - 255 * plane)[..., None], 3, axis=2) for plane in planes]
        rows.append(np.concatenate([pair.frame, *drawn], axis=1).astype(np.uint8))
    return Image.fromarray(np.concatenate(rows)).quantize(256, dither=Image.Dither.NONE)


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--sheet", action="append", default=[], metavar="NAME=PNG")
    parser.add_argument("--every", type=int, default=1, help="drawings in a sheet: every n-th")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    sources: dict[str, Callable[[], list[Pair]]] = {
        "drawn": bundled,
        "drawn, 256×160": partial(bundled, scale=1 / 2),
        "drawn, 160×100": partial(bundled, scale=5 / 16),
        "drawn, 1024×640": partial(bundled, scale=2),
        "drawn, JPEG": partial(bundled, through_jpeg),
        "drawn, grain": partial(bundled, with_grain),
        "drawn, night": partial(bundled, at_night),
    }
    for one in arguments.set:
        name, _, folder = one.partition("=")
        sources[name] = partial(given, Path(folder))
    sets = {}
    for name, source in sources.items():
        pairs = source()
        sets[name] = measure_set(pairs)
        print(to_markdown({name: sets[name]}), file=sys.stderr, flush=True)
        for one in arguments.sheet:
            wanted, _, path = one.partition("=")
            if wanted == name:
                sheet(pairs[:: arguments.every]).save(path, optimize=True)
    result = {
        "command": "benchmarks/line_extraction.py",
        "machine": {"machine": platform.machine(), "cores": os.cpu_count(), **versions()},
        "processor_seconds": seconds(),
        "sets": sets,
    }
    print(to_markdown(sets))
    print(result["processor_seconds"])
    if arguments.output is not None:
        arguments.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
