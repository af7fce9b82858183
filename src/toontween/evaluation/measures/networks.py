"""Families and sets that look through a network: its weights are files, and take part in the protocol.

What a network sees in the true frames is found once a clip, whatever the number of methods.
"""

import functools
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from torch import Tensor

from toontween.checkpoints.convert import open_checkpoint
from toontween.errors import ToonTweenWarning
from toontween.evaluation.measures.base import Better, Observation, SetMeasure
from toontween.evaluation.measures.clip_files import load_clip, load_tokeniser
from toontween.evaluation.measures.family import Accumulated, Build, Family
from toontween.evaluation.measures.weights import (
    BACKBONES,
    CLIP,
    CLIP_TOKENIZER,
    I3D,
    I3D_UNKNOWN,
    SQUEEZENET,
    MeasureWeights,
)
from toontween.metrics.clips import Counted
from toontween.metrics.distribution import frechet_distance
from toontween.metrics.lpips.weights import bundled_heads, load_lpips
from toontween.metrics.measures.learned import ClipScores, LpipsMeasure
from toontween.metrics.perceptual import load_squeezenet, pooled_features, squeezenet_distance
from toontween.metrics.protocol import MeasureProtocol
from toontween.metrics.video import i3d
from toontween.metrics.video.acceptance import load_i3d
from toontween.metrics.video.features import I3DFeatures, VideoProtocol
from toontween.metrics.video.fvd import (
    FEW_CLIPS,
    FrechetVideoDistance,
    VideoDistance,
    frechet_video_distance,
)
from toontween.metrics.video.kvd import KernelVideoDistance, kernel_video_distance
from toontween.metrics.weights import weights_digest

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
        self._network = weights.load(SQUEEZENET, load_squeezenet)
        self.digest = weights_digest(self._network.state_dict())
        self.protocol = MeasureProtocol(
            measure="squeezenet",
            version="v1.0-deep-compressed",
            settings={
                "frames": Counted.INBETWEENS.value,
                "mean": "frames, then clips",
                "weights": self.digest,
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


def lpips(net: str) -> Build:
    """LPIPS v0.1 with a backbone: `alex`, `vgg` or `squeeze`."""

    def read(path: Path) -> Accumulated:
        heads = open_checkpoint(bundled_heads(net))
        return Accumulated(
            f"lpips-{net}", LpipsMeasure(load_lpips(net, open_checkpoint(path), heads))
        )

    def build(weights: MeasureWeights) -> Family:
        return weights.load(BACKBONES[net], read)

    return build


LPIPS: Mapping[str, Build] = {net: lpips(net) for net in BACKBONES}


class ClipFamily:
    """CLIP-img, and CLIP-txt of clips that have captions.

    Args:
        weights: Where the network is, and the tokenizer.
        with_text: Whether captions are read.

    Raises:
        UnavailableError: One of them is not here.
        CheckpointError: One of them is something else.
    """

    def __init__(self, weights: MeasureWeights, *, with_text: bool) -> None:
        network = weights.load(CLIP, load_clip)
        tokenise = weights.load(CLIP_TOKENIZER, load_tokeniser) if with_text else None
        self._measure = ClipScores(network, tokenise=tokenise)
        self._with_text = with_text
        self.name = "clip-txt" if with_text else "clip-img"
        self.protocol = self._measure.protocol

    def look(self, seen: Observation) -> dict[str, float]:
        """The scores of one clip."""
        given = (seen.tensor, seen.truth.tensor)
        self._measure.reset()
        self._measure.update(*given, *((seen.truth.caption,) if self._with_text else ()))
        return {name: float(values[0]) for name, values in self._measure.per_clip().items()}


def clip_images(weights: MeasureWeights) -> Family:
    """CLIP-img alone, which needs no tokenizer."""
    return ClipFamily(weights, with_text=False)


def clip_captions(weights: MeasureWeights) -> Family:
    """CLIP-img and CLIP-txt."""
    return ClipFamily(weights, with_text=True)


FAMILIES: tuple[Build, ...] = (squeezenet, *LPIPS.values(), clip_images, clip_captions)
"""All families that need weights."""


def fvd(protocol: str) -> BuildSet:
    """FVD by a named protocol."""
    return _video_distance(protocol, FrechetVideoDistance, "FVD", frechet_video_distance)


def kvd(weights: MeasureWeights) -> SetMeasure:
    """KVD, of the logits of `lvdm`."""
    return _video_distance("lvdm", KernelVideoDistance, "KVD", _without(kernel_video_distance))(
        weights
    )


def _without(distance: Callable[..., float]) -> Callable[..., float]:
    """A distance that takes nothing of the protocol."""
    return lambda ours, truth, **_: distance(ours, truth)


def _video_distance(
    protocol: str, kind: type[VideoDistance], title: str, distance: Callable[..., float]
) -> BuildSet:
    def build(weights: MeasureWeights) -> SetMeasure:
        features = I3DFeatures(_video_network(weights), protocol)
        told = kind(features).protocol
        settings = {k: v for k, v in told.settings.items() if k not in ("clips", "frames")}
        rule = features.protocol
        name = kind.measure if protocol == "lvdm" else f"{kind.measure}-{protocol}"

        def look(seen: Observation) -> np.ndarray:
            return features.extract([seen.tensor], named="the clip")[0].numpy()

        return SetMeasure(
            name=name,
            title=title if protocol == "lvdm" else f"{title} ({protocol})",
            better=Better.LOWER,
            protocol=MeasureProtocol(
                measure=told.measure, version=told.version, settings={**settings, "frames": "all"}
            ),
            feature_name=f"i3d-{rule.resize}-{'eight-bit' if rule.eight_bit else 'float'}",
            features=look,
            distance=functools.partial(_quietly, distance, rule),
            few=FEW_CLIPS,
        )

    return build


def _video_network(weights: MeasureWeights) -> i3d.I3D:
    if weights.has(I3D_UNKNOWN):
        return weights.load(I3D_UNKNOWN, _read_unknown_i3d)
    return weights.load(I3D, _read_i3d)


def _read_i3d(path: Path) -> i3d.I3D:
    return load_i3d(open_checkpoint(path))


def _read_unknown_i3d(path: Path) -> i3d.I3D:
    return load_i3d(open_checkpoint(path), accept_unknown=True)


def _quietly(
    distance: Callable[..., float], protocol: VideoProtocol, ours: Tensor, truth: Tensor
) -> float:
    """The distance without its warning about few clips, which the table gives once for all rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ToonTweenWarning)
        return distance(ours, truth, protocol=protocol)
