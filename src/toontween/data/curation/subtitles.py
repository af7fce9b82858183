"""Burnt-in subtitles: lines of bright, outlined letters that stand still in the middle of the lower or upper edge.

A heuristic without weights. It looks for what subtitles have and drawings seldom have: rows that are crowded with strong
edges, about as high as letters, centred, and the same for half a second or more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

WIDTH = 384
"""Pixels to which frames are scaled to look for letters."""

_BAND = 0.28
"""Share of the height, at either edge, where subtitles stand."""

_NEAR_EDGE = 0.2
"""Greatest distance of a line's outer side from that edge, as a share of the height."""

_STRONG = 90
_LOWEST, _HIGHEST = 0.03, 0.11
_NARROWEST = 0.10
_OFF_CENTRE = 0.06
_CROWDED = (0.30, 0.95)
_BRIGHT, _DARK = 190, 70
_LEAST_LETTERS = 4
_SAME = 0.5
_MARGIN = 0.01


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
    grey = cv2.cvtColor(
        cv2.resize(frame, (WIDTH, height), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
    )
    edges = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > _STRONG
    band = round(_BAND * height)
    found = []
    for first, last in ((0, band), (height - band, height)):
        inked = edges[first:last].astype(np.uint8)
        joined = cv2.morphologyEx(inked, cv2.MORPH_CLOSE, np.ones((1, WIDTH // 24), np.uint8))
        joined = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((3, 9), np.uint8))
        count, _, boxes, _ = cv2.connectedComponentsWithStats(joined)
        for box in boxes[1:count]:
            rows = _read_box(box, inked, grey[first:last], height, first)
            if rows is not None:
                found.append(rows)
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


def _read_box(
    box: np.ndarray, inked: np.ndarray, grey: np.ndarray, height: int, first: int
) -> TextRows | None:
    left, top, wide, high, _ = (int(value) for value in box)
    inside = inked[top : top + high, left : left + wide]
    light = grey[top : top + high, left : left + wide]
    fits = (
        _LOWEST * height <= high <= _HIGHEST * height
        and wide >= _NARROWEST * WIDTH
        and wide >= 2.5 * high
        and (
            top <= _NEAR_EDGE * height
            if not first
            else top + high >= len(inked) - _NEAR_EDGE * height
        )
        and abs(left + wide / 2 - WIDTH / 2) <= _OFF_CENTRE * WIDTH
        and _CROWDED[0] <= inside.mean() <= _CROWDED[1]
        and 0.08 <= float((light > _BRIGHT).mean()) <= 0.7
        and float((light < _DARK).mean()) >= 0.08
        and _letters(light > _BRIGHT) >= _LEAST_LETTERS
    )
    if not fits:
        return None
    mask = np.zeros(inked.shape, bool)
    mask[top : top + high, left : left + wide] = inside
    return TextRows((first + top) / height, (first + top + high) / height, mask)


def _letters(bright: np.ndarray) -> int:
    """Bright patches that are about as high as the line."""
    count, _, boxes, _ = cv2.connectedComponentsWithStats(bright.astype(np.uint8))
    return int((boxes[1:count, cv2.CC_STAT_HEIGHT] >= 0.35 * len(bright)).sum())
