"""Sketches are read once, kept small, and looked at again exactly as they were."""

import numpy as np
import pytest

from tests.unit.rendering.colouring.drawn import HEIGHT, WIDTH, given, sketch
from toontween.drawing.lines import Ground, Lines
from toontween.errors import InputError, ToonTweenError
from toontween.rendering.colouring.sheets import read_sheets
from toontween.rendering.inputs.drawings import GivenDrawing

SIZE = (HEIGHT, WIDTH)


def named(pixels: np.ndarray, name: str = "A.png") -> GivenDrawing:
    return GivenDrawing(name=name, pixels=pixels, record=None)


@pytest.mark.parametrize("ground", Ground)
def test_the_lines_come_back_as_they_were_read_whatever_they_stood_on(ground):
    ink = (255 - sketch(45)[..., 0]) / np.float32(255)
    sequence = read_sheets([named(Lines(ink).draw(ground))], SIZE)
    assert np.array_equal(sequence.sheets[0].lines.ink, ink)
    assert sequence.sheets[0].record["ground"] == ground.value


def test_a_sheet_is_much_smaller_than_its_lines():
    large = np.full((1000, 1500, 3), 255, np.uint8)
    large[400:408, 100:1400] = 0
    [sheet] = read_sheets([named(large)], (1000, 1500)).sheets
    assert len(sheet.packed) < 20_000
    assert sheet.lines.ink.shape == (1000, 1500)


def test_another_shape_is_fitted_or_refused_as_asked():
    square = np.full((80, 80, 3), 255, np.uint8)
    square[20:23, 10:70] = 0
    padded = read_sheets([named(square)], SIZE)
    assert padded.sheets[0].lines.width_px * HEIGHT == padded.sheets[0].lines.height_px * WIDTH
    assert padded.sheets[0].record["adapted"] == "letterboxed"
    assert "letterboxed" in padded.warnings[0]
    assert read_sheets([named(square)], SIZE, mode="crop").sheets[0].record["adapted"] == "cropped"
    with pytest.raises(InputError, match=r"A\.png is 80×80, the reference 96×64"):
        read_sheets([named(square)], SIZE, mode="error")


def test_the_same_doubt_about_many_sketches_is_one_warning():
    bare = np.full((*SIZE, 3), 255, np.uint8)
    pictures = [*given(range(1, 4)), *(named(bare, f"A{n:04}.png") for n in range(4, 12))]
    sequence = read_sheets(pictures, SIZE)
    [warning] = sequence.warnings
    assert warning.startswith("A0004.png, A0005.png, A0006.png, A0007.png and 4 more: is blank")
    assert [sheet.is_blank for sheet in sequence.sheets] == [False] * 3 + [True] * 8


def test_sketches_without_any_line_are_refused():
    bare = np.full((*SIZE, 3), 255, np.uint8)
    with pytest.raises(InputError, match="no line on any of the 2 sketches"):
        read_sheets([named(bare), named(bare)], SIZE)
    with pytest.raises(InputError, match="no sketches"):
        read_sheets([], SIZE)


def test_an_error_names_its_sketch():
    with pytest.raises(ToonTweenError, match=r"A7\.png"):
        read_sheets([named(np.zeros((4, 4, 2), np.uint8), "A7.png")], SIZE)


def test_reading_is_reported():
    told: list[int] = []
    read_sheets(given(range(1, 4)), SIZE, report=told.append)
    assert told == [1, 2, 3]
