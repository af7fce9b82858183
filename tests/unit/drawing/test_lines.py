"""Lines as ink, and the three grounds they are drawn on."""

import numpy as np
import pytest

from toontween.drawing.lines import Ground, Lines
from toontween.errors import ShapeError

INK = np.array([[0, 1, 0.5]], dtype=np.float32)


def test_the_three_grounds_hold_the_same_ink():
    lines = Lines(INK)
    white, black, clear = (lines.draw(ground) for ground in Ground)
    assert white[0, :, 0].tolist() == [255, 0, 127]
    assert black[0, :, 0].tolist() == [0, 255, 128]
    assert clear.shape == (1, 3, 4)
    assert clear[0, :, 3].tolist() == [0, 255, 128]
    assert not clear[..., :3].any()


def test_coverage_is_the_mean_of_the_ink():
    assert Lines(INK).coverage == pytest.approx(0.5)


@pytest.mark.parametrize(
    "ink",
    [
        np.full((2, 2), 1.5, np.float32),
        np.full((2, 2), -0.1, np.float32),
        np.full((2, 2), np.nan, np.float32),
        np.zeros((0, 2), np.float32),
    ],
)
def test_what_is_no_ink_is_refused(ink):
    with pytest.raises(ShapeError):
        Lines(ink)
