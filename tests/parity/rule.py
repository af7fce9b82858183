"""Weights and inputs by rule, so that parity needs no weights file.

Two independent sets of numbers were measured on the published implementation, each with its own rule. A value depends
only on the published name and the shape; NumPy's legacy stream is frozen, so it is the same on every machine.
"""

import math
import zlib

import numpy as np
import torch
from torch import Tensor


def array_by_rule(tag: str, shape: tuple[int, ...], scale: float = 1.0) -> np.ndarray:
    """Normal float32 numbers, seeded by the CRC-32 of a tag."""
    stream = np.random.RandomState(zlib.crc32(tag.encode()))
    count = int(np.prod(shape, dtype=np.int64))
    return (stream.standard_normal(count) * scale).astype(np.float32).reshape(shape)


def weight_by_rule(name: str, shape: tuple[int, ...], salt: str = "") -> np.ndarray:
    """First set: the tensor of that name in the published checkpoint, prefix included."""
    leaf = name.rsplit(".", 1)[-1]
    if leaf == "mix_factor":
        return 0.5 + array_by_rule(salt + name, shape, 0.3)
    if len(shape) >= 2:
        spread = 0.3 if _is_embedding(name, leaf) else 1.0 / math.sqrt(math.prod(shape[1:]))
        return array_by_rule(salt + name, shape, spread)
    noise = array_by_rule(salt + name, shape, 0.1)
    return 1.0 + noise if leaf == "weight" else noise


def _is_embedding(name: str, leaf: str) -> bool:
    return "embedding" in name or leaf in {"latents", "text_projection", "proj"}


def fill_parity(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Second set: the tensor of that name in the published module, prefix excluded."""
    stream = np.random.RandomState(zlib.crc32(name.encode()) & 0x7FFFFFFF)
    noise = stream.standard_normal(shape) if shape else np.asarray(stream.standard_normal())
    if len(shape) >= 2:
        return (noise / math.sqrt(math.prod(shape[1:]))).astype(np.float32)
    if not shape or name.endswith("mix_factor"):
        return np.asarray(0.5 * noise, dtype=np.float32)
    if name.endswith("weight"):
        return (1.0 + 0.1 * noise).astype(np.float32)
    return (0.05 * noise).astype(np.float32)


def inp(seed: int, *shape: int) -> Tensor:
    """Second set: an input."""
    noise = np.random.RandomState(seed).standard_normal(shape)
    return torch.from_numpy(noise.astype(np.float32))
