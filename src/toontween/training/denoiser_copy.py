"""A sketch encoder that starts as a copy of the denoiser's spatial encoder.

The published sketch encoder started as a copy of Stable Diffusion's (ToonCrafter, section 3.4), from which the denoiser's
spatial layers come as well; of a model of our own the denoiser itself is the nearest kin.
"""

import re

import torch
from diffusers import ControlNetModel
from torch import Tensor

from toontween.models.sketch_encoder import build_sketch_encoder
from toontween.models.unet import ToonUNet
from toontween.shapes import LATENT_DOWNSAMPLING

_LAYERS = (
    ("time_emb_proj", "embedding_proj"),
    ("conv_shortcut", "shortcut"),
    ("transformer_blocks.0.", ""),
    ("attn1", "attention1"),
    ("attn2", "attention2"),
    ("to_out.0", "to_out"),
    ("ff.net.0.proj", "feed_forward.proj_in"),
    ("ff.net.2", "feed_forward.proj_out"),
)
"""What layers inside a stage are called: in diffusers, in the denoiser."""


def encoder_for(unet: ToonUNet, *, downsampling: int = LATENT_DOWNSAMPLING) -> ControlNetModel:
    """A new sketch encoder whose residuals fit a denoiser; `downsampling` is that of its autoencoder."""
    config = unet.config
    return build_sketch_encoder(
        in_channels=config["out_channels"],
        base_channels=config["base_channels"],
        channel_mult=config["channel_mult"],
        num_res_blocks=config["num_res_blocks"],
        attention_factors=config["attention_factors"],
        head_dim=config["head_dim"],
        context_dim=config["context_dim"],
        norm_groups=config["norm_groups"],
        downsampling=downsampling,
    )


@torch.no_grad()
def copy_denoiser(unet: ToonUNet, encoder: ControlNetModel) -> list[str]:
    """Copy the spatial layers of the way down and of the middle into a sketch encoder of the same sizes.

    The first convolution takes the half that reads noisy latents. What reads the sketch, and the convolutions that hand
    residuals on, stay as they are.

    Returns:
        Names of the encoder's tensors that stay.
    """
    source = dict(unet.named_parameters())
    left: list[str] = []
    for name, target in encoder.named_parameters():
        ours = _name_in_denoiser(name, unet.config["num_res_blocks"])
        if ours is None:
            left.append(name)
            continue
        value: Tensor = source[ours]
        if name == "conv_in.weight":
            value = value[:, : target.shape[1]]
        target.copy_(value)
    return left


def _name_in_denoiser(name: str, num_res_blocks: int) -> str | None:
    if name.startswith("controlnet_"):
        return None
    if name.startswith("conv_in."):
        return name.replace("conv_in", "down_blocks.0.conv")
    for theirs, ours in _LAYERS:
        name = name.replace(theirs, ours)
    name = re.sub(r"^mid_block\.resnets\.0", "mid_block.residual_in", name)
    name = re.sub(r"^mid_block\.resnets\.1", "mid_block.residual_out", name)
    name = re.sub(r"^mid_block\.attentions\.0", "mid_block.spatial", name)
    found = re.match(r"down_blocks\.(\d+)\.(resnets|attentions|downsamplers)\.(\d+)\.(.*)", name)
    if found is None:
        return name
    level, kind, index, layer = int(found[1]), found[2], int(found[3]), found[4]
    first = 1 + level * (num_res_blocks + 1)
    if kind == "downsamplers":
        return f"down_blocks.{first + num_res_blocks}.{layer.removeprefix('conv.')}"
    part = "residual" if kind == "resnets" else "spatial"
    return f"down_blocks.{first + index}.{part}.{layer}"
