"""What the denoiser is told in training: latents of keys, text and image tokens, and what is left out of them at random.

DynamiCrafter's recipe (arXiv 2310.12190) as ToonCrafter uses it (section 3.2): of every twenty samples one loses its text,
one text and picture, one the picture; key latents are never left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from toontween.diffusion.samplers import ToonDDIMScheduler
from toontween.models.clip import image_features, text_features
from toontween.models.vae import AutoencoderKLDualReference
from toontween.pipelines.inputs.prompts import prompt_ids
from toontween.training.batches import Batch
from toontween.training.draws import Draws
from toontween.training.networks import Networks


@dataclass(frozen=True, kw_only=True, eq=False)
class Noised:
    """A batch on its way to being denoised."""

    noisy: Float[Tensor, "b c t h w"]
    key_latents: Float[Tensor, "b c t h w"]
    velocity: Float[Tensor, "b c t h w"]
    """What is to be predicted."""

    timesteps: Tensor
    context: Float[Tensor, "b n d"]
    weight: Float[Tensor, " b"]
    """Of each sample's squared error."""


@torch.no_grad()
def encode_clip(
    vae: AutoencoderKLDualReference, batch: Batch, draws: Draws | None
) -> Float[Tensor, "b c t h w"]:
    """Scaled latents of all frames, drawn from the posterior; its mean without `draws`."""
    if batch.moments is not None:
        mean, logvar = batch.moments.chunk(2, dim=2)
    else:
        encoded = vae.encode(batch.frames.flatten(0, 1).to(vae.dtype))
        mean, logvar = (
            moment.float().unflatten(0, batch.frames.shape[:2])
            for moment in (encoded.mean, encoded.logvar)
        )
    latents, spread = (rearrange(moment, "b t c h w -> b c t h w") for moment in (mean, logvar))
    if draws is not None:
        noise = draws.normal(latents.shape[1:], "posterior")
        latents = latents + torch.exp(0.5 * spread) * noise
    return latents * vae.scaling_factor


def key_latents(
    latents: Float[Tensor, "b c t h w"], *, conditioning: str
) -> Float[Tensor, "b c t h w"]:
    """The keys' latents at both ends and zeros between; of an image-to-video model the first one's in every frame."""
    if conditioning == "image-to-video":
        return latents[:, :, :1].expand_as(latents)
    keys = torch.zeros_like(latents)
    keys[:, :, 0], keys[:, :, -1] = latents[:, :, 0], latents[:, :, -1]
    return keys


def noised(
    networks: Networks,
    batch: Batch,
    draws: Draws,
    *,
    conditioning: str,
    dropout: float,
    loss_weighting: str,
    timesteps: Tensor | None = None,
) -> Noised:
    """Noise a batch and gather what the denoiser is told (spec of the published recipe: v-loss, zero terminal signal).

    Args:
        networks: Those of the model.
        batch: The clips.
        draws: Their random numbers.
        conditioning: "interpolation" or "image-to-video".
        dropout: p of the conditioning dropout.
        loss_weighting: "uniform" or "min-snr".
        timesteps: Of each sample; drawn uniformly when not given.
    """
    scheduler = networks.scheduler
    latents = encode_clip(networks.vae, batch, draws)
    count = scheduler.config["num_train_timesteps"]
    if timesteps is None:
        timesteps = draws.integers(count, "timestep")
    noise = draws.normal(latents.shape[1:], "noise")
    scaled = latents * scheduler.scale_of(timesteps, latents)
    drop = draws.uniform("dropout")
    drop_text, drop_image = drop < 2 * dropout, (drop >= dropout) & (drop < 3 * dropout)
    return Noised(
        noisy=scheduler.add_noise(scaled, noise, timesteps),
        key_latents=key_latents(latents, conditioning=conditioning),
        velocity=scheduler.get_velocity(scaled, noise, timesteps),
        timesteps=timesteps,
        context=context_of(networks, batch, drop_text=drop_text, drop_image=drop_image),
        weight=_weights(scheduler, timesteps, loss_weighting),
    )


def context_of(
    networks: Networks, batch: Batch, *, drop_text: Tensor, drop_image: Tensor
) -> Float[Tensor, "b n d"]:
    """Text tokens, then image tokens of the first key; a dropped picture is mid-grey, a dropped text is empty."""
    pictures = batch.frames[:, 0]
    pictures = torch.where(drop_image.view(-1, 1, 1, 1), 0.0, pictures)
    captions = ["" if d else c for c, d in zip(batch.captions, drop_text.tolist(), strict=True)]
    text = text_tokens(networks, captions, device=pictures.device)
    features = image_features(networks.image_encoder, pictures)
    image = networks.image_projector(features.to(networks.image_projector.dtype))
    return torch.cat([text.to(image.dtype), image], dim=1)


@torch.no_grad()
def text_tokens(
    networks: Networks, captions: Sequence[str], *, device: torch.device
) -> Float[Tensor, "b n d"]:
    """Tokens of captions; zeros, which add nothing in the attention, for a model without a text encoder."""
    config = networks.unet.config
    length, width = config["text_tokens"], config["context_dim"]
    if networks.text_encoder is None:
        return torch.zeros(len(captions), length, width, device=device)
    known = captions if networks.tokenizer is not None else [""] * len(captions)
    vocabulary = networks.text_encoder.config.vocab_size
    ids = prompt_ids(known, networks.tokenizer, length=length, vocabulary=vocabulary)  # pyright: ignore[reportArgumentType]
    return text_features(networks.text_encoder, ids.to(device))


def velocity_loss(
    predicted: Float[Tensor, "b c t h w"], target: Noised
) -> tuple[Float[Tensor, ""], Float[Tensor, " b"]]:
    """Weighted mean of the squared errors, and the plain error of each sample."""
    errors = (predicted.float() - target.velocity).square().mean(dim=(1, 2, 3, 4))
    return (errors * target.weight).mean(), errors.detach()


def _weights(scheduler: ToonDDIMScheduler, timesteps: Tensor, loss_weighting: str) -> Tensor:
    """1, or min(SNR, 5)/(SNR + 1), the weight of arXiv 2303.09556 for a velocity."""
    if loss_weighting == "uniform":
        return torch.ones(len(timesteps), device=timesteps.device)
    alphas = scheduler.alphas_cumprod.to(timesteps.device)[timesteps]
    snr = alphas / (1 - alphas)
    return snr.clamp(max=5.0) / (snr + 1)
