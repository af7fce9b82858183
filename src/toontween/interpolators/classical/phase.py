"""Phase: local phases of a steerable pyramid are moved instead of pixels. No flow, no training, small motions only.

After Meyer, Wang, Zimmer, Grosse and Sorkine-Hornung, "Phase-Based Frame Interpolation for Video", CVPR 2015:
pyramid of 8 orientations and 4 levels an octave in L*a*b* (section 4), phase differences corrected from coarse to fine
and limited (sections 3.2, equations 6-11), amplitudes and low-pass blended, high-pass taken from the nearer key.
Written from the paper's description alone.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor
from torch.nn import functional as F

from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Timing,
)
from toontween.interpolators.checks import (
    check_memory,
    check_number,
    check_request,
    check_whole_number,
    override,
)
from toontween.interpolators.classical.premultiplied import to_layer, to_picture
from toontween.interpolators.ops.lab import lab_to_rgb, rgb_to_lab
from toontween.interpolators.ops.steerable import SteerablePyramid

LEVELS_PER_OCTAVE = 4
MAX_LEVELS = 23
BYTES_PER_PIXEL = 1110
"""Peak memory measured at 1920×1080, the drawings not counted."""

COARSEST_SIDE_PX = 15
"""The pyramid ends where the shorter side would be smaller than this."""

MAX_SPECTRUM_ELEMENTS = 2**26
"""Fourier coefficients accumulated at once (512 MiB); more times are drawn in several passes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhaseSettings:
    """Settings of method `phase`.

    Raises:
        InputError: A value is out of range.
    """

    num_orientations: int = 8
    """Directions in which motion is told apart, 2…16."""

    shift_limit: float = 0.4
    """Largest phase difference trusted at the coarsest level, as a share of π, 0…1."""

    def __post_init__(self) -> None:
        check_whole_number("num_orientations", self.num_orientations, at_least=2, at_most=16)
        check_number("shift_limit", self.shift_limit, at_least=0.0, at_most=1.0)


class PhaseInterpolator(Interpolator):
    """Moves local phases from the first key's to the last's.

    Args:
        num_orientations: See `PhaseSettings`.
        shift_limit: See `PhaseSettings`.

    Raises:
        InputError: A value is out of range.
    """

    name = "phase"
    capabilities = Capabilities(timing=Timing.ANY_TIME, alpha=True)

    def __init__(self, *, num_orientations: int = 8, shift_limit: float = 0.4) -> None:
        self._settings = PhaseSettings(num_orientations=num_orientations, shift_limit=shift_limit)

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """Pictures whose phases lie between the keys'; alpha is moved as a fourth channel.

        Raises:
            InputError: An option is unknown or out of range, or the request has a prompt or sketches.
        """
        check_request(self, request)
        check_memory(self.name, request, bytes_per_pixel=BYTES_PER_PIXEL)
        settings = override(self._settings, request.options, method=self.name)
        planes = [_to_planes(to_layer(key)) for key in (request.first, request.last)]
        drawings = []
        for planes_between in _move_phases(planes[0], planes[1], request.times, settings):
            drawings.append(to_picture(_to_layer(planes_between)))
            if request.progress is not None:
                request.progress(len(drawings), len(request.times))
        return InbetweenResult(drawings=drawings, details={"settings": asdict(settings)})


def _to_planes(layer: Float[Tensor, "c h w"]) -> Float[Tensor, "c h w"]:
    return torch.cat([rgb_to_lab(layer[:3]), layer[3:]])


def _to_layer(planes: Float[Tensor, "c h w"]) -> Float[Tensor, "c h w"]:
    return torch.cat([lab_to_rgb(planes[:3]), planes[3:]])


def num_levels(height_px: int, width_px: int) -> int:
    """Levels of the pyramid: down to `COARSEST_SIDE_PX`, `MAX_LEVELS` at most, none for tiny pictures."""
    octaves = math.log2(min(height_px, width_px) / COARSEST_SIDE_PX)
    return min(MAX_LEVELS, max(0, math.ceil(octaves * LEVELS_PER_OCTAVE)))


def _move_phases(
    first: Float[Tensor, "c h w"],
    last: Float[Tensor, "c h w"],
    times: Sequence[float],
    settings: PhaseSettings,
) -> Iterator[Float[Tensor, "c h w"]]:
    height, width = first.shape[1:]
    pyramid = SteerablePyramid(
        height,
        width,
        num_levels=num_levels(height, width),
        num_orientations=settings.num_orientations,
        levels_per_octave=LEVELS_PER_OCTAVE,
    )
    spectra = torch.fft.fft2(first), torch.fft.fft2(last)
    at_once = max(1, MAX_SPECTRUM_ELEMENTS // first.numel())
    for start in range(0, len(times), at_once):
        some = times[start : start + at_once]
        between = [_blend_residuals(pyramid, *spectra, time) for time in some]
        _add_levels(pyramid, spectra, dict(zip(some, between, strict=True)), settings.shift_limit)
        for spectrum in between:
            yield torch.fft.ifft2(spectrum).real


def _blend_residuals(
    pyramid: SteerablePyramid,
    first: Complex[Tensor, "c h w"],
    last: Complex[Tensor, "c h w"],
    time: float,
) -> Complex[Tensor, "c h w"]:
    """Low-pass blended, high-pass of the nearer key: both have no usable phase."""
    nearer = first if time <= 0.5 else last
    return pyramid.low_pass * first.lerp(last, time) + pyramid.high_pass * nearer


def _add_levels(
    pyramid: SteerablePyramid,
    keys: tuple[Complex[Tensor, "c h w"], Complex[Tensor, "c h w"]],
    between: Mapping[float, Complex[Tensor, "c h w"]],
    shift_limit: float,
) -> None:
    """Add every level's moved phases to the spectra of the times, from coarse to fine."""
    num_channels = keys[0].shape[0]
    coarser: list[Tensor | None] = [None] * num_channels
    for finer_by, level in enumerate(reversed(pyramid.levels)):
        mask = pyramid.mask(level)
        largest = shift_limit * math.pi * pyramid.scale**finer_by
        for channel in range(num_channels):
            first, last = (pyramid.analyse(key[channel], level, mask) for key in keys)
            first_size, last_size = first.abs(), last.abs()
            last_phase = last.angle()
            difference = _wrap(last_phase - first.angle())
            corrected = _correct_shift(difference, coarser[channel], pyramid.scale, largest)
            coarser[channel] = corrected
            # Whole turns only: both ends keep their exact phases.
            difference = corrected + _wrap(difference - corrected)
            for time, spectrum in between.items():
                phase = last_phase + (time - 1) * difference
                moved = torch.polar(first_size.lerp(last_size, time), phase)
                pyramid.add_synthesis(spectrum[channel], moved, level, mask)


def _correct_shift(
    difference: Float[Tensor, "o h w"],
    coarser: Tensor | None,
    scale: float,
    largest: float,
) -> Float[Tensor, "o h w"]:
    """Make a level's phase differences follow the coarser level's where they disagree or are too large.

    Args:
        difference: Wrapped phase differences.
        coarser: The next coarser level's corrected differences; None at the coarsest.
        scale: Ratio of the two levels' frequencies: the same motion turns the finer phase this much more.
        largest: Largest difference trusted, in radians.
    """
    if coarser is None:
        return torch.where(difference.abs() > largest, 0, difference)
    size = (difference.shape[1], difference.shape[2])
    expected = scale * F.interpolate(coarser[None], size=size, mode="bilinear")[0]
    surprise = _wrap(difference - expected)
    unwrapped = expected + surprise
    untrusted = (surprise.abs() > math.pi / 2) | (unwrapped.abs() > largest)
    return torch.where(untrusted, expected, unwrapped)


def _wrap(phase: Tensor) -> Tensor:
    """The same angles within −π…π."""
    return phase - 2 * math.pi * torch.round(phase / (2 * math.pi))
