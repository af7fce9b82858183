"""Where the blocks of one picture are found in another, from coarse to fine, without anything learned.

Block matching as video coding has it to compensate motion, and in the decoder alone, as decoder-side motion vector refinement
(VVC, ITU-T H.266) has it: both pictures are known there, so no motion is transmitted. Flat drawings have many places that fit
equally well; of those the nearest is taken.
"""

import itertools

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

_WINDOW = (-2, 0, 2)
"""Rows and columns of the nine pixels around a place that are compared, at every scale."""

_SMALLEST_SIDE_PX = 24
"""The shorter side at the coarsest scale is at least so long."""

_COARSEST_SCALE = 64
_FIRST_RADIUS = 6
"""Places looked at in each direction at the coarsest scale: a sixth of the side or more."""

_FINE_RADII = {1: 1, 2: 2}
_RADIUS = 2
"""Corrections looked at at a finer scale, unless `_FINE_RADII` has another number for it."""

_COST_OF_MOVING = 0.004
"""Difference of colours that a move of eight pixels must gain; four times the move, twice the gain."""


@torch.no_grad()
def match_blocks(
    pictures: Float[Tensor, "n 3 h w"], others: Float[Tensor, "n 3 h w"]
) -> tuple[Int[Tensor, "n 2 h w"], Float[Tensor, "n 1 h w"]]:
    """For every pixel of the pictures, how many rows and columns away the others have what surrounds it.

    Returns:
        The moves, and the mean absolute difference within the square there, summed over the colours.
    """
    scale = _coarsest_scale(min(pictures.shape[2:]))
    move = cost = None
    while scale:
        ours, theirs = (F.avg_pool2d(x, scale) if scale > 1 else x for x in (pictures, others))
        if move is None:
            move = torch.zeros_like(ours[:, :2], dtype=torch.long)
            radius = _FIRST_RADIUS
        else:
            doubled = F.interpolate(2.0 * move, scale_factor=2.0)
            rows, columns = (
                side - small for side, small in zip(ours.shape[2:], doubled.shape[2:], strict=True)
            )
            move = F.pad(doubled, (0, columns, 0, rows), mode="replicate").long()
            radius = _FINE_RADII.get(scale, _RADIUS)
        move, cost = _best_near(ours, theirs, move, radius=radius, scale=scale)
        scale //= 2
    assert move is not None and cost is not None  # noqa: S101, PT018  the scale is at least 1
    return move, cost


def moved(
    pictures: Float[Tensor, "n c h w"],
    move: Int[Tensor, "n 2 *k h w"],
    *,
    beside: tuple[int, int] = (0, 0),
) -> Float[Tensor, "n c *k h w"]:
    """For every pixel, the one that lies `beside` it, from where the pixel's own move points.

    Outside the pictures the edge's pixels go on.
    """
    height, width = pictures.shape[2:]
    rows, columns = _indices(height, beside[0], move), _indices(width, beside[1], move)
    rows, columns = rows[:, None] + move[:, 0], columns + move[:, 1]
    places = rows.clamp_(0, height - 1) * width + columns.clamp_(0, width - 1)
    wanted = places.flatten(1)[:, None].expand(-1, pictures.shape[1], -1)
    return pictures.flatten(2).gather(2, wanted).unflatten(2, places.shape[1:])


def _best_near(
    ours: Tensor, theirs: Tensor, move: Tensor, *, radius: int, scale: int
) -> tuple[Tensor, Tensor]:
    steps = torch.arange(-radius, radius + 1, device=ours.device)
    around = torch.stack(torch.meshgrid(steps, steps, indexing="ij")).flatten(1)
    tried = move[:, :, None] + around[None, :, :, None, None]
    still = torch.zeros_like(move)
    difference = torch.zeros_like(tried[:, 0], dtype=ours.dtype)
    for beside in itertools.product(_WINDOW, _WINDOW):
        wanted = moved(ours, still, beside=beside)[:, :, None]
        difference += (wanted - moved(theirs, tried, beside=beside)).abs_().sum(1)
    difference /= len(_WINDOW) ** 2
    far = tried.abs().sum(1).mul(scale / 8).sqrt_()
    best = (difference + _COST_OF_MOVING * far).argmin(1, keepdim=True)
    chosen = tried.gather(2, best[:, None].expand(-1, 2, -1, -1, -1)).squeeze(2)
    return chosen, difference.gather(1, best)


def _indices(length: int, beside: int, like: Tensor) -> Tensor:
    return (torch.arange(length, device=like.device) + beside).clamp_(0, length - 1)


def _coarsest_scale(side: int) -> int:
    scale = 1
    while 2 * scale <= _COARSEST_SCALE and side // (2 * scale) >= _SMALLEST_SIDE_PX:
        scale *= 2
    return scale
