"""A tiny autoencoder whose weights are all random, so that nothing is hidden by a zero; and inputs for it."""

from typing import Any

import torch
from torch import Tensor

from toontween.models.dual_reference import DecoderVariant
from toontween.models.vae import AutoencoderKLDualReference, References, pair_references

SIDE_PX = (16, 24)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def build(variant: DecoderVariant = "full", **options: Any) -> AutoencoderKLDualReference:
    """A network whose weights are all random, so that nothing is hidden by a zero."""
    network = AutoencoderKLDualReference(
        base_channels=8,
        num_res_blocks=1,
        norm_groups=4,
        reference_heads=2,
        reference_head_dim=4,
        decoder_variant=variant,
        **options,
    )
    stream = generator(1)
    with torch.no_grad():
        for parameter in network.parameters():
            fan_in = max(1, parameter[0].numel())
            noise = torch.randn(parameter.shape, generator=stream) / fan_in**0.5
            parameter.copy_(noise if parameter.dim() > 1 else 0.5 + 0.3 * noise)
    return network.eval()


def pixels(count: int, seed: int = 2) -> Tensor:
    return torch.rand((count, 3, *SIDE_PX), generator=generator(seed)) * 2 - 1


def latents(batch: int, num_frames: int, seed: int = 3) -> Tensor:
    size = (batch, 4, num_frames, SIDE_PX[0] // 8, SIDE_PX[1] // 8)
    return torch.randn(size, generator=generator(seed))


@torch.no_grad()
def references(network: AutoencoderKLDualReference, batch: int) -> References:
    return pair_references(network.encode(pixels(2 * batch)).reference_features)


@torch.no_grad()
def change(tensor: Tensor | None, *, plus: float = 0.0, times: float = 1.0) -> None:
    """Change a parameter in place."""
    assert tensor is not None
    tensor.mul_(times).add_(plus)
