"""How close single pictures are, pixel by pixel. Nothing is averaged over pictures here; report the mean of the values.

Values are computed in float64 on display-referred sRGB in 0…1, whatever the pictures' dtype.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from toontween.errors import ShapeError

SSIM_WINDOW = 11
"""Side of SSIM's Gaussian window, pixels."""

SSIM_SIGMA = 1.5
SSIM_K1, SSIM_K2 = 0.01, 0.03

EIGHT_BIT_MSE_FLOOR = 0.01 / 255**2
"""Floor of the mean squared error in the validation suite: identical pictures count as 68.13 dB."""


def psnr(
    ours: Float[Tensor, "n c h w"], truth: Float[Tensor, "_ _ _ _"], *, mse_floor: float = 0.0
) -> Float[Tensor, " n"]:
    """Peak signal-to-noise ratio of each picture, in dB.

    Protocol: range 1, one mean squared error over all channels and pixels of a picture. Papers report the mean over
    pictures of values without a floor; the validation suite uses `EIGHT_BIT_MSE_FLOOR` on pictures rounded to 8 bits.

    Args:
        ours: Pictures in 0…1.
        truth: What they should be.
        mse_floor: Smallest mean squared error counted; with 0 identical pictures give infinity.

    Raises:
        ShapeError: The two differ in shape.
    """
    check_alike(ours, truth)
    error = (ours.double() - truth.double()).square().mean(dim=(1, 2, 3))
    return -10 * torch.log10(error.clamp(min=mse_floor))


def ssim(ours: Float[Tensor, "n c h w"], truth: Float[Tensor, "_ _ _ _"]) -> Float[Tensor, " n"]:
    """Structural similarity of each picture, −1…1 (Wang et al., IEEE TIP 2004, equation 13).

    Protocol: 11×11 Gaussian window of σ 1.5, K 0.01 and 0.03, range 1, biased window variances, the valid region
    only, each channel by itself, then the mean. scikit-image's `structural_similarity` agrees with
    `gaussian_weights=True, sigma=1.5, use_sample_covariance=False`; torchmetrics averages padded borders too.

    Args:
        ours: Pictures in 0…1, at least 11 pixels a side.
        truth: What they should be.

    Raises:
        ShapeError: The two differ in shape, or are smaller than the window.
    """
    check_alike(ours, truth)
    if min(ours.shape[2:]) < SSIM_WINDOW:
        raise ShapeError(f"SSIM needs {SSIM_WINDOW} pixels a side, not {tuple(ours.shape[2:])}")
    x, y = ours.double(), truth.double()
    mean_x, mean_y = _window_mean(x), _window_mean(y)
    variance_x = _window_mean(x * x) - mean_x**2
    variance_y = _window_mean(y * y) - mean_y**2
    covariance = _window_mean(x * y) - mean_x * mean_y
    c1, c2 = SSIM_K1**2, SSIM_K2**2
    similarity = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    similarity = similarity / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2))
    return similarity.mean(dim=(1, 2, 3))


def check_alike(ours: Tensor, truth: Tensor) -> None:
    """Refuse to compare what differs in shape.

    Raises:
        ShapeError: The two differ in shape.
    """
    if ours.shape != truth.shape:
        raise ShapeError(f"{tuple(ours.shape)} cannot be compared with {tuple(truth.shape)}")


def _window_mean(planes: Tensor) -> Tensor:
    """Gaussian-weighted means over every window that lies wholly inside.

    A sum of shifted planes: more than three times as quick as a convolution in float64 on a CPU.
    """
    offsets = range(-(SSIM_WINDOW // 2), SSIM_WINDOW // 2 + 1)
    weights = [math.exp(-(offset**2) / (2 * SSIM_SIGMA**2)) for offset in offsets]
    weights = [weight / sum(weights) for weight in weights]
    for axis in (2, 3):
        length = planes.shape[axis] - SSIM_WINDOW + 1
        total = planes.narrow(axis, 0, length) * weights[0]
        for start, weight in enumerate(weights[1:], start=1):
            total.add_(planes.narrow(axis, start, length), alpha=weight)
        planes = total
    return planes
