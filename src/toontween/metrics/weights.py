"""A short name for weights of which nothing else is known, so that numbers of two different files are never mixed."""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor

_LETTERS = 12


def weights_digest(tensors: Mapping[str, Tensor]) -> str:
    """Twelve letters that depend on every name, shape, type and value."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:_LETTERS]
