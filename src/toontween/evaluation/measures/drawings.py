"""Families that need no network."""

import functools
from collections.abc import Callable

from toontween.evaluation.measures.family import Accumulated, Build, Family, Shown
from toontween.evaluation.measures.weights import MeasureWeights
from toontween.metrics.line import LineRule
from toontween.metrics.measures import drawings, movement, pictures
from toontween.metrics.measures.base import ClipMeasure as Accumulator
from toontween.metrics.sharpness.cpbd import EdgeRule


def _family(name: str, make: Callable[[], Accumulator], shown: Shown = Shown.TRUTH) -> Build:
    @functools.lru_cache(maxsize=1)
    def made() -> Family:
        return Accumulated(name, make(), shown)

    def build(_: MeasureWeights) -> Family:
        return made()

    return build


psnr = _family("psnr", pictures.PsnrMeasure)
ssim = _family("ssim", pictures.SsimMeasure)
cpbd = _family("cpbd", pictures.CpbdMeasure, Shown.OURS)
cpbd_matlab = _family("cpbd-matlab", lambda: pictures.CpbdMeasure(rule=EdgeRule.MATLAB), Shown.OURS)
lines = _family("lines", drawings.LineMeasure)
drawn_lines = _family("drawn-lines", lambda: drawings.LineMeasure(rule=LineRule.DRAWN))
flat_colours = _family("flat-colours", drawings.FlatColourMeasure, Shown.KEYS)
end_frames = _family("end-frames", drawings.EndFrameMeasure, Shown.ENDS)
motion_share = _family("motion-share", movement.MotionShareMeasure)
flicker = _family("flicker", movement.FlickerMeasure)
warping = _family("warping", movement.WarpingMeasure)
motion_curve = _family("motion-curve", movement.MotionCurveMeasure)
pace = _family("pace", movement.PaceMeasure)
