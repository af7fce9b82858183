"""AnimeInterp against the published network: names, shapes and every stage's numbers."""

import re

import pytest
import torch

from tests.parity.goldens import build_filled, converted_shapes, state_shapes
from tests.parity.rivals import (
    assert_near,
    field,
    image,
    map_tolerance,
    published_rival,
    recorded,
    scaled_fill,
)
from toontween.checkpoints.maps.rivals.animeinterp import (
    KEY_MAP,
    PUBLISHED,
    SIGNATURE,
    config_from_original,
)
from toontween.interpolators.learned.animeinterp.network import AnimeInterp

NAMES = published_rival("animeinterp", "animeinterp")
FLOW_TOLERANCE, OUT_TOLERANCE, WARP_TOLERANCE = 5e-4, 2e-3, 2e-4


@pytest.fixture(scope="module")
def network() -> AnimeInterp:
    network = build_filled(
        lambda: AnimeInterp(**config_from_original(PUBLISHED)),
        key_map=KEY_MAP,
        names=NAMES,
        fill=scaled_fill([(r"flow_head\.conv2\.", 0.25)]),
        prefix="module.",
    )
    assert isinstance(network, AnimeInterp)
    return network.requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def pictures():
    return image("rv_ai_1", 128, 160), image("rv_ai_2", 128, 160)


@pytest.fixture(scope="module")
def wanted():
    return recorded("animeinterp")


@pytest.fixture(scope="module")
def pair(network, pictures):
    standing_still = torch.zeros(1, 2, 128, 160)
    return network.prepare(*pictures, initial_flows=(standing_still, standing_still))


def test_names_and_shapes_are_complete_in_both_directions():
    with torch.device("meta"):
        network = AnimeInterp(**config_from_original(PUBLISHED))
    assert len(NAMES) == 220
    assert converted_shapes(KEY_MAP, NAMES) == state_shapes(network)
    assert all(any(re.fullmatch(pattern, name) for name in NAMES) for pattern in SIGNATURE)
    assert sum(parameter.numel() for parameter in network.parameters()) == 6_208_706


def test_features_are_the_published_ones(pair, wanted):
    for level, stride in ((1, 8), (2, 4), (3, 2)):
        entry = wanted[f"a_feat{level}"]
        found = pair.first[level][:, ::8, ::stride, ::stride]
        assert_near(found, entry, map_tolerance(entry))


def test_each_step_of_the_flow_is_the_published_one(network, pictures, wanted):
    changes, hidden = [], []
    hooks = [
        network.flownet.step.flow_head.register_forward_hook(lambda _m, _i, o: changes.append(o)),
        network.flownet.step.register_forward_hook(lambda _m, _i, o: hidden.append(o[0])),
    ]
    signed = [2 * picture - 1 for picture in pictures]
    network.flownet(*signed)
    for hook in hooks:
        hook.remove()
    found = {
        "fmap1": network.flownet.encoder(signed[0])[:, ::16],
        "net0": hidden[0][:, ::16],
        "mask0": network.flownet.mask(hidden[0])[:, ::32],
        "delta0": changes[0],
        "delta1": changes[1],
        "delta11": changes[11],
    }
    assert len(changes) == 12
    for name, values in found.items():
        entry = wanted[f"a_{name}"]
        assert_near(values, entry, map_tolerance(entry))


def test_flows_are_the_published_ones(pair, wanted):
    assert_near(pair.forward[..., ::4, ::4], wanted["a_flow12"], FLOW_TOLERANCE)
    assert_near(pair.backward[..., ::4, ::4], wanted["a_flow21"], FLOW_TOLERANCE)


def test_flows_from_standing_still_are_those_from_nothing(network, pictures, pair):
    flow = network.flownet(2 * pictures[0] - 1, 2 * pictures[1] - 1)
    assert torch.equal(flow, pair.forward)


def test_splatted_pictures_and_features_are_the_published_ones(network, pair, wanted):
    pictures, _, _, quarter = network.warp(pair, 0.5)
    assert_near(pictures[..., ::3, ::3], wanted["a_warped_img"], WARP_TOLERANCE, share=0.999)
    found = quarter[:, ::16, ::2, ::2]
    assert_near(found, wanted["a_warped_f3"], WARP_TOLERANCE, share=0.999)


def test_the_grid_draws_the_published_picture(network, pair, wanted):
    beside = [torch.cat(two, dim=1) for two in zip(pair.first, pair.last, strict=True)]
    drawn = network.grid(beside[0], tuple(beside[1:]))
    assert_near(drawn[..., ::3, ::3], wanted["a_grid_only"], OUT_TOLERANCE)


def test_the_drawing_is_the_published_one(network, pair, wanted):
    assert_near(network.draw(pair, 0.5)[..., ::3, ::3], wanted["a_out"], OUT_TOLERANCE)


def test_with_initial_flows_and_another_time_flows_and_drawing_are_the_published_ones(
    network, pictures, wanted
):
    initial = [field(f"rv_ai_{name}", 2, (128, 160), scale=4) for name in ("f12", "f21")]
    pair = network.prepare(*pictures, initial_flows=(initial[0], initial[1]))
    assert_near(pair.forward[..., ::4, ::4], wanted["b_flow12"], FLOW_TOLERANCE)
    assert_near(pair.backward[..., ::4, ::4], wanted["b_flow21"], FLOW_TOLERANCE)
    assert_near(network.draw(pair, 0.25)[..., ::3, ::3], wanted["b_out"], OUT_TOLERANCE)
