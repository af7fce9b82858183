import time

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.drawn_pairs import CutoutOptions, cutout_pair
from tests.parity.goldens import converted_shapes, state_shapes
from toontween.checkpoints.maps.rivals import vgg19
from toontween.errors import InputError, ShapeError
from toontween.interpolators.learned.animeinterp.matching.features import (
    Vgg19Features,
    region_features,
)
from toontween.interpolators.learned.animeinterp.matching.segments import (
    DISNEY,
    SegmentSettings,
    find_outlines,
    give_outlines,
    join_small,
    segment,
)

STAGES = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
"""Channels and layers of VGG19's stages (Simonyan and Zisserman, ICLR 2015, table 1, E); a pooling ends each."""

SHIFTED = CutoutOptions(turn_deg=0.0, growth=1.0)
PAPER, INK = 230, 20


def published_shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    place, source = 0, 3
    for channels, layers in STAGES:
        for _ in range(layers):
            shapes[f"features.{place}.weight"] = (channels, source, 3, 3)
            shapes[f"features.{place}.bias"] = (channels,)
            place, source = place + 2, channels
        place += 1
    for place, shape in ((0, (4096, 25088)), (3, (4096, 4096)), (6, (1000, 4096))):
        shapes[f"classifier.{place}.weight"], shapes[f"classifier.{place}.bias"] = shape, shape[:1]
    return shapes


def framed(gap_px: int) -> np.ndarray:
    """A square outline in the middle, open on its right-hand side by a gap."""
    picture = np.full((120, 160, 3), PAPER, np.uint8)
    cv2.rectangle(picture, (40, 20), (120, 100), (INK, INK, INK), 3)
    picture[60 - gap_px // 2 : 60 - gap_px // 2 + gap_px, 115:126] = PAPER
    return picture


# regions


@pytest.mark.parametrize("number", [0, 1])
def test_every_flat_shape_is_one_region_and_every_region_one_shape(number):
    pair = cutout_pair(number, SHIFTED)
    regions = segment(pair.first)
    assert regions.max() + 1 == 25
    owners = []
    for part in range(25):
        counts = np.bincount(regions[pair.parts[0] == part])
        assert counts.max() > 0.95 * counts.sum()
        owners.append(counts.argmax())
    assert len(set(owners)) == 25


def test_a_region_does_not_leak_through_a_gap_in_its_outline():
    regions = segment(framed(gap_px=4))
    assert regions[60, 80] != regions[60, 150]
    inside = regions[60, 80] == regions[30:90, 50:110]
    assert inside.all()


@pytest.mark.parametrize(("gap_px", "joined"), [(4, False), (6, True)])
def test_beside_the_largest_region_rooms_are_joined_by_gaps_as_wide_as_the_second_ball(
    gap_px, joined
):
    picture = np.full((160, 240, 3), PAPER, np.uint8)
    cv2.rectangle(picture, (60, 40), (180, 100), (INK, INK, INK), 3)
    picture[42:99, 119:122] = INK
    picture[68 : 68 + gap_px, 119:122] = PAPER
    regions = segment(picture)
    assert (regions[70, 80] == regions[70, 160]) == joined


def test_a_wide_opening_joins_what_is_on_both_sides():
    regions = segment(framed(gap_px=30))
    assert regions[60, 80] == regions[60, 150]


def test_regions_are_numbered_by_size_without_gaps():
    areas = np.bincount(segment(cutout_pair(0, SHIFTED).first).ravel())
    assert areas.min() > 0
    assert (np.diff(areas) >= 0).all()


def test_outlines_belong_to_the_nearest_region():
    fills = np.zeros((9, 9), np.int32)
    fills[:, :3], fills[:, 6:] = 1, 2
    given = give_outlines(fills)
    assert (given[:, :4] == 1).all()
    assert (given[:, 5:] == 2).all()


def test_a_plain_picture_and_one_of_nothing_but_outlines_are_one_region():
    assert not segment(np.full((20, 30, 3), 128, np.uint8)).any()
    assert (give_outlines(np.zeros((4, 5), np.int32)) == 1).all()


def test_a_small_fill_joins_the_neighbour_of_its_colour():
    fills = np.repeat(np.array([[1] * 30 + [3] * 4 + [2] * 30]), 30, axis=0).astype(np.int32)
    colours = np.array([[0, 0, 0], [200, 40, 40], [40, 40, 200], [190, 40, 60]], np.uint8)
    joined = join_small(fills, colours[fills], small_px=500)
    assert (joined[:, :34] == 1).all()
    assert (joined[:, 34:] == 2).all()


def test_a_small_fill_within_an_outline_stays_alone():
    fills = np.ones((40, 40), np.int32)
    fills[10:20, 10:20] = 0
    fills[12:18, 12:18] = 2
    assert (join_small(fills, np.full((40, 40, 3), 90, np.uint8), small_px=500) == fills).all()


def test_small_fills_that_touch_each_other_join_until_they_are_large_enough():
    fills = np.repeat(np.arange(1, 11, dtype=np.int32)[None], 20, axis=0).repeat(5, axis=1)
    joined = join_small(fills, np.full((20, 50, 3), 90, np.uint8), small_px=500)
    assert np.bincount(joined.ravel())[np.unique(joined)].min() >= 500


def test_a_line_is_followed_into_its_faint_part_but_a_faint_line_alone_is_none():
    picture = np.full((60, 200, 3), PAPER, np.uint8)
    picture[18:21] = np.linspace(INK, PAPER, 200).astype(np.uint8)[None, :, None]
    picture[40:43] = PAPER - 12
    outlines = [find_outlines(picture, SegmentSettings(weak=weak)) for weak in (2.0, 10.0)]
    far, near = (np.flatnonzero(found[:30].any(axis=0)).max() for found in outlines)
    assert 150 < near < far
    assert not outlines[0][30:].any()
    everything = find_outlines(picture, SegmentSettings(weak=2.0, strong=2.0))
    assert everything[30:].any()


def test_the_same_picture_has_the_same_regions_on_any_number_of_threads():
    before = cv2.getNumThreads()
    try:
        found = []
        for threads in (1, 2):
            cv2.setNumThreads(threads)
            found.append(segment(cutout_pair(0, SHIFTED).first, DISNEY))
    finally:
        cv2.setNumThreads(before)
    assert (found[0] == found[1]).all()


def test_a_picture_of_512_by_320_is_divided_in_less_than_a_second_and_a_half():
    began = time.process_time()
    segment(cutout_pair(0, SHIFTED).first)
    assert time.process_time() - began < 1.5


@pytest.mark.parametrize(
    ("option", "value"), [("blur_px", 0), ("weak", 30.0), ("strong", 300.0), ("small_px", -1)]
)
def test_impossible_settings_of_the_regions_are_refused(option, value):
    with pytest.raises(InputError, match=option):
        SegmentSettings(**{option: value})


# looks


def test_the_published_vgg19_is_taken_up_to_its_fourth_stage_and_the_rest_is_listed():
    shapes = published_shapes()
    assert len(shapes) == 38
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 143_667_240
    with torch.device("meta"):
        ours = Vgg19Features(**vgg19.config_from_original(vgg19.PUBLISHED))
    assert converted_shapes(vgg19.KEY_MAP, shapes) == state_shapes(ours)
    _, unused = vgg19.KEY_MAP.plan(shapes)
    assert len(unused) == 38 - 18


def test_features_are_those_of_the_published_sequence():
    generator = torch.Generator().manual_seed(3)
    published = {
        name: torch.randn(shape, generator=generator) * (0.4 / np.sqrt(np.prod(shape[1:])))
        for name, shape in published_shapes().items()
        if name.startswith("features.") and int(name.split(".")[1]) <= 19
    }
    layers: list[nn.Module] = []
    for channels, count in STAGES[:4]:
        for _ in range(count):
            layers += [nn.Conv2d(_source(layers), channels, 3, padding=1), nn.ReLU()]
        layers.append(nn.MaxPool2d(2))
    sequence = nn.Sequential(*layers[:21])
    sequence.load_state_dict({name.removeprefix("features."): t for name, t in published.items()})
    ours = Vgg19Features()
    ours.load_state_dict(vgg19.KEY_MAP.convert(published))
    picture = torch.rand(1, 3, 19, 26, generator=generator)
    mean, spread = (
        torch.tensor(v).view(3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )
    hidden, wanted = (picture - mean) / spread, {}
    with torch.no_grad():
        for place, layer in enumerate(sequence):
            hidden = layer(hidden)
            wanted[place] = hidden
        found = ours(picture)
    for place, features in zip((1, 6, 11, 20), found, strict=True):
        torch.testing.assert_close(features, wanted[place])


def _source(layers: list[nn.Module]) -> int:
    kernels = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    return kernels[-1].out_channels if kernels else 3


def test_looks_are_means_over_regions_at_every_size_shifted_and_normed():
    generator = torch.Generator().manual_seed(0)
    maps = tuple(torch.rand(1, 2, side, side + 1, generator=generator) for side in (9, 4))
    regions = torch.zeros(9, 10, dtype=torch.long)
    regions[:, 4:] = 1
    regions[0, 0] = 2
    found = region_features(maps, regions)
    halved = regions[1::2, 1::2]
    for number in range(2):
        means = [
            features[0][:, level == number].double().mean(dim=1)
            for features, level in zip(maps, (regions, halved), strict=True)
        ]
        raw = torch.cat(means)
        raw = raw - raw.min()
        torch.testing.assert_close(found[number], raw / raw.sum())
    lost = torch.cat([maps[0][0, :, 0, 0].double(), torch.zeros(2, dtype=torch.float64)])
    torch.testing.assert_close(found[2], lost / lost.sum())


def test_regions_without_any_difference_in_their_features_have_no_looks():
    assert not region_features((torch.ones(1, 3, 8, 8),), torch.zeros(8, 8, dtype=torch.long)).any()


def test_maps_of_other_sizes_than_the_regions_are_refused():
    with pytest.raises(ShapeError, match="feature map 1"):
        region_features((torch.ones(1, 2, 8, 8), torch.ones(1, 2, 5, 4)), torch.zeros(8, 8).long())


def test_a_picture_of_seven_pixels_is_too_small():
    with pytest.raises(ShapeError, match="7×40"):
        Vgg19Features(base_channels=4)(torch.zeros(1, 3, 40, 7))
