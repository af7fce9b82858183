"""`toontween render --line-art`: line drawings in, line drawings out."""

import json

import cv2
import numpy as np
import pytest

from toontween.drawing.lines import Ground, Lines
from toontween.media.images import read_still, write_still


def line_drawing(x: int) -> Lines:
    ink = np.zeros((48, 64), np.uint8)
    cv2.circle(ink, (x, 24), 14, 255, 2, cv2.LINE_AA)
    return Lines(ink.astype(np.float32) / np.float32(255))


@pytest.mark.parametrize("ground", list(Ground))
def test_in_betweens_stand_on_the_ground_of_the_keys(toontween, folder, ground):
    for name, x in (("R1.png", 28), ("R2.png", 34)):
        write_still(folder / name, line_drawing(x).draw(ground))
    code, _, err = toontween(
        *["render", "R1.png", "R2.png", "--line-art", "-o", "out/", "--count", "1"]
    )
    assert (code, "warning" in err) == (0, False)
    key, half = (read_still(folder / f"out/{number:04}.png").pixels for number in (1, 2))
    assert np.array_equal(key, line_drawing(28).draw(ground))
    assert half.shape == key.shape
    assert (half[0, 0] == key[0, 0]).all()
    assert (half != key[0, 0]).any()
    sidecar = json.loads((folder / "out/toontween.json").read_text())
    assert sidecar["settings"]["line_art"] is True
    assert sidecar["method"]["gaps"][0]["line_art"]["binary"] is False


def test_binary_in_betweens_have_two_values(toontween, folder):
    for name, x in (("R1.png", 28), ("R2.png", 34)):
        write_still(folder / name, line_drawing(x).draw(Ground.TRANSPARENT))
    arguments = ["R1.png", "R2.png", "--line-art", "--binary", "-o", "half.png", "--count", "1"]
    code, _, _ = toontween("render", *arguments)
    assert code == 0
    half = read_still(folder / "half.png").pixels
    assert sorted(np.unique(half.reshape(-1, 4), axis=0).tolist()) == [[0, 0, 0, 0], [0, 0, 0, 255]]


def test_binary_is_for_line_art(toontween, folder):
    code, out, err = toontween("render", "A.png", "B.png", "--binary", "-o", "out.mp4")
    assert (code, out) == (2, "")
    assert "--line-art" in err
