"""The image-context projector against the published one: names, shapes and outputs."""

import json

import numpy as np
import pytest
import torch

from tests.parity.goldens import (
    DATA,
    assert_matches_record,
    build_filled,
    converted_shapes,
    published_shapes,
    state_shapes,
)
from tests.parity.rule import array_by_rule, fill_parity, inp, weight_by_rule
from toontween.checkpoints.maps.image_projector import (
    KEY_MAP,
    PREFIX,
    PUBLISHED,
    config_from_original,
)
from toontween.models.image_projector import ImageContextProjector

STORED = json.loads((DATA / "unet.json").read_text())
NAMES = published_shapes("model", prefix=PREFIX)


def test_names_and_shapes_are_complete_in_both_directions():
    with torch.device("meta"):
        published = ImageContextProjector(**config_from_original(PUBLISHED))
    assert len(NAMES) == 51
    assert converted_shapes(KEY_MAP, NAMES) == state_shapes(published)


def check_first_set(section, *, name: str, stride: int) -> None:
    config = config_from_original(section)
    network = build_filled(
        lambda: ImageContextProjector(**config),
        key_map=KEY_MAP,
        names=NAMES,
        fill=weight_by_rule,
        prefix=PREFIX,
    )
    tokens = torch.from_numpy(array_by_rule("clipfeat", (1, 257, config["input_dim"])))
    found = network(tokens).numpy().ravel()[::stride]
    np.testing.assert_allclose(found, np.load(DATA / "unet.npz")[name], atol=2e-4, rtol=0)


@torch.inference_mode()
def test_the_output_of_the_first_set_is_the_published_one():
    check_first_set(STORED["tiny"]["resampler"], name="resampler", stride=3)


@pytest.mark.slow
@torch.inference_mode()
def test_the_published_size_has_the_published_output():
    check_first_set(PUBLISHED, name="full_resampler", stride=61)


@torch.inference_mode()
def test_the_output_of_the_second_set_is_the_recorded_one():
    record = STORED["records"]["resampler"]
    config = config_from_original(record["cfg"])
    depth = config["depth"]
    names = [
        name for name in NAMES if not name.startswith(tuple(f"layers.{i}" for i in range(depth, 4)))
    ]
    network = build_filled(
        lambda: ImageContextProjector(**config), key_map=KEY_MAP, names=names, fill=fill_parity
    )
    assert_matches_record(network(inp(5, 2, 257, 80)), record)
