"""Letterboxes and pillarboxes: dark borders that stay over a whole film or shot."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

DARK = 24
"""Brightest value (of 255) of a border, with what H.264 adds to black."""

_LEAST_BAR = 0.03
_UNEVEN = 0.01
_SMEAR = 2
"""Pixels that scaling and coding darken beside a border."""


@dataclass(frozen=True, slots=True)
class Box:
    """Rows top … bottom − 1 and columns left … right − 1 of a frame, pixels."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.right - self.left, self.bottom - self.top

    def inside(self, size: tuple[int, int]) -> "Box":
        """The box without what a border's edge smears into it; sides at the frame's own edge stay.

        Args:
            size: Width and height of the frames.
        """
        return Box(
            self.top + (_SMEAR if self.top else 0),
            self.bottom - (_SMEAR if self.bottom < size[1] else 0),
            self.left + (_SMEAR if self.left else 0),
            self.right - (_SMEAR if self.right < size[0] else 0),
        )

    def of(self, frame: np.ndarray) -> np.ndarray:
        """This part of a frame."""
        return frame[self.top : self.bottom, self.left : self.right]


def bright_box(frame: np.ndarray) -> Box | None:
    """The smallest box around all that is not dark; None when everything is.

    Args:
        frame: 8-bit RGB.
    """
    bright = frame.max(axis=-1) > DARK
    rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
    if not len(rows):
        return None
    return Box(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)


def around(boxes: Iterable[Box | None]) -> Box | None:
    """The smallest box around some; None when there are none."""
    there = [box for box in boxes if box is not None]
    if not there:
        return None
    return Box(
        min(box.top for box in there),
        max(box.bottom for box in there),
        min(box.left for box in there),
        max(box.right for box in there),
    )


def picture_of(shot: Box | None, film: Box) -> Box:
    """The picture of a shot inside the film's: narrower only where it has even bars on both sides.

    A dark scene does not reach the edges either, but seldom leaves the same at both.

    Args:
        shot: What is bright in the shot.
        film: What is bright anywhere in the film.
    """
    if shot is None:
        return film
    width, height = film.size
    top, bottom = _bars(shot.top - film.top, film.bottom - shot.bottom, height)
    left, right = _bars(shot.left - film.left, film.right - shot.right, width)
    return Box(film.top + top, film.bottom - bottom, film.left + left, film.right - right)


def _bars(before: int, after: int, length: int) -> tuple[int, int]:
    even = abs(before - after) <= max(2, _UNEVEN * length)
    return (before, after) if even and min(before, after) >= _LEAST_BAR * length else (0, 0)
