"""Bradley–Terry strengths against what is known of them."""

import math

import numpy as np
import pytest

from toontween.evaluation.study.count.strengths import (
    TIES_ADDED,
    bounds,
    first_choices,
    fit_strengths,
    resample_voters,
)


def expected_wins(log_strength: np.ndarray, votes: float) -> np.ndarray:
    """What voters would do on average."""
    chance = 1 / (1 + np.exp(log_strength[None, :] - log_strength[:, None]))
    return votes * chance * (1 - np.eye(len(log_strength)))


def test_known_strengths_come_back_from_many_votes():
    known = np.array([1.2, 0.3, -0.4, -1.1])
    random = np.random.default_rng(3)
    chance = 1 / (1 + np.exp(known[None, :] - known[:, None]))
    upper = np.triu(random.binomial(5000, chance), 1)
    wins = (upper + np.tril(5000 - upper.T, -1)).astype(float)
    np.testing.assert_allclose(fit_strengths(wins), known - known.mean(), atol=0.06)


def test_of_two_methods_the_strengths_are_the_log_odds():
    wins = np.array([[0.0, 30.0], [10.0, 0.0]])
    strong, weak = fit_strengths(wins)
    odds = (30 + TIES_ADDED / 2) / (10 + TIES_ADDED / 2)
    assert strong - weak == pytest.approx(math.log(odds), abs=1e-7)
    assert strong + weak == pytest.approx(0, abs=1e-12)


def test_the_fit_explains_all_wins():
    """At the greatest likelihood each method's expected wins are its wins (the likelihood equations)."""
    random = np.random.default_rng(0)
    wins = random.integers(0, 20, (5, 5)) * (1.0 - np.eye(5))
    wins_and_ties = wins + TIES_ADDED / 2 * (1 - np.eye(5))
    found = fit_strengths(wins)
    compared = wins_and_ties + wins_and_ties.T
    chance = 1 / (1 + np.exp(found[None, :] - found[:, None]))
    np.testing.assert_allclose(
        (compared * chance).sum(axis=1), wins_and_ties.sum(axis=1), atol=1e-6
    )


def test_who_never_wins_has_a_finite_strength():
    wins = np.array([[0.0, 9.0, 9.0], [0.0, 0.0, 5.0], [0.0, 4.0, 0.0]])
    found = fit_strengths(wins)
    assert np.isfinite(found).all()
    assert found.argmax() == 0


def test_without_votes_all_are_equal():
    np.testing.assert_array_equal(fit_strengths(np.zeros((4, 4))), np.zeros(4))


def test_a_batch_is_fitted_as_each_alone():
    random = np.random.default_rng(1)
    wins = random.integers(0, 9, (3, 4, 4)) * (1.0 - np.eye(4))
    alone = np.stack([fit_strengths(one) for one in wins])
    np.testing.assert_allclose(fit_strengths(wins), alone, atol=1e-7)


def test_first_choices_are_the_strengths_as_parts_of_their_sum():
    np.testing.assert_allclose(first_choices(np.log([6.0, 3.0, 1.0])), [0.6, 0.3, 0.1])


def test_the_intervals_hold_the_truth_and_shrink_with_voters():
    known = np.array([0.8, 0.0, -0.8])
    random = np.random.default_rng(2)
    chance = 1 / (1 + np.exp(known[None, :] - known[:, None]))

    def voters(count: int) -> np.ndarray:
        upper = np.triu(random.binomial(10, chance, (count, 3, 3)), 1)
        return (upper + np.tril(10 - upper.swapaxes(1, 2), -1)).astype(float)

    few, many = (bounds(resample_voters(voters(count), resamples=200)) for count in (8, 80))
    assert ((few[0] < known) & (known < few[1])).all()
    assert ((many[0] < known) & (known < many[1])).all()
    assert (many[1] - many[0] < 0.6 * (few[1] - few[0])).all()


def test_voters_who_all_say_the_same_leave_no_doubt():
    wins = np.repeat(expected_wins(np.array([0.5, -0.5]), 8)[None], 6, axis=0)
    low, high = bounds(resample_voters(wins, resamples=50))
    np.testing.assert_allclose(low, high, atol=1e-7)
