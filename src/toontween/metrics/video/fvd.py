"""FVD: how far a set of clips is from the true ones as a whole (Unterthiner et al., arXiv 1812.01717)."""

import warnings
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from toontween.errors import InputError, ShapeError, ToonTweenWarning
from toontween.metrics.distribution import frechet_distance
from toontween.metrics.protocol import MeasureProtocol, Setting
from toontween.metrics.video.features import I3DFeatures, Shape, VideoProtocol

FEW_CLIPS = 400
"""Below this the covariance of 400 logits is singular, and the distance has a large bias."""

Clips = Iterable[Tensor] | Tensor
"""Clips (t, 3, h, w) one by one, or features (n, d) that were extracted before."""

_LARGEST = torch.iinfo(torch.int64).max


def frechet_video_distance(
    ours: Float[Tensor, "n d"], truth: Float[Tensor, "m d"], *, protocol: VideoProtocol
) -> float:
    """FVD of logits that were extracted by a protocol.

    Protocol: covariance and arithmetic of `protocol`, see `distribution.frechet_distance`. Report the number of clips
    beside it: with fewer than 400 it has a large bias, and says so by a `ToonTweenWarning`.

    Args:
        ours: Logits of our clips.
        truth: Logits of the true clips.
        protocol: What the logits were extracted by.

    Raises:
        InputError: There are fewer than two clips, or a number that is not finite.
        ShapeError: The logits are of two networks.
    """
    value = frechet_distance(
        ours, truth, correction=protocol.correction, dtype=getattr(torch, protocol.dtype)
    )
    fewest = min(len(ours), len(truth))
    if fewest < FEW_CLIPS:
        told = f"the Fréchet distance of {fewest} clips is biased"
        warnings.warn(f"{told}; compare only equal numbers", ToonTweenWarning, stacklevel=2)
    return value


class VideoDistance(Metric):
    """A distance of two sets of clips in the logits of I3D, gathered clip by clip and over processes.

    `update` takes clips or features, `compute` gives the distance, `reset` forgets everything, `merge_state` adds what
    another instance gathered; under torch.distributed `compute` gathers the features of all processes.

    Args:
        features: Network and protocol.
        allow_unequal: Whether the sets may differ in number.
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    full_state_update = False
    is_differentiable = False
    higher_is_better = False
    measure: str

    least_shape: Tensor
    most_shape: Tensor

    def __init__(
        self, features: I3DFeatures, *, allow_unequal: bool = False, **synchronisation: Any
    ) -> None:
        super().__init__(**synchronisation)
        self.features = features
        self.allow_unequal = allow_unequal
        self._measured: tuple[int, int, Shape | None] | None = None
        for name in ("ours", "truth"):
            # flat, so that a process that has none sends none
            self.add_state(f"{name}_features", default=[], dist_reduce_fx="cat")
        self.add_state("least_shape", torch.full((3,), _LARGEST), dist_reduce_fx="min")
        self.add_state("most_shape", torch.zeros(3, dtype=torch.int64), dist_reduce_fx="max")

    def update(self, ours: Clips | None = None, truth: Clips | None = None) -> None:
        """Add clips to one set or to both.

        Args:
            ours: Clips (t, 3, h, w) in 0…1, all of one length and size, or features (n, d) of `I3DFeatures.extract`.
            truth: The same of the true clips.

        Raises:
            ShapeError: A clip is too short, of another shape than those before it, or not RGB.
            InputError: A value is not finite or outside 0…1.
        """
        for name, clips in (("ours", ours), ("truth", truth)):
            if clips is None:
                continue
            kept = getattr(self, f"{name}_features")
            if isinstance(clips, Tensor) and clips.ndim == 2:
                features, shape = self._check_features(clips), self._shape
            else:
                start = sum(len(part) for part in kept) // self.features.num_features
                features, shape = self.features.extract(
                    clips, named=name, start=start, shape=self._shape
                )
            if shape is not None:
                seen = torch.tensor(shape, device=self.device)
                self.least_shape = torch.minimum(self.least_shape, seen)
                self.most_shape = torch.maximum(self.most_shape, seen)
            kept.append(features.flatten().to(self.device))
            self._measured = None

    def compute(self) -> Float[Tensor, ""]:
        """The distance, float64.

        Raises:
            InputError: A set has fewer than two clips, or the sets differ in number.
            ShapeError: Other processes measured clips of another shape.
        """
        ours, truth = self._set("ours"), self._set("truth")
        self._measured = len(ours), len(truth), self._shape
        if len(ours) != len(truth) and not self.allow_unequal:
            longer = "ours" if len(ours) > len(truth) else "truth"
            alone = min(len(ours), len(truth))
            raise InputError(
                f"{len(ours)} clips of ours, {len(truth)} of truth: clip {alone} of {longer} has no partner",
                hint="measure the same clips of both, or pass allow_unequal=True",
            )
        if self._shape is not None and not torch.equal(self.least_shape, self.most_shape):
            ends = " and ".join(str(s.tolist()) for s in (self.least_shape, self.most_shape))
            raise ShapeError(f"clips of frames, height and width from {ends} were mixed")
        return torch.tensor(self._distance(ours, truth), dtype=torch.float64, device=self.device)

    def reset(self) -> None:
        """Forget all clips."""
        super().reset()
        self._measured = None

    @property
    def protocol(self) -> MeasureProtocol:
        """What decides the value: protocol, network, clip length and number of clips.

        After `compute` they are those of all processes, before it of the clips gathered here.
        """
        network, protocol = self.features.network, self.features.protocol
        here = len(self._set("ours")), len(self._set("truth")), self._shape
        ours, truth, shape = self._measured or here
        settings: dict[str, Setting] = {
            "clips": ours if ours == truth else f"{ours} of ours, {truth} of truth",
            "eps": network.eps,
            "frames": shape[0] if shape else "unknown",
            "network": f"I3D {network.weights}",
            "range": "-1…1" + (", eight bits" if protocol.eight_bit else ""),
            "resize": str(protocol.resize),
        }
        return MeasureProtocol(
            measure=self.measure, version=protocol.name, settings=settings | self._own_settings()
        )

    @property
    def _shape(self) -> Shape | None:
        """The shape of the clips so far."""
        if not self.most_shape.any():
            return None
        frames, height, width = (int(side) for side in self.most_shape)
        return frames, height, width

    def _set(self, name: str) -> Float[Tensor, "n d"]:
        """All features of a set, whether gathered here or from all processes."""
        kept = getattr(self, f"{name}_features")
        flat = dim_zero_cat(kept) if len(kept) else torch.zeros(0)
        return flat.reshape(-1, self.features.num_features)

    def _check_features(self, features: Tensor) -> Tensor:
        if features.shape[1] != self.features.num_features:
            expected = self.features.num_features
            raise ShapeError(f"features of {features.shape[1]} numbers; the network has {expected}")
        return features

    @abstractmethod
    def _distance(self, ours: Tensor, truth: Tensor) -> float:
        """The distance of two sets of features."""

    @abstractmethod
    def _own_settings(self) -> dict[str, Setting]:
        """What the protocol fixes for this distance alone."""


class FrechetVideoDistance(VideoDistance):
    """FVD: squared Fréchet distance of Gaussians fitted to the logits of both sets; 0 for equal sets.

    Protocol: the one of `features` (`lvdm` by default), printed by `protocol.describe()`.
    """

    measure = "fvd"

    def _distance(self, ours: Tensor, truth: Tensor) -> float:
        return frechet_video_distance(ours, truth, protocol=self.features.protocol)

    def _own_settings(self) -> dict[str, Setting]:
        protocol = self.features.protocol
        return {"covariance": protocol.covariance, "arithmetic": protocol.dtype}
