"""Agreement against published and plain cases."""

import numpy as np
import pytest

from toontween.evaluation.study.count.agreement import (
    agreement_share,
    krippendorff_alpha,
    mirrored,
)

# Krippendorff (2011), section E: four observers, twelve units, values missing
UNITS = [
    [1, 1, 1],
    [2, 2, 3, 2],
    [3, 3, 3, 3],
    [3, 3, 3, 3],
    [2, 2, 2, 2],
    [1, 2, 3, 4],
    [4, 4, 4, 4],
    [1, 1, 2, 1],
    [2, 2, 2, 2],
    [5, 5, 5],
    [1, 1],
    [3],
]


def test_the_published_example_has_the_published_alpha():
    assert krippendorff_alpha(UNITS) == pytest.approx(0.849, abs=5e-4)


def test_full_agreement_is_one():
    assert krippendorff_alpha([[1, 1, 1], [-1, -1], [0, 0]]) == pytest.approx(1)


def test_chance_is_about_nothing():
    random = np.random.default_rng(0)
    units = random.choice([-1, 0, 1], size=(3000, 4)).tolist()
    assert abs(krippendorff_alpha(units) or 1) < 0.03


def test_opposite_answers_are_worse_than_chance():
    alpha = krippendorff_alpha([[1, -1], [-1, 1], [1, -1]])
    assert alpha is not None
    assert alpha < -0.1


@pytest.mark.parametrize("units", [[], [[1], [0]], [[1, 1], [1, 1]]], ids=repr)
def test_without_shared_or_different_values_there_is_none(units):
    assert krippendorff_alpha(units) is None


def test_with_both_orders_in_it_matters_not_which_method_is_the_first():
    units = [[1, 1, 0], [1, 1], [1, -1, 1], [1, 1]]
    turned = [units[0], [-value for value in units[1]], units[2], [-1, -1]]
    assert krippendorff_alpha(units) != pytest.approx(krippendorff_alpha(turned))
    assert krippendorff_alpha(mirrored(units)) == pytest.approx(
        krippendorff_alpha(mirrored(turned))
    )


def test_the_share_counts_pairs_of_voters():
    share, pairs = agreement_share([[1, 1, 0], [1], [-1, -1]])
    assert pairs == 4
    assert share == pytest.approx(2 / 4)


def test_of_no_pairs_there_is_no_share():
    assert agreement_share([[1], []]) == (None, 0)
