"""RAFT against the published networks: names in both namings, shapes and every stage's numbers."""

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
from toontween.checkpoints.maps.rivals import raft, raft_small
from toontween.interpolators.learned.raft.network import RaftFlow
from toontween.interpolators.ops.correlation import AllPairs, OnDemand, cell_coordinates

MAPS = {"large": raft, "small": raft_small}
FLOW_TOLERANCE = {"large": 1e-3, "small": 3e-3}
CORRELATION_TOLERANCE = 1e-3

TORCHVISION = (
    (r"\bfnet\.", "feature_encoder."),
    (r"\bcnet\.", "context_encoder."),
    (r"(encoder)\.conv1\.", r"\1.convnormrelu.0."),
    (r"(encoder)\.norm1\.", r"\1.convnormrelu.1."),
    (r"(encoder)\.conv2\.", r"\1.conv."),
    (r"(layer\d\.\d)\.conv(\d)\.", r"\1.convnormrelu\2.0."),
    (r"(layer\d\.\d)\.norm(\d)\.", r"\1.convnormrelu\2.1."),
    (r"block\.encoder\.conv\.", "block.motion_encoder.conv.0."),
    (r"block\.encoder\.convc(\d)\.", r"block.motion_encoder.convcorr\1.0."),
    (r"block\.encoder\.convf(\d)\.", r"block.motion_encoder.convflow\1.0."),
    (r"gru\.conv([zrq])(\d)\.", r"recurrent_block.convgru\2.conv\1."),
    (r"gru\.conv([zrq])\.", r"recurrent_block.convgru1.conv\1."),
    (r"update_block\.mask\.0\.", "mask_predictor.convrelu.0."),
    (r"update_block\.mask\.2\.", "mask_predictor.conv."),
)
"""The authors' names → torchvision's, in order."""


def names_of(size: str) -> dict[str, tuple[int, ...]]:
    return published_rival("raft", f"raft_{size}")


def torchvision_names_of(size: str) -> dict[str, tuple[int, ...]]:
    renamed: dict[str, tuple[int, ...]] = {}
    for name, shape in names_of(size).items():
        if re.search(r"cnet\.layer[23]\.0\.norm3\.", name):
            continue
        for pattern, replacement in TORCHVISION:
            name = re.sub(pattern, replacement, name)  # noqa: PLW2901
        renamed[name] = shape
    return renamed


def build(size: str) -> RaftFlow:
    return RaftFlow(**MAPS[size].config_from_original(MAPS[size].PUBLISHED))


@pytest.fixture(scope="module", params=["large", "small"])
def size(request):
    return request.param


@pytest.fixture(scope="module")
def network(size) -> RaftFlow:
    network = build_filled(
        lambda: build(size),
        key_map=MAPS[size].KEY_MAP,
        names=names_of(size),
        fill=scaled_fill([(r"flow_head\.conv2\.", 0.25)]),
        prefix="module.",
    )
    assert isinstance(network, RaftFlow)
    return network.requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def pictures():
    return tuple(2 * image(f"rv_raft_{number}", 128, 160) - 1 for number in (1, 2))


@pytest.fixture(scope="module")
def wanted(size):
    start = f"{size}_"
    return {
        name.removeprefix(start): entry
        for name, entry in recorded("raft").items()
        if name.startswith(start)
    }


@pytest.mark.parametrize(("size", "count", "parameters"), [("large", 179, 5_257_536), ("small", 106, 990_162)])  # fmt: skip
def test_names_and_shapes_are_complete_in_both_directions(size, count, parameters):
    with torch.device("meta"):
        network = build(size)
    assert len(names_of(size)) == count
    assert converted_shapes(MAPS[size].KEY_MAP, names_of(size)) == state_shapes(network)
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


@pytest.mark.parametrize("size", ["large", "small"])
def test_torchvisions_names_lead_to_the_same_places(size):
    with torch.device("meta"):
        network = build(size)
    names = torchvision_names_of(size)
    assert not set(names) & {name for name in names_of(size) if "flow_head" not in name}
    assert converted_shapes(MAPS[size].KEY_MAP, names) == state_shapes(network)


@pytest.mark.parametrize("naming", [names_of, torchvision_names_of])
def test_a_signature_takes_its_own_size_in_either_naming_and_not_the_other(naming):
    def fits(size: str, names: dict[str, tuple[int, ...]]) -> bool:
        patterns = MAPS[size].SIGNATURE
        return all(any(re.fullmatch(pattern, name) for name in names) for pattern in patterns)

    assert fits("large", naming("large"))
    assert fits("small", naming("small"))
    assert not fits("large", naming("small"))
    assert not fits("small", naming("large"))


def test_features_and_context_are_the_published_ones(network, pictures, wanted):
    features, context = network.features(pictures[0]), network.context(pictures[0])
    assert_near(features[:, ::16], wanted["fmap1"], map_tolerance(wanted["fmap1"]))
    assert_near(context[:, ::16], wanted["cnet"], map_tolerance(wanted["cnet"]))


def test_an_update_and_the_correlations_after_it_are_the_published_ones(network, pictures, wanted):
    looked_up, changes = [], []
    hooks = [
        network.step.motion.register_forward_hook(lambda _m, seen, _o: looked_up.append(seen[1])),
        network.step.flow_head.register_forward_hook(lambda _m, _i, out: changes.append(out)),
    ]
    network.estimate(*pictures, iterations=2)
    for hook in hooks:
        hook.remove()
    assert_near(looked_up[1][:, ::9], wanted["corr1"], CORRELATION_TOLERANCE)
    assert_near(changes[0], wanted["delta0"], map_tolerance(wanted["delta0"]))


@pytest.mark.parametrize("kind", [AllPairs, OnDemand])
def test_correlations_kept_or_made_on_demand_are_the_published_ones(
    kind, network, pictures, wanted
):
    features = [network.features(picture) for picture in pictures]
    correlation = kind(*features, num_levels=4, radius=network.radius)
    found = correlation.look_up(cell_coordinates(features[0]))
    assert_near(found[:, ::9], wanted["corr0"], CORRELATION_TOLERANCE)


def test_the_flow_is_the_published_one(size, network, pictures, wanted):
    flow, _ = network.estimate(*pictures, iterations=6)
    assert_near(flow, wanted["flow_low"], FLOW_TOLERANCE[size])
    fine = network(*pictures, iterations=6)
    assert_near(fine[..., ::3, ::3], wanted["flow_up"], FLOW_TOLERANCE[size])


@pytest.mark.parametrize("size", ["large"], indirect=True)
def test_the_large_networks_weights_of_enlarging_and_initial_flow_are_the_published_ones(
    network, pictures, wanted
):
    _, hidden = network.estimate(*pictures, iterations=1)
    assert_near(network.mask(hidden)[:, ::32], wanted["mask0"], map_tolerance(wanted["mask0"]))
    start = field("rv_raft_init", 2, (16, 20), scale=2)
    flow, _ = network.estimate(*pictures, iterations=2, initial_flow=start)
    assert_near(flow, wanted["init_flow_low"], FLOW_TOLERANCE["large"])
