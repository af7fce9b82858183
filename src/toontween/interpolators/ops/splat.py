"""Forward warping (splatting): every pixel is carried along its flow and shared among the four pixels it lands between.

Softmax splatting weighs what lands on one place by the exponential of a metric, so that the pixel with the larger
metric wins (Niklaus and Liu, "Softmax Splatting for Video Frame Interpolation", CVPR 2020, equations 3-7). Plain
scatter-adds, differentiable in the values, the flow and the metric. Flow that is not finite carries nothing.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def splat_sum(
    values: Float[Tensor, "b c h w"], flow: Float[Tensor, "b 2 h w"]
) -> Float[Tensor, "b c h w"]:
    """Add up what lands on each pixel: summation splatting.

    Args:
        values: What is carried.
        flow: Where to, in pixels: (right, down).

    Returns:
        Sums of the values' shape; zero where nothing lands.
    """
    batch, channels, height, width = values.shape
    target_x, target_y, finite = _targets(flow)
    left, top = target_x.detach().floor(), target_y.detach().floor()
    total = values.new_zeros(batch, channels, height * width)
    for step_y in (0, 1):
        for step_x in (0, 1):
            x, y = left + step_x, top + step_y
            share = (1 - (target_x - x).abs()) * (1 - (target_y - y).abs())
            inside = finite & (x >= 0) & (x < width) & (y >= 0) & (y < height)
            share = torch.where(inside, share, 0).to(values.dtype)
            # whole numbers: float32 cannot count the pixels of a picture beyond 2^24
            row, column = y.clamp(0, height - 1).long(), x.clamp(0, width - 1).long()
            index = (row * width + column).flatten(1)
            carried = (values * share[:, None]).flatten(2)
            total = total.scatter_add(2, index[:, None].expand_as(carried), carried)
    return total.unflatten(2, (height, width))


def softmax_splat(
    values: Float[Tensor, "b c h w"],
    flow: Float[Tensor, "b 2 h w"],
    metric: Float[Tensor, "b 1 h w"],
) -> tuple[Float[Tensor, "b c h w"], Float[Tensor, "b 1 h w"]]:
    """Splat values weighted by the exponential of a metric.

    The two parts are handed back undivided, so that several splats can be blended before dividing; the picture is
    `sums / weights` wherever something landed.

    Args:
        values: What is carried.
        flow: Where to, in pixels: (right, down).
        metric: Importance of each pixel: the difference of two metrics is the logarithm of the ratio of their
            weights. Keep it below about 80 in float32.

    Returns:
        The weighted sums and the sums of the weights; both zero where nothing lands.
    """
    weight = metric.exp()
    landed = splat_sum(torch.cat([values * weight, weight], dim=1), flow)
    return landed[:, :-1], landed[:, -1:]


def _targets(flow: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Landing places (x, y) of every pixel, and where they are finite; others are moved far outside."""
    height, width = flow.shape[2:]
    columns = torch.arange(width, dtype=flow.dtype, device=flow.device)
    rows = torch.arange(height, dtype=flow.dtype, device=flow.device)
    finite = torch.isfinite(flow).all(dim=1)
    flow = torch.where(finite[:, None], flow, 0)
    return flow[:, 0] + columns, flow[:, 1] + rows[:, None], finite
