"""Published configuration sections of the denoiser, the projector and the sketch encoder."""

import dataclasses

import pytest

from toontween.checkpoints.maps import image_projector, sketch_encoder, unet
from toontween.errors import CheckpointError
from toontween.models.presets import TOON_512

MAPS = {"unet": unet, "image_projector": image_projector, "sketch_encoder": sketch_encoder}


@pytest.mark.parametrize("part", ["unet", "image_projector"])
def test_the_published_sections_are_the_preset(part):
    arguments = MAPS[part].config_from_original(MAPS[part].PUBLISHED)
    preset = dataclasses.asdict(getattr(TOON_512, part))
    found = {name: arguments[name] for name in preset}
    if part == "unet":
        found["attention_factors"] = tuple(sorted(found["attention_factors"]))
    assert found == preset


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("transformer_depth", 2),
        ("use_linear", False),
        ("temporal_conv", False),
        ("temporal_attention", False),
        ("temporal_selfatt_only", False),
        ("use_relative_position", True),
        ("use_causal_attention", True),
        ("addition_attention", False),
        ("image_cross_attention", False),
        ("image_cross_attention_scale_learnable", True),
        ("fs_condition", False),
    ],
)
def test_a_flag_of_another_network_is_refused_by_name(flag, value):
    with pytest.raises(CheckpointError, match=f"{flag}={value}"):
        unet.config_from_original(unet.PUBLISHED | {flag: value})


@pytest.mark.parametrize("part", MAPS)
def test_an_unknown_setting_is_refused_by_name(part):
    with pytest.raises(CheckpointError, match="tempspatial_magic"):
        MAPS[part].config_from_original(MAPS[part].PUBLISHED | {"tempspatial_magic": 1})


@pytest.mark.parametrize(
    ("part", "name"),
    [("unet", "context_dim"), ("image_projector", "depth"), ("sketch_encoder", "channel_mult")],
)
def test_a_missing_size_is_named(part, name):
    section = {key: value for key, value in MAPS[part].PUBLISHED.items() if key != name}
    with pytest.raises(CheckpointError, match=f"lacks {name}"):
        MAPS[part].config_from_original(section)


@pytest.mark.parametrize("part", MAPS)
def test_a_foreign_tensor_is_refused(part):
    with pytest.raises(CheckpointError, match="foreign"):
        MAPS[part].KEY_MAP.plan(["foreign.weight"])
