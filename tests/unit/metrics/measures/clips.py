"""One small drawn clip and what can go wrong with it, for the tests of the measures."""

import torch

from tests.unit.metrics.toon_frames import toon_clip
from toontween.metrics.clips import to_frames

HEIGHT, WIDTH = 64, 96


def truth(num_frames: int = 6) -> torch.Tensor:
    """Frames (t, 3, h, w) of a disc and a rectangle that move."""
    return to_frames(list(toon_clip(num_frames, HEIGHT, WIDTH)))


def grainy(frames: torch.Tensor, sigma: float, *, seed: int = 0) -> torch.Tensor:
    """The frames with Gaussian noise of so many 8-bit levels."""
    noise = torch.randn(frames.shape, generator=torch.Generator().manual_seed(seed))
    return (frames + noise * (sigma / 255)).clamp(0, 1)
