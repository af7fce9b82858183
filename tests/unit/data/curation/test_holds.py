from fractions import Fraction

import numpy as np
import pytest

from toontween.data.curation.holds import find_drawings
from toontween.media.video import read_video, write_video


@pytest.mark.parametrize("held", [1, 2, 3])
def test_exposures_are_found_through_h264(tmp_path, held):
    drawings = np.full((6, 96, 128, 3), 220, np.uint8)
    for number, drawing in enumerate(drawings):
        drawing[30:60, 10 + 12 * number : 40 + 12 * number] = (200, 60, 40)
    film = tmp_path / "film.mp4"
    write_video(film, np.repeat(drawings, held, axis=0), fps=Fraction(24))
    starts, exposures = find_drawings(read_video(film))
    assert starts == list(range(0, 6 * held, held))
    assert exposures == [held] * 6


def test_no_frames_are_no_drawings():
    assert find_drawings([]) == ([], [])
