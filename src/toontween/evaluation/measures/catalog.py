"""Every measure by name: the columns of a table.

The measures themselves, and what decides their values, are in `toontween.metrics`; here they get the names that people
type, and are taken of one clip at a time. Measures of one family look at a clip once.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from toontween.evaluation.measures import drawings, networks
from toontween.evaluation.measures.base import Better, ClipMeasure, Measure
from toontween.evaluation.measures.family import Build, number_of
from toontween.evaluation.measures.weights import MeasureWeights
from toontween.metrics.video.features import PROTOCOLS
from toontween.registry import Registry

HIGHER, LOWER, NEAR_ZERO, NEAR_ONE = Better


@dataclass(frozen=True, slots=True)
class Entry:
    """One measure of clips."""

    title: str
    better: Better
    digits: int
    build: Build
    """The family, given the networks."""

    number: str
    """Which of the family's numbers."""


_CLIP: Mapping[str, Entry] = {
    "psnr": Entry("PSNR dB", HIGHER, 2, drawings.psnr, "psnr_db"),
    "ssim": Entry("SSIM", HIGHER, 4, drawings.ssim, "ssim"),
    "cpbd": Entry("CPBD", HIGHER, 4, drawings.cpbd, "cpbd"),
    "cpbd-matlab": Entry("CPBD (MATLAB)", HIGHER, 4, drawings.cpbd_matlab, "cpbd"),
    "chamfer": Entry("chamfer", LOWER, 5, drawings.lines, "chamfer"),
    "chamfer-drawn": Entry("chamfer, drawn lines", LOWER, 5, drawings.drawn_lines, "chamfer"),
    "line-ratio": Entry("ink kept", NEAR_ONE, 3, drawings.lines, "line_ratio"),
    "line-precision": Entry("line precision", HIGHER, 3, drawings.lines, "precision"),
    "line-recall": Entry("line recall", HIGHER, 3, drawings.lines, "recall"),
    "palette-drift": Entry("off palette", LOWER, 4, drawings.flat_colours, "drifted"),
    "flat-noise": Entry("flat noise", LOWER, 3, drawings.flat_colours, "noise"),
    "motion": Entry("share of motion", NEAR_ONE, 3, drawings.motion_share, "motion_share"),
    "flicker": Entry("flicker difference", NEAR_ZERO, 4, drawings.flicker, "difference"),
    "warping-error": Entry("warping error", LOWER, 5, drawings.warping, "error"),
    "own-warping-error": Entry("own warping error", LOWER, 5, drawings.warping, "own_flow_error"),
    "motion-curve": Entry("motion curve", LOWER, 3, drawings.motion_curve, "curve_distance"),
    "held": Entry("held steps", LOWER, 3, drawings.pace, "held"),
    "jumping": Entry("jumping steps", LOWER, 3, drawings.pace, "jumping"),
    "first-key": Entry("first key dB", HIGHER, 2, drawings.end_frames, "first_db"),
    "last-key": Entry("last key dB", HIGHER, 2, drawings.end_frames, "last_db"),
    "distance": Entry("distance", LOWER, 4, networks.squeezenet, "distance"),
    "lpips-alex": Entry("LPIPS (AlexNet)", LOWER, 4, networks.LPIPS["alex"], "lpips"),
    "lpips-vgg": Entry("LPIPS (VGG)", LOWER, 4, networks.LPIPS["vgg"], "lpips"),
    "lpips-squeeze": Entry("LPIPS (SqueezeNet)", LOWER, 4, networks.LPIPS["squeeze"], "lpips"),
    "clip-img": Entry("CLIP-img", HIGHER, 4, networks.clip_images, "clip_img"),
    "clip-txt": Entry("CLIP-txt", HIGHER, 4, networks.clip_captions, "clip_txt"),
}

_SETS: Mapping[str, networks.BuildSet] = {
    "frechet": networks.squeezenet_frechet,
    "fvd": networks.fvd("lvdm"),
    "kvd": networks.kvd,
    **{f"fvd-{name}": networks.fvd(name) for name in PROTOCOLS if name != "lvdm"},
}

MEASURES = Registry("measure", dict.fromkeys((*_CLIP, *_SETS), ""))
"""Names of all measures."""

OFFLINE = tuple(name for name, entry in _CLIP.items() if entry.build not in networks.FAMILIES)
"""Measures that need no network."""

DEFAULT = ("psnr", "ssim", "cpbd", "chamfer", "palette-drift", "motion", "flicker")
"""What is measured when nothing is said: no network, one or two of each kind."""


@functools.lru_cache(maxsize=128)
def build_measure(name: str, weights: tuple[tuple[str, str], ...] = ()) -> Measure:
    """A measure, kept for the next clip of this process.

    Args:
        name: One of `MEASURES`.
        weights: Name → path of networks, as pairs.

    Raises:
        UnknownNameError: There is no such measure.
        UnavailableError: Its network is not here; the hint says how to get it.
        CheckpointError: A file is not what it should be.
    """
    MEASURES[name]
    networks_here = MeasureWeights({key: Path(path) for key, path in weights})
    if name in _SETS:
        return _SETS[name](networks_here)
    entry = _CLIP[name]
    family = entry.build(networks_here)
    return ClipMeasure(
        name=name,
        title=entry.title,
        better=entry.better,
        digits=entry.digits,
        protocol=family.protocol,
        value=number_of(family, entry.number),
    )
