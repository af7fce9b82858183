"""Pictures as premultiplied tensors, the form in which transparent drawings may be blended and moved.

Colour of a fully transparent pixel counts for nothing on the way in and is black on the way out.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from toontween.interpolators.base import Picture
from toontween.media.frames import premultiply, unpremultiply

INVISIBLE_ALPHA = 0.5 / 65535
"""Less than this rounds to fully transparent in every file format; its colour would be noise."""


def to_layer(picture: Picture) -> Float[Tensor, "c h w"]:
    """A picture as a tensor of its own memory, its colour multiplied by its alpha."""
    picture = picture.astype(np.float32)
    if picture.shape[2] == 4:
        picture = premultiply(picture)
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))


def to_picture(layer: Float[Tensor, "c h w"]) -> Picture:
    """A premultiplied tensor as a picture with straight alpha, clipped to 0…1."""
    picture = np.ascontiguousarray(layer.clamp(0, 1).permute(1, 2, 0).numpy())
    if picture.shape[2] == 3:
        return picture
    picture[picture[..., 3] < INVISIBLE_ALPHA] = 0
    return unpremultiply(picture)
