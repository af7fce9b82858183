"""How sure a mean is, and who wins how often."""

import math

import numpy as np
import pytest
from scipy import stats

from toontween.errors import InputError
from toontween.evaluation.statistics import (
    mean_interval,
    set_interval,
    thirds,
    wilson,
    win_rate,
)

RANDOM = np.random.default_rng(5)


@pytest.mark.parametrize(
    "values",
    [RANDOM.normal(20, 3, 40), RANDOM.exponential(0.1, 60), RANDOM.integers(0, 2, 100) * 1.0],
    ids=["normal", "skewed", "shares"],
)
def test_intervals_are_those_of_the_percentile_bootstrap(values):
    low, high = mean_interval(values, resamples=4000)
    random = np.random.default_rng(1)
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=random
    ).confidence_interval
    width = expected.high - expected.low
    assert low == pytest.approx(expected.low, abs=0.06 * width)
    assert high == pytest.approx(expected.high, abs=0.06 * width)


def test_intervals_shrink_with_the_root_of_the_number_of_clips():
    few, many = RANDOM.normal(0, 1, 50), RANDOM.normal(0, 1, 5000)
    widths = [high - low for low, high in (mean_interval(few), mean_interval(many))]
    assert widths[0] / widths[1] == pytest.approx(10, rel=0.25)
    assert widths[1] == pytest.approx(2 * 1.96 / math.sqrt(5000), rel=0.1)


def test_equal_values_have_no_spread_and_the_same_seed_gives_the_same_interval():
    assert mean_interval(np.full(7, 2.5)) == (2.5, 2.5)
    values = RANDOM.normal(0, 1, 9)
    assert mean_interval(values) == mean_interval(values)
    assert mean_interval(values, seed=1) != mean_interval(values)


def test_methods_on_as_many_clips_are_resampled_alike():
    values = RANDOM.normal(0, 1, 9)
    low, high = mean_interval(values)
    assert mean_interval(values + 3) == pytest.approx((low + 3, high + 3))


def test_no_values_have_no_interval():
    with pytest.raises(InputError, match="no values"):
        mean_interval(np.zeros(0))


def test_the_interval_of_a_set_stands_around_its_distance():
    values = RANDOM.normal(0, 1, 30)

    def variance(chosen: np.ndarray) -> float:  # resamples make it smaller by 1/30 on average
        return float(values[chosen].var())

    value = float(values.var())
    low, high = set_interval(variance, value, 30, resamples=2000)
    assert low < value < high
    found = [variance(RANDOM.integers(0, 30, 30)) for _ in range(2000)]
    spread = np.quantile(found, 0.975) - np.quantile(found, 0.025)
    assert high - low == pytest.approx(spread, rel=0.1)
    assert np.mean(found) < value  # a plain percentile interval would stand too low


def test_the_bias_of_resampling_is_taken_out():
    def biased(chosen: np.ndarray) -> float:
        return 100.0 + float(len(np.unique(chosen)))

    low, high = set_interval(biased, 7.0, 20, resamples=500)
    assert 0 < low < 7 < high < 14


def test_resamples_are_of_all_clips_with_repetition():
    seen: list[np.ndarray] = []

    def remember(chosen: np.ndarray) -> float:
        seen.append(chosen)
        return 0.0

    assert set_interval(remember, 3.0, 6, resamples=50) == (3.0, 3.0)
    assert len(seen) == 50
    assert all(len(chosen) == 6 and set(chosen) <= set(range(6)) for chosen in seen)
    assert any(len(set(chosen)) < 6 for chosen in seen)


@pytest.mark.parametrize(
    ("won", "count"),
    [(81.0, 263), (0.0, 20), (20.0, 20), (5.0, 10), (1.0, 1), (15.0, 148), (7.5, 10)],
)
def test_intervals_of_shares_are_wilsons(won, count):
    low, high = wilson(won, count)
    if won == int(won):
        expected = stats.binomtest(int(won), count).proportion_ci(0.95, method="wilson")
        assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    # its ends are the shares p whose normal test just rejects the one found: |won/n − p| = z √(p(1−p)/n)
    for end in (low, high):
        if 0 < end < 1:
            off = abs(won / count - end) / math.sqrt(end * (1 - end) / count)
            assert off == pytest.approx(1.959964, abs=1e-5)


@pytest.mark.parametrize(
    ("won", "count", "published"),
    [
        (81.0, 263, (0.2553, 0.3662)),
        (15.0, 148, (0.0624, 0.1605)),
        (0.0, 20, (0.0, 0.1611)),
        (1.0, 29, (0.0061, 0.1718)),
    ],
)
def test_published_intervals_are_found(won, count, published):
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3: score without continuity correction
    assert wilson(won, count) == pytest.approx(published, abs=5e-5)


def test_less_is_better_and_ties_are_half_a_win():
    share, interval = win_rate(np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 2.0, 1.0, 5.0]))
    assert share == 2.5 / 4
    assert interval == wilson(2.5, 4)


def test_shares_of_two_rivals_are_one_together():
    ours, theirs = RANDOM.integers(0, 4, 50) * 1.0, RANDOM.integers(0, 4, 50) * 1.0
    assert win_rate(ours, theirs)[0] + win_rate(theirs, ours)[0] == pytest.approx(1)


def test_clips_that_either_has_no_value_for_are_left_out():
    ours = np.array([1.0, np.nan, 1.0, np.inf])
    theirs = np.array([2.0, 2.0, np.nan, 1.0])
    assert win_rate(ours, theirs) == (1.0, wilson(1.0, 1))
    with pytest.raises(InputError, match="no clip has both"):
        win_rate(ours[1:], theirs[1:])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.0, 1.0, 2.0], [2, 0, 1]),
        ([5.0, 5.0, 5.0, 5.0, 5.0, 5.0], [0, 0, 1, 1, 2, 2]),
        ([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0], [2, 2, 1, 1, 0, 0, 0]),
        ([2.0, 1.0], [1, 0]),
        ([7.0], [0]),
        ([], []),
    ],
)
def test_thirds_are_of_equal_size_and_in_order(values, expected):
    assert thirds(values) == expected


def test_every_value_of_a_third_is_at_most_those_of_the_next():
    values = RANDOM.normal(0, 1, 100)
    which = np.array(thirds(list(values)))
    assert np.bincount(which).tolist() == [34, 33, 33]
    assert values[which == 0].max() <= values[which == 1].min()
    assert values[which == 1].max() <= values[which == 2].min()
