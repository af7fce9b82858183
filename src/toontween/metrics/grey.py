"""Colour frames as grey ones, by the weights of ITU-R BT.601 on gamma-coded values: 0.299, 0.587, 0.114."""

import numpy as np
import torch
from einops import einsum
from jaxtyping import Float, Float64, UInt8
from torch import Tensor

GREY_WEIGHTS = (0.299, 0.587, 0.114)

FIXED_POINT = (19595, 38470, 7471)
"""The same weights times 65536, as Pillow's mode `L` has them."""


def to_grey(frames: Float[Tensor, "t c h w"]) -> Float64[Tensor, "t h w"]:
    """Grey frames in 0…1; those of one channel are taken as they are."""
    if frames.shape[1] == 1:
        return frames[:, 0].double()
    weights = torch.tensor(GREY_WEIGHTS, dtype=torch.float64, device=frames.device)
    return einsum(frames.double(), weights, "t c h w, c -> t h w")


def to_grey_levels(frames: Float[Tensor, "t c h w"]) -> UInt8[np.ndarray, "t h w"]:
    """Grey levels 0…255 as Pillow's mode `L` gives them for frames rounded to 8 bits."""
    levels = (frames.detach().cpu().double() * 255).round().clamp(0, 255).numpy().astype(np.int64)
    if levels.shape[1] == 1:
        return levels[:, 0].astype(np.uint8)
    red, green, blue = (weight * levels[:, i] for i, weight in enumerate(FIXED_POINT))
    weighted = red + green + blue
    return ((weighted + 0x8000) >> 16).astype(np.uint8)
