"""Weights and frames that depend on names alone, for SqueezeNet without its released weights."""

import zlib

import numpy as np
import torch

from toontween.metrics.perceptual import SqueezeNetFeatures


def array_by_rule(tag: str, shape: tuple[int, ...]) -> np.ndarray:
    """Standard-normal numbers that depend on the tag and the shape alone."""
    random = np.random.RandomState(zlib.crc32(tag.encode()))
    return random.standard_normal(int(np.prod(shape))).astype(np.float32).reshape(shape)


def frames_by_rule(tag: str, shape: tuple[int, int, int]) -> torch.Tensor:
    """Frames of 16×16 squares in random colours, rounded to 8 bits."""
    levels = np.clip(0.5 + 0.2 * array_by_rule(tag, (*shape, 3)), 0, 1)
    frames = np.round(255 * levels).astype(np.uint8).repeat(16, 1).repeat(16, 2)
    return torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255


def weights_by_rule() -> dict[str, np.ndarray]:
    """He-scaled noise under the network's own names."""
    shapes = {name: tuple(t.shape) for name, t in SqueezeNetFeatures().state_dict().items()}
    return {
        name: array_by_rule(name, shape)
        * np.float32((2 / np.prod(shape[1:])) ** 0.5 if len(shape) > 1 else 0.05)
        for name, shape in shapes.items()
    }
