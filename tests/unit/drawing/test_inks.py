"""Inks are found in line drawings, and line drawings come off their white as layers."""

import cv2
import numpy as np
import pytest

from toontween.drawing.inks import inks_of, nearest_ink, off_white
from toontween.media.frames import composite_over

BLACK, RED, GREY = (0.0, 0.0, 0.0), (0.8, 0.1, 0.2), (0.5, 0.5, 0.5)
WHITE = (1.0, 1.0, 1.0)


def drawing(*colours: tuple[float, float, float]) -> np.ndarray:
    """An anti-aliased circle of each colour, side by side on white."""
    sheet = np.ones((60, 60 * len(colours), 3), np.float32)
    for index, colour in enumerate(colours):
        ink = np.zeros(sheet.shape[:2], np.uint8)
        cv2.circle(ink, (30 + 60 * index, 30), 20, 255, 2, cv2.LINE_AA)
        cover = ink[..., None].astype(np.float32) / np.float32(255)
        sheet = sheet * (1 - cover) + np.array(colour, np.float32) * cover
    return sheet.astype(np.float32)


def test_the_inks_are_the_colours_of_the_lines_and_not_of_their_edges():
    inks = inks_of([drawing(BLACK, RED)])
    assert sorted(map(tuple, inks.tolist())) == sorted(
        map(tuple, np.array([BLACK, RED], np.float32).tolist())
    )


def test_pencil_has_no_inks():
    rng = np.random.default_rng(0)
    grain = rng.normal(0, 0.1, (60, 120, 1)).astype(np.float32)
    assert len(inks_of([(drawing(BLACK, GREY) + grain).clip(0, 1)])) == 0


def test_bare_paper_has_no_inks_and_stays_bare():
    bare = np.ones((20, 30, 3), np.float32)
    assert len(inks_of([bare])) == 0
    assert not off_white(bare, inks_of([bare])).any()


@pytest.mark.parametrize("colours", [(BLACK,), (RED, BLACK), (GREY, RED)])
def test_a_layer_looks_the_same_on_white_and_full_ink_is_opaque(colours):
    sheet = drawing(*colours)
    inks = inks_of([sheet])
    layer = off_white(sheet, inks)
    np.testing.assert_allclose(composite_over(layer, WHITE), sheet, atol=0.02)
    for ink in inks:
        full = (sheet == ink).all(axis=2)
        assert full.any()
        np.testing.assert_allclose(layer[full][:, 3], 1, atol=1e-5)


def test_of_an_unknown_ink_the_most_transparent_is_taken():
    layer = off_white(drawing(GREY), np.zeros((0, 3), np.float32))
    assert layer[..., 3].max() == pytest.approx(0.5)
    assert np.abs(layer[..., :3]).max() < 1e-5
    np.testing.assert_allclose(composite_over(layer, WHITE), drawing(GREY), atol=1e-5)


def test_every_pixel_has_a_nearest_ink():
    layer = np.zeros((1, 2, 4), np.float32)
    layer[0, 1, :3] = (0.7, 0.2, 0.2)
    found = nearest_ink(layer, np.array([BLACK, RED], np.float32))
    np.testing.assert_allclose(found[0], [BLACK, RED])
