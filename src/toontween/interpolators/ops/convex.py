"""Enlarging a flow with learned weights.

Teed and Deng, RAFT (ECCV 2020), section 3.3, "Upsampling": each fine value is a convex combination of the nine coarse
values around it.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def convex_upsample(
    flow: Float[Tensor, "b c h w"], mask: Float[Tensor, "b _ h w"], *, factor: int = 8
) -> Float[Tensor, "b c _ _"]:
    """A flow `factor` times as large, in pixels of the larger size.

    Args:
        flow: What is enlarged, in pixels of its own size.
        mask: Logarithms of the weights, 9·factor² channels: by neighbour (rows of three), then by fine row and column.
        factor: How many times as large.
    """
    batch, channels, height, width = flow.shape
    weights = mask.reshape(batch, 1, 9, factor, factor, height, width).softmax(dim=2)
    around = F.unfold(factor * flow, 3, padding=1)
    around = around.reshape(batch, channels, 9, 1, 1, height, width)
    fine = torch.sum(weights * around, dim=2)
    fine = fine.permute(0, 1, 4, 2, 5, 3)
    return fine.reshape(batch, channels, factor * height, factor * width)
