"""A complex steerable pyramid in the Fourier plane, with any number of levels an octave.

Level k passes radii (1 = Nyquist) below r_k = 2^(−k / levels per octave); its squared mask is the difference of two
squared low-passes whose raised-cosine flanks are one octave wide, so that all squared masks sum to one and analysis
followed by synthesis gives the picture back. Orientations are powers of a cosine on a half-plane, which makes the
coefficients analytic: amplitude and phase along one direction (Simoncelli and Freeman, ICIP 1995; Portilla and
Simoncelli, IJCV 2000).
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Level:
    """One scale of the pyramid: which Fourier coefficients it uses."""

    rows: Tensor
    """Indices into the whole spectrum's rows, in the order of the small transform."""

    columns: Tensor
    """Indices into the whole spectrum's columns, in the order of the small transform."""

    cutoff: float
    """Radius above which the level passes nothing; 1 is Nyquist."""


class SteerablePyramid:
    """Splits spectra of one size into a high-pass, oriented levels and a low-pass.

    Args:
        height_px: Height of the pictures.
        width_px: Width of the pictures.
        num_levels: Scales between the high-pass and the low-pass, from fine to coarse; may be 0.
        num_orientations: Directions a level is split into.
        levels_per_octave: Levels for each halving of the scale.
    """

    def __init__(
        self,
        height_px: int,
        width_px: int,
        *,
        num_levels: int,
        num_orientations: int = 8,
        levels_per_octave: int = 4,
    ) -> None:
        self.num_orientations = num_orientations
        self.scale = 2 ** (1 / levels_per_octave)
        frequencies_y = 2 * torch.fft.fftfreq(height_px)[:, None]
        frequencies_x = 2 * torch.fft.fftfreq(width_px)[None, :]
        self._radius = torch.hypot(frequencies_y, frequencies_x)
        self._angle = torch.atan2(frequencies_y, frequencies_x.expand_as(self._radius))
        cutoffs = [self.scale**-k for k in range(num_levels + 1)]
        self.levels = [
            Level(_bins_below(height_px, cutoff), _bins_below(width_px, cutoff), cutoff)
            for cutoff in cutoffs[:-1]
        ]
        self.high_pass = 1 - low_pass_power(self._radius, cutoffs[0])
        """Share of each Fourier coefficient that is finer than every level."""
        self.low_pass = low_pass_power(self._radius, cutoffs[-1])
        """Share of each Fourier coefficient that is coarser than every level."""

    def mask(self, level: Level) -> Complex[Tensor, "o h w"]:
        """The level's masks, one an orientation; used for analysis and again for synthesis.

        They are real, but complex numbers are multiplied by complex ones without a copy.
        """
        power = self.power(self._crop(self._radius, level), level)
        directions = torch.arange(self.num_orientations) * (math.pi / self.num_orientations)
        order = self.num_orientations - 1
        lobes = torch.cos(self._crop(self._angle, level) - directions[:, None, None]).clamp(min=0)
        total = self.num_orientations * math.comb(2 * order, order) / 4**order
        return (lobes**order * (power.clamp(min=0) / total).sqrt()).to(torch.complex64)

    def power(self, radius: Float[Tensor, "h w"], level: Level) -> Float[Tensor, "h w"]:
        """The level's squared mask over all directions, at some radii."""
        finer = low_pass_power(radius, level.cutoff)
        return finer - low_pass_power(radius, level.cutoff / self.scale)

    def analyse(
        self, spectrum: Complex[Tensor, "h w"], level: Level, mask: Complex[Tensor, "o m n"]
    ) -> Complex[Tensor, "o m n"]:
        """The level's analytic coefficients of a picture whose Fourier transform is given."""
        return torch.fft.ifft2(self._crop(spectrum, level) * mask)

    def add_synthesis(
        self,
        spectrum: Complex[Tensor, "h w"],
        coefficients: Complex[Tensor, "o m n"],
        level: Level,
        mask: Complex[Tensor, "o m n"],
    ) -> None:
        """Add what coefficients stand for to a spectrum, in place.

        Only one half-plane is written, doubled: the picture is the real part of the inverse transform.
        """
        part = 2 * (torch.fft.fft2(coefficients) * mask).sum(dim=0)
        spectrum[level.rows[:, None], level.columns[None, :]] += part

    @staticmethod
    def _crop(plane: Tensor, level: Level) -> Tensor:
        return plane[level.rows[:, None], level.columns[None, :]]


def low_pass_power(radius: Tensor, cutoff: float) -> Tensor:
    """Squared low-pass: 1 below half the cutoff, 0 above it, a raised cosine of the logarithm between."""
    octaves = torch.log2(radius.clamp(min=1e-6) * (2 / cutoff)).clamp(0, 1)
    return torch.cos(octaves * (math.pi / 2)) ** 2


def _bins_below(size: int, cutoff: float) -> Tensor:
    """Indices of the Fourier coefficients below a cutoff, as the order of a transform of quick length."""
    highest = math.ceil(cutoff * size / 2) - 1
    length = 2 * max(highest, 0) + 1
    while length < size and not _is_quick(length):
        length += 1
    if length >= size:
        return torch.arange(size)
    half = (length + 1) // 2
    return torch.cat([torch.arange(half), torch.arange(size - (length - half), size)])


def _is_quick(length: int) -> bool:
    """Whether a length is a product of 2, 3 and 5 only, for which Fourier transforms are quick."""
    for factor in (2, 3, 5):
        while length % factor == 0:
            length //= factor
    return length == 1
