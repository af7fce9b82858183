import numpy as np
import pytest

from toontween.data.curation.borders import find_picture
from toontween.errors import ShapeError


def test_a_letterbox_is_found():
    shot = np.zeros((3, 60, 80, 3), np.uint8)
    shot[:, 10:50] = 180
    assert find_picture(shot) == (slice(10, 50), slice(0, 80))


def test_a_dark_shot_keeps_its_size():
    assert find_picture(np.zeros((2, 60, 80, 3), np.uint8)) == (slice(0, 60), slice(0, 80))


def test_a_shot_without_frames_is_refused():
    with pytest.raises(ShapeError):
        find_picture([])
