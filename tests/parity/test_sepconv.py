"""SepConv and reSepConv against the published networks: names, shapes, kernels and drawings by rule."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.parity.goldens import build_filled, converted_shapes, state_shapes
from tests.parity.rivals import (
    assert_near,
    image,
    map_tolerance,
    published_rival,
    recorded,
    scaled_fill,
)
from toontween.checkpoints.maps.rivals import resepconv as resepconv_map
from toontween.checkpoints.maps.rivals import sepconv as sepconv_map
from toontween.interpolators.learned.resepconv.network import ReSepConvNet
from toontween.interpolators.learned.sepconv.network import SepConvNet

NETWORKS = {"sepconv": SepConvNet, "resepconv": ReSepConvNet}
MAPS = {"sepconv": sepconv_map, "resepconv": resepconv_map}
PARAMETERS = {"sepconv": 21_675_452, "resepconv": 13_560_102}
TOLERANCES = {"sepconv": 2e-4, "resepconv": 2e-5}
SEPCONV_SCALES = (
    (r"module(Vertical|Horizontal)[12]\.7\.", 0.1),
    (r"module(Conv|Deconv|Upsample).*weight", 1.4),
    (r"module(Vertical|Horizontal)[12]\.[024]\.weight", 1.4),
)
RESEPCONV_SCALES = ((r"net(Ver|Hor)(one|two)\.netMain\.3\.weight", 0.02),)


def fill_resepconv(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The scaled rule; kernels' biases are positive, which keeps the sums of the kernels away from zero."""
    values = scaled_fill(RESEPCONV_SCALES)(name, shape)
    is_last_bias = name.startswith(("netVer", "netHor")) and name.endswith("netMain.3.bias")
    return np.abs(values) + np.float32(0.05) if is_last_bias else values


FILLS = {"sepconv": scaled_fill(SEPCONV_SCALES), "resepconv": fill_resepconv}


@pytest.fixture(params=NETWORKS, scope="module")
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def seen(name) -> dict[str, Tensor]:
    """What the network's parts give for the recorded pictures, and the drawing."""
    network = build_filled(
        lambda: NETWORKS[name](**MAPS[name].config_from_original(MAPS[name].PUBLISHED)),
        key_map=MAPS[name].KEY_MAP,
        names=published_rival(name, name),
        fill=FILLS[name],
    )
    kept: dict[str, Tensor] = {}
    for part, module in network.named_modules():
        module.register_forward_hook(keep(kept, part))
    with torch.inference_mode():
        network(image("rv_sep_0", 64, 96), image("rv_sep_1", 64, 96))
    return kept


def keep(kept: dict[str, Tensor], part: str):
    def hook(module: nn.Module, given: tuple[Tensor, ...], result: Tensor) -> None:
        kept[part] = result
        if given:
            kept[f"into {part}"] = given[0]

    return hook


def test_names_and_shapes_are_complete_in_both_directions(name):
    names = published_rival(name, name)
    with torch.device("meta"):
        network = NETWORKS[name](**MAPS[name].config_from_original(MAPS[name].PUBLISHED))
    assert converted_shapes(MAPS[name].KEY_MAP, names) == state_shapes(network)


def test_an_untouched_constructor_builds_the_published_network(name):
    with torch.device("meta"):
        network = NETWORKS[name]()
    published = converted_shapes(MAPS[name].KEY_MAP, published_rival(name, name))
    assert state_shapes(network) == published
    assert sum(parameter.numel() for parameter in network.parameters()) == PARAMETERS[name]


def test_kernels_are_the_published_ones(name, seen):
    wanted = recorded(name)
    entries = {
        "sepconv": {"vert1": "vertical_first", "horiz2": "horizontal_last"},
        "resepconv": {"verone": "vertical_first", "hortwo": "horizontal_last"},
    }
    for entry, part in entries[name].items():
        assert_near(seen[part][:, ::10, ::8, ::8], wanted[entry], map_tolerance(wanted[entry]))


def test_the_features_that_kernels_are_made_of_are_the_published_ones(name, seen):
    if name == "sepconv":
        entry, found = "up2", seen["enlarge.3"].relu()  # before the finer features are added
    else:
        entry, found = "decode1", seen["into vertical_first"]
    wanted = recorded(name)[entry]
    assert_near(found[:, ::16, ::4, ::4], wanted, map_tolerance(wanted))


def test_the_drawing_is_the_published_one(name, seen):
    assert_near(seen[""], recorded(name)["out"], TOLERANCES[name])
