"""The plain image decoder, and training that starts from it."""

import re
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

from tests.unit.models import tiny_vae as tiny
from toontween.errors import InputError
from toontween.models.vae import AutoencoderKLDualReference


@torch.no_grad()
def test_the_image_variant_is_the_autoencoder_of_stable_diffusion():
    network = tiny.build("no-har-no-p3d")
    config = {
        "down_block_types": ["DownEncoderBlock2D"] * 4,
        "up_block_types": ["UpDecoderBlock2D"] * 4,
        "block_out_channels": [8, 16, 32, 32],
        "layers_per_block": 1,
        "norm_num_groups": 4,
    }
    reference: Any = AutoencoderKL.from_config(config)
    renamed = {_name_in_diffusers(name): t for name, t in network.state_dict().items()}
    reference.load_state_dict(renamed)
    reference.eval()
    posterior = reference.encode(tiny.pixels(2)).latent_dist
    assert torch.allclose(network.encode(tiny.pixels(2)).mean, posterior.mean, atol=1e-4)
    latents = tiny.latents(1, 2)
    pictures = reference.decode(latents[0].transpose(0, 1)).sample
    assert torch.allclose(network.decode(latents)[0].transpose(0, 1), pictures, atol=1e-4)


def _name_in_diffusers(name: str) -> str:
    """The name Stable Diffusion's autoencoder has there for one of ours."""
    for pattern, replacement in (
        (r"\w+coder\.(post_quant_conv|quant_conv)", r"\1"),
        (r"\.image\.", "."),
        (r"\.norm_out\.", ".conv_norm_out."),
        (r"\.shortcut\.", ".conv_shortcut."),
        (r"\.mid\.block1\.", ".mid_block.resnets.0."),
        (r"\.mid\.block2\.", ".mid_block.resnets.1."),
        (r"\.mid\.attention\.norm\.", ".mid_block.attentions.0.group_norm."),
        (r"\.mid\.attention\.to_out\.", ".mid_block.attentions.0.to_out.0."),
        (r"\.mid\.attention\.", ".mid_block.attentions.0."),
        (r"\.down\.(\d)\.blocks\.", r".down_blocks.\1.resnets."),
        (r"\.downsample\.(\d)\.", r".down_blocks.\1.downsamplers.0.conv."),
        (r"\.up\.(\d)\.blocks\.", r".up.\1.resnets."),
        (r"\.upsample\.(\d)\.", r".up.\1.upsamplers.0.conv."),
        # there the coarsest level comes first
        (r"\.up\.(\d)\.", lambda match: f".up_blocks.{3 - int(match[1])}."),
    ):
        name = re.sub(pattern, replacement, name)
    return name


@torch.no_grad()
@pytest.mark.parametrize("variant", ["full", "no-p3d"])
def test_training_starts_exactly_at_the_image_decoder(variant):
    source = tiny.build("no-har-no-p3d")
    network = AutoencoderKLDualReference.from_image_decoder(
        source, decoder_variant=variant, reference_heads=2, reference_head_dim=4
    )
    assert network.config["decoder_variant"] == variant
    references = tiny.references(source, 2)
    for given in (references, None):
        decoded = network.decode(tiny.latents(2, 5), given)
        assert torch.allclose(decoded, source.decode(tiny.latents(2, 5)), atol=1e-6)


def test_what_is_new_in_the_decoder_can_learn_from_the_start():
    source = tiny.build("no-har-no-p3d")
    network = AutoencoderKLDualReference.from_image_decoder(source)
    network.decode(tiny.latents(1, 4), tiny.references(network, 1)).square().mean().backward()
    zero = (
        "time_mix.weight|temporal.conv2.weight|references.0.conv.weight|references.3.to_out.weight"
    )
    for ending in zero.split("|"):
        gradients = [p.grad for name, p in network.named_parameters() if name.endswith(ending)]
        assert gradients
        assert all(grad is not None and grad.any() for grad in gradients)


def test_a_dual_reference_network_is_no_image_decoder_to_start_from():
    with pytest.raises(InputError, match="already"):
        AutoencoderKLDualReference.from_image_decoder(tiny.build())
