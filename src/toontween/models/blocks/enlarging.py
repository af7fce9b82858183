"""Drawings at the keys' own size from drawings made smaller: the keys' pixels, found where the small drawings say.

A model draws at the size it was trained for, keys are often larger. Enlarging softens every line, though most lines stand in the
keys, sharp, at the same place or a little away. So the enlarged drawing is matched with the keys made small and
enlarged in the same way, which are as soft as it is, and the pixels are taken from the keys as they are. Nothing is learned;
where no place fits, the enlarged drawing stays.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from toontween.errors import ShapeError
from toontween.models.blocks.matching import match_blocks, moved

TRUST, DOUBT, CHOICE = 5.0, 12.0, 50.0
"""Logits of the copy's share where it fits exactly, less by a unit of difference, and of the key that fits less well."""


@torch.no_grad()
def enlarge_with_keys(
    drawings: Float[Tensor, "n 3 h w"],
    keys: Float[Tensor, "k 3 y x"],
    *,
    small_keys: Float[Tensor, "k 3 h w"] | None = None,
) -> Float[Tensor, "n 3 y x"]:
    """Drawings between two keys, at the keys' size.

    Args:
        drawings: In −1…1, of the keys' shape but smaller; each by itself, so memory is that of one.
        keys: The first and the last key in −1…1, whole.
        small_keys: The keys as they were shown to the model; area averages when None.

    Raises:
        ShapeError: There are not two keys, or the keys are smaller than the drawings.
    """
    height, width = keys.shape[2:]
    if len(keys) != 2:
        raise ShapeError(f"{len(keys)} keys given; drawings stand between two")
    if height < drawings.shape[2] or width < drawings.shape[3]:
        raise ShapeError(
            f"keys of {width}×{height} pixels are smaller than drawings of "
            f"{drawings.shape[3]}×{drawings.shape[2]}"
        )
    if small_keys is None:
        small_keys = F.interpolate(keys, drawings.shape[2:], mode="area")
    soft_keys = _enlarged(small_keys, height, width)
    return torch.cat([_with_keys(one, keys, soft_keys) for one in drawings.split(1)])


def _with_keys(drawing: Tensor, keys: Tensor, soft_keys: Tensor) -> Tensor:
    soft = _enlarged(drawing, *keys.shape[2:])
    found, costs = [], []
    for key, soft_key in zip(keys.split(1), soft_keys.split(1), strict=True):
        move, cost = match_blocks(soft, soft_key)
        found.append(moved(key, move))
        costs.append(cost)
    share = (TRUST - DOUBT * torch.minimum(*costs)).sigmoid()
    side = (CHOICE * (costs[0] - costs[1])).sigmoid()
    return torch.lerp(soft, torch.lerp(found[0], found[1], side), share)


def _enlarged(pictures: Tensor, height: int, width: int) -> Tensor:
    return F.interpolate(pictures, (height, width), mode="bicubic", align_corners=False).clamp(
        -1, 1
    )
