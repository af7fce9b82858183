import math

import pytest
import torch

from toontween.interpolators.ops.steerable import SteerablePyramid


def rebuild(pyramid: SteerablePyramid, picture: torch.Tensor) -> torch.Tensor:
    spectrum = torch.fft.fft2(picture)
    total = spectrum * (pyramid.high_pass + pyramid.low_pass)
    for level in pyramid.levels:
        mask = pyramid.mask(level)
        pyramid.add_synthesis(total, pyramid.analyse(spectrum, level, mask), level, mask)
    return torch.fft.ifft2(total).real


@pytest.mark.parametrize("orientations", [2, 8])
@pytest.mark.parametrize(
    ("height", "width", "levels"), [(64, 96, 9), (33, 47, 5), (37, 1, 0), (16, 50, 3)]
)
def test_synthesis_undoes_analysis(height, width, levels, orientations):
    pyramid = SteerablePyramid(height, width, num_levels=levels, num_orientations=orientations)
    picture = torch.rand(height, width, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(rebuild(pyramid, picture), picture, atol=1e-5, rtol=0)


def test_coarser_levels_are_smaller():
    pyramid = SteerablePyramid(64, 96, num_levels=9)
    widths = [len(level.columns) for level in pyramid.levels]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 96 / 3


def test_a_wave_is_told_by_one_direction_and_moves_its_phase():
    pyramid = SteerablePyramid(64, 64, num_levels=8)
    level = pyramid.levels[4]
    columns = torch.arange(64.0).expand(64, 64)
    turn = 2 * math.pi * 8 / 64
    mask = pyramid.mask(level)
    here, moved = (
        pyramid.analyse(torch.fft.fft2(torch.cos(turn * (columns - shift))), level, mask)
        for shift in (0, 1)
    )
    assert int(here.abs().sum(dim=(1, 2)).argmax()) == 0
    difference = (moved[0] * here[0].conj()).angle()
    torch.testing.assert_close(difference, torch.full_like(difference, -turn), atol=1e-4, rtol=0)
