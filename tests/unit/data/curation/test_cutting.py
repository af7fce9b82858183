"""Shots → pieces of distinct drawings."""

from collections.abc import Iterator

import numpy as np
import pytest

from toontween.data.curation.borders import Box
from toontween.data.curation.cutting import Piece, cut_pieces
from toontween.data.curation.shots import Shot


def shot(number: int, start: int, stop: int) -> Shot:
    return Shot(
        number=number,
        start=start,
        stop=stop,
        picture=Box(2, 34, 0, 48),
        faded=0,
        flashes=(),
        subtitles=(0.0, 0.0),
    )


def grey(count: int, exposure: int = 1) -> Iterator[np.ndarray]:
    """Frames of which each drawing is another grey, bars of 2 pixels above and below."""
    for number in range(count):
        frame = np.zeros((36, 48, 3), np.uint8)
        frame[2:34] = 40 + 37 * (number // exposure) % 200
        yield frame


def cut(
    frames: Iterator[np.ndarray], *shots: Shot, fewest: int = 3, longest: int = 6
) -> list[Piece]:
    return list(cut_pieces(frames, shots, size=(24, 16), fewest=fewest, longest=longest))


def test_a_shot_is_one_piece_with_its_exposures() -> None:
    (piece,) = cut(grey(11, 2), shot(0, 2, 11))
    assert piece.starts == (2, 4, 6, 8, 10)
    assert piece.exposures == (2, 2, 2, 2, 1)
    assert piece.drawings.shape == (5, 16, 24, 3)
    assert piece.drawings.min() == piece.drawings[0].min() >= 40  # the bars are gone


def test_what_lies_between_shots_is_left_out() -> None:
    one, other = cut(grey(20), shot(0, 3, 7), shot(1, 12, 16))
    assert (one.starts, one.stop) == ((3, 4, 5, 6), 7)
    assert (other.starts, other.stop) == ((12, 13, 14, 15), 16)


@pytest.mark.parametrize("count", range(1, 30))
def test_long_shots_are_shared_out_without_loss(count: int) -> None:
    pieces = cut(grey(count), shot(0, 0, count))
    assert [start for piece in pieces for start in piece.starts] == list(range(count))
    assert [piece.number for piece in pieces] == list(range(len(pieces)))
    lengths = [len(piece.drawings) for piece in pieces]
    assert max(lengths) <= 6
    assert min(lengths) >= 3 or count < 3
    assert [piece.stop for piece in pieces] == [*(p.starts[0] for p in pieces[1:]), count]


def test_a_shot_that_ends_with_the_film() -> None:
    (piece,) = cut(grey(5), shot(0, 0, 5))
    assert piece.stop == 5
