"""Pictures as premultiplied tensors, the form in which transparent drawings may be blended and moved.

Colour of a fully transparent pixel counts for nothing on the way in and is black on the way out.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from toontween.interpolators.base import Picture


def to_layer(picture: Picture) -> Float[Tensor, "c h w"]:
    """A picture as a tensor of its own memory, its colour multiplied by its alpha."""
    layer = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1), dtype=np.float32))
    if layer.shape[0] == 3:
        return layer.clone()
    return torch.cat([layer[:3] * layer[3:], layer[3:]])


def to_picture(layer: Float[Tensor, "c h w"]) -> Picture:
    """A premultiplied tensor as a picture with straight alpha, clipped to 0…1."""
    if layer.shape[0] == 4:
        alpha = layer[3:].clamp(0, 1)
        colour = torch.where(alpha > 0, layer[:3] / alpha.clamp(min=1e-12), 0)
        layer = torch.cat([colour, alpha])
    return np.ascontiguousarray(layer.clamp(0, 1).permute(1, 2, 0).numpy())
