"""Accumulating measures of how a clip moves: share of the motion, flicker, warping error, speed, holds and jumps.

All take whole clips with the keys at both ends: every step counts, those from and to a key included.
"""

import math
from typing import Any

import cv2
from jaxtyping import Float
from torch import Tensor

from toontween.metrics.clips import check_pair
from toontween.metrics.measures.base import ClipMeasure
from toontween.metrics.motion import share_of_true_motion
from toontween.metrics.protocol import MeasureProtocol
from toontween.metrics.temporal import pace
from toontween.metrics.temporal.flicker import temporal_flickering
from toontween.metrics.temporal.flow import estimate_flows
from toontween.metrics.temporal.warping import warping_error

DIS = {"flow": "DIS medium", "opencv": cv2.__version__}
"""What decides an optical flow."""


class MotionShareMeasure(ClipMeasure):
    """Share of the true motion (`toontween.metrics.motion`); undefined where nothing moves.

    Args:
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    higher_is_better = True

    def __init__(self, **synchronisation: Any) -> None:
        protocol = MeasureProtocol(
            measure="motion-share", version="1", settings={"frames": "all", "mean": "clips"}
        )
        super().__init__(protocol=protocol, numbers=("motion_share",), **synchronisation)

    def update(self, ours: Float[Tensor, "t c h w"], truth: Float[Tensor, "_ _ _ _"]) -> None:
        """Measure one clip.

        Raises:
            ShapeError: The two differ in shape, or are no clips.
            InputError: There are fewer than two frames, or one holds a number that is not finite or out of range.
        """
        with self._next_clip():
            check_pair(ours, truth, at_least=2)
            moves = bool((truth[1:] != truth[:-1]).any())
            self._keep(motion_share=share_of_true_motion(ours, truth) if moves else math.nan)


class FlickerMeasure(ClipMeasure):
    """VBench's temporal flickering, and how much steadier than the truth ours is.

    `flickering` rewards stillness. `difference` is ours less the truth's: 0 is the truth's own amount of change, above
    too little happens, below too much.

    Args:
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    def __init__(self, **synchronisation: Any) -> None:
        protocol = MeasureProtocol(
            measure="flicker", version="vbench", settings={"frames": "all", "mean": "steps, clips"}
        )
        super().__init__(protocol=protocol, numbers=("flickering", "difference"), **synchronisation)

    def update(self, ours: Float[Tensor, "t c h w"], truth: Float[Tensor, "_ _ _ _"]) -> None:
        """Measure one clip.

        Raises:
            ShapeError: The two differ in shape, or are no clips.
            InputError: There are fewer than two frames, or one holds a number that is not finite or out of range.
        """
        with self._next_clip():
            check_pair(ours, truth, at_least=2)
            flickering = temporal_flickering(ours)
            difference = flickering - temporal_flickering(truth)
            self._keep(flickering=flickering, difference=difference)


class WarpingMeasure(ClipMeasure):
    """Warping error along the truth's flow, along the clip's own, and the truth's own error (`metrics.temporal.warping`).

    Args:
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    higher_is_better = False

    def __init__(self, **synchronisation: Any) -> None:
        settings = {"frames": "all", "mean": "steps, clips", "occlusion": "forward-backward", **DIS}
        protocol = MeasureProtocol(measure="warping-error", version="lai", settings=settings)
        super().__init__(
            protocol=protocol, numbers=("error", "own_flow_error", "true_error"), **synchronisation
        )

    def update(self, ours: Float[Tensor, "t c h w"], truth: Float[Tensor, "_ _ _ _"]) -> None:
        """Measure one clip.

        Raises:
            ShapeError: The two differ in shape, or are no clips.
            InputError: There are fewer than two frames, or one holds a number that is not finite or out of range.
        """
        with self._next_clip():
            check_pair(ours, truth, at_least=2)
            true, own = estimate_flows(truth), estimate_flows(ours)
            self._keep(
                error=warping_error(ours, true.forward, true.visible),
                own_flow_error=warping_error(ours, own.forward, own.visible),
                true_error=warping_error(truth, true.forward, true.visible),
            )


class MotionCurveMeasure(ClipMeasure):
    """Mean speed in pixels a step, the truth's, and the distance of the two curves; that is undefined where nothing moves.

    Args:
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    def __init__(self, **synchronisation: Any) -> None:
        settings = {"frames": "all", "mean": "steps, clips", **DIS}
        protocol = MeasureProtocol(measure="motion-curve", version="1", settings=settings)
        super().__init__(
            protocol=protocol,
            numbers=("curve_distance", "speed_px", "true_speed_px"),
            **synchronisation,
        )

    def update(self, ours: Float[Tensor, "t c h w"], truth: Float[Tensor, "_ _ _ _"]) -> None:
        """Measure one clip.

        Raises:
            ShapeError: The two differ in shape, or are no clips.
            InputError: There are fewer than two frames, or one holds a number that is not finite or out of range.
        """
        with self._next_clip():
            check_pair(ours, truth, at_least=2)
            curve, true = pace.motion_curve(ours), pace.motion_curve(truth)
            moves = bool(true.sum() > 0)
            self._keep(
                curve_distance=pace.curve_distance(curve, true) if moves else math.nan,
                speed_px=curve.mean(),
                true_speed_px=true.mean(),
            )


class PaceMeasure(ClipMeasure):
    """Part of the steps in which ours stands still while the truth moves, and in which it jumps (`metrics.temporal.pace`).

    Args:
        synchronisation: Options of `torchmetrics.Metric` for several processes.
    """

    higher_is_better = False

    def __init__(self, **synchronisation: Any) -> None:
        settings = {
            "frames": "all",
            "held_share": pace.HELD_SHARE,
            "jump": pace.JUMP,
            "mean": "steps, clips",
            "moves": pace.MOVES,
        }
        protocol = MeasureProtocol(measure="pace", version="1", settings=settings)
        super().__init__(protocol=protocol, numbers=("held", "jumping"), **synchronisation)

    def update(self, ours: Float[Tensor, "t c h w"], truth: Float[Tensor, "_ _ _ _"]) -> None:
        """Measure one clip.

        Raises:
            ShapeError: The two differ in shape, or are no clips.
            InputError: There are fewer than two frames, or one holds a number that is not finite or out of range.
        """
        with self._next_clip():
            check_pair(ours, truth, at_least=2)
            self._keep(
                held=pace.held_steps(ours, truth).double().mean(),
                jumping=pace.jumping_steps(ours, truth).double().mean(),
            )
