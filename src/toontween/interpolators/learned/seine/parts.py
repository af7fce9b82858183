"""The networks that method `seine` draws with, handed around together; untrained ones for tests and measurements."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from diffusers import AutoencoderKL
from tokenizers.pre_tokenizers import ByteLevel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from toontween.errors import CheckpointError
from toontween.interpolators.learned.seine.conditioning import TEXT_LENGTH
from toontween.interpolators.learned.seine.network import SeineUNet
from toontween.interpolators.learned.weights import RANDOM, fill_at_random


@dataclass(frozen=True, kw_only=True, eq=False)
class SeineNetworks:
    """A denoiser and the base it was trained with.

    Raises:
        CheckpointError: They do not fit each other.
    """

    unet: SeineUNet
    """The denoiser."""

    vae: AutoencoderKL
    """Pictures to latents and back."""

    text_encoder: CLIPTextModel
    """The text tower."""

    tokenizer: CLIPTokenizer
    """Prompts to the text tower's numbers."""

    details: Mapping[str, Any] = field(default_factory=lambda: {"weights": "given"})
    """What provenance should say of the weights."""

    def __post_init__(self) -> None:
        config = self.unet.config
        width, wanted = self.text_encoder.config.hidden_size, config["context_dim"]
        if width != wanted:
            raise CheckpointError(
                f"the base's text encoder is {width} wide, the denoiser reads {wanted}",
                hint="the published denoiser needs the base Stable Diffusion 1.4",
            )
        latents = self.vae.config["latent_channels"]
        if 2 * latents + 1 != config["in_channels"] or latents != config["out_channels"]:
            raise CheckpointError(
                f"the base's latents have {latents} channels, but the denoiser reads "
                f"{config['in_channels']} and predicts {config['out_channels']}",
                hint="it reads latents twice and a mask: it must be SEINE's, not a plain text-to-video one",
            )

    def to(self, device: torch.device, dtype: torch.dtype) -> None:
        """Move all networks to a device and precision, ready to draw."""
        for network in (self.unet, self.vae, self.text_encoder):
            nn.Module.to(network, device=device, dtype=dtype)
            network.eval().requires_grad_(requires_grad=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class UntrainedSizes:
    """Constructor arguments of untrained networks; the defaults are the published sizes."""

    unet: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Of `SeineUNet`."""

    vae: Mapping[str, Any] = field(
        default_factory=lambda: {
            "block_out_channels": (128, 256, 512, 512),
            "layers_per_block": 2,
            "norm_num_groups": 32,
        }
    )
    """Of diffusers' `AutoencoderKL`, its four levels aside."""

    text_encoder: Mapping[str, Any] = field(
        default_factory=lambda: {
            "hidden_size": 768,
            "intermediate_size": 3072,
            "num_hidden_layers": 12,
            "num_attention_heads": 12,
            "vocab_size": 49408,
        }
    )
    """Of transformers' `CLIPTextConfig`."""


def build_untrained(sizes: UntrainedSizes) -> SeineNetworks:
    """Networks that were never trained and need no file; what they draw is noise."""
    unet = SeineUNet(**sizes.unet)
    levels: dict[str, Any] = {
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
    }
    vae = AutoencoderKL(**sizes.vae, **levels, latent_channels=4)
    text_encoder = CLIPTextModel(CLIPTextConfig(**sizes.text_encoder, hidden_act="quick_gelu"))
    for network in (unet, vae, text_encoder):
        fill_at_random(network)
    return SeineNetworks(
        unet=unet,
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=build_byte_tokenizer(),
        details={"weights": RANDOM, "untrained": True},
    )


def build_byte_tokenizer() -> CLIPTokenizer:
    """A CLIP tokenizer without merges, whose 514 tokens are the bytes, inside words and at their ends, and two marks."""
    letters = sorted(ByteLevel.alphabet())
    start, end = "<|startoftext|>", "<|endoftext|>"
    words = [*letters, *(f"{letter}</w>" for letter in letters), start, end]
    return CLIPTokenizer(
        vocab={word: index for index, word in enumerate(words)},
        merges=[],
        unk_token=end,
        bos_token=start,
        eos_token=end,
        pad_token=end,
        model_max_length=TEXT_LENGTH,
    )
