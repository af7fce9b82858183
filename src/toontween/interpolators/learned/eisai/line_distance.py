"""Normalised distance to the nearest line, which tells the networks where lines are without their thickness.

Lines are found by a difference of Gaussians; the exact Euclidean distance to them is turned into 1 − exp(−distance ·
36 / longer side), 0 on a line and towards 1 far from all (Chen and Zwicker, "Improving the Perceptual Quality of 2D
Animation Interpolation", ECCV 2022).
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

LUMA = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in grey."""

SIGMA_PER_HEIGHT = 1 / 540
"""Narrower Gaussian's width for each pixel of the picture's height: one pixel at 540."""

BROADER = 1.6
"""How much broader the other Gaussian is."""

CONTRAST = 2.0
"""Factor of the difference of the two before it is compared."""

LEAST_CONTRAST = 0.01
"""Differences (after the factor) must exceed this to be a line."""

STEEPNESS = 36.0
"""Decay of the exponential along the picture's longer side."""


def line_distance(pictures: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1 h w"]:
    """Normalised distance to the nearest line, in 0…1, of pictures in 0…1.

    A picture without any line has its diagonal for distance everywhere.
    """
    height, width = pictures.shape[2:]
    squared = squared_distance(find_lines(pictures))
    return 1 - torch.exp(-squared.sqrt() * STEEPNESS / max(height, width))


def find_lines(pictures: Float[Tensor, "b 3 h w"]) -> Bool[Tensor, "b 1 h w"]:
    """Where the broader of two Gaussians of the grey picture is the brighter one: thin and dark.

    The picture's border is repeated outside.
    """
    luma = pictures.new_tensor(LUMA)[:, None, None]
    grey = (pictures * luma).sum(dim=1, keepdim=True)
    sigma = pictures.shape[2] * SIGMA_PER_HEIGHT
    difference = _blur(grey, BROADER * sigma) - _blur(grey, sigma)
    return CONTRAST * difference - LEAST_CONTRAST > 0


def squared_distance(lines: Bool[Tensor, "b 1 h w"]) -> Float[Tensor, "b 1 h w"]:
    """Exact squared Euclidean distance, in pixels, of every pixel to the nearest line of its picture.

    Distances along rows first, then the least of `row distance² + steps²` over all steps along the column; steps end
    when no longer one can help. The same on every device. A picture without lines has its squared diagonal.
    """
    height, width = lines.shape[2:]
    farthest = height**2 + width**2
    along = _distance_along_rows(lines)
    row_squared = torch.where(along < width, along**2, farthest)
    nearest = row_squared
    for step in range(1, height):
        if step % 8 == 1 and step**2 >= int(
            nearest.max()
        ):  # rarely: reading a number waits for the device
            break
        moved = row_squared + step**2
        below = F.pad(moved[:, :, step:], (0, 0, 0, step), value=farthest)
        above = F.pad(moved[:, :, :-step], (0, 0, step, 0), value=farthest)
        nearest = torch.minimum(nearest, torch.minimum(below, above))
    return nearest.to(torch.float32)


def _distance_along_rows(lines: Bool[Tensor, "b 1 h w"]) -> Int[Tensor, "b 1 h w"]:
    """Pixels to the nearest line of the same row, `width` or more where there is none."""
    width = lines.shape[3]
    columns = torch.arange(width, dtype=torch.int32, device=lines.device)
    left = torch.where(lines, columns, -width).cummax(dim=3).values
    right = torch.where(lines, columns, 2 * width).flip(3).cummin(dim=3).values.flip(3)
    return torch.minimum(columns - left, right - columns)


def _blur(grey: Float[Tensor, "b 1 h w"], sigma: float) -> Float[Tensor, "b 1 h w"]:
    """Gaussian of four standard deviations to either side, at least one pixel."""
    radius = max(int(4 * sigma), 1)
    offsets = torch.arange(-radius, radius + 1, dtype=grey.dtype, device=grey.device)
    weights = torch.exp(-(offsets**2) / (2 * sigma**2))
    weights = (weights / weights.sum())[None, None]
    padded = F.pad(grey, (radius,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, weights[..., None, :]), weights[..., None])
