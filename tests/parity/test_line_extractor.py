"""The line extractor's names and shapes against the published file."""

import json

import torch

from tests.parity.goldens import DATA, converted_shapes, state_shapes
from toontween.checkpoints.maps.line_extractor import KEY_MAP, PUBLISHED, config_from_original
from toontween.models.line_extractor import LineExtractor


def test_every_published_tensor_has_its_place_and_every_place_its_tensor():
    shapes = {
        name: tuple(shape)
        for name, shape in json.loads((DATA / "line_extractor.json").read_text()).items()
    }
    with torch.device("meta"):
        network = LineExtractor(**config_from_original(PUBLISHED))
    assert len(shapes) == 32
    assert converted_shapes(KEY_MAP, shapes) == state_shapes(network)
    wrapped = {f"module.{name}": shape for name, shape in shapes.items()}
    assert converted_shapes(KEY_MAP, wrapped) == state_shapes(network)
