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
_BESIDE = tuple(itertools.product(_WINDOW, _WINDOW))
"""Rows and columns of the nine pixels around a place that are compared, at every scale."""

_SMALLEST_SIDE_PX = 24
"""The shorter side at the coarsest scale is at least so long."""

_COARSEST_SCALE = 64
_FIRST_RADIUS = 7
"""Places looked at in each direction at the coarsest scale: a seventh of the side or more."""

_RADIUS, _FINE_RADIUS = 2, 1
"""Corrections looked at at finer scales, and at scales 2 and 1."""

_SETTLED = 0.004
"""Difference at which a pixel looks no further: a sixth of a level of eight bits in each colour."""

_AT_ONCE = 2**17
"""Pixels looked at together, so that intermediate results stay small."""

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
    move, cost = _first_moves(*_at_scale(scale, pictures, others), scale=scale)
    while scale > 1:
        scale //= 2
        ours, theirs = _at_scale(scale, pictures, others)
        radius = _FINE_RADIUS if scale <= 2 else _RADIUS
        move, cost = _best_near(ours, theirs, _doubled(move, ours), radius=radius, scale=scale)
    return move, cost


@torch.no_grad()
def difference_at_rest(
    pictures: Float[Tensor, "n 3 h w"], others: Float[Tensor, "n 3 h w"]
) -> Float[Tensor, "n 1 h w"]:
    """What not moving at all costs every pixel, as `match_blocks` counts it."""
    difference = (pictures - others).abs_().sum(1, keepdim=True)
    return torch.stack([_shifted(difference, beside) for beside in _BESIDE]).mean(0)


def moved(
    pictures: Float[Tensor, "n c h w"], move: Int[Tensor, "n 2 *k h w"]
) -> Float[Tensor, "n c *k h w"]:
    """For every pixel, the one where its move points; outside the pictures the edge's pixels go on."""
    return _taken(pictures, _places(move, pictures.shape[2], pictures.shape[3]))


def _first_moves(ours: Tensor, theirs: Tensor, *, scale: int) -> tuple[Tensor, Tensor]:
    """The same moves are tried everywhere, so pictures shifted as a whole will do."""
    radius, (height, width) = _FIRST_RADIUS, ours.shape[2:]
    around = F.pad(theirs, (radius,) * 4, mode="replicate")
    shifted = around.unfold(2, height, 1).unfold(3, width, 1).flatten(2, 3)
    difference = (ours[:, :, None] - shifted).abs_().sum(1)
    difference = torch.stack([_shifted(difference, beside) for beside in _BESIDE]).mean(0)
    tried = _around(radius, ours.device)[None, :, :, None, None].expand(
        len(ours), -1, -1, height, width
    )
    return _cheapest(tried, difference, scale=scale)


def _best_near(
    ours: Tensor, theirs: Tensor, move: Tensor, *, radius: int, scale: int
) -> tuple[Tensor, Tensor]:
    """The moves, corrected in place: every pixel tries its own, each with all that lies beside it; where it stands well, none."""
    beside, there = _with_surroundings(ours), _with_surroundings(theirs)
    width = ours.shape[3]
    cost = torch.empty_like(ours[:, 0])
    tried = _around(radius, ours.device)
    for sample, (seen, found) in enumerate(zip(beside, there, strict=True)):
        rows, columns = move[sample].flatten(1)  # views: what is found is written into the moves
        at = torch.arange(len(seen), device=ours.device)
        paid = _differences(seen, found, at, rows, columns, width)
        restless = (paid > _SETTLED).nonzero().squeeze(1)
        for part in restless.split(_AT_ONCE):
            down, right = (x[part, None] + y for x, y in zip((rows, columns), tried, strict=True))
            prices = torch.stack(
                [
                    _differences(seen, found, part, down[:, i], right[:, i], width)
                    for i in range(tried.shape[1])
                ],
                dim=1,
            )
            far = (down.abs() + right.abs()).mul(scale / 8).sqrt_()
            best = (prices + _COST_OF_MOVING * far).argmin(1, keepdim=True)
            rows[part], columns[part] = down.gather(1, best)[:, 0], right.gather(1, best)[:, 0]
            paid[part] = prices.gather(1, best)[:, 0]
        cost[sample] = paid.view_as(cost[sample])
    return move, cost.unsqueeze(1)


def _with_surroundings(pictures: Tensor) -> Tensor:
    """Every pixel's square as one row of numbers, so that a place is looked up once for all of it."""
    squares = torch.stack([_shifted(pictures, beside) for beside in _BESIDE], dim=-1)
    return squares.permute(0, 2, 3, 1, 4).flatten(1, 2).flatten(2)


def _differences(
    seen: Tensor, found: Tensor, at: Tensor, down: Tensor, right: Tensor, width: int
) -> Tensor:
    """What moving the pixels `at` costs them, a stretch at a time."""
    height = len(seen) // width
    prices = []
    for pixels, rows, columns in zip(
        at.split(_AT_ONCE), down.split(_AT_ONCE), right.split(_AT_ONCE), strict=True
    ):
        row = (pixels // width + rows).clamp_(0, height - 1)
        column = (pixels % width + columns).clamp_(0, width - 1)
        there = found[row.mul_(width).add_(column)]
        prices.append((seen[pixels] - there).abs_().sum(1) / len(_BESIDE))
    return torch.cat(prices)


def _cheapest(tried: Tensor, difference: Tensor, *, scale: int) -> tuple[Tensor, Tensor]:
    far = tried.abs().sum(1).mul(scale / 8).sqrt_()
    best = (difference + _COST_OF_MOVING * far).argmin(1, keepdim=True)
    chosen = tried.gather(2, best[:, None].expand(-1, 2, -1, -1, -1)).squeeze(2)
    return chosen, difference.gather(1, best)


def _places(move: Tensor, height: int, width: int) -> Tensor:
    rows = torch.arange(height, device=move.device)[:, None] + move[:, 0]
    columns = torch.arange(width, device=move.device) + move[:, 1]
    return rows.clamp_(0, height - 1).mul_(width).add_(columns.clamp_(0, width - 1))


def _taken(pictures: Tensor, places: Tensor) -> Tensor:
    wanted = places.flatten(1)[:, None].expand(-1, pictures.shape[1], -1)
    return pictures.flatten(2).gather(2, wanted).unflatten(2, places.shape[1:])


def _shifted(pictures: Tensor, beside: tuple[int, int]) -> Tensor:
    height, width = pictures.shape[2:]
    reach = max(_WINDOW)
    around = F.pad(pictures, (reach,) * 4, mode="replicate")
    top, left = reach + beside[0], reach + beside[1]
    return around[..., top : top + height, left : left + width]


def _around(radius: int, device: torch.device) -> Tensor:
    steps = torch.arange(-radius, radius + 1, device=device)
    return torch.stack(torch.meshgrid(steps, steps, indexing="ij")).flatten(1)


def _at_scale(scale: int, *pictures: Tensor) -> tuple[Tensor, ...]:
    return tuple(F.avg_pool2d(one, scale) if scale > 1 else one for one in pictures)


def _doubled(move: Tensor, like: Tensor) -> Tensor:
    """Moves of half the size for pictures like those; a row or column may be missing there."""
    larger = F.interpolate(2.0 * move, scale_factor=2.0)
    rows, columns = like.shape[2] - larger.shape[2], like.shape[3] - larger.shape[3]
    return F.pad(larger, (0, columns, 0, rows), mode="replicate").long()


def _coarsest_scale(side: int) -> int:
    scale = 1
    while 2 * scale <= _COARSEST_SCALE and side // (2 * scale) >= _SMALLEST_SIDE_PX:
        scale *= 2
    return scale
