"""What is done to lines before they are handed on."""

import cv2
import numpy as np
import pytest
from skimage.measure import euler_number

from toontween.data.synthetic.scenes import scene
from toontween.drawing.lines import Lines
from toontween.drawing.redrawing.finishing import binarised, despeckled, thinned, with_weight
from toontween.errors import InputError


def blank(height: int = 60, width: int = 80) -> np.ndarray:
    return np.zeros((height, width), np.float32)


START, STOP = (20.3, 30.2), (140.6, 85.4)
SLANT = np.hypot(STOP[0] - START[0], STOP[1] - START[1]) / (STOP[0] - START[0])


def stroke(width_px: float, *, strength: float = 1.0) -> Lines:
    """A slanted straight stroke with round ends, 8×8 supersampled."""
    y, x = (np.mgrid[: 120 * 8, : 160 * 8] + 0.5) / 8 - 0.5
    along = np.subtract(STOP, START)
    share = (x - START[0]) * along[0] + (y - START[1]) * along[1]
    share = np.clip(share / (along @ along), 0, 1)
    away = np.hypot(x - START[0] - share * along[0], y - START[1] - share * along[1])
    ink = (away <= width_px / 2).reshape(120, 8, 160, 8).mean(axis=(1, 3))
    return Lines(ink.astype(np.float32) * np.float32(strength))


def middle_and_width(lines: Lines) -> tuple[np.ndarray, np.ndarray]:
    """Height of the middle of a slanted stroke, and its width across, in some columns."""
    ink = lines.ink[:, 50:110].astype(np.float64)
    middle = (ink * np.arange(120)[:, None]).sum(axis=0) / ink.sum(axis=0)
    return middle, ink.sum(axis=0) / SLANT


def drawn(name: str = "head-turn") -> Lines:
    """The true line layer of a bundled drawing."""
    return Lines(scene(name).draw(0.3).line[..., 3].astype(np.float32) / np.float32(255))


def pieces(inked: np.ndarray) -> int:
    return cv2.connectedComponents(inked.astype(np.uint8), connectivity=8)[0] - 1


def areas(inked: np.ndarray) -> np.ndarray:
    """Number of the area between lines in which each pixel lies, 0 on lines."""
    labels = cv2.connectedComponents((~inked).astype(np.uint8), connectivity=4)[1]
    return np.asarray(labels, np.int32)


def test_binarised_lines_have_no_grey():
    assert set(np.unique(binarised(drawn()).ink)) == {0.0, 1.0}


def test_binarised_lines_stay_binarised():
    once = binarised(drawn())
    assert np.array_equal(binarised(once).ink, once.ink)


def test_a_stroke_that_fades_is_not_cut_in_two():
    ink = blank()
    ink[30, 10:70] = 0.9
    ink[30, 35:45] = 0.3
    assert pieces(ink > 0.5) == 2
    assert pieces(binarised(Lines(ink)).ink > 0) == 1


def test_a_gap_in_the_ink_stays_a_gap():
    ink = blank()
    ink[30, 10:70] = 0.9
    ink[30, 35:45] = 0.1
    assert pieces(binarised(Lines(ink)).ink > 0) == 2


def test_a_stroke_that_is_faint_all_along_is_below_the_threshold():
    faint = stroke(2.0, strength=0.4)
    assert not binarised(faint).ink.any()
    assert binarised(faint, threshold=0.2).ink.any()


def test_a_thin_slanted_stroke_stays_whole():
    assert pieces(binarised(stroke(1.0)).ink > 0) == 1


@pytest.mark.parametrize("name", ["two-poses", "head-turn", "bouncing-ball"])
def test_paint_does_not_run_out_of_binarised_areas(name):
    lines = drawn(name)
    before, after = lines.ink >= 0.25, binarised(lines).ink > 0
    # every area that even faint ink encloses is enclosed still, if it is no mere pinhole
    enclosed = areas(before)
    sizes = np.bincount(enclosed.ravel())
    large = [i for i in range(1, len(sizes)) if sizes[i] > 20]
    after_areas = areas(after)
    inside = [np.bincount(after_areas[enclosed == i]).argmax() for i in large]
    assert len(set(inside)) == len(large)


def test_thinned_strokes_are_one_pixel_wide_and_joined_alike():
    for lines in (drawn(), stroke(1.0), stroke(7.0)):
        inked, spine = binarised(lines).ink > 0, thinned(lines)
        assert not (spine & ~inked).any()
        assert pieces(spine) == pieces(inked)
        assert euler_number(spine, connectivity=2) == euler_number(inked, connectivity=2)
        block = spine[1:, 1:] & spine[:-1, 1:] & spine[1:, :-1] & spine[:-1, :-1]
        assert block.sum() <= 0.02 * spine.sum()  # only where many strokes meet


def test_specks_go_and_strokes_stay():
    ink = blank()
    ink[10, 10:70] = 0.4
    ink[30, 20:23] = 1
    ink[40, 40] = ink[41, 41] = ink[42, 42] = ink[43, 43] = 1
    clean = despeckled(Lines(ink), smallest_px=4).ink
    assert np.array_equal(clean[10], ink[10])
    assert not clean[30].any()
    assert clean[40:44].sum() == 4  # joined along the diagonal: four pixels


@pytest.mark.parametrize("smallest_px", [0, 1])
def test_nothing_is_smaller_than_one_pixel(smallest_px):
    lines = drawn()
    assert np.array_equal(despeckled(lines, smallest_px=smallest_px).ink, lines.ink)


@pytest.mark.parametrize("width_px", [1.0, 1.5, 2.0, 3.0, 4.5, 6.0])
@pytest.mark.parametrize("before_px", [1.0, 3.0, 8.0])
def test_every_stroke_gets_the_width_asked_for_and_stays_in_its_place(before_px, width_px):
    before = stroke(before_px)
    redrawn = with_weight(before, width_px)
    middle, width = middle_and_width(redrawn)
    assert width.mean() == pytest.approx(width_px, abs=0.1)
    assert np.abs(width - width_px).max() < 0.3
    assert np.abs(middle - middle_and_width(before)[0]).max() < 0.15


def test_thick_and_thin_strokes_get_one_width():
    both = Lines(np.maximum(stroke(8.0).ink, stroke(1.0).ink[::-1]))
    columns = with_weight(both, 2.0).ink[:, 30:60].sum(axis=0)
    assert columns == pytest.approx(2 * 2.0 * SLANT, rel=0.1)


def test_a_single_point_becomes_a_dot():
    ink = blank()
    ink[30, 40] = 1
    dot = with_weight(Lines(ink), 5.0).ink
    assert dot.sum() == pytest.approx(np.pi * 2.5**2, rel=0.1)
    assert dot[30, 40] == 1


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2)])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_tiny_sheets_are_finished_too(size, value):
    lines = Lines(np.full(size, value, np.float32))
    finished = (
        with_weight(lines, 2.0),
        binarised(lines),
        despeckled(lines, smallest_px=0),
        Lines(thinned(lines).astype(np.float32)),
    )
    for one in finished:
        assert one.ink.shape == size
        assert one.ink.any() == bool(value)


def test_finishing_does_not_touch_what_it_is_given():
    lines = drawn()
    before = lines.ink.copy()
    with_weight(lines, 2.0), binarised(lines), despeckled(lines, smallest_px=9), thinned(lines)
    assert np.array_equal(lines.ink, before)


@pytest.mark.parametrize("width_px", [0.0, -1.0, float("nan")])
def test_strokes_without_width_are_refused(width_px):
    with pytest.raises(InputError, match="cannot be drawn"):
        with_weight(stroke(2.0), width_px)


@pytest.mark.parametrize("threshold", [0.0, -0.1, 1.1, float("nan")])
def test_thresholds_beyond_the_ink_are_refused(threshold):
    with pytest.raises(InputError, match="threshold"):
        binarised(stroke(2.0), threshold=threshold)


def test_specks_of_negative_size_are_refused():
    with pytest.raises(InputError, match="-1"):
        despeckled(stroke(2.0), smallest_px=-1)
