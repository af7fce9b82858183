"""FILM against the published network: names, shapes and every stage's numbers, with weights and pictures by rule."""

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
from toontween.checkpoints.maps.rivals.film import KEY_MAP, PUBLISHED, config_from_original
from toontween.interpolators.learned.film.network import FilmNet, upsample_flow

NAMES = published_rival("film", "film")
FLOW_TOLERANCE, OUT_TOLERANCE = 2e-4, 5e-5
SCALES = ((r"(extract|predict_flow).*weight", 1.4), (r"_convs\.4\.0\.", 0.25))


@pytest.fixture(scope="module")
def network() -> FilmNet:
    network = build_filled(
        lambda: FilmNet(**config_from_original(PUBLISHED)),
        key_map=KEY_MAP,
        names=NAMES,
        fill=scaled_fill(SCALES),
    )
    assert isinstance(network, FilmNet)
    return network.requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def pictures():
    return image("rv_film_0", 64, 128), image("rv_film_1", 64, 128)


@pytest.fixture(scope="module")
def features(network, pictures):
    return [network.extract(network.shrink(picture)) for picture in pictures]


def test_names_and_shapes_are_complete_in_both_directions():
    with torch.device("meta"):
        network = FilmNet(**config_from_original(PUBLISHED))
    assert len(NAMES) == 82
    assert converted_shapes(KEY_MAP, NAMES) == state_shapes(network)


def test_an_untouched_constructor_builds_the_published_network():
    with torch.device("meta"):
        assert state_shapes(FilmNet()) == converted_shapes(KEY_MAP, NAMES)


def test_features_are_the_published_ones(features):
    wanted = recorded("film")
    for level, stride in ((0, 16), (1, 8), (2, 4), (3, 2), (5, 1)):
        found = features[0][level][:, ::16, ::stride, ::stride]
        entry = wanted[f"feat{level}"]
        assert_near(found, entry, map_tolerance(entry))


def test_flows_and_their_residuals_are_the_published_ones(network, features):
    wanted = recorded("film")
    flows = network.estimate(features[0], features[1])
    for level, flow in enumerate(flows):
        stride = max(1, 4 >> level)
        coarser = upsample_flow(flows[level + 1]) if level < 6 else torch.zeros_like(flow)
        residual = (flow - coarser)[..., ::stride, ::stride]
        assert_near(residual, wanted[f"fwd_res{level}"], FLOW_TOLERANCE)
        if level < 5:
            assert_near(flow[..., ::stride, ::stride], wanted[f"fwd_flow{level}"], FLOW_TOLERANCE)


def test_the_flow_back_is_the_published_one(network, features):
    backward = network.estimate(features[1], features[0])[0]
    assert_near(backward[..., ::4, ::4], recorded("film")["bwd_flow0"], FLOW_TOLERANCE)


def test_the_drawing_is_the_published_one(network, pictures):
    assert_near(network(*pictures), recorded("film")["out"], OUT_TOLERANCE)
