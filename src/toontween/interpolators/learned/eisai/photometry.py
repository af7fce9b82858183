"""How well two drawings agree along a flow, measured in CIE L*a*b* with the constants of the published method.

`interpolators.ops.lab` follows the standard to more digits than the published method does; a and b differ by up to
0.005 between the two, which is why the published constants stand here.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

XYZ_FROM_RGB = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
"""CIE XYZ of the linear sRGB primaries."""

WHITE = (0.95047, 1.0, 1.08883)
"""CIE XYZ of white, D65."""

METRIC_SCALE = 0.1
"""Splatting weighs a pixel by exp(−0.1 · colour difference)."""

_BLACK = 0.008856
_SLOPE, _OFFSET = 7.787, 4 / 29


def rgb_to_lab(rgb: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    """Display-referred sRGB in 0…1 as L* in 0…100 with a* and b*."""
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb.clamp(min=0) + 0.055) / 1.055) ** 2.4)
    xyz = torch.einsum("ij,bjhw->bihw", rgb.new_tensor(XYZ_FROM_RGB), linear)
    relative = xyz / rgb.new_tensor(WHITE)[:, None, None]
    roots = relative.clamp(min=_BLACK) ** (1 / 3)
    x, y, z = torch.where(relative > _BLACK, roots, _SLOPE * relative + _OFFSET).unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def fetch_along(
    values: Float[Tensor, "b c h w"], flow: Float[Tensor, "b 2 h w"]
) -> Float[Tensor, "b c h w"]:
    """Backward warping with the grid of the published method.

    Unlike `interpolators.ops.warp.backwarp`, the first and the last pixel are numbered as if their centres were the
    picture's borders, but sampled as if they were not: a flow of zero shrinks the picture about its centre by
    (size − 1)/size, half a pixel at the borders. The published weights were trained with it.

    Args:
        values: What is fetched; edges are repeated outside.
        flow: Where from, in pixels: (right, down).
    """
    height, width = values.shape[2:]
    columns = torch.linspace(-1, 1, width, dtype=flow.dtype, device=flow.device)
    rows = torch.linspace(-1, 1, height, dtype=flow.dtype, device=flow.device)
    x = columns + 2 * flow[:, 0] / width
    y = rows[:, None] + 2 * flow[:, 1] / height
    grid = torch.stack([x, y], dim=-1)
    return F.grid_sample(values, grid, mode="bilinear", padding_mode="border", align_corners=False)


def agreement(
    here: Float[Tensor, "b 3 h w"], there: Float[Tensor, "b 3 h w"], flow: Float[Tensor, "b 2 h w"]
) -> Float[Tensor, "b 1 h w"]:
    """The splatting metric of each pixel: 0 where the colours at both ends of its flow agree, else negative.

    Args:
        here: The picture the flow lives on, RGB in 0…1.
        there: The picture it points into.
        flow: In pixels: (right, down).
    """
    difference = rgb_to_lab(here) - fetch_along(rgb_to_lab(there), flow)
    return -METRIC_SCALE * difference.norm(dim=1, keepdim=True)
