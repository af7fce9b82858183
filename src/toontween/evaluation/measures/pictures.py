"""Measures of single pictures: the mean over a clip's in-betweens."""

from toontween.evaluation.measures.base import Better, ClipMeasure, Observation
from toontween.evaluation.measures.weights import MeasureWeights
from toontween.metrics.frame import EIGHT_BIT_MSE_FLOOR, psnr, ssim
from toontween.metrics.protocol import MeasureProtocol

INBETWEENS = "in-betweens"


def psnr_measure(_: MeasureWeights) -> ClipMeasure:
    """Peak signal-to-noise ratio, dB. A drawing that is exactly right counts as 68.13 dB, for infinity has no mean."""

    def value(seen: Observation) -> float:
        ours, truth = seen.tensor[1:-1], seen.truth.tensor[1:-1]
        return float(psnr(ours, truth, mse_floor=EIGHT_BIT_MSE_FLOOR).mean())

    return ClipMeasure(
        name="psnr",
        title="PSNR dB",
        better=Better.HIGHER,
        protocol=MeasureProtocol(
            measure="psnr",
            version="1",
            settings={
                "frames": INBETWEENS,
                "range": "0…1 of 8 bits",
                "mean": "of dB",
                "most": "68.13 dB",
            },
        ),
        value=value,
        digits=2,
    )


def ssim_measure(_: MeasureWeights) -> ClipMeasure:
    """Structural similarity."""

    def value(seen: Observation) -> float:
        return float(ssim(seen.tensor[1:-1], seen.truth.tensor[1:-1]).mean())

    return ClipMeasure(
        name="ssim",
        title="SSIM",
        better=Better.HIGHER,
        protocol=MeasureProtocol(
            measure="ssim",
            version="1",
            settings={
                "frames": INBETWEENS,
                "window": "Gaussian 11×11 σ 1.5, valid",
                "colour": "RGB",
            },
        ),
        value=value,
        digits=4,
    )
