"""The autoencoder against numbers measured on the published implementation.

`data/vae.npz`: weights by `weight_by_rule`; pictures [:, :, 1::4, 2::4] of decoded clips, fp16, with mean, standard
deviation and largest magnitude of the whole. `data/vae.json`: sampled values, weights by `fill_parity`.
"""

import json
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.parity.goldens import (
    DATA,
    Fill,
    assert_matches_record,
    build_filled,
    converted_shapes,
    published_shapes,
    state_shapes,
)
from tests.parity.rule import array_by_rule, fill_parity, inp, weight_by_rule
from toontween.checkpoints.maps.vae import KEY_MAP, PREFIX, PUBLISHED, config_from_original
from toontween.models.vae import AutoencoderKLDualReference, References, pair_references

NAMES = published_shapes("model", prefix=PREFIX)
RECORDS = json.loads((DATA / "vae.json").read_text())
SMALL = {**PUBLISHED, "ch": 32}
WITHOUT_1_AND_14 = [0, *range(2, 14), 15]


@pytest.fixture(scope="module")
def measured() -> dict[str, np.ndarray]:
    with np.load(DATA / "vae.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def by_rule() -> AutoencoderKLDualReference:
    return _network(SMALL, weight_by_rule, PREFIX)


@pytest.fixture(scope="module")
def filled() -> AutoencoderKLDualReference:
    return _network({**SMALL, "attn_resolutions": [], "dropout": 0.0}, fill_parity, "")


def _network(section: dict[str, Any], fill: Fill, prefix: str) -> AutoencoderKLDualReference:
    arguments = config_from_original(section)
    network = build_filled(
        lambda: AutoencoderKLDualReference(**arguments),
        key_map=KEY_MAP,
        names=NAMES,
        fill=fill,
        prefix=prefix,
    )
    assert isinstance(network, AutoencoderKLDualReference)
    for parameter in network.parameters():
        parameter.requires_grad = False
    return network


def _video() -> Tensor:
    video = np.clip(array_by_rule("video", (1, 3, 16, 64, 128), 0.5), -1, 1)
    return torch.from_numpy(video)[0].transpose(0, 1).contiguous()


def _ends(features: tuple[Tensor, ...]) -> References:
    return pair_references(tuple(feature[[0, -1]] for feature in features))


def _clip(latents: Tensor) -> Tensor:
    return latents.transpose(0, 1)[None]


def _assert_decoded(frames: Tensor, measured: dict[str, np.ndarray], name: str) -> None:
    # the pictures were stored in fp16: half a step at their largest magnitude
    expected = torch.from_numpy(measured[name].astype(np.float32))
    assert (frames[:, :, 1::4, 2::4] - expected).abs().max() < 4e-3
    stats = torch.stack([frames.mean(), frames.std(correction=0), frames.abs().max()])
    assert torch.allclose(stats.double(), torch.from_numpy(measured[f"{name}_stats"]), atol=2e-3)


def test_every_published_tensor_has_its_place_and_every_place_its_tensor():
    with torch.device("meta"):
        network = AutoencoderKLDualReference(**config_from_original(PUBLISHED))
    assert len(NAMES) == 396
    assert converted_shapes(KEY_MAP, NAMES) == state_shapes(network)


def test_moments_and_reference_features_are_the_published_ones(by_rule, measured):
    encoded = by_rule.encode(_video())
    for found, name in ((encoded.mean, "moments_mean"), (encoded.logvar, "moments_logvar")):
        assert (found - torch.from_numpy(measured[name])).abs().max() < 2e-4
    references = _ends(encoded.reference_features)
    stats = torch.tensor([[r.mean().item(), r.std().item()] for r in references])
    assert torch.allclose(stats, torch.from_numpy(measured["reference_stats"]), atol=2e-4)


@pytest.mark.parametrize(
    ("name", "kept"), [("decode", [*range(16)]), ("decode_t14", WITHOUT_1_AND_14)]
)
def test_clips_decode_to_the_published_pictures(by_rule, measured, name, kept):
    ends = by_rule.encode(_video()[[0, -1]])
    latents = _clip(torch.from_numpy(measured["moments_mean"]))
    frames = by_rule.decode(latents[:, :, kept], _ends(ends.reference_features))
    _assert_decoded(frames[0].transpose(0, 1), measured, name)


def test_the_second_set_of_moments_and_features_agrees(filled):
    moments, features = filled.encoder(inp(3, 16, 3, 64, 64).clamp(-1, 1))
    assert_matches_record(moments, RECORDS["ae_moments"])
    for index, feature in enumerate(features):
        assert_matches_record(feature, RECORDS[f"ae_hidden_{index}"])


@pytest.mark.parametrize(
    ("name", "kept"), [("ae_decode_16", [*range(16)]), ("ae_decode_14", WITHOUT_1_AND_14)]
)
def test_the_second_set_of_decoded_clips_agrees(filled, name, kept):
    keys = inp(3, 16, 3, 64, 64).clamp(-1, 1)[[0, -1]]
    references = pair_references(filled.encode(keys).reference_features)
    frames = filled.decode(_clip(inp(4, 16, 4, 8, 8))[:, :, kept], references)
    assert_matches_record(frames[0].transpose(0, 1), RECORDS[name])


@pytest.mark.slow
def test_the_published_size_encodes_and_decodes_as_published(measured):
    network = _network(PUBLISHED, weight_by_rule, PREFIX)
    encoded = network.encode(_video())
    assert (encoded.mean - torch.from_numpy(measured["published_mean"])).abs().max() < 2e-4
    frames = network.decode(_clip(encoded.mean), _ends(encoded.reference_features))
    _assert_decoded(frames[0].transpose(0, 1), measured, "published_decode")
