"""PhaseNet against the published network: names, shapes and the parts it predicts, by rule."""

import math

import pytest
import torch

from tests.parity.goldens import build_filled, converted_shapes, state_shapes
from tests.parity.rivals import array, assert_near, published_rival, recorded, scaled_fill
from toontween.checkpoints.maps.rivals.phasenet import KEY_MAP, PUBLISHED, config_from_original
from toontween.interpolators.learned.phasenet.network import Band, Decomposition, PhaseNet

NAMES = published_rival("phasenet", "phasenet")
SIDES = (6, 8, 11, 16, 23, 32, 45, 64)
TOLERANCE = 5e-5


def decompositions() -> list[Decomposition]:
    """Made-up parts of two pictures of three planes."""
    lows = (1 + array("rv_pn_low", (3, 2, 6, 6), 0.5)).abs()
    bands: list[list[Band]] = [[], []]
    for level, side in enumerate(SIDES):
        amplitudes = array(f"rv_pn_amp{level}", (3, 8, side, side)).abs()
        phases = array(f"rv_pn_ph{level}", (3, 8, side, side), 2).clamp(-math.pi, math.pi)
        for which in (0, 1):
            own = slice(4 * which, 4 * which + 4)
            bands[which].append(Band(phases=phases[:, own], amplitudes=amplitudes[:, own]))
    return [Decomposition(low=lows[:, i : i + 1], bands=tuple(bands[i])) for i in (0, 1)]


@pytest.fixture(scope="module")
def predicted() -> Decomposition:
    network = build_filled(
        lambda: PhaseNet(**config_from_original(PUBLISHED)),
        key_map=KEY_MAP,
        names=NAMES,
        fill=scaled_fill(()),
    )
    with torch.inference_mode():
        return network(*decompositions())


def test_names_and_shapes_are_complete_in_both_directions():
    with torch.device("meta"):
        network = PhaseNet(**config_from_original(PUBLISHED))
    assert len(NAMES) == 88
    assert converted_shapes(KEY_MAP, NAMES) == state_shapes(network)


def test_an_untouched_constructor_builds_the_published_network():
    with torch.device("meta"):
        network = PhaseNet()
    assert state_shapes(network) == converted_shapes(KEY_MAP, NAMES)
    assert sum(parameter.numel() for parameter in network.parameters()) == 466_745


def test_the_low_pass_is_the_published_one(predicted):
    assert_near(predicted.low, recorded("phasenet")["low"], TOLERANCE)


@pytest.mark.parametrize("level", range(len(SIDES)))
def test_phases_and_amplitudes_are_the_published_ones(predicted, level):
    stride = 1 if SIDES[level] < 20 else 4
    wanted = recorded("phasenet")
    band = predicted.bands[level]
    for entry, found in (("phase", band.phases), ("amp", band.amplitudes)):
        flat = found.reshape(12, 1, SIDES[level], SIDES[level])
        assert_near(flat[..., ::stride, ::stride], wanted[f"{entry}{level}"], TOLERANCE)
