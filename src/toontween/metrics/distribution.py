"""How far apart two sets of feature vectors are."""

import torch
from jaxtyping import Float
from torch import Tensor

from toontween.errors import InputError, ShapeError


def frechet_distance(ours: Float[Tensor, "n d"], truth: Float[Tensor, "m _"]) -> float:
    """Squared Fréchet distance between Gaussians fitted to two sets of feature vectors.

    Protocol: covariance 1/(n − 1), float64. With A the centred vectors over √(n − 1) and B likewise,
    Tr √(Σ_A Σ_B) is the nuclear norm of A·Bᵀ: no matrix square root, right for fewer vectors than dimensions.
    Report n and m beside the value: its bias is large when they are small. Rounding can make the distance of
    equal sets a tiny negative number.

    Args:
        ours: One vector a row.
        truth: One vector a row, from the same extractor.

    Raises:
        InputError: A set has fewer than two vectors, or a number that is not finite.
        ShapeError: The vectors differ in length.
    """
    if ours.shape[1] != truth.shape[1]:
        raise ShapeError(f"vectors of {ours.shape[1]} and {truth.shape[1]} numbers")
    for vectors in (ours, truth):
        if len(vectors) < 2:
            raise InputError(f"{len(vectors)} vectors have no covariance", hint="give two or more")
        if not torch.isfinite(vectors).all():
            raise InputError("a feature vector holds a number that is not finite")
    our_mean, our_spread = _mean_and_spread(ours)
    true_mean, true_spread = _mean_and_spread(truth)
    shift = (our_mean - true_mean).square().sum()
    overlap = torch.linalg.svdvals(our_spread @ true_spread.T).sum()
    spread = our_spread.square().sum() + true_spread.square().sum()
    return float(shift + spread - 2 * overlap)


def _mean_and_spread(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """The mean, and the centred vectors scaled so that their Gram matrix is the covariance."""
    vectors = vectors.double()
    mean = vectors.mean(dim=0)
    return mean, (vectors - mean) / (len(vectors) - 1) ** 0.5
