"""What is random in a run: the starting latents and the noise of every step, drawn or given."""

from collections.abc import Callable, Sequence

import torch
from diffusers.utils.torch_utils import randn_tensor
from jaxtyping import Float
from torch import Tensor

from toontween.errors import InputError, ShapeError

Generators = torch.Generator | Sequence[torch.Generator] | None
"""One generator for all samples, one a sample, or torch's own."""

StepNoise = Callable[[int], Tensor]
"""Index of a step (0 is the first) → its noise, the latents' shape."""


def check_generators(generator: Generators, *, batch: int) -> None:
    """Refuse a list of generators for another number of samples.

    Raises:
        InputError: There are more or fewer generators than samples.
    """
    if isinstance(generator, Sequence) and len(generator) != batch:
        raise InputError(f"{len(generator)} generators for {batch} pairs of keys")


def draw(
    shape: tuple[int, ...], *, generator: Generators, device: torch.device
) -> Float[Tensor, "..."]:
    """Normal float32 noise; a CPU generator gives the same noise on every device."""
    chosen = list(generator) if isinstance(generator, Sequence) else generator
    return randn_tensor(shape, generator=chosen, device=device, dtype=torch.float32)


def starting_latents(
    latents: Tensor | None,
    shape: tuple[int, ...],
    *,
    generator: Generators,
    device: torch.device,
) -> Float[Tensor, "b c t h w"]:
    """The latents a run starts from: given, or drawn.

    Raises:
        ShapeError: Given latents have another shape.
        InputError: Given latents are not finite.
    """
    if latents is None:
        return draw(shape, generator=generator, device=device)
    if tuple(latents.shape) != shape:
        raise ShapeError(
            f"latents of shape {tuple(latents.shape)} do not fit",
            hint=f"expected {shape}: batch, channels, frames, padded height and width in cells",
        )
    if not torch.isfinite(latents).all():
        raise InputError("the latents have values that are not finite")
    return latents.to(device=device, dtype=torch.float32)


def noise_of_step(
    step_noise: StepNoise | None, index: int, latents: Tensor, *, generator: Generators
) -> Float[Tensor, "b c t h w"]:
    """Fresh noise of a step.

    Raises:
        ShapeError: `step_noise` gave another shape than the latents'.
    """
    if step_noise is None:
        return draw(tuple(latents.shape), generator=generator, device=latents.device)
    noise = step_noise(index)
    if noise.shape != latents.shape:
        raise ShapeError(
            f"step_noise({index}) has shape {tuple(noise.shape)}, "
            f"the latents have {tuple(latents.shape)}"
        )
    return noise.to(device=latents.device, dtype=torch.float32)
