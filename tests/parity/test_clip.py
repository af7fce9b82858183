"""CLIP's towers, preprocessing and tokenizer against numbers measured on the published implementation.

`data/clip.npz`: weights by `weight_by_rule`; text features of every second token, image features of every fourth,
preprocessed pixels [1::2, ::2] of every fourth. `data/clip_and_sampler.json`: sampled values, weights by `fill_parity`.
"""

import json
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModel,
)

from tests.parity.goldens import (
    DATA,
    assert_matches_record,
    converted_shapes,
    published_shapes,
    state_shapes,
)
from tests.parity.rule import array_by_rule, fill_parity, weight_by_rule
from tests.unit.checkpoints.by_rule import TINY
from toontween.checkpoints.keymap import KeyMap
from toontween.checkpoints.maps import clip
from toontween.checkpoints.tokenizer import build_tokenizer
from toontween.models.clip import clip_pixels, image_features, text_features
from toontween.pipelines.inputs.prompts import prompt_ids

SECTION: dict[str, Any] = TINY["open_clip"] | {
    "text_cfg": TINY["open_clip"]["text_cfg"] | {"vocab_size": 49408}
}
SECOND_SECTION: dict[str, Any] = {
    "embed_dim": 64,
    "vision_cfg": {"image_size": 224, "layers": 2, "width": 64, "head_width": 32, "patch_size": 14},
    "text_cfg": SECTION["text_cfg"] | {"heads": 2},
}
PROMPTS = ("an anime scene", "walking man, dramatic light; naïve café — 100% hand-drawn!", "")
NUMBERS = np.load(DATA / "clip.npz")
RECORDS = json.loads((DATA / "clip_and_sampler.json").read_text())


def fill(network: nn.Module, key_map: KeyMap, prefix: str, *, second_set: bool = False) -> None:
    """Fill a tower from the published names that its map sends to it."""
    shapes = state_shapes(network)
    blocks = sum(name.endswith("layer_norm1.weight") for name in shapes)
    published = {
        name
        for part in (clip.TEXT_PREFIX, clip.IMAGE_PREFIX)
        for name in published_shapes("model", prefix=part)
        if "resblocks" not in name or int(name.split("resblocks.")[1].split(".")[0]) < blocks
    }
    filled = {}
    for name in published:
        move = key_map._move(name)
        if move is None or move.targets[0] not in shapes:
            continue
        rows, *rest = shapes[move.targets[0]]
        shape = (rows * len(move.targets), *rest)
        values = (
            fill_parity("model." + name, shape)
            if second_set
            else weight_by_rule(prefix + name, shape)
        )
        filled |= move.apply(torch.from_numpy(values))
    network.load_state_dict(filled)
    network.eval()


def text_tower(section: dict[str, Any], *, second_set: bool = False) -> CLIPTextModel:
    tower = CLIPTextModel(CLIPTextConfig(**clip.text_config_from_original(section)))
    key_map = clip.text_key_map(section["text_cfg"]["layers"])
    fill(tower, key_map, clip.TEXT_PREFIX, second_set=second_set)
    return tower


def image_tower(section: dict[str, Any], *, second_set: bool = False) -> CLIPVisionModel:
    tower = CLIPVisionModel(CLIPVisionConfig(**clip.image_config_from_original(section)))
    fill(tower, clip.IMAGE_KEY_MAP, clip.IMAGE_PREFIX, second_set=second_set)
    return tower


def merge_table() -> Path:
    files = metadata.files("open_clip_torch") or []
    [table] = [file for file in files if file.name == "bpe_simple_vocab_16e6.txt.gz"]
    return Path(str(table.locate()))


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    return build_tokenizer(merge_table())


def test_the_published_text_tower_is_complete_in_both_directions():
    with torch.device("meta"):
        tower = CLIPTextModel(CLIPTextConfig(**clip.text_config_from_original(clip.PUBLISHED)))
    shapes = published_shapes("model", prefix=clip.TEXT_PREFIX)
    assert converted_shapes(clip.TEXT_KEY_MAP, shapes) == state_shapes(tower)


def test_the_published_image_tower_is_complete_in_both_directions():
    with torch.device("meta"):
        tower = CLIPVisionModel(CLIPVisionConfig(**clip.image_config_from_original(clip.PUBLISHED)))
    shapes = published_shapes("model", prefix=clip.IMAGE_PREFIX)
    assert converted_shapes(clip.IMAGE_KEY_MAP, shapes) == state_shapes(tower)


@torch.no_grad()
def test_text_features_are_those_of_the_published_wrapper():
    ids = torch.from_numpy(NUMBERS["tokens"]).long()
    features = text_features(text_tower(SECTION), ids)
    np.testing.assert_allclose(features[:, ::2].numpy(), NUMBERS["text"], atol=2e-4, rtol=0)


@torch.no_grad()
def test_image_features_are_those_of_the_published_wrapper():
    picture = torch.from_numpy(array_by_rule("img", (1, 3, 320, 512)) * 0.5).clamp(-1, 1)
    pixels = clip_pixels(picture)
    sampled = pixels[:, :, ::4, ::4][:, :, 1::2, ::2].numpy()
    np.testing.assert_allclose(sampled, NUMBERS["vision_preprocessed"], atol=1e-5, rtol=0)
    moments = [pixels.mean().item(), pixels.std().item()]
    np.testing.assert_allclose(moments, NUMBERS["preprocessed_stats"], atol=1e-4, rtol=0)
    features = image_features(image_tower(SECTION), picture)
    np.testing.assert_allclose(features[:, ::4].numpy(), NUMBERS["vision"], atol=2e-4, rtol=0)


@torch.no_grad()
def test_the_image_tower_agrees_with_the_second_set():
    noise = np.random.RandomState(8).rand(1, 3, 320, 512)
    picture = torch.from_numpy((2 * noise - 1).astype(np.float32))
    assert_matches_record(clip_pixels(picture), RECORDS["clip_preprocess"])
    features = image_features(image_tower(SECOND_SECTION, second_set=True), picture)
    assert_matches_record(features, RECORDS["clip_image_tokens"])


@torch.no_grad()
def test_the_text_tower_agrees_with_the_second_set():
    ids = torch.from_numpy(NUMBERS["tokens"][[0, 2]]).long()
    features = text_features(text_tower(SECOND_SECTION, second_set=True), ids)
    assert_matches_record(features, RECORDS["clip_text_penultimate"])


@pytest.mark.parametrize("size", [(320, 512), (224, 224), (30, 40)])
def test_a_mid_grey_picture_is_the_same_at_every_size(size: tuple[int, int]):
    grey = clip_pixels(torch.zeros(1, 3, *size))
    assert_matches_record(grey, RECORDS["clip_preprocess_zero"])


def test_tokens_are_the_published_ones_bit_for_bit(tokenizer: CLIPTokenizer):
    ids = prompt_ids(PROMPTS, tokenizer, length=77)
    np.testing.assert_array_equal(ids.numpy(), NUMBERS["tokens"])


def test_a_saved_and_loaded_tokenizer_gives_the_same_tokens(
    tokenizer: CLIPTokenizer, tmp_path: Path
):
    tokenizer.save_pretrained(tmp_path)
    loaded = CLIPTokenizer.from_pretrained(tmp_path)
    ids = prompt_ids(PROMPTS, loaded, length=77)
    np.testing.assert_array_equal(ids.numpy(), NUMBERS["tokens"])


def test_a_long_prompt_keeps_its_end_token(tokenizer: CLIPTokenizer):
    ids = prompt_ids(["many words " * 60], tokenizer, length=77)[0]
    assert ids[0] == 49406
    assert ids[-1] == 49407
    assert (ids[1:-1] < 49406).all()


def test_html_and_broken_encodings_are_mended(tokenizer: CLIPTokenizer):
    clean, dirty = "a cat & café", "  A  cat\n&amp;amp; cafÃ© "
    ids = prompt_ids([clean, dirty], tokenizer, length=77)
    assert torch.equal(ids[0], ids[1])


def test_an_exclamation_mark_is_a_word_and_not_padding(tokenizer: CLIPTokenizer):
    ids = prompt_ids(["wow !"], tokenizer, length=77)[0]
    assert ids[2:4].tolist() == [256, 49407]
