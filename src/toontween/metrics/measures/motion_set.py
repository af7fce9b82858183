"""An accumulating measure of how a whole set of clips moves, whatever it shows."""

from typing import Any

import torch
from jaxtyping import Float, Float64
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from toontween.errors import ShapeError
from toontween.metrics.clips import check_frames
from toontween.metrics.measures.movement import DIS
from toontween.metrics.protocol import MeasureProtocol
from toontween.metrics.temporal import histograms


class MotionHistogramMeasure(Metric):
    """Distance of histograms of velocities and accelerations over all clips (`toontween.metrics.temporal.histograms`).

    It needs no network, and the two sets need not be of the same clips. Of FVMD's kind, but with another tracker: values
    cannot be compared with FVMD's. Say the number of clips (`num_clips`) beside it: its bias is large when they are few.

    Args:
        num_frames: Of every clip, a multiple of 4.
        synchronisation: Options of `torchmetrics.Metric` for several processes.

    Raises:
        InputError: The number of frames is no multiple of 4.
    """

    full_state_update = False
    is_differentiable = False
    higher_is_better = False

    def __init__(self, *, num_frames: int = 16, **synchronisation: Any) -> None:
        super().__init__(**synchronisation)
        self.set_dtype(torch.float64)  # a process without clips sends zeros of this type
        self.num_features = histograms.num_features(num_frames)
        self.num_frames = num_frames
        settings = {
            "covariance": "1/(n-1)",
            "frames": num_frames,
            "points": histograms.POINTS_A_SIDE**2,
            "ridge": histograms.RIDGE,
            **DIS,
        }
        self.protocol = MeasureProtocol(measure="motion-histograms", version="1", settings=settings)
        for state in ("ours", "truth"):
            self.add_state(f"{state}_features", default=[], dist_reduce_fx="cat")

    def update(
        self,
        ours: Float[Tensor, "t c h w"] | None = None,
        truth: Float[Tensor, "_ _ _ _"] | None = None,
    ) -> None:
        """Add one clip to either set or to both, keys at both ends.

        Raises:
            ShapeError: A clip has another number of frames, or is none.
            InputError: A frame holds a number that is not finite or out of range.
        """
        numbers = self.num_clips()
        for state, clip in (("ours", ours), ("truth", truth)):
            if clip is None:
                continue
            where = f"clip {numbers[state]} of {state}"
            check_frames(clip, where)
            if len(clip) != self.num_frames:
                raise ShapeError(f"{where} has {len(clip)} frames, not {self.num_frames}")
            features = histograms.motion_features(clip).to(self.device)
            getattr(self, f"{state}_features").append(features)

    def compute(self) -> Float64[Tensor, ""]:
        """The distance of the two sets.

        Raises:
            InputError: A set has fewer than two clips.
        """
        distance = histograms.motion_histogram_distance(self._set("ours"), self._set("truth"))
        return torch.tensor(distance, dtype=torch.float64, device=self.device)

    def num_clips(self) -> dict[str, int]:
        """How many clips of this process are in each set."""
        return {state: len(self._set(state)) for state in ("ours", "truth")}

    def _set(self, state: str) -> Float64[Tensor, "n d"]:
        vectors = getattr(self, f"{state}_features")
        if isinstance(vectors, list) and not vectors:
            return torch.zeros(0, self.num_features, dtype=torch.float64, device=self.device)
        return dim_zero_cat(vectors).view(-1, self.num_features)
