"""Measures of how a clip moves."""

from toontween.errors import InputError
from toontween.evaluation.measures.base import Better, ClipMeasure, Observation
from toontween.evaluation.measures.weights import MeasureWeights
from toontween.metrics.motion import share_of_true_motion
from toontween.metrics.protocol import MeasureProtocol


def motion_share_measure(_: MeasureWeights) -> ClipMeasure:
    """How much of the true motion is there, at the right time and place; a clip that stands still has no such share."""

    def value(seen: Observation) -> float:
        try:
            return share_of_true_motion(seen.tensor, seen.truth.tensor)
        except InputError:
            if bool((seen.truth.tensor.diff(dim=0) == 0).all()):
                return float("nan")
            raise

    return ClipMeasure(
        name="motion",
        title="share of motion",
        better=Better.NEAR_ONE,
        protocol=MeasureProtocol(measure="motion", version="1", settings={"frames": "all"}),
        value=value,
    )
