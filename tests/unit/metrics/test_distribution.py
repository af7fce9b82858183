"""Golden values: TF-GAN's recipe in float64, scipy's matrix square root and the nuclear-norm identity agree on them."""

import numpy as np
import pytest
import torch

from toontween.errors import InputError, ShapeError
from toontween.metrics.distribution import frechet_distance


def features(n: int, d: int, seed: int, shift: float, scale: float) -> torch.Tensor:
    base = np.random.RandomState(seed).standard_normal((n, d))
    mixing = np.eye(d) + 0.1 * np.random.RandomState(999).standard_normal((d, d)) / np.sqrt(d)
    return torch.from_numpy((base * scale + shift) @ mixing)


CASES = {
    "more vectors than numbers": ((64, 16, 1, 0.0, 1.0), (64, 16, 2, 0.25, 1.2), 4.222880121159825),
    "fewer vectors than numbers": (
        (32, 400, 3, 0.0, 1.0),
        (32, 400, 4, 0.1, 1.1),
        718.553707556725,
    ),
    "unequal numbers of vectors": (
        (48, 16, 5, 0.0, 1.0),
        (32, 16, 6, -0.2, 0.8),
        3.8492237046859366,
    ),
}


@pytest.mark.parametrize(("ours", "truth", "expected"), CASES.values(), ids=CASES)
def test_the_frechet_distance_is_the_published_one(ours, truth, expected):
    assert frechet_distance(features(*ours), features(*truth)) == pytest.approx(expected, rel=1e-8)


def test_equal_sets_are_no_distance_apart():
    vectors = features(40, 16, 7, 0.0, 1.0)
    assert frechet_distance(vectors, vectors) == pytest.approx(0, abs=1e-10)


def test_a_shift_alone_counts_squared():
    vectors = features(40, 16, 7, 0.0, 1.0)
    assert frechet_distance(vectors, vectors + 0.5) == pytest.approx(16 * 0.25)


def test_one_vector_is_too_few():
    with pytest.raises(InputError, match="covariance"):
        frechet_distance(torch.zeros(1, 4), torch.zeros(2, 4))


def test_vectors_that_are_not_finite_are_refused():
    with pytest.raises(InputError, match="finite"):
        frechet_distance(torch.full((2, 4), float("nan")), torch.zeros(2, 4))


def test_vectors_of_different_extractors_are_not_compared():
    with pytest.raises(ShapeError, match="4 and 5"):
        frechet_distance(torch.zeros(2, 4), torch.zeros(2, 5))
