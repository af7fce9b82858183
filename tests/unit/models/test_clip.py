from typing import Any

import pytest
import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPVisionConfig, CLIPVisionModel

from toontween.errors import ShapeError
from toontween.models.clip import MEAN, STD, clip_pixels, image_features, text_features

SIZES: dict[str, Any] = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}


@torch.no_grad()
def test_a_token_is_told_of_those_before_it_only():
    config = CLIPTextConfig(vocab_size=20, num_attention_heads=2, eos_token_id=19, **SIZES)
    tower = CLIPTextModel(config).eval()
    ids = torch.tensor([[18, 4, 5, 19, 0, 0], [18, 4, 7, 19, 0, 0]])
    features = text_features(tower, ids)
    assert torch.equal(features[0, :2], features[1, :2])
    assert not torch.allclose(features[0, 4], features[1, 4], atol=1e-4)


@torch.no_grad()
def test_the_image_tower_takes_pictures_of_any_size():
    config = CLIPVisionConfig(image_size=28, patch_size=14, num_attention_heads=2, **SIZES)
    tower = CLIPVisionModel(config).eval()
    assert image_features(tower, torch.zeros(2, 3, 9, 100)).shape == (2, 5, 16)


def test_a_tower_for_oblong_pictures_is_refused():
    config = CLIPVisionConfig(image_size=28, patch_size=14, num_attention_heads=2, **SIZES)
    tower = CLIPVisionModel(config)
    tower.config.image_size = (28, 14)
    with pytest.raises(ShapeError, match="square"):
        image_features(tower, torch.zeros(1, 3, 28, 28))


def test_the_corners_stay_in_the_corners():
    picture = torch.zeros(1, 3, 10, 20)
    picture[..., 0, 0], picture[..., -1, -1] = 1, -1
    pixels = clip_pixels(picture, size_px=32)
    scale = torch.tensor(STD).view(3, 1)
    colours = pixels[0, :, [0, -1], [0, -1]] * scale + torch.tensor(MEAN).view(3, 1)
    assert torch.allclose(colours, torch.tensor([[1.0, 0.0]]).expand(3, 2), atol=1e-5)


def test_what_shrinks_is_blurred_first():
    lines = torch.ones(1, 3, 32, 320)
    lines[..., ::10] = -1
    shrunk = clip_pixels(lines, size_px=32)
    bare = torch.nn.functional.interpolate(lines, (32, 32), mode="bicubic", align_corners=True)
    assert shrunk[0, 0, :, 4:-4].std() < 0.5 * (bare[0, 0, :, 4:-4] / 2 / STD[0]).std()
