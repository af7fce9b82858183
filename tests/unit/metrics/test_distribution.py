"""Golden values: TF-GAN's recipe, scipy's matrix square root, the float32 recipe of TATS and LVDM, scikit-learn's kernel."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from toontween.errors import InputError, ShapeError
from toontween.metrics.distribution import frechet_distance, polynomial_mmd

GOLDENS = json.loads((Path(__file__).parent / "data" / "distributions.json").read_text())
CASES = GOLDENS["frechet_and_kvd_on_features"]
JEDI = GOLDENS["jedi"]


def features(n: int, d: int, seed: int, shift: float, scale: float) -> torch.Tensor:
    base = np.random.RandomState(seed).standard_normal((n, d))
    mixing = np.eye(d) + 0.1 * np.random.RandomState(999).standard_normal((d, d)) / np.sqrt(d)
    return torch.from_numpy((base * scale + shift) @ mixing)


def sets_of(case) -> tuple[torch.Tensor, torch.Tensor]:
    return features(*case["args_x"]), features(*case["args_y"])


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request):
    return request.param


def test_the_vectors_are_those_of_the_golden_values(case):
    ours, truth = sets_of(case)
    assert ours[0, :3].tolist() == pytest.approx(case["X_first"])
    assert [float(ours.sum()), float(truth.sum())] == pytest.approx([case["X_sum"], case["Y_sum"]])


@pytest.mark.parametrize(
    ("reference", "tolerance"),
    [
        ("frechet_unbiased_float64_tfgan_recipe", 1e-8),
        ("frechet_unbiased_nuclear_norm_identity", 1e-12),
        # its matrix square root loses 6e-8 where the covariance is rank-deficient
        ("frechet_numpy_cov_scipy_sqrtm(JunyaoHu/styleganv)", 1e-7),
    ],
)
def test_the_frechet_distance_is_the_published_one(case, reference, tolerance):
    found = frechet_distance(*sets_of(case))
    assert found == pytest.approx(case[reference], rel=tolerance, abs=1e-10)


def test_the_frechet_distance_of_biased_covariances_is_the_published_one(case):
    found = frechet_distance(*sets_of(case), correction=0)
    expected = case["frechet_biased_1_over_N(cd-fvd,StyleGAN-V FeatureStats)"]
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-10)


def test_the_frechet_distance_in_float32_is_near_the_published_one(case):
    found = frechet_distance(*sets_of(case), dtype=torch.float32)
    expected = case["frechet_torch_float32(TATS/LVDM)"]
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_the_kernel_distance_is_the_published_one(case):
    found = polynomial_mmd(*sets_of(case))
    assert found == pytest.approx(case["kvd_poly3_unbiased_full(LVDM/TATS)"], rel=1e-9)


def test_the_kernel_distance_in_float32_is_near_the_published_one(case):
    found = polynomial_mmd(*sets_of(case), dtype=torch.float32)
    assert found == pytest.approx(case["kvd_float32_inputs"], rel=1e-3)


def test_the_biased_kernel_distance_is_the_published_one(case):
    found = polynomial_mmd(*sets_of(case), biased=True)
    assert found == pytest.approx(case["mmd2_biased_with_diagonal"], rel=1e-9, abs=1e-12)


def test_the_distance_of_jedi_is_the_published_one():
    random = np.random.RandomState(21)
    ours = torch.from_numpy(random.standard_normal((24, 32)))
    truth = torch.from_numpy(random.standard_normal((20, 32)) * 1.1 + 0.2)
    found = 100 * polynomial_mmd(ours, truth, degree=2, coef0=0.0, biased=True)
    assert found == pytest.approx(JEDI["value_x100"], rel=1e-9)


def test_a_shift_alone_counts_squared():
    vectors = features(40, 16, 7, 0.0, 1.0)
    assert frechet_distance(vectors, vectors + 0.5) == pytest.approx(16 * 0.25)


@pytest.fixture(params=[frechet_distance, polynomial_mmd])
def distance(request):
    return request.param


def test_one_vector_is_too_few(distance):
    with pytest.raises(InputError, match="covariance"):
        distance(torch.zeros(1, 4), torch.zeros(2, 4))


def test_a_vector_that_is_not_finite_is_refused_by_its_number(distance):
    vectors = torch.zeros(3, 4)
    vectors[1, 2] = float("nan")
    with pytest.raises(InputError, match=r"feature vector 1 .* finite"):
        distance(vectors, torch.zeros(2, 4))


def test_vectors_of_different_extractors_are_not_compared(distance):
    with pytest.raises(ShapeError, match="4 and 5"):
        distance(torch.zeros(2, 4), torch.zeros(2, 5))


def test_more_vectors_than_numbers_give_the_distance_of_their_covariances():
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(60, 7, generator=generator, dtype=torch.float64)
    y = torch.randn(80, 7, generator=generator, dtype=torch.float64) * 1.5 + 0.3
    ours, truth = torch.cov(x.T), torch.cov(y.T)
    root = torch.linalg.eigvals(ours @ truth).real.clamp(min=0).sqrt().sum()
    expected = (x.mean(0) - y.mean(0)).square().sum() + ours.trace() + truth.trace() - 2 * root
    assert frechet_distance(x, y) == pytest.approx(float(expected), rel=1e-10)
