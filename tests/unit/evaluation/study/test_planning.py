"""Ballots are balanced."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from toontween.errors import InputError
from toontween.evaluation.study.planning import (
    DAMAGED,
    FEWEST_BALLOTS,
    MOST_BALLOTS,
    Comparison,
    count_comparisons,
    plan_ballots,
    plan_catches,
)

SIZES = [(2, 1, 1), (3, 6, 10), (4, 5, 30), (5, 3, 7), (3, 4, 12), (8, 6, 20), (2, 9, 4)]
IDS = [f"{methods} methods, {clips} clips, {own} a ballot" for methods, clips, own in SIZES]


def plan(num_methods, num_clips, per_ballot, seed=0):
    return plan_ballots(
        [f"m{number}" for number in range(num_methods)],
        [f"c{number}" for number in range(num_clips)],
        per_ballot=per_ballot,
        random=np.random.default_rng(seed),
    )


def unit(one: Comparison):
    return one.clip, frozenset((one.left, one.right))


@pytest.mark.parametrize(("num_methods", "num_clips", "per_ballot"), SIZES, ids=IDS)
def test_over_all_ballots_every_pair_on_every_clip_comes_equally_often_on_both_sides(
    num_methods, num_clips, per_ballot
):
    ballots = plan(num_methods, num_clips, per_ballot)
    counts = Counter(one for ballot in ballots for one in ballot)
    assert len(counts) == 2 * count_comparisons(num_methods, num_clips)
    assert len(set(counts.values())) == 1
    assert FEWEST_BALLOTS <= len(ballots) <= MOST_BALLOTS


@pytest.mark.parametrize(("num_methods", "num_clips", "per_ballot"), SIZES, ids=IDS)
def test_after_any_number_of_voters_votes_differ_by_one_at_most(num_methods, num_clips, per_ballot):
    counts = Counter(
        (f"c{clip}", frozenset((f"m{first}", f"m{second}")))
        for clip in range(num_clips)
        for first, second in combinations(range(num_methods), 2)
    )
    for ballot in plan(num_methods, num_clips, per_ballot):
        counts.update(unit(one) for one in ballot)
        assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize(("num_methods", "num_clips", "per_ballot"), SIZES, ids=IDS)
def test_no_ballot_holds_a_pair_twice(num_methods, num_clips, per_ballot):
    for ballot in plan(num_methods, num_clips, per_ballot):
        assert len(ballot) == len({unit(one) for one in ballot}) == per_ballot


def test_a_ballot_is_spread_over_pairs_and_clips():
    """No pair and no clip has far more of a ballot than its part, 12/6 and 12/4, even where a round ends in it."""
    for ballot in plan(4, 4, 12):
        pairs = Counter(frozenset((one.left, one.right)) for one in ballot)
        clips = Counter(one.clip for one in ballot)
        assert max(pairs.values()) <= 4
        assert max(clips.values()) <= 6


def test_where_balance_needs_too_many_ballots_it_is_near():
    ballots = plan(8, 50, 17)
    assert len(ballots) == MOST_BALLOTS
    counts = Counter(one for ballot in ballots for one in ballot)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_the_seed_decides():
    assert plan(3, 6, 10, seed=1) == plan(3, 6, 10, seed=1)
    assert plan(3, 6, 10, seed=1) != plan(3, 6, 10, seed=2)


def test_catch_trials_change_sides_within_a_ballot_and_over_all():
    ballots = plan_catches(["c0", "c1", "c2"], "truth", num_ballots=12, per_ballot=2)
    for ballot in ballots:
        assert {one.left for one in ballot} == {"truth", DAMAGED}
        assert len({one.clip for one in ballot}) == 2
        assert all(one.is_catch for one in ballot)
    assert set(Counter(one for ballot in ballots for one in ballot).values()) == {4}


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ((1, 3, 1), "nothing to compare"),
        ((2, 0, 1), "nothing to compare"),
        ((3, 2, 7), "there are 6 different ones"),
        ((3, 2, 0), "there are 6 different ones"),
    ],
)
def test_what_cannot_be_planned_is_refused(sizes, told):
    with pytest.raises(InputError, match=told):
        plan(*sizes)


def test_catch_trials_need_as_many_clips():
    with pytest.raises(InputError, match="3 catch trials for each voter from 2 clips"):
        plan_catches(["c0", "c1"], "truth", num_ballots=4, per_ballot=3)
