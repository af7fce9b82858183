"""Backward warping: every pixel fetches its value from where its flow points."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def backwarp(
    values: Float[Tensor, "b c h w"], flow: Float[Tensor, "b 2 h w"]
) -> Float[Tensor, "b c h w"]:
    """Sample values bilinearly at each pixel's place plus its flow, edges repeated outside.

    Args:
        values: What is fetched.
        flow: Where from, in pixels: (right, down).
    """
    height, width = values.shape[2:]
    columns = torch.arange(width, dtype=flow.dtype, device=flow.device)
    rows = torch.arange(height, dtype=flow.dtype, device=flow.device)
    x = (2 * (flow[:, 0] + columns) + 1) / width - 1
    y = (2 * (flow[:, 1] + rows[:, None]) + 1) / height - 1
    grid = torch.stack([x, y], dim=-1)
    return F.grid_sample(values, grid, mode="bilinear", padding_mode="border", align_corners=False)
