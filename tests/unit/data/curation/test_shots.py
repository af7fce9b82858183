"""Cuts, fades, flashes, borders and subtitles, through H.264."""

from pathlib import Path

import numpy as np
import pytest

from tests.unit.data.curation.tiny_films import (
    SIZE,
    drawings,
    faded_in,
    film,
    letterboxed,
    on,
    subtitled,
)
from toontween.data.curation.borders import Box, around, bright_box, picture_of
from toontween.data.curation.holds import DrawingFinder
from toontween.data.curation.shots import Shot, find_shots
from toontween.data.curation.subtitles import SubtitleFinder, find_text_rows
from toontween.errors import MediaError
from toontween.media.video import read_video

WIDTH, HEIGHT = SIZE
BLACK = np.zeros((6, HEIGHT, WIDTH, 3), np.uint8)


def shots_of(path: Path) -> list[Shot]:
    return find_shots(read_video(path), fps=24.0)


def test_cuts_are_found_between_scenes_on_ones_twos_and_threes(tmp_path: Path) -> None:
    scenes = [on(exposure, drawings(seed)) for seed, exposure in ((1, 2), (2, 1), (3, 3))]
    shots = shots_of(film(tmp_path / "f.mp4", *scenes))
    assert [(shot.start, shot.stop) for shot in shots] == [(0, 20), (20, 30), (30, 60)]
    assert [shot.number for shot in shots] == [0, 1, 2]


@pytest.mark.parametrize("exposure", [1, 2, 3])
def test_new_drawings_are_told_from_held_ones(tmp_path: Path, exposure: int) -> None:
    path = film(tmp_path / "f.mp4", on(exposure, drawings(4)))
    finder = DrawingFinder()
    new = [number for number, frame in enumerate(read_video(path)) if finder.is_new(frame)]
    assert new == list(range(0, 10 * exposure, exposure))


def test_a_mouth_that_moves_is_a_new_drawing() -> None:
    frame = np.full((360, 640, 3), 200, np.uint8)
    opened = frame.copy()
    opened[180:192, 300:324] = 40
    finder = DrawingFinder()
    assert [finder.is_new(one) for one in (frame, frame, opened, opened)] == [
        True,
        False,
        True,
        False,
    ]


def test_black_frames_part_shots_and_fades_are_left_out(tmp_path: Path) -> None:
    first, second = faded_in(on(2, drawings(5)), 8), on(2, drawings(6))
    shots = shots_of(film(tmp_path / "f.mp4", BLACK, first, BLACK, second))
    assert len(shots) == 2
    assert 12 <= shots[0].start <= 15
    assert shots[0].stop == 26
    # the first frames of the fade are as good as black
    assert 4 <= shots[0].faded <= shots[0].start - 6
    assert (shots[1].start, shots[1].stop, shots[1].faded) == (32, 52, 0)


def test_a_flash_is_noticed(tmp_path: Path) -> None:
    frames = on(2, drawings(4)).copy()
    frames[9] = np.minimum(frames[9].astype(int) + 90, 255)
    shots = shots_of(film(tmp_path / "f.mp4", frames))
    # a bright flash may look like two cuts; then it is a shot of its own, too short to keep
    inside = [number for shot in shots for number in shot.flashes]
    alone = [shot for shot in shots if shot.start <= 9 < shot.stop <= shot.start + 2]
    assert inside == [9] or alone


def test_a_flash_that_swells_is_noticed_inside_its_shot(tmp_path: Path) -> None:
    frames = on(3, drawings(6)) // 2
    swell = np.array([20, 45, 70, 70, 45, 20], np.uint8)
    frames[12:18] += swell[:, None, None, None]
    (shot,) = shots_of(film(tmp_path / "f.mp4", frames))
    assert set(shot.flashes) >= {14, 15}
    assert set(shot.flashes) <= set(range(12, 18))


def test_a_letterbox_is_cut_away_but_a_dark_scene_is_not(tmp_path: Path) -> None:
    night = (on(2, drawings(6)) // 8).astype(np.uint8)
    night[:, 40:70, 60:130] = 200
    shots = shots_of(
        film(tmp_path / "f.mp4", letterboxed(on(2, drawings(4)), 16), letterboxed(night, 16))
    )
    for shot in shots:
        assert 16 <= shot.picture.top <= 19
        assert HEIGHT + 13 <= shot.picture.bottom <= HEIGHT + 16
        assert (shot.picture.left, shot.picture.right) == (0, WIDTH)


def test_subtitles_are_cut_away(tmp_path: Path) -> None:
    wide, high = 384, 216
    first, second = (on(2, drawings(seed, size=(wide, high))) for seed in (4, 3))
    path = film(tmp_path / "f.mp4", subtitled(first, "I never said that."), second)
    with_text, without = shots_of(path)
    assert 0.78 * high < with_text.picture.bottom < 0.87 * high
    assert with_text.subtitles[0] == 0
    assert 0.13 < with_text.subtitles[1] < 0.22
    assert without.picture.bottom == high


def test_moving_drawings_are_seldom_taken_for_subtitles() -> None:
    wrong = 0
    for seed in range(40, 60):
        finder = SubtitleFinder(least=12)
        for number, frame in enumerate(drawings(seed, 6, (384, 216))):
            finder.look(2 * number, find_text_rows(frame))
        finder.finish(12)
        wrong += bool(finder.found)
    assert wrong <= 1


def test_a_film_of_nothing_is_refused() -> None:
    with pytest.raises(MediaError, match="no frames"):
        find_shots([], fps=24.0)


def test_a_black_film_has_no_shots() -> None:
    assert find_shots(list(BLACK), fps=24.0) == []


def test_boxes() -> None:
    frame = np.zeros((60, 80, 3), np.uint8)
    assert bright_box(frame) is None
    frame[10:50, 20:30] = 180
    assert bright_box(frame) == Box(10, 50, 20, 30)
    assert around([None, Box(10, 50, 20, 30), Box(0, 5, 25, 80)]) == Box(0, 50, 20, 80)
    assert around([None]) is None
    film_box = Box(0, 60, 0, 80)
    assert picture_of(Box(10, 50, 0, 80), film_box) == Box(10, 50, 0, 80)
    assert picture_of(Box(10, 60, 0, 70), film_box) == film_box  # bars on one side only
    assert picture_of(None, film_box) == film_box
    assert Box(10, 60, 0, 80).inside((80, 60)) == Box(12, 60, 0, 80)
