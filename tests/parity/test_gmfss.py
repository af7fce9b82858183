"""GMFSS ("union") against the published networks: names, shapes, flow, metrics, features and drawings, weights by rule."""

import re

import pytest
import torch

from tests.parity.goldens import build_filled, converted_shapes, state_shapes
from tests.parity.rivals import (
    assert_near,
    image,
    map_tolerance,
    published_rival,
    recorded,
    scaled_fill,
)
from toontween.checkpoints.maps.rivals import gmfss, rife
from toontween.interpolators.learned.gmfss.method import (
    DRAFT_SIZES,
    GmfssInterpolator,
    Side,
    features_at,
)
from toontween.interpolators.learned.rife.practical import PracticalRifeNet
from toontween.registry import Registry

STORED_AS = {
    "gmfss-flow": "flownet",
    "gmfss-metric": "metricnet",
    "gmfss-features": "feat_ext",
    "gmfss-fusion": "fusionnet",
}
NUM_TENSORS = {"gmfss-flow": 124, "gmfss-metric": 14, "gmfss-features": 18, "gmfss-fusion": 133}
SCALES = {
    "gmfss-flow": ((r"transformer.*norm[12]\.", 0.2), (r"backbone\.conv2\.", 0.5)),
    "gmfss-metric": ((r"metric_out", 0.2),),
    "gmfss-features": (),
    "gmfss-fusion": ((r"tail\.conv_last\.", 0.05),),
}
FLOW_TOLERANCE, METRIC_TOLERANCE, OUT_TOLERANCE = 2e-3, 5e-4, 5e-4
CLASSES = Registry("network", dict(gmfss.CLASS_PATHS))


def filled(name: str) -> torch.nn.Module:
    network = build_filled(
        lambda: CLASSES.load(name)(**gmfss.config_from_original(gmfss.PUBLISHED[name])),
        key_map=gmfss.KEY_MAPS[name],
        names=published_rival("gmfss", STORED_AS[name]),
        fill=scaled_fill(SCALES[name]),
    )
    return network.requires_grad_(requires_grad=False)


def draft() -> PracticalRifeNet:
    network = build_filled(
        lambda: PracticalRifeNet(**DRAFT_SIZES),
        key_map=rife.KEY_MAPS["rife-4.6"],
        names=published_rival("gmfss", "ifnet"),
        fill=scaled_fill(()),
    )
    assert isinstance(network, PracticalRifeNet)
    return network.requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def method() -> GmfssInterpolator:
    """The method with networks that are filled here rather than loaded."""
    bare = GmfssInterpolator.__new__(GmfssInterpolator)
    for name in gmfss.NETWORKS:
        setattr(bare, name.removeprefix("gmfss-"), filled(name))
    bare.rife, bare.device = draft(), torch.device("cpu")
    return bare


@pytest.fixture(scope="module")
def sides(method) -> tuple[Side, Side]:
    return method.prepare(*(image(f"rv_gm_{number}", 128, 192) for number in (0, 1)))


@pytest.mark.parametrize("name", gmfss.NETWORKS)
def test_names_and_shapes_are_complete_in_both_directions(name):
    names = published_rival("gmfss", STORED_AS[name])
    with torch.device("meta"):
        network = CLASSES.load(name)()
    assert len(names) == NUM_TENSORS[name]
    assert converted_shapes(gmfss.KEY_MAPS[name], names) == state_shapes(network)


@pytest.mark.parametrize("name", gmfss.NETWORKS)
def test_a_network_is_told_by_its_names_from_the_others(name):
    told = {
        other: all(
            any(re.fullmatch(pattern, key) for key in published_rival("gmfss", STORED_AS[other]))
            for pattern in gmfss.SIGNATURES[name]
        )
        for other in gmfss.NETWORKS
    }
    assert told == {other: other == name for other in gmfss.NETWORKS}


def test_flow_both_ways_is_the_published_one(sides):
    wanted = recorded("gmfss")
    assert_near(sides[0].flow[..., ::3, ::3], wanted["flow01"], FLOW_TOLERANCE)
    assert_near(sides[1].flow[..., ::4, ::4], wanted["flow10"], FLOW_TOLERANCE)


def test_metrics_are_the_published_ones(sides):
    wanted = recorded("gmfss")
    assert_near(sides[0].metric[..., ::3, ::3], wanted["metric0"], METRIC_TOLERANCE)
    assert_near(sides[1].metric[..., ::4, ::4], wanted["metric1"], METRIC_TOLERANCE)


def test_features_are_the_published_ones(sides):
    wanted = recorded("gmfss")
    for level, stride in ((1, 8), (2, 4), (3, 2)):
        entry = wanted[f"feat{level}"]
        found = sides[0].features[level - 1][:, ::16, ::stride, ::stride]
        assert_near(found, entry, map_tolerance(entry))


@pytest.mark.parametrize("percent", [50, 25])
def test_what_is_fused_is_the_published_one(method, sides, percent):
    found = method.pictures_at(*sides, percent / 100)[..., ::4, ::4]
    assert_near(found, recorded("gmfss")[f"t{percent}_fusion_in"], OUT_TOLERANCE)


def test_splatted_features_are_the_published_ones(sides):
    entry = recorded("gmfss")["t50_warp_f3"]
    found = torch.cat([features_at(side, 0.5)[2] for side in sides], dim=1)
    assert_near(found[:, ::32, ::2, ::2], entry, map_tolerance(entry))


@pytest.mark.parametrize("percent", [50, 25])
def test_drawings_are_the_published_ones(method, sides, percent):
    wanted = recorded("gmfss")
    found = method.draw(sides, percent / 100)[..., ::3, ::3]
    assert_near(found, wanted[f"t{percent}_raw"], OUT_TOLERANCE)
    assert_near(found.clamp(0, 1), wanted[f"t{percent}_out"], OUT_TOLERANCE)
