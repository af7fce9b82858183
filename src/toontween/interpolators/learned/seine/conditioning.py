"""What SEINE is shown of two keys and a prompt, and how latents become pictures again.

The transition's mask is the published "onelast1": the first and the last frame are given, all between are to be made.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from jaxtyping import Float
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from toontween.models.clip import text_features

TEXT_LENGTH = 77
"""Tokens of a prompt: the start, at most 75 parts, and ends up to the length."""


def transition_mask(
    num_frames: int, latent_size: tuple[int, int], device: torch.device
) -> Float[Tensor, "1 1 t h w"]:
    """0 for the first and the last frame, 1 for all between."""
    mask = torch.ones(1, 1, num_frames, *latent_size, device=device)
    mask[:, :, [0, -1]] = 0
    return mask


def resize_keys(
    keys: Float[Tensor, "2 3 _ _"], size: tuple[int, int]
) -> Float[Tensor, "2 3 height width"]:
    """Keys in 0…1 straight to the working size, in −1…1, as published: bilinear, no antialiasing, nothing cropped."""
    resized = F.interpolate(keys.float(), size=size, mode="bilinear", align_corners=False)
    return resized * 2 - 1


def encode_keys(
    vae: AutoencoderKL, keys: Float[Tensor, "2 3 height width"], noise: Float[Tensor, "1 c t h w"]
) -> Float[Tensor, "1 c t h w"]:
    """Latents of a clip whose first and last frame are the keys and whose other frames are mid-grey.

    The grey frames are all alike and are encoded once; each frame's latents are a sample of the posterior, by the noise
    given.

    Args:
        vae: The autoencoder.
        keys: In −1…1.
        noise: Normal noise; its shape says how many frames there are.
    """
    grey = torch.zeros_like(keys[:1])
    pictures = torch.cat([keys[:1], grey, keys[1:]]).to(vae.dtype)
    posterior: Any = vae.encode(pictures, return_dict=False)[0]
    means, deviations = posterior.mean.float(), posterior.std.float()
    of_frames = torch.ones(noise.shape[2], dtype=torch.long, device=keys.device)
    of_frames[0], of_frames[-1] = 0, 2
    latents = means[of_frames] + deviations[of_frames] * noise[0].transpose(0, 1)
    return vae.config["scaling_factor"] * latents.transpose(0, 1)[None]


def decode_frame(
    vae: AutoencoderKL, latents: Float[Tensor, "1 c h w"], size: tuple[int, int]
) -> Float[Tensor, "3 y x"]:
    """A frame's picture in 0…1, brought straight to a height and width."""
    scaled = (latents / vae.config["scaling_factor"]).to(vae.dtype)
    decoded = vae.decode(scaled, return_dict=False)[0].float()  # pyright: ignore[reportAttributeAccessIssue]
    pictures = (decoded / 2 + 0.5).clamp(0, 1)
    if tuple(pictures.shape[-2:]) != size:
        pictures = F.interpolate(
            pictures, size=size, mode="bicubic", antialias=True, align_corners=False
        ).clamp(0, 1)
    return pictures[0]


def encode_prompts(
    tower: CLIPTextModel, tokenizer: CLIPTokenizer, prompts: Sequence[str]
) -> Float[Tensor, "k m d"]:
    """Features of every token after the tower's last norm; padding is attended to like any token."""
    ids = tokenizer(
        list(prompts),
        truncation=True,
        max_length=TEXT_LENGTH,
        padding="max_length",
        return_tensors="pt",
    ).input_ids
    return text_features(tower, ids.to(tower.device))


def num_tokens(tokenizer: CLIPTokenizer, prompt: str) -> int:
    """Tokens of a prompt with its start and end, before anything is cut off."""
    return len(tokenizer(prompt, verbose=False).input_ids)
