"""Bradley–Terry strengths by Hunter's MM algorithm.

In the model of Bradley and Terry (1952), method i beats j with probability pᵢ / (pᵢ + pⱼ). The strengths p of greatest
likelihood are found by the iteration of Hunter (2004), "MM algorithms for generalized Bradley–Terry models", Annals of
Statistics 32(1), equation (3): pᵢ ← Wᵢ / Σⱼ Nᵢⱼ / (pᵢ + pⱼ), with Wᵢ the wins of i and Nᵢⱼ the comparisons of i and j.
"""

import numpy as np
from jaxtyping import Float

from toontween.errors import InputError
from toontween.evaluation.statistics import COVERAGE

TIES_ADDED = 1.0
"""To every pair of methods: half a win each way, Jeffreys' prior of a share. A method that never won has finite strength, too,
and resamples in which some pair is missing can be fitted (Hunter's assumption 1 holds always)."""

RESAMPLES = 1000
_CLOSE = 1e-9
_MOST_STEPS = 20_000


def fit_strengths(wins: Float[np.ndarray, "*batch m m"]) -> Float[np.ndarray, "*batch m"]:
    """Natural logarithms of the strengths, their mean 0.

    Args:
        wins: How often the method of the row beat that of the column, ties counted half; not negative, 0 on the diagonal.

    Raises:
        InputError: The iteration does not settle.
    """
    num_methods = wins.shape[-1]
    wins = wins + TIES_ADDED / 2 * (1 - np.eye(num_methods))
    compared = wins + np.swapaxes(wins, -1, -2)
    won = wins.sum(axis=-1)
    log_strength = np.zeros_like(won)
    for _ in range(_MOST_STEPS):
        strength = np.exp(log_strength)
        pairs = strength[..., :, None] + strength[..., None, :]
        new = np.log(won / (compared / pairs).sum(axis=-1))
        new -= new.mean(axis=-1, keepdims=True)
        moved = np.abs(new - log_strength).max(initial=0.0)
        log_strength = new
        if moved < _CLOSE:
            return log_strength
    raise InputError(f"strengths of {num_methods} methods do not settle in {_MOST_STEPS} steps")


def first_choices(log_strength: Float[np.ndarray, "*batch m"]) -> Float[np.ndarray, "*batch m"]:
    """How often each method would be picked as the best of all: pᵢ / Σⱼ pⱼ (Luce 1959), the same model for a choice of many."""
    strength = np.exp(log_strength - log_strength.max(axis=-1, keepdims=True))
    return strength / strength.sum(axis=-1, keepdims=True)


def resample_voters(
    wins: Float[np.ndarray, "voters m m"], *, resamples: int = RESAMPLES, seed: int = 0
) -> Float[np.ndarray, "resamples m"]:
    """Log strengths when as many voters are drawn with replacement, again and again.

    Votes of one voter depend on each other, so voters are drawn, not votes (a cluster bootstrap).

    Args:
        wins: Of each voter.
        resamples: How often.
        seed: Of the draws.
    """
    num_voters = len(wins)
    random = np.random.default_rng(seed)
    times = random.multinomial(num_voters, np.full(num_voters, 1 / num_voters), size=resamples)
    return fit_strengths(np.einsum("rv,vij->rij", times.astype(np.float64), wins))


def bounds(values: Float[np.ndarray, "resamples m"]) -> Float[np.ndarray, "2 m"]:
    """Lower and upper ends of the percentile intervals of a bootstrap."""
    return np.quantile(values, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2], axis=0)
