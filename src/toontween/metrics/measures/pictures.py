"""Accumulating measures of how good single pictures are: PSNR, SSIM, sharpness, SqueezeNet distances.

All take clips with the keys at both ends; a value is a mean over the counted frames of a clip.
"""

from typing import Any

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from toontween.metrics.clips import Counted, check_frames, check_pair
from toontween.metrics.distribution import frechet_distance
from toontween.metrics.frame import EIGHT_BIT_MSE_FLOOR, psnr, ssim
from toontween.metrics.measures.base import ClipMeasure
from toontween.metrics.perceptual import (
    NUM_POOLED,
    SqueezeNetFeatures,
    pooled_features,
    squeezenet_distance,
)
from toontween.metrics.protocol import MeasureProtocol
from toontween.metrics.sharpness.cpbd import EdgeRule, cpbd

MEAN = "frames, then clips"


class PsnrMeasure(ClipMeasure):
    """Peak signal-to-noise ratio against the true frames, dB (`toontween.metrics.frame.psnr`).

    Args:
        mse_floor: Smallest mean squared error counted. The default makes identical frames 68.13 dB; with 0 one of them
            makes the whole mean infinite.
        counted: Which frames.
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    higher_is_better = True

    def __init__(
        self,
        *,
        mse_floor: float = EIGHT_BIT_MSE_FLOOR,
        counted: Counted = Counted.INBETWEENS,
        **synchronisation: Any,
    ) -> None:
        self.mse_floor, self.counted = mse_floor, Counted(counted)
        settings = {"frames": self.counted.value, "mean": MEAN, "mse_floor": mse_floor, "range": 1}
        protocol = MeasureProtocol(measure="psnr", version="joint-rgb", settings=settings)
        super().__init__(protocol=protocol, numbers=("psnr_db",), **synchronisation)

    def update(self, ours: Float[Tensor, "t c h w"], truth: Float[Tensor, "_ _ _ _"]) -> None:
        """Measure one clip.

        Raises:
            ShapeError: The two differ in shape, or are no clips.
            InputError: There are too few frames, or one holds a number that is not finite or out of range.
        """
        with self._next_clip():
            check_pair(ours, truth, at_least=self.counted.fewest)
            pairs = self.counted.pick(ours), self.counted.pick(truth)
            self._keep(psnr_db=psnr(*pairs, mse_floor=self.mse_floor).mean())


class SsimMeasure(ClipMeasure):
    """Structural similarity to the true frames (`toontween.metrics.frame.ssim`).

    Args:
        counted: Which frames.
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    higher_is_better = True

    def __init__(self, *, counted: Counted = Counted.INBETWEENS, **synchronisation: Any) -> None:
        self.counted = Counted(counted)
        settings = {"border": "valid", "frames": self.counted.value, "mean": MEAN, "range": 1}
        protocol = MeasureProtocol(measure="ssim", version="gauss-11-1.5-rgb", settings=settings)
        super().__init__(protocol=protocol, numbers=("ssim",), **synchronisation)

    def update(self, ours: Float[Tensor, "t c h w"], truth: Float[Tensor, "_ _ _ _"]) -> None:
        """Measure one clip.

        Raises:
            ShapeError: The two differ in shape, are no clips or smaller than the window.
            InputError: There are too few frames, or one holds a number that is not finite or out of range.
        """
        with self._next_clip():
            check_pair(ours, truth, at_least=self.counted.fewest)
            self._keep(ssim=ssim(self.counted.pick(ours), self.counted.pick(truth)).mean())


class CpbdMeasure(ClipMeasure):
    """Sharpness without a reference (`toontween.metrics.sharpness.cpbd.cpbd`).

    Args:
        rule: Whose edge detectors.
        counted: Which frames.
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    higher_is_better = True

    def __init__(
        self,
        *,
        rule: EdgeRule = EdgeRule.PYTHON_CPBD,
        counted: Counted = Counted.INBETWEENS,
        **synchronisation: Any,
    ) -> None:
        self.rule, self.counted = EdgeRule(rule), Counted(counted)
        settings = {"frames": self.counted.value, "mean": MEAN}
        protocol = MeasureProtocol(measure="cpbd", version=self.rule.value, settings=settings)
        super().__init__(protocol=protocol, numbers=("cpbd",), **synchronisation)

    def update(self, ours: Float[Tensor, "t c h w"]) -> None:
        """Measure one clip.

        Raises:
            ShapeError: The frames are smaller than a block of 64 pixels, or no clip.
            InputError: There are too few, or one holds a number that is not finite or out of range.
        """
        with self._next_clip():
            check_frames(ours, "ours", at_least=self.counted.fewest)
            self._keep(cpbd=cpbd(self.counted.pick(ours), rule=self.rule).mean())


class SqueezeNetMeasure(ClipMeasure):
    """Distance in SqueezeNet's feature maps, and Fréchet distance of their means over all counted frames of all clips.

    The distance has a value a clip; the Fréchet distance is one number of the whole set, and `compute` adds it as
    `frechet`. Say the number of frames beside it (`num_frames`): its bias is large when they are few.

    Args:
        network: `toontween.metrics.perceptual.load_squeezenet`; `to(device)` moves it along.
        counted: Which frames.
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    higher_is_better = False

    def __init__(
        self,
        network: SqueezeNetFeatures,
        *,
        counted: Counted = Counted.INBETWEENS,
        **synchronisation: Any,
    ) -> None:
        self.counted = Counted(counted)
        settings = {"covariance": "1/(n-1)", "frames": self.counted.value, "mean": MEAN}
        protocol = MeasureProtocol(
            measure="squeezenet", version="v1.0-deep-compressed", settings=settings
        )
        super().__init__(protocol=protocol, numbers=("distance",), **synchronisation)
        self.network = network
        self.add_state("our_features", default=[], dist_reduce_fx="cat")
        self.add_state("true_features", default=[], dist_reduce_fx="cat")

    def update(self, ours: Float[Tensor, "t c h w"], truth: Float[Tensor, "_ _ _ _"]) -> None:
        """Measure one clip.

        Raises:
            ShapeError: The two differ in shape, are no clips or smaller than 21 pixels.
            InputError: There are too few frames, or one holds a number that is not finite or out of range.
        """
        with self._next_clip():
            check_pair(ours, truth, at_least=self.counted.fewest)
            our_maps = self.network(self.counted.pick(ours))
            true_maps = self.network(self.counted.pick(truth))
            self._keep(distance=squeezenet_distance(our_maps, true_maps).double().mean())
            # flat, because torchmetrics gathers an empty vector from a process without clips
            self._append("our_features", pooled_features(our_maps).double().flatten())
            self._append("true_features", pooled_features(true_maps).double().flatten())

    def compute(self) -> dict[str, Float64[Tensor, ""]]:
        """The mean distance over clips, and the Fréchet distance of the whole set as `frechet`.

        Raises:
            InputError: No clip was measured, or fewer than two frames.
        """
        means = super().compute()
        ours, truth = self._features("our_features"), self._features("true_features")
        frechet = torch.tensor(frechet_distance(ours, truth), dtype=torch.float64)
        return {**means, "frechet": frechet.to(self.device)}

    def num_frames(self) -> int:
        """How many frames of this process the Fréchet distance is of."""
        return len(self._features("our_features"))

    def _features(self, state: str) -> Float64[Tensor, "n d"]:
        return self._vector(state).view(-1, NUM_POOLED)
