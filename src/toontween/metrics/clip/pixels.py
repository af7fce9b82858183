"""Pictures as CLIP's own evaluation shows them to it; the model of this project squashes them instead, for other ends."""

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from toontween.errors import ShapeError

MEAN = (0.48145466, 0.4578275, 0.40821073)
"""CLIP's mean of red, green and blue in 0…1."""

STD = (0.26862954, 0.26130258, 0.27577711)
"""CLIP's standard deviation of red, green and blue in 0…1."""


def clip_pixels(
    pictures: Float[Tensor, "n c h w"], *, side_px: int = 224
) -> Float[Tensor, "n 3 {side_px} {side_px}"]:
    """Pictures in 0…1 resized, cropped and normalised, float32 on the CPU.

    Protocol (OpenAI's CLIP): rounded to eight bits, the shorter side to 224 pixels by PIL's antialiased bicubic filter,
    the middle square, CLIP's mean and deviation. Agrees with OpenAI's recipe to 3e-7.

    Args:
        pictures: RGB in 0…1.
        side_px: Side of the square that the network sees.

    Raises:
        ShapeError: The pictures are not RGB.
    """
    if pictures.shape[1] != 3:
        raise ShapeError(f"CLIP sees RGB, not {pictures.shape[1]} channels")
    levels = (pictures.float().cpu().clamp(0, 1) * 255).round().byte()
    squares = [_square(picture.permute(1, 2, 0).numpy(), side_px) for picture in levels]
    pixels = torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
    return (pixels - mean) / std


def _square(picture: np.ndarray, side_px: int) -> np.ndarray:
    """The middle square of a picture (h, w, 3) of eight bits whose shorter side became `side_px`."""
    height, width = picture.shape[:2]
    shorter = min(height, width)
    # the longer side is cut to a whole number, not rounded
    size = (int(side_px * width / shorter), int(side_px * height / shorter))
    resized = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)
    left, top = ((length - side_px) // 2 for length in size)
    return np.asarray(resized.crop((left, top, left + side_px, top + side_px)))
