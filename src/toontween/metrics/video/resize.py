"""How frames of any size become the 224×224 pixels of I3D; published scores differ in it, and so do their numbers."""

import math
from enum import StrEnum

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from toontween.metrics.video.i3d import SIDE_PX


class Resize(StrEnum):
    """A rule; the value is what reports print. No rule blurs against aliasing, as none of the published ones does."""

    TF1_STRETCH = "bilinear without half-pixel centres, stretched to 224×224"
    """TensorFlow 1's `resize_bilinear`, of the original: the pictures move by up to half a pixel."""

    STRETCH = "bilinear, stretched to 224×224"
    """Half-pixel centres, the aspect ratio not kept: TATS, LVDM, cd-fvd."""

    CROP = "bilinear, shorter side to 224, middle 224×224"
    """Half-pixel centres, the aspect ratio kept, what sticks out cut off: VideoGPT."""


def resize_frames(frames: Float[Tensor, "n c h w"], rule: Resize) -> Float[Tensor, "n c 224 224"]:
    """Frames in any range, resized."""
    if rule is Resize.TF1_STRETCH:
        return tf1_bilinear(frames, SIDE_PX, SIDE_PX)
    if rule is Resize.STRETCH:
        return _bilinear(frames, SIDE_PX, SIDE_PX)
    height, width = frames.shape[-2:]
    scale = SIDE_PX / min(height, width)
    tall, wide = SIDE_PX, math.ceil(width * scale)
    if height >= width:
        tall, wide = math.ceil(height * scale), SIDE_PX
    scaled = _bilinear(frames, tall, wide)
    top, left = (tall - SIDE_PX) // 2, (wide - SIDE_PX) // 2
    return scaled[..., top : top + SIDE_PX, left : left + SIDE_PX]


def tf1_bilinear(
    frames: Float[Tensor, "n c h w"], height: int, width: int
) -> Float[Tensor, "n c {height} {width}"]:
    """Bilinear as TensorFlow 1 had it: pixel i is sampled at i·(old/new), and the last row and column repeat."""
    for axis, size in ((2, height), (3, width)):
        old = frames.shape[axis]
        at = torch.arange(size, dtype=torch.float32, device=frames.device) * (old / size)
        before = at.floor().long().clamp(max=old - 1)
        after = (before + 1).clamp(max=old - 1)
        share = (at - before).to(frames.dtype).view((-1, 1) if axis == 2 else (-1,))
        lower, upper = frames.index_select(axis, before), frames.index_select(axis, after)
        frames = lower + (upper - lower) * share
    return frames


def _bilinear(frames: Tensor, height: int, width: int) -> Tensor:
    return F.interpolate(frames, (height, width), mode="bilinear", align_corners=False)
