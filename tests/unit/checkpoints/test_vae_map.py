"""Published names and settings of the autoencoder."""

import pytest
import torch

from toontween.checkpoints.maps.vae import (
    KEY_MAP,
    PUBLISHED,
    config_from_original,
    decoder_variant_of,
)
from toontween.errors import CheckpointError
from toontween.models.dual_reference import DecoderVariant
from toontween.models.vae import AutoencoderKLDualReference

MARKS = {
    "full": ["decoder.conv_out.time_mix_conv.bias", "decoder.attn_refinement.0.conv.bias"],
    "no-p3d": ["decoder.attn_refinement.0.conv.bias"],
    "no-har-no-p3d": ["decoder.conv_out.bias"],
}


@pytest.mark.parametrize("variant", list(MARKS))
def test_the_names_tell_the_decoders_apart(variant):
    assert decoder_variant_of(["encoder.conv_in.bias", *MARKS[variant]]) == variant


def test_a_stable_diffusion_decoder_has_a_place_for_every_tensor():
    # what distinguishes the image decoder's names: linear attention stored as 1×1 convolutions, no time, no references
    names = {
        "encoder.mid.attn_1.q.weight": (16, 16, 1, 1),
        "decoder.mid.attn_1.proj_out.weight": (16, 16, 1, 1),
        "decoder.mid.attn_1.proj_out.bias": (16,),
        "decoder.mid.block_2.conv1.weight": (16, 16, 3, 3),
        "decoder.up.0.block.0.nin_shortcut.weight": (8, 16, 1, 1),
        "decoder.up.1.upsample.conv.weight": (16, 16, 3, 3),
        "encoder.down.0.downsample.conv.bias": (8,),
        "post_quant_conv.weight": (4, 4, 1, 1),
    }
    section = {**PUBLISHED, "ch": 8, "ch_mult": [1, 2], "decoder_variant": "no-har-no-p3d"}
    network = AutoencoderKLDualReference(**config_from_original(section), norm_groups=4)
    wanted = network.state_dict()
    converted = KEY_MAP.convert({name: torch.zeros(shape) for name, shape in names.items()})
    assert len(converted) == len(names)
    assert all(wanted[name].shape == tensor.shape for name, tensor in converted.items())
    assert network.decoder.apply_post_quant_conv


def test_the_published_files_nest_the_section():
    inner = {name: value for name, value in PUBLISHED.items() if name != "embed_dim"}
    nested = {"embed_dim": 4, "monitor": "val/rec_loss", "ddconfig": inner, "lossconfig": {}}
    assert config_from_original(nested) == config_from_original(PUBLISHED)
    variant: DecoderVariant = "no-p3d"
    section = {**nested, "decoder_variant": variant}
    assert config_from_original(section)["decoder_variant"] == variant


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("double_z", False),
        ("attn_resolutions", [16]),
        ("out_ch", 1),
        ("embed_dim", 8),
        ("tanh_out", True),
        ("downsample_by", 3),
    ],
)
def test_a_setting_the_network_cannot_have_is_named(name, value):
    with pytest.raises(CheckpointError, match=name):
        config_from_original({**PUBLISHED, name: value})


def test_a_missing_size_is_named():
    section = {name: value for name, value in PUBLISHED.items() if name != "ch_mult"}
    with pytest.raises(CheckpointError, match="ch_mult"):
        config_from_original(section)
