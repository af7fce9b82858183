"""What a file of I3D weights is said to hold.

The released files are too large for tests: tables of checksums are made here from weights by name, so that one set of
numbers is "rgb_scratch" and another "rgb_imagenet".
"""

import json
from importlib import resources

import numpy as np
import pytest
import torch

from tests.unit.metrics.seeded_i3d import seeded_variables
from toontween.errors import CheckpointError
from toontween.metrics.video.acceptance import load_i3d
from toontween.metrics.video.checksum import crc32c, masked_crc32c
from toontween.metrics.video.i3d import I3D
from toontween.metrics.video.identity import (
    ChecksumTable,
    Layout,
    identify,
    published_table,
)
from toontween.metrics.video.names import port_to_graph, to_port


def imagenet_variables() -> dict[str, torch.Tensor]:
    return {name: value * 2 for name, value in seeded_variables().items()}


@pytest.fixture(scope="module")
def table() -> ChecksumTable:
    scratch = {name: masked_crc32c(value) for name, value in seeded_variables().items()}
    imagenet = {name: masked_crc32c(value) for name, value in imagenet_variables().items()}
    return ChecksumTable(scratch=scratch, imagenet=imagenet)


@pytest.fixture(scope="module")
def port() -> dict[str, torch.Tensor]:
    """As VideoGPT's file: scales of one, no `num_batches_tracked`."""
    state = to_port(seeded_variables())
    scales = {
        name.replace("bn.bias", "bn.weight"): torch.ones_like(value)
        for name, value in state.items()
        if name.endswith("bn.bias")
    }
    return state | scales


def hassony2(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same numbers in another naming."""
    branches = {"b0": "branch_0", "b3b": "branch_3.1"}
    branches |= {f"b{n}{ab}": f"branch_{n}.{int(ab == 'b')}" for n in (1, 2) for ab in "ab"}
    renamed = {}
    for name, value in state.items():
        parts = [branches.get(part, part) for part in name.replace("bn.", "batch3d.").split(".")]
        if parts[0] == "logits":
            parts[0] = "Conv3d_0c_1x1"
        renamed[".".join([parts[0].lower(), *parts[1:]])] = value
    return renamed


@pytest.mark.parametrize(
    ("content", "checksum"),
    [(b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (b"", 0)],
)
def test_the_checksum_is_the_one_of_rfc_3720(content, checksum):
    assert crc32c(content) == checksum


@pytest.mark.parametrize("length", [1023, 1024, 2047, 2048, 2049, 7000])
def test_the_checksum_of_lanes_is_that_of_the_bytes_one_by_one(length):
    content = np.random.RandomState(length).bytes(length)
    state = 0xFFFFFFFF
    for byte in content:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
    assert crc32c(content) == state ^ 0xFFFFFFFF


def test_the_mask_is_tensorflows():
    crc = crc32c(np.zeros(8, "<f4").tobytes())
    assert masked_crc32c(torch.zeros(8)) == ((crc >> 15 | crc << 17) + 0xA282EAD8) % 2**32


def test_the_published_table_has_every_variable_of_both_trainings():
    names = {graph for name in I3D().state_dict() if (graph := port_to_graph(name))}
    table = published_table()
    assert set(table.scratch) == set(table.imagenet) == names
    assert not set(table.scratch.values()) & set(table.imagenet.values())
    last = "RGB/inception_i3d/Logits/Conv3d_0c_1x1/conv_3d/w"
    assert (table.scratch[last], table.imagenet[last]) == (2968598036, 1961429192)


def test_the_table_ships_in_a_small_file():
    source = resources.files("toontween.metrics.video") / "i3d_checksums.json"
    text = source.read_text()
    assert len(text) < 40_000
    assert len(json.loads(text)) == 231


@pytest.mark.parametrize("named", ["graph", "wrapped", "hassony2", "numbered"])
def test_the_right_network_is_recognised_and_loaded_in_any_naming(named, table, port):
    tensors = {
        "graph": seeded_variables(),
        "wrapped": {f"module.{name}": value for name, value in port.items()},
        "hassony2": hassony2(port),
        "numbered": {f"layers.{n}": value for n, value in enumerate(port.values())},
    }[named]
    network = load_i3d(tensors, table=table)
    assert (network.weights, network.eps, network.training) == ("rgb_scratch", 1e-3, False)
    assert all(torch.equal(network.state_dict()[name], value) for name, value in port.items())


def test_a_caller_may_insist_on_the_eps_of_the_published_code(table, port):
    assert load_i3d(port, eps=1e-5, table=table).eps == 1e-5


def test_variances_that_make_up_for_another_eps_are_noticed(table, port):
    changed = {
        name: value + (1e-3 - 1e-5) if name.endswith("running_var") else value
        for name, value in port.items()
    }
    network = load_i3d(changed, table=table)
    assert network.eps == 1e-5
    assert network.weights == "rgb_scratch with other variances"
    assert "other variances" in identify(changed, table=table).describe()


@pytest.mark.parametrize("accept_unknown", [False, True])
def test_the_network_inflated_from_imagenet_is_refused_by_name(accept_unknown, table):
    state = to_port(imagenet_variables())
    with pytest.raises(CheckpointError, match=r"230 of 230 tensors are rgb_imagenet's.*not FVD's"):
        load_i3d(state, table=table, accept_unknown=accept_unknown)


def test_the_network_of_hassony2_is_refused_by_name(table):
    state = {name: value * 3 for name, value in hassony2(to_port(seeded_variables())).items()}
    assert identify(state, table=table).layout is Layout.HASSONY2
    with pytest.raises(CheckpointError, match=r"model_rgb\.pth"):
        load_i3d(state, table=table, accept_unknown=True)


def test_unknown_weights_are_refused_unless_they_are_accepted(port):
    with pytest.raises(CheckpointError, match=r"0 of 230 .*accept_unknown"):
        load_i3d(port)
    accepted = load_i3d(port, accept_unknown=True)
    assert accepted.weights.startswith("unknown ")
    assert len(accepted.weights) == len("unknown ") + 12


def test_a_finetuned_network_is_told_how_much_of_it_is_left(table, port):
    tuned = port | {"logits.conv3d.weight": port["logits.conv3d.weight"] * 1.01}
    with pytest.raises(CheckpointError, match="229 of 230 tensors are rgb_scratch's"):
        load_i3d(tuned, table=table)


def test_scales_other_than_one_are_not_the_graphs(table, port):
    scaled = port | {"Mixed_3b.b0.bn.weight": port["Mixed_3b.b0.bn.weight"] * 2}
    with pytest.raises(CheckpointError, match="unknown weights"):
        load_i3d(scaled, table=table)


def test_tensors_of_another_network_are_refused():
    with pytest.raises(CheckpointError, match="another naming"):
        load_i3d({"conv1.weight": torch.zeros(3, 3, 7, 7)}, accept_unknown=True)


def test_a_file_that_lacks_a_tensor_is_refused_by_its_name(port):
    lacking = {name: value for name, value in port.items() if name != "Mixed_4c.b0.bn.bias"}
    with pytest.raises(CheckpointError, match=r"lacks .*Mixed_4c\.b0\.bn\.bias"):
        load_i3d(lacking, accept_unknown=True)


def test_a_network_of_other_classes_can_only_be_taken_under_its_own_name(port):
    charades = port | {
        "logits.conv3d.weight": port["logits.conv3d.weight"][:157],
        "logits.conv3d.bias": port["logits.conv3d.bias"][:157],
    }
    assert len(load_i3d(charades, accept_unknown=True).logits.conv3d.weight) == 157
