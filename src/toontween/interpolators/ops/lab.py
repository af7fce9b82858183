"""sRGB ↔ CIE L*a*b* (IEC 61966-2-1 and CIE 15, white point D65, 2° observer)."""

import torch
from jaxtyping import Float
from torch import Tensor

XYZ_FROM_RGB = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
"""CIE XYZ of the linear sRGB primaries; each row's sum is the white point."""

_DELTA = 6 / 29


def rgb_to_lab(rgb: Float[Tensor, "*b 3 h w"]) -> Float[Tensor, "*b 3 h w"]:
    """Display-referred sRGB in 0…1 as L* in 0…100 with a* and b*."""
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb.clamp(min=0) + 0.055) / 1.055) ** 2.4)
    matrix = rgb.new_tensor(XYZ_FROM_RGB)
    matrix = matrix / matrix.sum(dim=1, keepdim=True)
    x, y, z = _cube_root(torch.einsum("ij,...jhw->...ihw", matrix, linear)).unbind(-3)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=-3)


def lab_to_rgb(lab: Float[Tensor, "*b 3 h w"]) -> Float[Tensor, "*b 3 h w"]:
    """L*a*b* as display-referred sRGB; colours outside the gamut are clipped to 0…1."""
    lightness, a, b = lab.unbind(-3)
    y = (lightness + 16) / 116
    roots = torch.stack([y + a / 500, y, y - b / 200], dim=-3)
    relative = torch.where(roots > _DELTA, roots**3, 3 * _DELTA**2 * (roots - 4 / 29))
    matrix = lab.new_tensor(XYZ_FROM_RGB)
    matrix = torch.linalg.inv(matrix / matrix.sum(dim=1, keepdim=True))
    linear = torch.einsum("ij,...jhw->...ihw", matrix, relative).clamp(0, 1)
    return torch.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def _cube_root(ratio: Tensor) -> Tensor:
    """CIE's cube root with a straight line near black."""
    root = ratio.clamp(min=_DELTA**3) ** (1 / 3)
    return torch.where(ratio > _DELTA**3, root, ratio / (3 * _DELTA**2) + 4 / 29)
