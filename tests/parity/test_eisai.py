"""EISAI against the published networks: names, shapes and every stage's numbers, with weights and pictures by rule.

Recorded flows are (down, right) and are turned round at this border. The stored entries have every second row and
column of what was measured.
"""

import re
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import nn

from tests.parity.goldens import Fill, build_filled, converted_shapes, state_shapes
from tests.parity.rivals import (
    array,
    assert_near,
    field,
    image,
    map_tolerance,
    published_rival,
    recorded,
    scaled_fill,
)
from toontween.checkpoints.keymap import KeyMap
from toontween.checkpoints.maps.rivals import eisai_dtm, eisai_ssl
from toontween.checkpoints.maps.rivals.animeinterp import KEY_MAP as ANIMEINTERP_KEY_MAP
from toontween.interpolators.learned.animeinterp.network import AnimeInterp
from toontween.interpolators.learned.eisai.line_distance import line_distance
from toontween.interpolators.learned.eisai.method import ITERATIONS
from toontween.interpolators.learned.eisai.network import SoftsplatLite
from toontween.interpolators.learned.eisai.photometry import fetch_along, rgb_to_lab
from toontween.interpolators.learned.eisai.refinement import DistanceTransformModule

PARTS = {
    "ssl": (SoftsplatLite, eisai_ssl, 397),
    "dtm": (DistanceTransformModule, eisai_dtm, 46),
}
SMALL, PUBLISHED = (180, 320), (540, 960)
LAB_TOLERANCE, DISTANCE_TOLERANCE, PICTURE_TOLERANCE, FLOW_TOLERANCE = 2e-3, 1e-5, 2e-4, 5e-4


def kernels_scaled(pattern: str, factor: float) -> Fill:
    plain = scaled_fill(())

    def fill(name: str, shape: tuple[int, ...]) -> np.ndarray:
        values = plain(name, shape)
        chosen = len(shape) == 4 and re.search(pattern, name)
        return values * np.float32(factor) if chosen else values

    return fill


def filled(part: str, fill: Fill) -> nn.Module:
    network_class, published, _ = PARTS[part]
    network = build_filled(
        lambda: network_class(**published.config_from_original(published.PUBLISHED)),
        key_map=published.KEY_MAP,
        names=published_rival("eisai", part),
        fill=fill,
    )
    return network.requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def ssl() -> SoftsplatLite:
    network = filled("ssl", kernels_scaled(r"^(gridnet_converter|gridnet|synthesizer)\.", 0.5))
    assert isinstance(network, SoftsplatLite)
    return network


@pytest.fixture(scope="module")
def dtm() -> DistanceTransformModule:
    network = filled("dtm", kernels_scaled("", 0.7))
    assert isinstance(network, DistanceTransformModule)
    return network


def keys(size: tuple[int, int]) -> Sequence[torch.Tensor]:
    return image("rv_ei_0", *size), image("rv_ei_1", *size)


def described(ssl: SoftsplatLite, size: tuple[int, int]):
    first, last = keys(size)
    to_first, to_last = (field(f"rv_ei_f{number}", 2, size, scale=12).flip(1) for number in (0, 1))
    return ssl.describe(first, last, forward_flow=to_last, backward_flow=to_first)


@pytest.fixture(scope="module")
def pair(ssl):
    return described(ssl, SMALL)


@pytest.mark.parametrize("part", PARTS)
def test_names_and_shapes_are_complete_in_both_directions(part):
    network_class, published, count = PARTS[part]
    names = published_rival("eisai", part)
    key_map: KeyMap = published.KEY_MAP
    with torch.device("meta"):
        network = network_class()
    assert len(names) == count
    assert converted_shapes(key_map, names) == state_shapes(network)


@pytest.mark.parametrize("part", PARTS)
def test_the_signature_has_a_name_for_each_pattern_in_its_own_file_only(part):
    _, published, _ = PARTS[part]
    for other in PARTS:
        names = published_rival("eisai", other)
        for pattern in published.SIGNATURE:
            found = any(re.fullmatch(pattern, name) for name in names)
            assert found == (other == part)


def test_the_stem_has_the_published_stages(ssl):
    wanted = recorded("eisai")
    first = ssl.stem.layer1(array("rv_ei_blk", (1, 64, 8, 12)))
    second = ssl.stem.layer2(first)
    for entry, found in (("layer1", first[:, ::16]), ("layer2", second[:, ::32])):
        assert_near(found[..., ::2, ::2], wanted[entry], map_tolerance(wanted[entry]))


def test_the_grid_mixes_its_rows_as_published(ssl):
    shapes = [(1, 64, 16, 24), (1, 256, 8, 12), (1, 512, 4, 6)]
    levels = [array(f"rv_ei_g{row}", shape) for row, shape in enumerate(shapes)]
    wanted = recorded("eisai")["gridnet"]
    found = ssl.grid(ssl.converter(levels))[:, ::2, ::2, ::2]
    assert_near(found, wanted, map_tolerance(wanted))


def test_lab_colours_are_the_published_ones():
    found = rgb_to_lab(keys(SMALL)[0])[..., ::16, ::16]
    assert_near(found, recorded("eisai")["lab"], LAB_TOLERANCE)


def test_backward_warping_uses_the_published_grid():
    flow = field("rv_ei_f0", 2, SMALL, scale=12).flip(1)
    found = fetch_along(keys(SMALL)[0], flow)[..., ::12, ::12]
    wanted = recorded("eisai")["backwarp"]
    assert_near(found, wanted, map_tolerance(wanted))


def test_metrics_and_features_of_the_keys_are_the_published_ones(pair):
    wanted = recorded("eisai")
    found = {
        "z0": pair.motion.backward_metric[..., ::8, ::8],
        "z1": pair.motion.forward_metric[..., ::16, ::16],
        "feat1": pair.first_features[0][:, ::16, ::16, ::16],
        "feat2": pair.first_features[1][:, ::64, ::8, ::8],
        "feat3": pair.first_features[2][:, ::64, ::8, ::8],
    }
    for name, values in found.items():
        entry = wanted[f"s_t50_{name}"]
        assert_near(values, entry, map_tolerance(entry))


def test_distances_to_lines_are_the_published_ones(ssl, pair):
    wanted = recorded("eisai")
    drawn = line_distance(ssl(pair, time=0.5).picture)
    found = pair.first[:, 3:, ::6, ::6]
    assert_near(found, wanted["s_t50_nedt0"], DISTANCE_TOLERANCE, share=0.995)
    assert_near(drawn[..., ::8, ::8], wanted["s_t50_nedt_ssl"], DISTANCE_TOLERANCE, share=0.995)


def test_the_flow_of_pictures_that_are_not_centred_is_the_published_one():
    network = build_filled(
        AnimeInterp,
        key_map=ANIMEINTERP_KEY_MAP,
        names=published_rival("animeinterp", "animeinterp"),
        fill=scaled_fill([(r"flow_head\.conv2\.", 0.25)]),
        prefix="module.",
    )
    assert isinstance(network, AnimeInterp)
    first, last = keys((128, 160))
    with torch.no_grad():
        to_first = network.flownet(last, first, iterations=ITERATIONS)
        to_last = network.flownet(first, last, iterations=ITERATIONS)
    for number, flow in enumerate((to_first, to_last)):
        found = flow.flip(1)[..., ::8, ::8]
        assert_near(found, recorded("eisai")[f"rfr_flow{number}"], FLOW_TOLERANCE)


def check_drawing(ssl, dtm, pair, *, time, entries, strides):
    """Every recorded stage of one drawing; strides are of the pictures and of what they were made from."""
    wanted = {
        name.removeprefix(entries): value
        for name, value in recorded("eisai").items()
        if name.startswith(entries)
    }
    seen = {}
    watch = [
        ssl.converter.register_forward_hook(lambda _, given, __: seen.update(levels=given[0])),
        ssl.grid.register_forward_hook(lambda _, __, made: seen.update(grid=made)),
    ]
    made = ssl(pair, time=time)
    for hook in watch:
        hook.remove()
    fine, coarse = strides
    warped = made.warped
    mask = warped.first_mask[..., ::coarse, ::coarse].numpy()
    assert (mask == wanted["mask01"]).mean() >= 0.999
    maps = {
        "base0": warped.from_first[..., ::coarse, ::coarse],
        "f10": warped.last[..., ::coarse, ::coarse],
        "warp1": seen["levels"][0][:, ::16, ::16, ::16],
        "warp3": seen["levels"][2][:, ::64, ::8, ::8],
        "grid": seen["grid"][:, ::8, ::16, ::16],
    }
    for name, found in maps.items():
        assert_near(found, wanted[name], map_tolerance(wanted[name]))
    assert_near(made.picture[..., ::fine, ::fine], wanted["ssl"], PICTURE_TOLERANCE, share=0.995)
    finished = torch.cat(dtm(made), dim=1)[..., ::fine, ::fine]
    assert_near(finished, wanted["dtm"], PICTURE_TOLERANCE, share=0.995)


@pytest.mark.parametrize(("time", "entries"), [(0.5, "s_t50_"), (0.25, "s_t25_")])
def test_every_stage_of_a_drawing_is_the_published_one(ssl, dtm, pair, time, entries):
    check_drawing(ssl, dtm, pair, time=time, entries=entries, strides=(6, 12))


@pytest.mark.slow
def test_drawings_of_the_published_size_are_the_published_ones(ssl, dtm):
    pair = described(ssl, PUBLISHED)
    check_drawing(ssl, dtm, pair, time=0.25, entries="full_t25_", strides=(24, 48))
