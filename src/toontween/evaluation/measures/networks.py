"""Families and sets that look through a network: its weights are files, and take part in the protocol.

What a network sees in the true frames is found once a clip, whatever the number of methods.
"""

from collections.abc import Callable

import numpy as np
from torch import Tensor

from toontween.evaluation.measures.base import Better, Observation, SetMeasure
from toontween.evaluation.measures.family import Build, Family
from toontween.evaluation.measures.weights import SQUEEZENET, MeasureWeights
from toontween.metrics.clips import Counted
from toontween.metrics.distribution import frechet_distance
from toontween.metrics.perceptual import load_squeezenet, pooled_features, squeezenet_distance
from toontween.metrics.protocol import MeasureProtocol

BuildSet = Callable[[MeasureWeights], SetMeasure]


class SqueezeNetFamily:
    """The project's own perceptual distance.

    Args:
        weights: Where the network is.

    Raises:
        UnavailableError: It is not here.
        CheckpointError: It is another file.
    """

    name = "squeezenet"

    def __init__(self, weights: MeasureWeights) -> None:
        self._network, self.digest = weights.load(SQUEEZENET, load_squeezenet)
        self.protocol = MeasureProtocol(
            measure="squeezenet",
            version="v1.0-deep-compressed",
            settings={
                "frames": Counted.INBETWEENS.value,
                "mean": "frames, then clips",
                "sha256": self.digest,
            },
        )

    def look(self, seen: Observation) -> dict[str, float]:
        """The distance of one clip."""
        distance = squeezenet_distance(self.maps(seen), self.true_maps(seen))
        return {"distance": float(distance.double().mean())}

    def maps(self, seen: Observation) -> list[Tensor]:
        """Feature maps of the method's in-betweens."""
        return seen.find("squeezenet-maps", lambda: self._see(seen.tensor))

    def true_maps(self, seen: Observation) -> list[Tensor]:
        """Those of the true ones."""
        return seen.truth.find("squeezenet-maps", lambda: self._see(seen.truth.tensor))

    def _see(self, frames: Tensor) -> list[Tensor]:
        return self._network(Counted.INBETWEENS.pick(frames))


def squeezenet(weights: MeasureWeights) -> Family:
    """The project's own perceptual distance."""
    return SqueezeNetFamily(weights)


def squeezenet_frechet(weights: MeasureWeights) -> SetMeasure:
    """Fréchet distance of spatial means of the same features, of all in-betweens of all clips."""
    family = SqueezeNetFamily(weights)

    def features(seen: Observation) -> np.ndarray:
        return pooled_features(family.maps(seen)).numpy()

    return SetMeasure(
        name="frechet",
        title="Fréchet",
        better=Better.LOWER,
        digits=0,
        protocol=MeasureProtocol(
            measure="squeezenet-frechet",
            version="v1.0-deep-compressed",
            settings={
                "covariance": "1/(n-1)",
                "frames": Counted.INBETWEENS.value,
                "sha256": family.digest,
            },
        ),
        feature_name="squeezenet",
        features=features,
        distance=frechet_distance,
    )


FAMILIES: tuple[Build, ...] = (squeezenet,)
"""All families that need weights."""
