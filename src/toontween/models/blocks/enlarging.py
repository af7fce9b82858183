"""Drawings at the keys' own size from drawings made smaller: the keys' pixels, found where the small drawings say.

A model draws at the size it was trained for, keys are often larger. Enlarging softens every line, though most lines stand in the
keys, sharp, at the same place or a little away. So the enlarged drawing is matched with the keys made small and
enlarged in the same way, which are as soft as it is, and the pixels are taken from the keys as they are. Where no place fits,
the enlarged drawing stays.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from toontween.errors import ShapeError
from toontween.models.blocks.key_matching import KeyMatching, draw_with_keys


@torch.no_grad()
def enlarge_with_keys(
    drawings: Float[Tensor, "n 3 h w"],
    keys: Float[Tensor, "k 3 y x"],
    *,
    small_keys: Float[Tensor, "k 3 h w"] | None = None,
    matching: KeyMatching | None = None,
) -> Float[Tensor, "n 3 y x"]:
    """Drawings between two keys, at the keys' size.

    Args:
        drawings: In −1…1, of the keys' shape but smaller; each by itself, so memory is that of one.
        keys: The first and the last key in −1…1, whole.
        small_keys: The keys as they were shown to the model; area averages when None.
        matching: A decoder's, to judge what fits; without it the differences alone do.

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
    sharp, soft = (
        pair.transpose(0, 1)[None] for pair in (keys, enlarged(small_keys, height, width))
    )
    drawn = []
    for drawing in drawings.split(1):
        picture = enlarged(drawing, height, width)
        if matching is None:
            drawn.append(draw_with_keys(picture, sharp, soft))
        else:
            drawn.append(matching(picture, None, sharp, soft))
    return torch.cat(drawn)


def enlarged(
    pictures: Float[Tensor, "n 3 h w"], height: int, width: int
) -> Float[Tensor, "n 3 y x"]:
    """Pictures in −1…1 made larger softly."""
    return F.interpolate(pictures, (height, width), mode="bicubic", align_corners=False).clamp(
        -1, 1
    )
