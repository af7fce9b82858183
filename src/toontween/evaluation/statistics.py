"""How sure a mean is, and who wins how often."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from toontween.errors import InputError

RESAMPLES = 2000
"""Resamples for the interval of a mean."""

SET_RESAMPLES = 100
"""Resamples for the interval of a distance between sets, each of which costs a singular value decomposition."""

COVERAGE = 0.95
"""Of the intervals."""


def mean_interval(
    values: Float[np.ndarray, " n"], *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap of a mean over clips (Efron and Tibshirani 1993, chapter 13).

    Args:
        values: One a clip, all finite.
        resamples: How many sets of as many clips are drawn with replacement.
        seed: Of the draws; the same draws for all methods on as many clips, so that their intervals move together.

    Raises:
        InputError: There are no values.
    """
    if not len(values):
        raise InputError("no values have no mean")
    means = values[_draws(len(values), resamples, seed)].mean(axis=1)
    low, high = np.quantile(means, _bounds())
    return float(low), float(high)


def set_interval(
    distance: Callable[[np.ndarray], float],
    value: float,
    count: int,
    *,
    resamples: int = SET_RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    """Bootstrap over clips of a distance between two sets of them, centred on its value.

    A resample repeats clips, which makes sets look narrower and their distance larger: the spread of the resamples is
    kept, their shift is not.

    Args:
        distance: The distance when only these clips count, given as numbers with repetition, in both sets.
        value: Of all clips.
        count: How many clips there are.
        resamples: How many sets are drawn.
        seed: Of the draws.
    """
    found = np.array([distance(chosen) for chosen in _draws(count, resamples, seed)])
    low, high = np.quantile(found - found.mean(), _bounds())
    return float(value + low), float(value + high)


def win_rate(
    ours: Float[np.ndarray, " n"], theirs: Float[np.ndarray, " n"]
) -> tuple[float, tuple[float, float]]:
    """Part of the clips on which our badness is less, ties counted half, and its Wilson interval.

    Args:
        ours: Badness a clip, less is better; clips that either has no value for are left out.
        theirs: The same for the other.

    Raises:
        InputError: No clip has both values.
    """
    both = np.isfinite(ours) & np.isfinite(theirs)
    if not both.any():
        raise InputError("no clip has both values")
    won = np.where(ours == theirs, 0.5, ours < theirs)[both]
    return float(won.mean()), wilson(float(won.sum()), len(won))


def wilson(won: float, count: int) -> tuple[float, float]:
    """Wilson's interval of a share (Wilson 1927), good for few trials and shares near 0 and 1.

    Args:
        won: How many of them, halves included.
        count: How many trials, at least one.
    """
    z = 1.959963984540054  # the normal distribution's quantile for `COVERAGE`
    share = won / count
    centre = share + z**2 / (2 * count)
    half = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    scale = 1 + z**2 / count
    return float(max(0, (centre - half) / scale)), float(min(1, (centre + half) / scale))


def thirds(values: Sequence[float]) -> list[int]:
    """Which third of the values each one is in: 0 the smallest, 1, 2 the largest; equal values in their order."""
    order = np.argsort(np.asarray(values), kind="stable")
    rank = np.argsort(order, kind="stable")
    return [int(place) for place in rank * 3 // max(1, len(values))]


def _draws(count: int, resamples: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, count, (resamples, count))


def _bounds() -> tuple[float, float]:
    return (1 - COVERAGE) / 2, (1 + COVERAGE) / 2
