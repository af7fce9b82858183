"""A pipeline with the published structure, small enough that a test may run it."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPVisionConfig, CLIPVisionModel

from tests.parity.rule import weight_by_rule
from toontween.checkpoints.maps.clip import image_config_from_original, text_config_from_original
from toontween.diffusion.samplers import ToonDDIMScheduler
from toontween.models.image_projector import ImageContextProjector
from toontween.models.sketch_encoder import build_sketch_encoder
from toontween.models.unet import ToonUNet
from toontween.models.vae import AutoencoderKLDualReference
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline

MULTIPLE = 16
"""What both sides of its working size are multiples of: it has two levels."""

_OPEN_CLIP: dict[str, Any] = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 28, "layers": 2, "width": 40, "head_width": 20, "patch_size": 14},
    "text_cfg": {
        "context_length": 77,
        "vocab_size": 49408,
        "width": 32,
        "heads": 2,
        "layers": 2,
    },
}
_SIZES: dict[str, Any] = {
    "base_channels": 32,
    "channel_mult": (1, 2),
    "num_res_blocks": 1,
    "attention_factors": (1,),
    "head_dim": 16,
    "context_dim": 32,
}


def build_tiny_pipeline(*, sketches: bool = True) -> ToonInterpolationPipeline:
    """All networks filled by rule, so that no branch is an identity; no tokenizer."""
    unet = ToonUNet(**_SIZES)
    vae = AutoencoderKLDualReference(
        base_channels=32, channel_mult=(1, 1, 1, 1), num_res_blocks=1, reference_head_dim=8
    )
    projector = ImageContextProjector(
        input_dim=40, dim=32, output_dim=32, depth=1, num_heads=2, head_dim=16
    )
    text = CLIPTextModel(CLIPTextConfig(**text_config_from_original(_OPEN_CLIP)))
    image = CLIPVisionModel(CLIPVisionConfig(**image_config_from_original(_OPEN_CLIP)))
    encoder = build_sketch_encoder(**_SIZES) if sketches else None
    networks = (unet, vae, projector, text, image, encoder)
    for network in networks:
        if network is not None:
            fill_by_rule(network)
    pipe = ToonInterpolationPipeline(
        unet=unet,
        vae=vae,
        image_encoder=image,
        image_projector=projector,
        scheduler=ToonDDIMScheduler(),
        text_encoder=text,
        sketch_encoder=encoder,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def fill_by_rule(network: nn.Module) -> None:
    """Give every parameter the values its own name stands for."""
    filled = {
        name: torch.from_numpy(np.asarray(weight_by_rule(name, tuple(parameter.shape))))
        for name, parameter in network.named_parameters()
    }
    network.load_state_dict(filled)
    network.eval()


def noise_key(seed: int, *, height: int = 32, width: int = 48) -> Tensor:
    """A key (3, h, w) in 0…1 whose values are whole eighths of bits, so that nothing is lost in eight bits."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (3, height, width), generator=generator) / 255


def line_sketch(seed: int, *, height: int = 32, width: int = 48) -> np.ndarray:
    """Three dark strokes two pixels wide on white paper, (h, w, 3) uint8; other seeds give other places."""
    generator = np.random.default_rng(seed)
    pixels = np.full((height, width, 3), 255, np.uint8)
    row, column = generator.integers(4, height - 8), generator.integers(4, width - 8)
    pixels[row : row + 2, 3:-3] = 0
    pixels[3:-3, column : column + 2] = 0
    for step in range(height // 2):
        pixels[3 + step, 5 + step : 7 + step] = 0
    return pixels


def painted_picture(*, height: int = 64, width: int = 96) -> np.ndarray:
    """What nobody would call a sketch: coloured discs on a gradient, (h, w, 3) uint8."""
    y, x = np.mgrid[:height, :width] / height
    picture = np.dstack([0.4 + 0.3 * np.sin(7 * x), 0.5 + 0.3 * np.cos(5 * y), 0.3 + 0.2 * x * y])
    generator = np.random.default_rng(0)
    for _ in range(6):
        column, row, radius = generator.random(3) * (1.5, 1, 0.4)
        picture[np.hypot(x - column, y - row) < radius] = generator.random(3)
    return (picture.clip(0, 1) * 255).astype(np.uint8)
