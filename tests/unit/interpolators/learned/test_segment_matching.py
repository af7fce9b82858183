from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.drawn_pairs import CutoutOptions, DrawnPair, cutout_pair, studio_pairs
from benchmarks.segment_matching import judge, judged_matches, partners, summed, vgg_looks
from toontween.errors import InputError, ShapeError
from toontween.interpolators.learned.animeinterp.matching.features import Vgg19Features
from toontween.interpolators.learned.animeinterp.matching.guide import (
    GuideSettings,
    guide_flow,
    segment_guided_flow,
)
from toontween.interpolators.learned.animeinterp.matching.matching import (
    MOST_REGIONS,
    Regions,
    describe,
    match,
    similarity,
)
from toontween.interpolators.learned.animeinterp.matching.segments import segment
from toontween.interpolators.learned.weights import fill_at_random

SHIFTED = CutoutOptions(turn_deg=0.0, growth=1.0)
PAPER, INK = 230, 20


@cache
def network() -> Vgg19Features:
    small = Vgg19Features(base_channels=8)
    fill_at_random(small)
    return small.eval()


@cache
def shifted(number: int) -> DrawnPair:
    return cutout_pair(number, SHIFTED)


def as_tensor(picture: np.ndarray) -> Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255


def discs(*discs_at: tuple[int, int, int, tuple[int, int, int]]) -> np.ndarray:
    """Outlined discs (x, y, radius, colour) on paper of 240×160."""
    picture = np.full((160, 240, 3), PAPER, np.uint8)
    for x, y, radius, colour in discs_at:
        cv2.circle(picture, (x, y), radius, colour, -1)
        cv2.circle(picture, (x, y), radius, (INK, INK, INK), 2)
    return picture


def measured(*rows: tuple[int, tuple[float, float]]) -> Regions:
    """Regions of given areas and centres that look alike, in a picture of 30×40 (diagonal 50)."""
    return Regions(
        numbers=np.zeros((30, 40), np.int32),
        areas=np.array([area for area, _ in rows]),
        centres=np.array([centre for _, centre in rows], np.float64),
        features=torch.ones(len(rows), 1),
    )


# matching


def test_only_pairs_that_are_each_others_best_are_matched():
    alike = np.array([[0.9, 0.2, 0.1], [0.8, 0.7, 0.1], [0.95, 0.3, 0.4]])
    # all three like column 0 best, and column 0 likes row 2 best
    assert match(alike).tolist() == [-1, -1, 0]
    assert match(alike.T).tolist() == [2, -1, -1]


def test_equally_similar_regions_are_matched_to_the_first():
    assert match(np.ones((2, 3))).tolist() == [0, -1]


def test_likeness_is_the_common_part_of_the_looks():
    ours = replace(measured((100, (5, 5))), features=torch.tensor([[0.5, 0.3, 0.2]]))
    theirs = replace(ours, features=torch.tensor([[0.1, 0.3, 0.6]]))
    assert similarity(ours, theirs)[0, 0] == pytest.approx(0.1 + 0.3 + 0.2)


def test_sizes_that_differ_more_than_threefold_and_far_places_cost_likeness():
    ours = measured((100, (5, 5)))
    theirs = measured((300, (5, 5)), (400, (5, 5)), (20, (5, 5)), (100, (11, 5)), (100, (35, 5)))
    expected = [1.0, 1 - 4 / 20, 1 - 5 / 20, 1.0, 1 - (30 / 50) / 5]
    assert similarity(ours, theirs)[0] == pytest.approx(expected)


def test_regions_are_measured_in_pixels():
    numbers = np.ones((4, 6), np.int32)
    numbers[1:3, 2:6] = 0
    regions = describe(numbers, torch.ones(2, 1))
    assert regions.areas.tolist() == [8, 16]
    assert regions.centres[0].tolist() == [3.5, 1.5]


def test_a_picture_of_grain_is_refused_and_not_compared_for_hours():
    grain = np.random.default_rng(0).integers(0, 256, (320, 512, 3)).astype(np.uint8)
    numbers = segment(grain)
    assert numbers.max() >= MOST_REGIONS
    with pytest.raises(InputError, match="regions; at most"):
        describe(numbers, torch.ones(int(numbers.max()) + 1, 1))


# the guide


def test_shifted_shapes_are_all_matched_and_their_flow_is_their_motion():
    found = summed(judge(shifted(number), vgg_looks(network())) for number in range(2))
    assert found["count"]["matchable"] == 50
    assert found["count"]["right_of_matched"] == 1.0
    assert found["count"]["right_of_matchable"] == 1.0
    assert found["moving_pixels_guided"] > 0.98
    assert found["error_px_guide"]["mean"] < 0.3
    assert found["error_px_still"]["mean"] > 30
    assert found["error_px_dis"]["mean"] > 10 * found["error_px_guide"]["mean"]


def test_turned_and_scaled_shapes_are_matched_and_guided_nearer_than_by_plain_flow():
    found = summed(judge(cutout_pair(number), vgg_looks(network())) for number in range(2))
    assert found["count"]["right_of_matched"] > 0.97
    assert found["count"]["right_of_matchable"] > 0.97
    assert found["error_px_guide"]["mean"] < 4.5
    assert found["error_px_guide"]["mean"] < 0.6 * found["error_px_dis"]["mean"]


def test_shapes_of_shared_colours_that_move_as_far_as_their_neighbours_are_mostly_told_apart():
    options = CutoutOptions(shared_colours=True, farthest_px=130.0)
    found = summed(judge(cutout_pair(number, options), vgg_looks(network())) for number in range(2))
    assert found["count"]["right_of_matched"] > 0.85
    assert found["error_px_guide"]["mean"] < 0.5 * found["error_px_dis"]["mean"]


def test_most_parts_of_acting_characters_are_matched_rightly():
    found = summed(judge(pair, vgg_looks(network())) for pair in studio_pairs(5, 3, (0.4, 0.5)))
    assert found["count"]["right_of_matched"] > 0.7
    assert found["area"]["right_of_matched"] > 0.7
    assert found["error_px_guide"]["median"] < found["error_px_dis"]["median"]


def test_the_measure_of_matches_counts_wrong_ones():
    pair = cutout_pair(0, CutoutOptions(turn_deg=0.0, growth=1.0, farthest_px=12.0))
    ours, theirs = (
        describe(numbers, torch.ones(25, 1)) for numbers in map(segment, (pair.first, pair.last))
    )
    right = partners(pair, ours.numbers, theirs.numbers)
    assert sorted(right) == list(range(25))
    assert judged_matches(pair, ours, theirs, right)["count"].tolist() == [25, 25, 25]
    wrong = np.roll(right, 1)
    assert judged_matches(pair, ours, theirs, wrong)["count"].tolist() == [25, 25, 0]
    assert judged_matches(pair, ours, theirs, np.full(25, -1))["count"].tolist() == [25, 0, 0]


def test_the_flow_back_is_the_flow_of_the_drawings_swapped():
    first, last = as_tensor(shifted(1).first), as_tensor(shifted(1).last)
    forward, backward = segment_guided_flow(first, last, network())
    again = segment_guided_flow(last, first, network())
    assert forward.any()
    assert torch.equal(forward, again[1])
    assert torch.equal(backward, again[0])


def test_equal_drawings_do_not_flow():
    picture = as_tensor(shifted(0).first)
    for flow in segment_guided_flow(picture, picture, network()):
        assert flow.abs().max() < 0.02


def test_drawings_of_odd_sizes_can_be_guided():
    first = as_tensor(discs((40, 50, 18, (200, 60, 60)), (150, 70, 20, (60, 160, 60)))[:131, :197])
    last = as_tensor(discs((52, 57, 18, (200, 60, 60)), (144, 75, 20, (60, 160, 60)))[:131, :197])
    forward, backward = segment_guided_flow(first, last, network())
    assert forward.shape == backward.shape == (1, 2, 131, 197)
    assert forward.dtype == torch.float32
    assert forward[0, :, 50, 40].tolist() == pytest.approx([12, 7], abs=0.3)
    assert backward[0, :, 75, 144].tolist() == pytest.approx([6, -5], abs=0.3)
    assert not forward[0, :, 5, 5].any()


RED = (200, 60, 60)


@pytest.mark.parametrize(
    ("radius", "moved", "settings", "guided"),
    [
        (20, 30, {}, True),
        (20, 30, {"farthest_px": 29.0}, False),
        (3, 4, {}, False),
        (6, 6, {"smallest_px": 200.0}, False),
        (45, 20, {}, False),
        (45, 20, {"largest_share": 0.3}, True),
        (20, 30, {"overlap": 1.0}, False),
    ],
    ids=[
        "usual",
        "far",
        "tiny",
        "below the least",
        "huge",
        "huge allowed",
        "overlap never above 1",
    ],
)
def test_matches_are_believed_by_distance_size_and_overlap(radius, moved, settings, guided):
    first, last = (as_tensor(discs((60 + by, 80, radius, RED))) for by in (0, moved))
    flow, _ = segment_guided_flow(first, last, network(), settings=GuideSettings(**settings))
    assert bool(flow[0, :, 80, 60].any()) == guided


def test_partners_of_another_form_are_not_believed():
    disc, bar = np.zeros((2, 160, 240), np.int32)
    disc[40:80, 40:80], bar[90:94, 20:220] = 1, 1
    picture = np.full((160, 240, 3), 200, np.uint8)
    ours, theirs = (describe(numbers, torch.ones(2, 1)) for numbers in (disc, bar))
    partner = np.array([-1, 1])
    assert max(ours.areas[1], theirs.areas[1]) < 3 * min(ours.areas[1], theirs.areas[1])
    flow = guide_flow(picture, picture, ours, theirs, partner, GuideSettings())
    assert not flow.any()
    flow = guide_flow(picture, picture, ours, theirs, partner, GuideSettings(overlap=0.05))
    assert flow[:, disc == 1].any()


def test_black_regions_are_told_from_the_black_around_their_cuttings():
    first, last = (as_tensor(discs((80, 80, radius, (0, 0, 0)))) for radius in (20, 25))
    flow, _ = segment_guided_flow(first, last, network())
    assert flow[0, 0, 80, 80 + 14] > 2
    assert flow[0, 0, 80, 80 - 14] < -2
    assert flow[0, 1, 80 + 14, 80] > 2


def test_drawings_of_different_sizes_are_refused():
    with pytest.raises(ShapeError, match="the drawings differ"):
        segment_guided_flow(torch.zeros(1, 3, 32, 32), torch.zeros(1, 3, 32, 40), network())


@pytest.mark.parametrize(
    ("option", "value"), [("farthest_px", -1.0), ("area_ratio", 0.5), ("overlap", 1.5)]
)
def test_impossible_settings_of_the_guide_are_refused(option, value):
    with pytest.raises(InputError, match=option):
        GuideSettings(**{option: value})
