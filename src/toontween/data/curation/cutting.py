"""The second look at a film: distinct drawings of each shot, without borders, at the wanted size, as clips of a fit length."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from toontween.data.curation.holds import DrawingFinder
from toontween.data.curation.shots import Shot
from toontween.media.frames import scale_and_crop


@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """Drawings of a shot in order; all of them unless the shot is long."""

    shot: Shot
    number: int
    """Of the piece in its shot."""

    starts: tuple[int, ...]
    """Frame in the film at which each drawing begins."""

    stop: int
    """The frame after the last drawing's last."""

    drawings: UInt8[np.ndarray, "t h w 3"]

    @property
    def exposures(self) -> tuple[int, ...]:
        """How many frames of the film each drawing is held."""
        ends = (*self.starts[1:], self.stop)
        return tuple(end - start for start, end in zip(self.starts, ends, strict=True))


def cut_pieces(
    frames: Iterable[UInt8[np.ndarray, "h w 3"]],
    shots: Sequence[Shot],
    *,
    size: tuple[int, int],
    fewest: int,
    longest: int,
) -> Iterator[Piece]:
    """Pieces of all shots in order; frames are looked at once, and the drawings of one piece kept.

    A shot of more than `longest` drawings gives several pieces, each of `fewest` or more. What lies between shots is left
    out. A shot too short for a piece still gives one, to be judged.

    Args:
        frames: Of the film.
        shots: Those to cut, in order and apart.
        size: Width and height in pixels of the drawings.
        fewest: Least number of drawings of a piece.
        longest: Greatest number, at least twice the least.
    """
    waiting = iter(shots)
    shot = next(waiting, None)
    finder, held = DrawingFinder(), _Held()
    for number, frame in enumerate(frames):
        if shot is not None and number == shot.stop:
            yield from held.rest(shot, fewest, longest)
            shot, finder, held = next(waiting, None), DrawingFinder(), _Held()
        if shot is None:
            return
        if number < shot.start:
            continue
        picture = shot.picture.of(frame)
        if finder.is_new(picture):
            if len(held.starts) == longest + fewest:
                yield held.take(shot, longest, number)
            held.starts.append(number)
            held.drawings.append(scale_and_crop(picture, size))
    if shot is not None:
        yield from held.rest(shot, fewest, longest)


class _Held:
    """Drawings that are not in a piece yet."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.drawings: list[np.ndarray] = []
        self._pieces = 0

    def take(self, shot: Shot, count: int, stop: int) -> Piece:
        """The first `count` drawings as a piece; the others stay."""
        piece = Piece(
            shot=shot,
            number=self._pieces,
            starts=tuple(self.starts[:count]),
            stop=self.starts[count] if count < len(self.starts) else stop,
            drawings=np.stack(self.drawings[:count]),
        )
        self._pieces += 1
        del self.starts[:count], self.drawings[:count]
        return piece

    def rest(self, shot: Shot, fewest: int, longest: int) -> Iterator[Piece]:
        """What is left when the shot is over, in one piece or two."""
        if len(self.starts) > longest:
            yield self.take(shot, len(self.starts) - fewest, shot.stop)
        if self.starts:
            yield self.take(shot, len(self.starts), shot.stop)
