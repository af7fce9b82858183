"""Measures in the features of networks: distances of pictures, and of sets of them."""

from collections.abc import Callable

import numpy as np
from torch import Tensor

from toontween.evaluation.measures.base import Better, ClipMeasure, Observation, SetMeasure
from toontween.evaluation.measures.pictures import INBETWEENS
from toontween.evaluation.measures.weights import SQUEEZENET, MeasureWeights
from toontween.metrics.distribution import frechet_distance
from toontween.metrics.perceptual import (
    SqueezeNetFeatures,
    load_squeezenet,
    pooled_features,
    squeezenet_distance,
)
from toontween.metrics.protocol import MeasureProtocol


def squeezenet_measure(weights: MeasureWeights) -> ClipMeasure:
    """The project's own perceptual distance."""
    network, digest = weights.load(SQUEEZENET, load_squeezenet)
    maps = _maps_of(network)

    def value(seen: Observation) -> float:
        ours, truth = maps(seen)
        return float(squeezenet_distance(ours, truth).mean())

    return ClipMeasure(
        name="distance",
        title="distance",
        better=Better.LOWER,
        protocol=MeasureProtocol(
            measure="distance",
            version="1",
            settings={"frames": INBETWEENS, "network": f"SqueezeNet v1.0 {digest}"},
        ),
        value=value,
        digits=4,
    )


def squeezenet_frechet_measure(weights: MeasureWeights) -> SetMeasure:
    """Fréchet distance of spatial means of the same features, of all in-betweens of all clips."""
    network, digest = weights.load(SQUEEZENET, load_squeezenet)
    maps = _maps_of(network)

    def features(seen: Observation) -> np.ndarray:
        ours, _ = maps(seen)
        return pooled_features(ours).numpy()

    return SetMeasure(
        name="frechet",
        title="Fréchet",
        better=Better.LOWER,
        protocol=MeasureProtocol(
            measure="frechet",
            version="1",
            settings={
                "frames": INBETWEENS,
                "network": f"SqueezeNet v1.0 {digest}",
                "covariance": "1/(n-1)",
            },
        ),
        feature_name="squeezenet",
        features=features,
        distance=frechet_distance,
        digits=0,
    )


def _maps_of(
    network: SqueezeNetFeatures,
) -> Callable[[Observation], tuple[list[Tensor], list[Tensor]]]:
    """Feature maps of the in-betweens, ours and the true ones, each computed once."""

    def look(pictures: Tensor) -> list[Tensor]:
        return network(pictures)

    def maps(seen: Observation) -> tuple[list[Tensor], list[Tensor]]:
        ours = seen.find("squeezenet", lambda: look(seen.tensor[1:-1]))
        return ours, seen.truth.find("squeezenet", lambda: look(seen.truth.tensor[1:-1]))

    return maps
