"""Every measure by name. They are built late, so that listing them costs nothing."""

import functools
from pathlib import Path
from typing import Any

from toontween.evaluation.measures.base import Measure
from toontween.evaluation.measures.weights import MeasureWeights
from toontween.registry import Registry

_HERE = "toontween.evaluation.measures"

MEASURES = Registry(
    "measure",
    {
        "psnr": f"{_HERE}.pictures:psnr_measure",
        "ssim": f"{_HERE}.pictures:ssim_measure",
        "distance": f"{_HERE}.features:squeezenet_measure",
        "frechet": f"{_HERE}.features:squeezenet_frechet_measure",
        "motion": f"{_HERE}.motion:motion_share_measure",
    },
)
"""Measure name → what builds it."""

OFFLINE = ("psnr", "ssim", "motion")
"""Measures that need no network."""


@functools.lru_cache(maxsize=64)
def build_measure(name: str, weights: tuple[tuple[str, str], ...] = ()) -> Measure:
    """A measure, kept for the next clip of this process.

    Args:
        name: One of `MEASURES`.
        weights: Name → path of networks, as pairs.

    Raises:
        UnknownNameError: There is no such measure.
        UnavailableError: Its network is not here; the hint says how to get it.
        CheckpointError: A file is not what it should be.
    """
    build: Any = MEASURES.load(name)
    return build(MeasureWeights({key: Path(path) for key, path in weights}))
