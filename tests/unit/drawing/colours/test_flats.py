"""Flat areas are told from gradients, textures and edges."""

import cv2
import numpy as np

from toontween.drawing.colours.flats import find_flat_parts

EVERYWHERE = np.ones((60, 80), bool)


def test_flat_areas_and_their_soft_edges_are_the_whole_of_a_flat_drawing():
    drawn = np.zeros((60, 80, 3), np.uint8)
    cv2.circle(drawn, (40, 30), 20, (200, 60, 40), -1, cv2.LINE_AA)
    parts = find_flat_parts(drawn.astype(np.float32) / np.float32(255), EVERYWHERE)
    assert not parts.painted.any()
    assert 0 < parts.edges.mean() < 0.15
    assert not (parts.flat & parts.edges).any()


def test_a_slow_gradient_is_painted_although_its_steps_are_small():
    ramp = np.rint(np.linspace(80, 140, 60))[:, None, None] / 255
    parts = find_flat_parts(np.tile(ramp, (1, 80, 3)).astype(np.float32), EVERYWHERE)
    assert parts.painted.all()


def test_noise_is_painted():
    noise = np.random.default_rng(0).random((60, 80, 3)).astype(np.float32)
    assert find_flat_parts(noise, EVERYWHERE).painted.mean() > 0.95


def test_invisible_pixels_belong_to_no_part():
    visible = EVERYWHERE.copy()
    visible[:, 40:] = False
    parts = find_flat_parts(np.full((60, 80, 3), 0.5, np.float32), visible)
    assert np.array_equal(parts.flat, visible)
    assert not (parts.edges | parts.painted).any()
