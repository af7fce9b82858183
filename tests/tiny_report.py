"""A small report of `evaluate` to make studies of: three clips of a moving disc, drawn by methods without weights."""

from pathlib import Path

import numpy as np

from toontween.evaluation.bench import Bench
from toontween.evaluation.evaluate import evaluate
from toontween.evaluation.methods import MethodSpec
from toontween.evaluation.suite import open_suite
from toontween.media.images import write_still

HEIGHT, WIDTH, NUM_FRAMES = 24, 36, 5
FILMS = ("apple", "bread", "cheese")
"""Names of clips begin so."""
LABELS = {"zebra-hold": "hold", "yak-mix": "crossfade", "xerus-flow": "flow"}
"""Label → method; labels that stand in no page by chance."""


def build_tiny_report(folder: Path, labels: dict[str, str] | None = None) -> Path:
    """Draw and measure; the report's folder."""
    for number, name in enumerate(FILMS):
        (folder / "films" / name).mkdir(parents=True)
        for frame, pixels in enumerate(_moving_disc(number)):
            write_still(folder / "films" / name / f"{frame:03}.png", pixels)
    methods = [
        MethodSpec(method=method, label=label) for label, method in (labels or LABELS).items()
    ]
    bench = Bench(
        suite=open_suite(folder / "films"), methods=methods, measures=["psnr"], weights={}
    )
    evaluate(bench, folder / "report", resamples=0)
    return folder / "report"


def _moving_disc(number: int) -> np.ndarray:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    frames = np.full((NUM_FRAMES, HEIGHT, WIDTH, 3), 240, np.uint8)
    for frame in range(NUM_FRAMES):
        inside = (x - 8 - 4 * frame) ** 2 + (y - 9 - number) ** 2 < (5 + number) ** 2
        frames[frame][inside] = (200 - 60 * number, 30 + 70 * number, 90)
    return frames
