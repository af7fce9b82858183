"""A distance of sets that needs no network."""

import numpy as np
import torch

from toontween.evaluation.measures.base import Better, Observation, SetMeasure
from toontween.metrics.protocol import MeasureProtocol

FEWEST = 4
"""Of its feature vectors."""


def _colours(seen: Observation) -> np.ndarray:
    return seen.tensor[1:-1].mean(dim=(2, 3)).numpy()


def _distance(ours: torch.Tensor, truth: torch.Tensor) -> float:
    return float((ours.mean(0) - truth.mean(0)).norm())


MEAN_COLOURS = SetMeasure(
    name="mean-colours",
    title="mean colours",
    better=Better.LOWER,
    protocol=MeasureProtocol(measure="mean-colours", version="1"),
    feature_name="colours",
    features=_colours,
    distance=_distance,
    fewest=FEWEST,
    digits=4,
)
"""How far the mean colours of all in-betweens are from the true ones."""
