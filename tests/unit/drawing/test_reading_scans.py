"""Pencil on paper: the true lines come back, the paper does not."""

import cv2
import numpy as np
import pytest

from tests.unit.drawing.material import face, missed, on, overlap, scan, scribble, strays_px
from toontween.drawing.lines import Ground
from toontween.drawing.reading import read_sketch

TRUE = face(400, 640, pen=4)

SHEETS = {
    "smooth": {},
    "coarse": {"grain": 0.03},
    "grey": {"paper": (0.5, 0.49, 0.47), "falloff": 0.4},
    "yellowish": {"paper": (0.95, 0.88, 0.68)},
    "dim": {"paper": (0.33, 0.32, 0.30), "falloff": 0.3, "strength": 0.7},
    "falling off": {"falloff": 0.5},
    "shadowed": {"shadow": 0.45, "strength": 0.5},
    "smudged": {"smudges": 0.1},
    "soft pencil": {"strength": 0.25},
    "compressed": {"quality": 40},
}


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_lines_of_a_pencil_drawing_come_back_from_its_scan(sheet, seed):
    reading = read_sketch(scan(TRUE, seed=seed, **sheet), name="scan")
    ink = reading.lines.ink
    assert reading.ground is Ground.WHITE
    assert reading.warnings == ()
    assert overlap(ink, TRUE) > 0.78
    assert strays_px(ink, TRUE) < 0.35
    assert missed(ink, TRUE, within_px=1.5) < 0.005
    assert np.median(ink[TRUE == 1]) > 0.8


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_bare_paper_is_blank_however_it_was_lit(sheet):
    reading = read_sketch(scan(np.zeros_like(TRUE), **sheet), name="bare.jpg")
    assert not reading.lines.ink.any()
    assert reading.stroke_px is None
    assert "bare.jpg is blank" in reading.warnings[0]


def test_reading_a_scan_that_was_read_changes_nothing():
    once = read_sketch(scan(TRUE), name="scan").lines
    again = read_sketch(on(Ground.WHITE, once.ink), name="scan").lines
    assert np.array_equal(again.ink, once.ink)


def test_a_sixteen_bit_scan_reads_like_its_eight_bit_copy():
    deep = scan(TRUE, seed=2)[..., 1:2]
    deep = (
        np.rint((deep + 0.001 * np.sin(np.arange(640))[:, None]).clip(0, 1) * 65535) / 65535
    ).astype(np.float32)
    reading = read_sketch(deep, name="deep.tif")
    assert overlap(reading.lines.ink, TRUE) > 0.78
    assert reading.warnings == ()


def test_coloured_pencil_on_paper_is_read_by_its_strongest_channel():
    sheet = scan(np.zeros_like(TRUE), seed=3, smudges=0.0)
    pencil = cv2.GaussianBlur(TRUE, (0, 0), 0.6)[..., None] * np.array(
        [0.5, 0.25, 0.02], np.float32
    )
    ink = read_sketch((sheet * (1 - pencil)).astype(np.float32), name="blue").lines.ink
    assert overlap(ink, TRUE) > 0.78
    assert missed(ink, TRUE, within_px=1.5) < 0.005


def test_soft_and_hard_strokes_of_one_sheet_are_both_kept():
    soft = scribble(400, 640, pen=4, num_strokes=3, seed=4)
    drawn = np.maximum(TRUE, 0.4 * soft).astype(np.float32)
    ink = read_sketch(scan(drawn, seed=4, strength=0.7), name="construction").lines.ink
    alone = (soft == 1) & (cv2.dilate(TRUE, np.ones((9, 9))) == 0)
    assert missed(ink, (alone).astype(np.float32), within_px=1.5) < 0.02
    assert 0.3 < np.median(ink[alone]) < np.median(ink[TRUE == 1])


def test_chalk_on_a_blackboard_is_light_on_dark():
    board = 1 - scan(TRUE, seed=5, paper=(0.85, 0.87, 0.86), strength=0.7)
    reading = read_sketch(board.astype(np.float32), name="board")
    assert reading.ground is Ground.BLACK
    assert overlap(reading.lines.ink, TRUE) > 0.75


def test_spotted_blacks_on_paper_stay_solid():
    drawn = TRUE.copy()
    drawn[290:370, 40:120] = 1
    reading = read_sketch(scan(drawn, seed=6, strength=0.8), name="blacks")
    assert reading.warnings == ()
    assert np.median(reading.lines.ink[300:360, 50:110]) > 0.75
    assert overlap(reading.lines.ink, drawn) > 0.8


@pytest.mark.parametrize("side", ["right", "bottom", "all"])
def test_the_dark_rim_of_a_scanner_is_no_line(side):
    picture = scan(TRUE, seed=7)
    rim = np.zeros(TRUE.shape, bool)
    if side in ("right", "all"):
        rim[:, -14:] = True
    if side in ("bottom", "all"):
        rim[-12:] = True
    if side == "all":
        rim[:12] = rim[:, :12] = True
    picture[rim] *= 0.12
    reading = read_sketch(picture, name="scan")
    near = cv2.dilate(rim.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert reading.ground is Ground.WHITE
    assert np.mean(reading.lines.ink[near & (TRUE == 0)] > 0.1) < 0.02
    inside = np.where(near, 0, TRUE).astype(np.float32)
    assert missed(reading.lines.ink, inside, within_px=1.5) < 0.01
