"""A run of SEINE: from noise to the latents of a clip, guided by a prompt."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from toontween.diffusion.guidance import guide
from toontween.interpolators.learned.seine.network import SeineUNet
from toontween.interpolators.learned.seine.schedule import RespacedSchedule, Sampler


@dataclass(frozen=True, kw_only=True, eq=False)
class Condition:
    """What a clip is made from."""

    mask: Float[Tensor, "1 1 t h w"]
    """1 for frames to be made, 0 for those that are given."""

    latents: Float[Tensor, "1 c t h w"]
    """Latents of the frames that are given; elsewhere those of a mid-grey picture."""

    text: Float[Tensor, "k m d"]
    """Tokens of the prompt, then of the negative prompt; of the prompt alone where there is no guidance."""


def predict_noise(
    unet: SeineUNet,
    sample: Float[Tensor, "1 c t h w"],
    timestep: int,
    condition: Condition,
    *,
    guidance_scale: float,
) -> Float[Tensor, "1 c t h w"]:
    """The noise in a clip, float32: ε = ε_negative + s (ε_prompt − ε_negative).

    Both predictions are made in one batch, the prompt's first.
    """
    shown = torch.cat([sample, condition.mask, condition.latents], dim=1).to(unet.dtype)
    count = condition.text.shape[0]
    timesteps = torch.full((count,), timestep, device=sample.device)
    noise = unet(shown.expand(count, -1, -1, -1, -1), timesteps, condition.text).float()
    if count == 1:
        return noise
    return guide(noise[1:], noise[:1], scale=guidance_scale)


def sample_latents(
    unet: SeineUNet,
    start: Float[Tensor, "1 c t h w"],
    condition: Condition,
    *,
    schedule: RespacedSchedule,
    sampler: Sampler,
    guidance_scale: float,
    fresh_noise: Callable[[int], Tensor],
    report: Callable[[int, int], None] | None = None,
) -> Float[Tensor, "1 c t h w"]:
    """Take a clip from noise to its latents, float32 throughout but for the network itself.

    Args:
        unet: The denoiser.
        start: Normal noise.
        condition: What the clip is made from.
        schedule: The steps.
        sampler: How each step is made.
        guidance_scale: s; of no account when the condition has one prompt only.
        fresh_noise: Number of a step (0 is the first) → its noise; asked by DDPM only.
        report: Told (steps done, steps in all).
    """
    sample = start
    total = len(schedule.timesteps)
    for done in range(total):
        index = total - 1 - done
        timestep = int(schedule.timesteps[index])
        noise = predict_noise(unet, sample, timestep, condition, guidance_scale=guidance_scale)
        if sampler is Sampler.DDPM:
            sample = schedule.ddpm_step(index, sample, noise, fresh_noise(done))
        else:
            sample = schedule.ddim_step(index, sample, noise)
        if report is not None:
            report(done + 1, total)
    return sample
