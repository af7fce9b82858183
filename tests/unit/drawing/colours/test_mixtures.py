"""Pixels are explained as mixtures of two colours, or of one where that does as well."""

import numpy as np

from toontween.drawing.colours.mixtures import explain, labels_nearby

COLOURS = np.array([(0, 0, 0), (1, 1, 1), (1, 0, 0)], np.float32)


def test_a_mixture_is_found_with_its_share():
    pixels = np.array([(0.75, 0.75, 0.75), (1, 0.5, 0.5), (1, 0, 0)], np.float32)
    found = explain(pixels, np.tile(np.arange(3), (3, 1)), COLOURS)
    assert found.residual.max() < 1e-6
    np.testing.assert_allclose(found.draw(COLOURS), pixels, atol=1e-6)
    assert {found.first[0], found.second[0]} == {0, 1}
    assert found.first[2] == found.second[2] == 2


def test_only_candidates_are_used_and_without_any_nothing_is_explained():
    pixels = np.array([(1, 0.5, 0.5), (1, 0.5, 0.5)], np.float32)
    found = explain(pixels, np.array([[0, 1], [-1, -1]]), COLOURS)
    assert 2 not in (found.first[0], found.second[0])
    assert found.residual[0] > 0.2
    assert found.first[1] == -1
    assert np.isinf(found.residual[1])


def test_a_little_noise_does_not_make_a_mixture():
    found = explain(np.array([(0.998, 0.995, 0.995)], np.float32), np.array([[1, 2]]), COLOURS)
    assert found.first[0] == found.second[0] == 1


def test_the_labels_around_a_place_come_with_the_commonest_first():
    labels = np.full((5, 5), -1)
    labels[:2] = 2
    labels[4, 4] = 0
    around = labels_nearby(labels, np.array([(2, 2), (4, 0)]), num_labels=3, radius_px=2, most=2)
    assert around.tolist() == [[2, 0], [-1, -1]]
