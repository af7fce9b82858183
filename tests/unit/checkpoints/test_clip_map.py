from typing import Any

import pytest

from toontween.checkpoints.maps.clip import (
    PUBLISHED,
    image_config_from_original,
    text_config_from_original,
    text_key_map,
)
from toontween.errors import CheckpointError


def test_the_last_text_block_is_listed_as_unused():
    names = [f"transformer.resblocks.{index}.ln_1.weight" for index in range(3)]
    moves, unused = text_key_map(3).plan(names)
    assert [move.source for move in moves] == names[:2]
    assert unused == names[2:]


def test_a_block_beyond_the_configuration_is_unknown():
    with pytest.raises(CheckpointError, match=r"resblocks\.7"):
        text_key_map(3).plan(["transformer.resblocks.7.ln_1.weight"])


def test_the_published_towers_are_those_of_vit_h_14():
    text, image = text_config_from_original(PUBLISHED), image_config_from_original(PUBLISHED)
    assert (text["num_hidden_layers"], text["num_attention_heads"]) == (23, 16)
    assert (image["num_hidden_layers"], image["num_attention_heads"]) == (32, 16)
    assert text["hidden_act"] == image["hidden_act"] == "gelu"


def test_the_head_width_is_64_when_nothing_is_said():
    vision = {"image_size": 28, "layers": 1, "width": 128, "patch_size": 14}
    assert image_config_from_original({"vision_cfg": vision})["num_attention_heads"] == 2


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({"quick_gelu": True}, "quick_gelu"),
        ({"multimodal_cfg": {}}, "multimodal_cfg"),
        ({"text_cfg": {"layers": 3}}, "context_length"),
        ({"text_cfg": PUBLISHED["text_cfg"] | {"hf_model_name": "x"}}, "hf_model_name"),
        ({"text_cfg": PUBLISHED["text_cfg"] | {"no_causal_mask": True}}, "no_causal_mask"),
        ({"text_cfg": PUBLISHED["text_cfg"] | {"heads": 7}}, "7 heads"),
        ({"text_cfg": PUBLISHED["text_cfg"] | {"layers": 1}}, "layers=1"),
    ],
)
def test_what_the_towers_cannot_be_is_named(section: dict[str, Any], says: str):
    with pytest.raises(CheckpointError, match=says):
        text_config_from_original(PUBLISHED | section)


def test_a_missing_tower_is_named():
    with pytest.raises(CheckpointError, match="vision_cfg"):
        image_config_from_original({"text_cfg": PUBLISHED["text_cfg"]})
