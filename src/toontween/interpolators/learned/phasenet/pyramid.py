"""The pyramid PhaseNet works on: two levels an octave, four orientations, squares only.

It is the steerable pyramid of `ops.steerable` with three differences, all of which a trained network depends on. Level k's
side is round(side · 2^(−k/2)). Low-passes are applied one after another on the way down, as in the recursive construction
(Simoncelli and Freeman, ICIP 1995; Portilla and Simoncelli, IJCV 2000, appendix), so that level k's squared mask is
(1 − L(r_{k+1})) · L(r_0) ⋯ L(r_k), with L a squared low-pass and r_k = 2^(−k/2); these, the high-pass 1 − L(r_0) and the
low-pass L(r_0) ⋯ L(r_n) of n levels add up to one. And coefficients are turned by (−i)^(orientations − 1), as those of
derivatives of that order are there, which shifts all phases by a quarter turn.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from toontween.errors import ShapeError
from toontween.interpolators.learned.phasenet.network import Band, Decomposition
from toontween.interpolators.ops.steerable import Level, SteerablePyramid, low_pass_power

NUM_ORIENTATIONS = 4
LEVELS_PER_OCTAVE = 2

COARSEST_SIDE_PX = 8
"""Side of the low-pass residual: the pyramid ends three octaves above one pixel."""

_FEWEST_LEVELS = 2
_TURN = (-1j) ** (NUM_ORIENTATIONS - 1)


def square_side(size_px: int) -> int:
    """Side of the smallest square that holds a picture of that longer side: a power of √2, to the nearest pixel."""
    num_levels = _FEWEST_LEVELS
    while _side(num_levels) < size_px:
        num_levels += 1
    return _side(num_levels)


def _side(num_levels: int) -> int:
    return round(COARSEST_SIDE_PX * 2 ** (num_levels / LEVELS_PER_OCTAVE))


class HalfOctavePyramid(SteerablePyramid):
    """Splits square planes into a low-pass residual and levels; what is finer than all levels is lost.

    There are 2 (log₂ side − 3) levels, the coarsest of 11 pixels, and a low-pass residual of 8.

    Args:
        side_px: Side of the planes, one that `square_side` gives.

    Raises:
        ShapeError: It is not one of those.
    """

    def __init__(self, side_px: int) -> None:
        if side_px != square_side(side_px):
            raise ShapeError(
                f"a pyramid of two levels an octave cannot have a side of {side_px} pixels",
                hint=f"put the planes into a square of {square_side(side_px)}",
            )
        self.side_px = side_px
        num_levels = round(LEVELS_PER_OCTAVE * math.log2(side_px / COARSEST_SIDE_PX))
        super().__init__(
            side_px,
            side_px,
            num_levels=num_levels,
            num_orientations=NUM_ORIENTATIONS,
            levels_per_octave=LEVELS_PER_OCTAVE,
        )
        self.cutoffs = [self.scale**-k for k in range(num_levels + 1)]
        """Radii at which the low-passes end, from fine to coarse; 1 is Nyquist."""
        bins = [lowest_bins(side_px, round(side_px * cutoff)) for cutoff in self.cutoffs]
        self.levels = [
            Level(kept, kept, cutoff) for kept, cutoff in zip(bins, self.cutoffs, strict=True)
        ]
        self.residual = self.levels.pop()
        """The low-pass residual's place in the spectrum."""
        self.low_pass = self._passed(self._radius, self.residual)

    def power(self, radius: Float[Tensor, "h w"], level: Level) -> Float[Tensor, "h w"]:
        """The level's squared mask: what all low-passes so far let through and the next one does not."""
        coarser = low_pass_power(radius, level.cutoff / self.scale)
        return self._passed(radius, level) * (1 - coarser)

    def decompose(self, planes: Float[Tensor, "b s s"]) -> Decomposition:
        """Low-pass residual, phases and amplitudes of planes of the pyramid's side."""
        spectra = torch.fft.fft2(planes)
        low = torch.fft.ifft2(self._crop_all(spectra) * self._residual_mask(planes)).real
        bands: list[Band] = []
        for level in reversed(self.levels):
            mask = self.mask(level).to(planes.device)
            found = torch.stack([self.analyse(one, level, mask) for one in spectra]) * _TURN
            bands.append(Band(phases=found.angle(), amplitudes=found.abs()))
        return Decomposition(low=low[:, None], bands=tuple(bands))

    def recompose(self, parts: Decomposition) -> Float[Tensor, "b s s"]:
        """The planes with those parts and nothing in the high-pass."""
        low = parts.low[:, 0]
        shape = (len(low), self.side_px, self.side_px)
        spectra = torch.zeros(shape, dtype=torch.complex64, device=low.device)
        rows, columns = self.residual.rows[:, None], self.residual.columns[None, :]
        spectra[:, rows, columns] = torch.fft.fft2(low) * self._residual_mask(low)
        for level, band in zip(reversed(self.levels), parts.bands, strict=True):
            mask = self.mask(level).to(low.device)
            coefficients = torch.polar(band.amplitudes, band.phases) / _TURN
            for spectrum, found in zip(spectra, coefficients, strict=True):
                self.add_synthesis(spectrum, found, level, mask)
        return torch.fft.ifft2(spectra).real

    def _passed(self, radius: Tensor, level: Level) -> Tensor:
        """Share of the power that the low-passes down to a level let through."""
        passed = torch.ones_like(radius)
        for cutoff in self.cutoffs:
            if cutoff >= level.cutoff:
                passed = passed * low_pass_power(radius, cutoff)
        return passed

    def _crop_all(self, spectra: Tensor) -> Tensor:
        return spectra[:, self.residual.rows[:, None], self.residual.columns[None, :]]

    def _residual_mask(self, like: Tensor) -> Tensor:
        return self._crop(self.low_pass, self.residual).sqrt().to(like)


def lowest_bins(size: int, count: int) -> Tensor:
    """Indices of a spectrum's `count` lowest frequencies, in the order of the small transform.

    An even number has one negative frequency more than positive ones, as transforms of even length do.
    """
    positive = (count + 1) // 2
    return torch.cat([torch.arange(positive), torch.arange(size - (count - positive), size)])
