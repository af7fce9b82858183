"""Lines are finished, taken apart by colour and drawn as the settings ask."""

import numpy as np
import pytest

from toontween.drawing.lines import Ground, Lines
from toontween.errors import OutputError
from toontween.rendering.writing.line_sheets import WHOLE, LineColours, LineSettings
from toontween.rendering.writing.output import understand_output

INKS = {"black": (10, 10, 10), "red": (240, 20, 20), "green": (20, 200, 30)}


@pytest.fixture
def trace():
    """Three strokes of 3 px on white, and their ink."""
    picture = np.ones((60, 80, 3), np.float32)
    for row, ink in zip((10, 30, 50), INKS.values(), strict=True):
        picture[row : row + 3, 5:75] = np.array(ink, np.float32) / 255
    ink = np.zeros((60, 80), np.float32)
    for row in (10, 30, 50):
        ink[row : row + 3, 5:75] = 1
    return picture, Lines(ink)


def apart(settings, trace):
    picture, found = trace
    return settings.take_apart(settings.finish(found), found=found, picture=picture)


@pytest.mark.parametrize("colours", [LineColours.KEEP, LineColours.SEPARATE])
@pytest.mark.parametrize("weight", [None, 1.0, 9.0])
@pytest.mark.parametrize("binary", [False, True])
def test_the_colours_add_up_to_the_finished_lines(trace, colours, weight, binary):
    settings = LineSettings(colours=colours, weight_px=weight, binary=binary)
    parts = apart(settings, trace)
    assert list(parts) == list(INKS)
    whole = sum(part.ink for part in parts.values())
    assert np.array_equal(whole, settings.finish(trace[1]).ink)
    for row, part in zip((11, 31, 51), parts.values(), strict=True):
        inked = np.flatnonzero(part.ink.any(axis=1))
        assert abs(inked - row).max() <= 5


def test_one_colour_is_black_whatever_the_ink_was(trace):
    settings = LineSettings()
    sheets = settings.draw(apart(settings, trace))
    assert np.array_equal(sheets[WHOLE], trace[1].draw())


@pytest.mark.parametrize("ground", list(Ground))
def test_separate_sheets_are_the_parts_of_the_whole(trace, ground):
    keep = LineSettings(colours=LineColours.KEEP, ground=ground)
    separate = LineSettings(colours=LineColours.SEPARATE, ground=ground)
    parts = apart(keep, trace)
    whole = keep.draw(parts)[WHOLE]
    sheets = separate.draw(parts)
    assert list(sheets) == list(INKS)
    bare = keep.draw_bare(60, 80)
    assert bare.shape == whole.shape
    for sheet in sheets.values():
        here = (sheet != bare).any(axis=2)
        assert np.array_equal(sheet[here], whole[here])
        whole[here] = bare[here]
    assert np.array_equal(whole, bare)


def test_no_line_has_no_colour(trace):
    picture, _ = trace
    blank = Lines(np.zeros((60, 80), np.float32))
    for colours in LineColours:
        assert LineSettings(colours=colours).take_apart(blank, found=blank, picture=picture) == {}


def test_specks_go_before_strokes_are_redrawn():
    ink = np.zeros((40, 40), np.float32)
    ink[20, 5:35] = 1
    ink[5, 5] = 1
    finished = LineSettings(despeckle_px=4, weight_px=3.0).finish(Lines(ink))
    assert not finished.ink[:12].any()
    assert finished.ink[20, 10:30].min() == 1


@pytest.mark.parametrize(
    ("settings", "out"),
    [
        (LineSettings(ground=Ground.TRANSPARENT), "a.mp4"),
        (LineSettings(ground=Ground.TRANSPARENT), "a.JPG"),
        (LineSettings(ground=Ground.TRANSPARENT, binary=True), "o/%d.jpeg"),
        (LineSettings(ground=Ground.TRANSPARENT), "a.gif"),
        (LineSettings(colours=LineColours.SEPARATE), "a.gif"),
    ],
)
def test_an_output_that_cannot_hold_what_is_asked_is_refused_with_a_hint(settings, out):
    with pytest.raises(OutputError) as error:
        settings.check_output(understand_output(out))
    assert error.value.hint


@pytest.mark.parametrize("out", ["a.png", "o/", "a.webm", "a.mov", "a.apng", "o/%d.tga"])
def test_an_output_that_can_is_not(out):
    LineSettings(ground=Ground.TRANSPARENT).check_output(understand_output(out))
    LineSettings(ground=Ground.TRANSPARENT, binary=True).check_output(understand_output("a.gif"))
