"""How far apart two sets of feature vectors are."""

import torch
from jaxtyping import Float
from torch import Tensor

from toontween.errors import InputError, ShapeError


def frechet_distance(
    ours: Float[Tensor, "n d"],
    truth: Float[Tensor, "m _"],
    *,
    correction: int = 1,
    dtype: torch.dtype = torch.float64,
) -> float:
    """Squared Fréchet distance between Gaussians fitted to two sets of feature vectors.

    Protocol: covariance 1/(n − 1), float64, unless told otherwise. With A the centred vectors over √(n − 1) and B
    likewise, Tr √(Σ_A Σ_B) is the nuclear norm of A·Bᵀ: no matrix square root, right for fewer vectors than dimensions.
    Report n and m beside the value: its bias is large when they are small. Rounding can make the distance of
    equal sets a tiny negative number.

    Args:
        ours: One vector a row.
        truth: One vector a row, from the same extractor.
        correction: 1 for the covariance 1/(n − 1), 0 for 1/n: 3 % of the value at n = 32, 0.1 % at n = 1000.
        dtype: What is computed in; some published protocols use float32, which costs up to 1e-4 of the value.

    Raises:
        InputError: A set has fewer than two vectors, or a number that is not finite.
        ShapeError: The vectors differ in length.
    """
    _check_sets(ours, truth)
    our_mean, our_spread = _mean_and_spread(ours.to(dtype), correction)
    true_mean, true_spread = _mean_and_spread(truth.to(dtype), correction)
    shift = (our_mean - true_mean).square().sum()
    overlap = torch.linalg.svdvals(our_spread @ true_spread.T).sum()
    spread = our_spread.square().sum() + true_spread.square().sum()
    return float(shift + spread - 2 * overlap)


def polynomial_mmd(
    ours: Float[Tensor, "n d"],
    truth: Float[Tensor, "m _"],
    *,
    degree: int = 3,
    coef0: float = 1.0,
    biased: bool = False,
    dtype: torch.dtype = torch.float64,
) -> float:
    """Squared maximum mean discrepancy of two sets under the kernel k(x, y) = (x·y/d + coef0)^degree.

    Protocol of KVD (LVDM, TATS; the kernel of Bińkowski et al., arXiv 1801.01401): degree 3, coef0 1, unbiased, all
    vectors at once, no subsets, no scaling. The unbiased estimate leaves the diagonal of each set's own kernel matrix
    out and may be negative for sets that are alike. JEDi (arXiv 2410.05203) takes degree 2, coef0 0, the biased estimate
    and reports it times 100. The biased estimate of the same sets is several times larger: never mix the two.

    Args:
        ours: One vector a row.
        truth: One vector a row, from the same extractor.
        degree: Exponent of the kernel.
        coef0: Constant added to the scaled inner product.
        biased: Whether the diagonals count.
        dtype: What is computed in.

    Raises:
        InputError: A set has fewer than two vectors, or a number that is not finite.
        ShapeError: The vectors differ in length.
    """
    _check_sets(ours, truth)
    x, y = ours.to(dtype), truth.to(dtype)

    def kernel(rows: Tensor, columns: Tensor) -> Tensor:
        return (rows @ columns.T / rows.shape[1] + coef0) ** degree

    within = sum(_mean_within(kernel(vectors, vectors), biased=biased) for vectors in (x, y))
    return float(within - 2 * kernel(x, y).mean())


def _check_sets(ours: Tensor, truth: Tensor) -> None:
    """Refuse sets of which no distance can be told."""
    if ours.shape[1] != truth.shape[1]:
        raise ShapeError(f"vectors of {ours.shape[1]} and {truth.shape[1]} numbers")
    for vectors in (ours, truth):
        if len(vectors) < 2:
            raise InputError(f"{len(vectors)} vectors have no covariance", hint="give two or more")
        finite = torch.isfinite(vectors).all(dim=1)
        if not finite.all():
            index = int((~finite).nonzero()[0])
            raise InputError(f"feature vector {index} holds a number that is not finite")


def _mean_and_spread(vectors: Tensor, correction: int) -> tuple[Tensor, Tensor]:
    """The mean, and at most as many rows as the vectors are long whose Gram matrix is the covariance."""
    mean = vectors.mean(dim=0)
    spread = (vectors - mean) / (len(vectors) - correction) ** 0.5
    if (
        len(spread) > spread.shape[1]
    ):  # the triangle has the same Gram matrix: any number of vectors costs d²
        spread = torch.linalg.qr(spread, mode="r").R
    return mean, spread


def _mean_within(kernel: Float[Tensor, "n n"], *, biased: bool) -> Float[Tensor, ""]:
    """Mean of a set's kernel matrix, with or without its diagonal."""
    if biased:
        return kernel.mean()
    count = len(kernel)
    return (kernel.sum() - kernel.diagonal().sum()) / (count * (count - 1))
