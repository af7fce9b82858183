"""Golden values: the package lpips 0.1.4 with its own v0.1 heads on backbones by name (`data/lpips.json`)."""

import json
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.unit.metrics.toon_frames import noisy, toon_frame
from toontween.errors import CheckpointError, InputError, ShapeError, UnknownNameError
from toontween.metrics.lpips.backbones import NETS, SMALLEST_SIDE_PX, build_backbone
from toontween.metrics.lpips.network import Lpips
from toontween.metrics.lpips.weights import (
    BACKBONE_FILES,
    backbone_sha256_prefix,
    bundled_heads,
    load_lpips,
)

GOLDEN = json.loads((Path(__file__).parent / "data" / "lpips.json").read_text())["nets"]
TWICE = "lin" + "s"
"""Under which the package keeps every head a second time."""

PAIRS = ("noise8", "blur2", "next_frame", "same")


@cache
def backbone_of(net: str) -> dict[str, torch.Tensor]:
    """Torchvision's tensors of a net, by name."""
    tensors = {}
    for inner, tensor in build_backbone(net).state_dict().items():
        name, shape = f"features.{inner}", tuple(tensor.shape)
        numbers = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape)
        scale = 0.05 if name.endswith("bias") else np.sqrt(2 / np.prod(shape[1:]))
        tensors[name] = torch.from_numpy((numbers * scale).astype(np.float32))
    return tensors


@cache
def heads_of(net: str) -> dict[str, torch.Tensor]:
    return torch.load(bundled_heads(net), map_location="cpu", weights_only=True)


@cache
def network_of(net: str) -> Lpips:
    return load_lpips(net, backbone_of(net), heads_of(net))


def tensor_of(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255


@cache
def pairs() -> tuple[torch.Tensor, torch.Tensor]:
    """The first picture four times over, and its four partners."""
    first = toon_frame(height=96, width=128)
    partners = [
        noisy(first, 1, 8.0),
        toon_frame(blur=2, height=96, width=128),
        toon_frame(1.0, height=96, width=128),
        first,
    ]
    ours = tensor_of(first).expand(4, -1, -1, -1)
    return ours, torch.cat([tensor_of(partner) for partner in partners])


@pytest.mark.parametrize("net", NETS)
def test_the_backbone_is_the_one_of_the_golden_values(net):
    tensors = backbone_of(net)
    for name, (total, first) in GOLDEN[net]["backbone_check"].items():
        assert float(tensors[name].sum()) == pytest.approx(total, abs=1e-3)
        assert float(tensors[name].flatten()[0]) == pytest.approx(first)


@pytest.mark.parametrize("net", NETS)
def test_the_bundled_heads_are_the_published_ones(net):
    heads = heads_of(net)
    assert set(heads) == set(GOLDEN[net]["heads_v01"])
    for name, golden in GOLDEN[net]["heads_v01"].items():
        head = heads[name].flatten()
        assert float(head.sum()) == pytest.approx(golden["sum"], rel=1e-5)
        assert (len(head), float(head[0])) == (golden["n"], pytest.approx(golden["first"]))
        assert [float(head.min()), float(head.max())] == pytest.approx(
            [golden["min"], golden["max"]]
        )


@pytest.mark.parametrize("net", NETS)
def test_every_map_adds_what_it_adds_in_the_published_code(net):
    with torch.inference_mode():
        found = network_of(net).per_layer(*pairs())
    for row, name in zip(found.tolist(), PAIRS, strict=True):
        golden = GOLDEN[net]["outputs"][name]
        assert row == pytest.approx(golden["per_layer"], rel=1e-4)
        assert sum(row) == pytest.approx(golden["total"], rel=1e-4)


@pytest.mark.parametrize("net", NETS)
def test_the_mean_of_the_map_is_the_published_one(net):
    ours, truth = (pictures[:1] for pictures in pairs())
    with torch.inference_mode():
        found = network_of(net).spatial(ours, truth)
    assert found.shape == (1, 96, 128)
    golden = GOLDEN[net]["outputs"]["noise8"]["spatial_mean"]
    assert float(found.mean()) == pytest.approx(golden, rel=1e-4)


@pytest.mark.parametrize("net", NETS)
def test_pictures_half_as_contrasty_give_the_number_of_the_wrong_range(net):
    """Fed 0…1 in place of −1…1, the published code sees x where it should see 2x − 1: that of (x + 1)/2."""
    ours, truth = ((pictures[:1] + 1) / 2 for pictures in pairs())
    with torch.inference_mode():
        found = float(network_of(net)(ours, truth))
    golden = GOLDEN[net]["outputs"]["noise8"]["wrong_range_0_1_inputs"]
    assert found == pytest.approx(golden, rel=1e-4)


def test_a_distance_is_the_sum_of_what_the_maps_add():
    network = network_of("alex")
    with torch.inference_mode():
        assert torch.allclose(network(*pairs()), network.per_layer(*pairs()).sum(dim=1))


@pytest.mark.parametrize("change", [lambda x: x * 2 - 1, lambda x: x * 255])
def test_pictures_in_the_wrong_range_are_refused(change):
    ours, truth = pairs()
    with pytest.raises(InputError, match=r"picture 0 of truth holds values .*give 0…1"):
        network_of("alex")(ours, change(truth))


def test_a_picture_that_is_not_finite_is_refused_by_its_number():
    ours, truth = pairs()
    spoilt = ours.clone()
    spoilt[2, 0, 5, 5] = float("nan")
    with pytest.raises(InputError, match="picture 2 of ours"):
        network_of("alex")(spoilt, truth)


def test_pictures_of_different_sizes_are_not_compared():
    ours, truth = pairs()
    with pytest.raises(ShapeError, match="cannot be compared"):
        network_of("alex")(ours, truth[..., :-1])


def test_grey_pictures_are_refused():
    with pytest.raises(ShapeError, match="not 1 channels"):
        network_of("alex")(torch.zeros(1, 1, 64, 64), torch.zeros(1, 1, 64, 64))


@pytest.mark.parametrize("net", NETS)
def test_pictures_below_the_smallest_size_are_refused(net):
    side = SMALLEST_SIDE_PX[net]
    network, smallest = network_of(net), torch.zeros(1, 3, side, side)
    with torch.inference_mode():
        assert float(network(smallest, smallest)) == 0
    with pytest.raises(ShapeError, match=f"{side} pixels a side"):
        network(smallest[..., :-1], smallest[..., :-1])


def full_state(net: str) -> dict[str, torch.Tensor]:
    """What `lpips.LPIPS(net=…).state_dict()` holds, for `alex` and `vgg`."""
    starts = {"alex": (0, 3, 6, 8, 10), "vgg": (0, 5, 10, 17, 24)}[net]
    state = {"scaling_layer.shift": torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)}
    state["scaling_layer.scale"] = torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1)
    for name, tensor in backbone_of(net).items():
        number = int(name.split(".")[1])
        piece = sum(start <= number for start in starts)
        state[f"net.slice{piece}.{name.removeprefix('features.')}"] = tensor
    heads = heads_of(net)
    copies = {f"{TWICE}.{name.removeprefix('lin')}": head for name, head in heads.items()}
    return state | heads | copies


@pytest.mark.parametrize("prefix", ["", "loss.perceptual_loss."])
def test_a_whole_state_dictionary_is_the_same_network(prefix):
    state = {prefix + name: tensor for name, tensor in full_state("alex").items()}
    if prefix:
        state |= {"decoder.conv_in.weight": torch.zeros(3), "loss.logvar": torch.zeros(())}
    whole, parts = load_lpips("alex", state), network_of("alex")
    assert whole.weights == parts.weights
    assert all(torch.equal(t, parts.state_dict()[n]) for n, t in whole.state_dict().items())


def test_the_classifier_of_a_backbone_is_left_out():
    tensors = backbone_of("squeeze") | {"classifier.1.weight": torch.zeros(1000, 512, 1, 1)}
    assert load_lpips("squeeze", tensors, heads_of("squeeze")).weights.startswith("heads v0.1")


def test_the_weights_are_named_beside_the_number():
    other = {name: head * 2 for name, head in heads_of("alex").items()}
    named = load_lpips("alex", backbone_of("alex"), other).weights
    assert network_of("alex").weights.startswith("heads v0.1, backbone ")
    assert not named.startswith("heads v0.1")
    assert named.split("backbone ")[1] == network_of("alex").weights.split("backbone ")[1]


def test_the_files_of_torchvision_carry_their_hash():
    assert [backbone_sha256_prefix(net) for net in NETS] == ["7be5be79", "397923af", "b8a52dc0"]
    assert set(BACKBONE_FILES) == set(NETS)


def test_a_backbone_of_another_net_is_refused():
    with pytest.raises(CheckpointError, match=r"of LPIPS-vgg is .* vgg16-397923af"):
        load_lpips("vgg", backbone_of("alex"), heads_of("vgg"))


def test_a_backbone_without_heads_is_refused_with_where_they_are():
    with pytest.raises(CheckpointError, match="bundled_heads"):
        load_lpips("alex", backbone_of("alex"))


def test_a_missing_tensor_is_named():
    tensors = {n: t for n, t in backbone_of("alex").items() if n != "features.8.bias"}
    with pytest.raises(CheckpointError, match=r"features\.8\.bias of LPIPS-alex is missing"):
        load_lpips("alex", tensors, heads_of("alex"))


def test_a_tensor_of_something_else_is_named():
    with pytest.raises(CheckpointError, match=r"conv1\.weight is not a tensor of LPIPS"):
        load_lpips("alex", {"conv1.weight": torch.zeros(1)}, heads_of("alex"))


def test_negative_heads_are_not_those_of_the_published_version():
    heads = {name: head - 1 for name, head in heads_of("alex").items()}
    with pytest.raises(CheckpointError, match="negative"):
        load_lpips("alex", backbone_of("alex"), heads)


def test_another_scaling_in_the_file_is_refused():
    state = full_state("alex") | {"scaling_layer.shift": torch.zeros(1, 3, 1, 1)}
    with pytest.raises(CheckpointError, match=r"scaling_layer\.shift"):
        load_lpips("alex", state)


def test_two_copies_of_a_head_that_differ_are_refused():
    state = full_state("alex")
    state[f"{TWICE}.2.model.1.weight"] = state["lin2.model.1.weight"] + 1
    with pytest.raises(CheckpointError, match="differs from its other copy"):
        load_lpips("alex", state)


def test_an_unknown_net_is_refused_with_the_known_ones():
    with pytest.raises(UnknownNameError, match="alex, vgg, squeeze"):
        bundled_heads("resnet")
