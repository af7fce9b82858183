"""Burnt-in subtitles: lines of bright letters with dark outlines that stand still in the middle of the lower or upper edge.

A heuristic without weights. Letters are looked for one by one, since what is drawn behind them touches their outlines but
not their bright inside; four or more beside each other make a line.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

WIDTH = 640
"""Pixels to which frames are scaled to look for letters."""

BRIGHT = 185
"""Least value (of 255) of a letter's inside."""

DARK = 100
"""Greatest value (of 255) of a letter's outline."""

_BAND = 0.28
"""Share of the height, at either edge, where subtitles stand."""

_NEAR_EDGE = 0.2
"""Greatest distance of a line's outer side from that edge, as a share of the height."""

_LOWEST, _HIGHEST = 0.018, 0.075
"""Height of a letter, as a share of the frame's."""

_WIDEST = 1.8
"""Width of a letter by the height of its line."""

_OUTLINED = 0.6
"""Share of a letter's surroundings that its outline takes at least."""

_LEAST_LETTERS = 4
_APART = 2.0
_OFF_CENTRE = 0.08
_SAME = 0.5
_MARGIN = 0.015


@dataclass(frozen=True, slots=True)
class TextRows:
    """Rows of a frame that look like a line of text, as shares of its height, with the letters' own mask."""

    top: float
    bottom: float
    mask: np.ndarray

    def is_same(self, other: "TextRows") -> bool:
        """Whether both are the same words at the same place."""
        if abs(self.top - other.top) > 0.02 or self.mask.shape != other.mask.shape:
            return False
        both = np.logical_and(self.mask, other.mask).sum()
        return bool(both > _SAME * np.logical_or(self.mask, other.mask).sum())


def find_text_rows(frame: UInt8[np.ndarray, "h w 3"]) -> list[TextRows]:
    """Lines of letters near the lower and the upper edge of a frame."""
    height = max(32, round(frame.shape[0] * WIDTH / frame.shape[1]))
    small = cv2.resize(frame, (WIDTH, height), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    band = round(_BAND * height)
    found = []
    for first, last in ((0, band), (height - band, height)):
        found += _lines(grey[first:last], first, height)
    return found


@dataclass(frozen=True, slots=True)
class Subtitle:
    """Text that stood still: its first and last frame, and its rows as shares of the height."""

    first: int
    last: int
    top: float
    bottom: float


class SubtitleFinder:
    """Follows lines of letters from frame to frame and keeps those that stand still.

    Args:
        least: Frames for which text must stand still to be a subtitle.
    """

    def __init__(self, *, least: int) -> None:
        self.found: list[Subtitle] = []
        self._least = least
        self._standing: list[tuple[int, TextRows]] = []

    def look(self, number: int, texts: Sequence[TextRows]) -> None:
        """See the next drawing, which begins at a frame."""
        going: list[tuple[int, TextRows]] = []
        for text in texts:
            since = (first for first, before in self._standing if before.is_same(text))
            going.append((next(since, number), text))
        for first, text in self._standing:
            if not any(text.is_same(now) for _, now in going):
                self._end(first, number - 1, text)
        self._standing = going

    def finish(self, num_frames: int) -> None:
        """The film is over."""
        for first, text in self._standing:
            self._end(first, num_frames - 1, text)
        self._standing = []

    def _end(self, first: int, last: int, text: TextRows) -> None:
        if last - first + 1 >= self._least:
            self.found.append(Subtitle(first, last, text.top, text.bottom))


def rows_left(subtitles: Sequence[Subtitle], start: int, stop: int) -> tuple[float, float]:
    """What is left of frames start … stop − 1 between their subtitles, as shares of the height; (0, 1) without any."""
    top, bottom = 0.0, 1.0
    for one in subtitles:
        if one.first >= stop or one.last < start:
            continue
        if one.top > 0.5:
            bottom = min(bottom, one.top - _MARGIN)
        else:
            top = max(top, one.bottom + _MARGIN)
    return top, bottom


@dataclass(frozen=True, slots=True)
class _Letter:
    label: int
    left: int
    top: int
    wide: int
    high: int

    @property
    def middle(self) -> float:
        return self.top + self.high / 2


def _lines(grey: np.ndarray, first: int, height: int) -> list[TextRows]:
    labels, letters = _letters(grey, height)
    found = []
    while letters:
        tallest = max(letters, key=lambda one: one.high)
        line = [one for one in letters if abs(one.middle - tallest.middle) < 0.4 * tallest.high]
        letters = [one for one in letters if one not in line]
        line = _beside(line, tallest)
        top = min(one.top for one in line)
        bottom = max(one.top + one.high for one in line)
        left, right = line[0].left, line[-1].left + line[-1].wide
        outer = top if not first else len(grey) - bottom
        if (
            len(line) >= _LEAST_LETTERS
            and abs((left + right) / 2 - WIDTH / 2) <= _OFF_CENTRE * WIDTH
            and outer <= _NEAR_EDGE * height
        ):
            mask = np.isin(labels, [one.label for one in line])
            found.append(TextRows((first + top) / height, (first + bottom) / height, mask))
    return found


def _letters(grey: np.ndarray, height: int) -> tuple[np.ndarray, list[_Letter]]:
    """Bright patches as high as letters with something dark around them."""
    bright = (grey > BRIGHT).astype(np.uint8)
    around = cv2.dilate(bright, np.ones((5, 5), np.uint8)) - bright
    outline = around & (grey < DARK)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(bright)
    letters = []
    for label in range(1, count):
        left, top, wide, high, _ = (int(value) for value in boxes[label])
        if not _LOWEST * height <= high <= _HIGHEST * height or wide > _WIDEST * high:
            continue
        place = slice(max(0, top - 2), top + high + 2), slice(max(0, left - 2), left + wide + 2)
        if outline[place].sum() >= _OUTLINED * around[place].sum():
            letters.append(_Letter(label, left, top, wide, high))
    return labels, letters


def _beside(line: list[_Letter], tallest: _Letter) -> list[_Letter]:
    """The letters that stand close to each other, of which one is the tallest; from left to right."""
    parts: list[list[_Letter]] = []
    for one in sorted(line, key=lambda letter: letter.left):
        if parts and one.left - (parts[-1][-1].left + parts[-1][-1].wide) <= _APART * tallest.high:
            parts[-1].append(one)
        else:
            parts.append([one])
    return next(part for part in parts if tallest in part)
