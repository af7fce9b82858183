"""Lines of generated drawings get the keys' ink and width back; finished drawings stay as they are."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.unit.drawing.material import face, strokes
from toontween.data.synthetic.scenes import Drawing, scene
from toontween.drawing.line_locking import lock_lines
from toontween.drawing.line_style import LineStyle, line_style_of
from toontween.drawing.ridges.darkness import disc
from toontween.errors import InputError, ShapeError
from toontween.media.frames import composite_over, to_picture
from toontween.media.images import read_still

EXAMPLES = Path(__file__).parents[3] / "examples"
CAST_INK = np.array([43, 32, 48], np.float32) / 255
SCENES = ["two-poses", "head-turn", "bouncing-ball"]
PAPER, BLACK = np.float32(0.9), np.float32(0.1)


@cache
def drawn(name: str, at: float) -> Drawing:
    return scene(name).draw(at)


def picture(name: str, at: float) -> np.ndarray:
    return drawn(name, at).frame.astype(np.float32) / np.float32(255)


def ink(name: str, at: float) -> np.ndarray:
    return drawn(name, at).line[..., 3].astype(np.float32) / np.float32(255)


@cache
def style(name: str) -> LineStyle:
    return line_style_of([picture(name, 0.0), picture(name, 1.0)])


def on_paper(lines: np.ndarray, pale: np.ndarray | float = 0.0) -> np.ndarray:
    """Nearly black lines on light paper, paler where asked."""
    share = (lines * (1 - pale))[..., None]
    return (PAPER + share * (BLACK - PAPER) * np.ones(3)).astype(np.float32)


def spots(where: np.ndarray, *, count: int, radius_px: int) -> np.ndarray:
    """Soft round places along some lines, 0…1."""
    y, x = np.nonzero(where > 0.9)
    plane = np.zeros(where.shape, np.float32)
    for index in np.random.default_rng(0).integers(0, len(y), count):
        cv2.circle(plane, (int(x[index]), int(y[index])), radius_px, 1.0, -1)
    return cv2.GaussianBlur(plane, (0, 0), 1.0)


def spoilt(name: str, at: float, *, by: float, radius_px: int) -> tuple[np.ndarray, np.ndarray]:
    """A bundled drawing whose lines have lost ink in places, and where."""
    whole = picture(name, at)
    bare = cv2.morphologyEx(whole, cv2.MORPH_CLOSE, disc(4.0))
    lines = ink(name, at)
    places = spots(lines, count=25, radius_px=radius_px)
    inked = cv2.dilate((lines > 0.02).astype(np.uint8), np.ones((3, 3), np.uint8))
    less = (by * places * inked)[..., None]
    return (whole + less * (bare - whole)).astype(np.float32), (places > 0.3) & (lines > 0.02)


def levels(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> float:
    """Mean difference in levels of eight bits."""
    return float(np.abs(one - other)[where].mean() * 255)


def num_changed(one: np.ndarray, other: np.ndarray) -> int:
    return int((one != other).any(axis=2).sum())


def test_a_style_has_the_casts_ink_and_pen():
    found = style("two-poses")
    assert np.abs(found.inks - CAST_INK).max() < 1e-3
    assert found.width_px == pytest.approx(2.5, abs=0.4)
    assert found.warnings == ()


@pytest.mark.parametrize("pen", [2, 3, 5])
def test_the_width_is_that_of_the_pen(pen):
    found = line_style_of([on_paper(face(240, 320, pen=pen))])
    assert found.width_px == pytest.approx(pen, rel=0.2)


@pytest.mark.parametrize("name", SCENES)
def test_keys_come_back_bit_for_bit(name):
    for at in (0.0, 1.0):
        key = picture(name, at)
        assert np.array_equal(lock_lines(key, style(name)), key)


@pytest.mark.parametrize("name", SCENES)
def test_finished_drawings_between_the_keys_come_back_almost_unchanged(name):
    for number in (3, 6, 9, 12, 14):
        truth = to_picture(read_still(EXAMPLES / f"{name}/truth/{number:04}.png").pixels)
        assert num_changed(lock_lines(truth, style(name)), truth) < 60  # of 163,840 pixels


@pytest.mark.parametrize("at", [0.3, 0.6])
@pytest.mark.parametrize("name", ["two-poses", "head-turn"])
def test_faded_stretches_get_their_ink_back(name, at):
    faded, where = spoilt(name, at, by=0.7, radius_px=6)
    locked = lock_lines(faded, style(name))
    truth = picture(name, at)
    assert levels(locked, truth, where) < 0.6 * levels(faded, truth, where)
    assert levels(locked, truth, ~where) < levels(faded, truth, ~where) + 0.1


@pytest.mark.parametrize("name", ["two-poses", "head-turn"])
def test_gaps_are_closed(name):
    broken, where = spoilt(name, 0.3, by=1.0, radius_px=3)
    locked = lock_lines(broken, style(name))
    truth = picture(name, 0.3)
    assert levels(locked, truth, where) < 0.8 * levels(broken, truth, where)
    assert levels(locked, truth, ~where) < levels(broken, truth, ~where) + 0.1


def test_a_closed_gap_has_the_ink_and_the_width_of_the_pen():
    lines = strokes(120, 200, [np.array([[20, 60], [180, 60]])], pen=3)
    lines = np.maximum(lines, face(120, 200, pen=3) * (np.arange(120) < 40)[:, None])
    key = on_paper(lines)
    broken = key.copy()
    broken[50:70, 140:144] = PAPER
    locked = lock_lines(broken, line_style_of([key]))
    assert np.abs(locked - key).max() < 0.4
    assert levels(locked, key, np.ones(key.shape[:2], bool)) < 0.1


def test_what_softened_is_darker_again_and_changes_only_at_lines():
    truth = picture("two-poses", 0.3)
    soft = cv2.GaussianBlur(truth, (0, 0), 1.2)
    locked = lock_lines(soft, style("two-poses"))
    lines = ink("two-poses", 0.3)
    away = cv2.distanceTransform((lines <= 0.02).astype(np.uint8), cv2.DIST_L2, 5)
    assert levels(locked, truth, lines > 0.02) < 0.8 * levels(soft, truth, lines > 0.02)
    changed = (locked != soft).any(axis=2)
    assert (changed & (away > 2)).sum() < 0.05 * changed.sum()


@pytest.mark.parametrize("at", [0.3, 0.6])
@pytest.mark.parametrize("name", ["two-poses", "head-turn"])
def test_locking_twice_is_locking_once(name, at):
    faded, _ = spoilt(name, at, by=0.7, radius_px=6)
    broken, _ = spoilt(name, at, by=1.0, radius_px=3)
    for spoiled in (faded, broken, cv2.GaussianBlur(picture(name, at), (0, 0), 1.2)):
        once = lock_lines(spoiled, style(name))
        assert num_changed(once, spoiled) > 50
        assert np.abs(lock_lines(once, style(name)) - once).max() <= 1 / 255


def test_pixels_only_move_towards_the_ink():
    faded, _ = spoilt("two-poses", 0.3, by=0.7, radius_px=6)
    locked = lock_lines(faded, style("two-poses"))
    before = np.linalg.norm(faded - CAST_INK, axis=2)
    after = np.linalg.norm(locked - CAST_INK, axis=2)
    assert (after <= before + 1e-6).all()


def test_a_faint_line_that_continues_nothing_is_left_alone():
    key = on_paper(face(160, 240, pen=3))
    alone = on_paper(strokes(160, 240, [np.array([[20, 20], [90, 20]])], pen=3), pale=0.9)
    assert np.array_equal(lock_lines(alone, line_style_of([key])), alone)


def test_ends_that_do_not_face_one_another_are_not_joined():
    key = on_paper(face(160, 240, pen=3))
    corner = [np.array([[20, 80], [100, 80]]), np.array([[106, 20], [106, 75]])]
    apart = [np.array([[20, 120], [100, 120]]), np.array([[130, 120], [200, 120]])]
    drawing = on_paper(strokes(160, 240, [*corner, *apart], pen=3))
    assert np.array_equal(lock_lines(drawing, line_style_of([key])), drawing)


def test_gaps_like_those_in_the_keys_stay_open():
    dashes = [np.array([[x, y], [x + 20, y]]) for y in (40, 80, 120) for x in range(20, 200, 28)]
    drawing = on_paper(strokes(160, 240, dashes, pen=3))
    assert np.array_equal(lock_lines(drawing, line_style_of([drawing])), drawing)


def test_each_stretch_gets_the_ink_it_was_drawn_with():
    red, lines = np.array([0.6, 0.1, 0.1], np.float32), face(200, 300, pen=3)
    upper = (np.arange(200) < 100)[:, None] * lines
    key = on_paper(lines - upper) + upper[..., None] * (red - PAPER)
    pale = key + (spots(lines, count=8, radius_px=5) * 0.6)[..., None] * (PAPER - key)
    locked = lock_lines(pale.astype(np.float32), line_style_of([key.astype(np.float32)]))
    assert np.abs(locked - key).mean() < 0.5 * np.abs(pale - key).mean()
    core = (upper > 0.95) & (locked != pale).any(axis=2)
    assert core.sum() > 30
    assert np.abs(locked[core] - red).max(axis=1).mean() < 0.15


def test_painted_keys_have_no_lines_to_lock():
    shape = np.full((120, 200, 3), 0.8, np.float32)
    cv2.circle(shape, (100, 60), 40, (0.2, 0.4, 0.7), -1, cv2.LINE_AA)
    found = line_style_of([shape])
    assert len(found.inks) == 0
    assert "painted" in found.warnings[0]
    assert np.array_equal(lock_lines(shape, found), shape)


def test_a_drawing_without_anything_in_it_comes_back():
    blank = np.full((320, 512, 3), 0.7, np.float32)
    assert np.array_equal(lock_lines(blank, style("two-poses")), blank)
    assert len(line_style_of([blank]).inks) == 0


def test_cels_keep_what_is_transparent_and_alpha_only_grows():
    cel = drawn("two-poses", 0.3).cel.astype(np.float32) / np.float32(255)
    key = line_style_of([drawn("two-poses", 0.0).cel.astype(np.float32) / np.float32(255)])
    assert np.array_equal(lock_lines(cel, key), cel)
    spots_of_it = spots(ink("two-poses", 0.3), count=25, radius_px=6)[..., None] * 0.6
    pale = cel.copy()
    pale[..., 3:] *= 1 - spots_of_it * (ink("two-poses", 0.3) > 0.02)[..., None]
    locked = lock_lines(pale, key)
    assert (locked[..., 3] >= pale[..., 3]).all()
    assert num_changed(locked, pale) > 50
    clear = (cel[..., 3] == 0) & (ink("two-poses", 0.3) == 0)
    assert num_changed(locked[clear][None], pale[clear][None]) < 0.001 * clear.sum()
    white = (1.0, 1.0, 1.0)
    off, before = (
        np.abs(composite_over(p, white) - composite_over(cel, white)).mean() for p in (locked, pale)
    )
    assert off < 0.9 * before


def test_what_is_no_picture_is_refused():
    with pytest.raises(InputError, match="at least one"):
        line_style_of([])
    with pytest.raises(ShapeError, match="differ in size"):
        line_style_of([np.zeros((8, 8, 3), np.float32), np.zeros((8, 9, 3), np.float32)])
    with pytest.raises(ShapeError, match="3 or 4"):
        lock_lines(np.zeros((8, 8, 2), np.float32), style("two-poses"))
