"""Accumulating measures of drawings as drawings: lines, flat colours, and whether the keys come back."""

import math
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from toontween.metrics.clips import Counted, check_frames, check_pair
from toontween.metrics.fidelity import end_frame_fidelity
from toontween.metrics.frame import EIGHT_BIT_MSE_FLOOR
from toontween.metrics.line import (
    TOLERANCE_PX,
    LineRule,
    line_chamfer_distance,
    line_precision_recall,
    line_ratio,
)
from toontween.metrics.measures.base import ClipMeasure
from toontween.metrics.palette import NOTICEABLE, flat_colours, key_palette
from toontween.metrics.protocol import MeasureProtocol

MEAN = "frames, then clips"
LINE_NUMBERS = ("chamfer", "line_ratio", "precision", "recall")
COLOUR_NUMBERS = ("drifted", "drift", "noise", "covered")


class LineMeasure(ClipMeasure):
    """How near the lines are to the true ones (`toontween.metrics.line`): chamfer distance, ink kept, precision, recall.

    True frames without lines have only a chamfer distance; a clip of such frames has the other numbers undefined.

    Args:
        rule: What a line is: `dog` in coloured frames, `drawn` in line drawings.
        tolerance_px: How far apart lines still count as the same.
        counted: Which frames.
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    def __init__(
        self,
        *,
        rule: LineRule = LineRule.DOG,
        tolerance_px: float = TOLERANCE_PX,
        counted: Counted = Counted.INBETWEENS,
        **synchronisation: Any,
    ) -> None:
        self.rule, self.counted = LineRule(rule), Counted(counted)
        self.tolerance_px = tolerance_px
        settings = {"frames": self.counted.value, "mean": MEAN, "tolerance_px": tolerance_px}
        protocol = MeasureProtocol(measure="lines", version=self.rule.value, settings=settings)
        super().__init__(protocol=protocol, numbers=LINE_NUMBERS, **synchronisation)

    def update(self, ours: Float[Tensor, "t c h w"], truth: Float[Tensor, "_ _ _ _"]) -> None:
        """Measure one clip with the keys at both ends.

        Raises:
            ShapeError: The two differ in shape, or are no clips.
            InputError: There are too few frames, or one holds a number that is not finite or out of range.
        """
        with self._next_clip():
            check_pair(ours, truth, at_least=self.counted.fewest)
            drawn = self.rule.lines_of(self.counted.pick(ours))
            true = self.rule.lines_of(self.counted.pick(truth))
            rows = np.array([self._compare(*pair) for pair in zip(drawn, true, strict=True)])
            chamfer = float(rows[:, 0].mean())
            rows = rows[~np.isnan(rows).any(axis=1)]
            rest = rows[:, 1:].mean(axis=0) if len(rows) else np.full(3, math.nan)
            self._keep(**dict(zip(LINE_NUMBERS, (chamfer, *rest.tolist()), strict=True)))

    def _compare(self, ours: np.ndarray, truth: np.ndarray) -> tuple[float, ...]:
        chamfer = line_chamfer_distance(ours, truth)
        if not truth.any():
            return chamfer, math.nan, math.nan, math.nan
        found = line_precision_recall(ours, truth, tolerance_px=self.tolerance_px)
        return chamfer, line_ratio(ours, truth), *found


class FlatColourMeasure(ClipMeasure):
    """Whether flat areas keep the keys' colours and stay flat (`toontween.metrics.palette`).

    Undefined for clips whose keys have no flat colours. Measure the true frames, too, where there are some.

    Args:
        counted: Which frames.
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    def __init__(self, *, counted: Counted = Counted.INBETWEENS, **synchronisation: Any) -> None:
        self.counted = Counted(counted)
        settings = {"frames": self.counted.value, "mean": MEAN, "noticeable": NOTICEABLE}
        protocol = MeasureProtocol(measure="flat-colours", version="cie76", settings=settings)
        super().__init__(protocol=protocol, numbers=COLOUR_NUMBERS, **synchronisation)

    def update(self, ours: Float[Tensor, "t c h w"], keys: Float[Tensor, "k _ _ _"]) -> None:
        """Measure one clip with the keys at both ends.

        Raises:
            ShapeError: Frames or keys are no RGB pictures.
            InputError: There are too few frames, or one holds a number that is not finite or out of range.
        """
        with self._next_clip():
            check_frames(ours, "ours", at_least=self.counted.fewest)
            palette = key_palette(keys)
            if not len(palette.colours):
                self._keep(**dict.fromkeys(COLOUR_NUMBERS, math.nan))
                return
            frames = flat_colours(self.counted.pick(ours), palette)
            self._keep(
                **{
                    name: float(np.mean([getattr(frame, name) for frame in frames]))
                    for name in COLOUR_NUMBERS
                }
            )


class EndFrameMeasure(ClipMeasure):
    """PSNR of the first and last frame a method drew against the keys, dB (`toontween.metrics.fidelity`).

    Args:
        mse_floor: Smallest mean squared error counted; the default makes identical frames 68.13 dB.
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    higher_is_better = True

    def __init__(self, *, mse_floor: float = EIGHT_BIT_MSE_FLOOR, **synchronisation: Any) -> None:
        self.mse_floor = mse_floor
        settings = {"mean": "clips", "mse_floor": mse_floor, "range": 1}
        protocol = MeasureProtocol(measure="end-frames", version="psnr", settings=settings)
        super().__init__(protocol=protocol, numbers=("first_db", "last_db"), **synchronisation)

    def update(self, ours: Float[Tensor, "t c h w"], keys: Float[Tensor, "k _ _ _"]) -> None:
        """Measure one clip as it was drawn, both ends included.

        Raises:
            ShapeError: There are not two keys, or frames and keys differ in size.
            InputError: There are fewer than two frames, or one holds a number that is not finite or out of range.
        """
        with self._next_clip():
            first, last = end_frame_fidelity(ours, keys, mse_floor=self.mse_floor)
            self._keep(first_db=first, last_db=last)
