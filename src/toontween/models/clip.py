"""The two CLIP towers: which outputs the method reads, and how a picture is brought to the image tower.

The towers themselves are those of transformers. The text tower is built without its last block, so that its final
norm acts on the penultimate features; the image tower's tokens are taken before its last norm. Both differ from how
CLIP is normally read.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor
from transformers import CLIPTextModel, CLIPVisionModel

from toontween.errors import ShapeError

MEAN = (0.48145466, 0.4578275, 0.40821073)
"""CLIP's mean of red, green and blue in 0…1."""

STD = (0.26862954, 0.26130258, 0.27577711)
"""CLIP's standard deviation of red, green and blue in 0…1."""


def text_features(tower: CLIPTextModel, ids: Int[Tensor, "b n"]) -> Float[Tensor, "b n d"]:
    """Features of every token. Attention is causal; padding is attended to like any token."""
    return tower(input_ids=ids).last_hidden_state


def image_features(
    tower: CLIPVisionModel, pictures: Float[Tensor, "b 3 h w"]
) -> Float[Tensor, "b n d"]:
    """Features of the class token and every patch of pictures in −1…1, of any size.

    Raises:
        ShapeError: The tower was configured for pictures that are not square.
    """
    side = tower.config.image_size
    if not isinstance(side, int):
        raise ShapeError(f"an image tower for {side} pixels; only squares are supported")
    pixels = clip_pixels(pictures, size_px=side)
    return tower(pixel_values=pixels.to(tower.dtype)).last_hidden_state


def clip_pixels(
    pictures: Float[Tensor, "b 3 h w"], *, size_px: int = 224
) -> Float[Tensor, "b 3 s s"]:
    """Squash pictures in −1…1 to a square and normalise them as CLIP expects.

    The aspect ratio is not kept. Sides longer than the square are blurred against aliasing, then both are sampled
    bicubically with the corner pixels kept in the corners.
    """
    pixels = _blur_before_shrinking(pictures.float(), size_px)
    pixels = F.interpolate(pixels, size=(size_px, size_px), mode="bicubic", align_corners=True)
    mean = torch.tensor(MEAN, device=pixels.device).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=pixels.device).view(1, 3, 1, 1)
    return ((pixels + 1) / 2 - mean) / std


def _blur_before_shrinking(pixels: Tensor, size_px: int) -> Tensor:
    """Separable Gaussian; the strength of each axis follows from how much that axis shrinks.

    When one side shrinks the other is blurred too, with a spread so small that it hardly matters.
    """
    factors = (pixels.shape[-2] / size_px, pixels.shape[-1] / size_px)
    if max(factors) <= 1:
        return pixels
    kernels = [_gaussian(factor, pixels.device) for factor in factors]
    pad_y, pad_x = (len(kernel) // 2 for kernel in kernels)
    padded = F.pad(pixels, (pad_x, pad_x, pad_y, pad_y), mode="reflect")
    channels = pixels.shape[1]
    rows = kernels[0].view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    columns = kernels[1].view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    return F.conv2d(F.conv2d(padded, rows, groups=channels), columns, groups=channels)


def _gaussian(factor: float, device: torch.device) -> Tensor:
    """Weights ∝ exp(−x²/2σ²) with σ = (factor − 1)/2, over an odd number of pixels near 4σ."""
    sigma = max((factor - 1) / 2, 0.001)
    length = math.floor(max(4 * sigma, 3))
    length += 1 - length % 2
    offsets = torch.arange(length, dtype=torch.float32, device=device) - length // 2
    weights = torch.exp(-offsets.square() / (2 * sigma**2))
    return weights / weights.sum()
