"""What the README of common_metrics prints for black clips against white ones, as far as no weights are needed for it."""

import json
from pathlib import Path

import pytest
import torch

from toontween.metrics.frame import psnr, ssim

PUBLISHED = json.loads((Path(__file__).parent / "data" / "i3d_published.json").read_text())
BLACK, WHITE = torch.zeros(2, 3, 64, 64), torch.ones(2, 3, 64, 64)


def test_the_signal_to_noise_ratio_of_black_and_white_is_nothing():
    assert psnr(BLACK, WHITE).tolist() == pytest.approx([PUBLISHED["psnr"]] * 2, abs=1e-12)


def test_the_similarity_of_black_and_white_is_what_the_constants_leave():
    assert ssim(BLACK, WHITE).tolist() == pytest.approx([PUBLISHED["ssim"]] * 2, rel=1e-9)
