"""Rates in formats that count time in coarse ticks: 1/100 s in a GIF, 1/1000 s in an animated WebP.

Frames start at the nearest tick, so nothing drifts, and the exact rate stands in the file's comment.
"""

import re
from collections.abc import Mapping
from fractions import Fraction

from toontween.media.images import plain_text

_NOTE = re.compile(rb"fps=(\d{1,12})/(\d{1,12})( alpha)?")


def delay(index: int, fps: Fraction, ticks: int) -> int:
    """Ticks for which frame `index` is shown.

    Args:
        index: The frame, from 0.
        fps: Frames a second.
        ticks: Ticks a second.
    """
    return _start(index + 1, fps, ticks) - _start(index, fps, ticks)


def note(fps: Fraction, text: Mapping[str, str], alpha: str = "") -> str:
    """The comment that keeps the exact rate, `fps=24000/1001`, followed by the metadata."""
    return f"fps={fps.numerator}/{fps.denominator}{alpha}\n{plain_text(text)}"


def read_note(comment: bytes) -> re.Match[bytes] | None:
    """The rate and the alpha mark in a comment that `note` made."""
    return _NOTE.search(comment)


def rate(delays: list[int], ticks: int, noted: re.Match[bytes] | None) -> Fraction:
    """The rate behind rounded delays: the one noted, or a whole one, if it explains every delay."""
    mean = Fraction(len(delays) * ticks, sum(delays))
    candidates = [Fraction(round(mean))]
    if noted and int(noted[1]) and int(noted[2]):
        candidates.insert(0, Fraction(int(noted[1]), int(noted[2])))
    for candidate in filter(None, candidates):
        if [delay(index, candidate, ticks) for index in range(len(delays))] == delays:
            return candidate
    return mean


def _start(index: int, fps: Fraction, ticks: int) -> int:
    """The tick at which a frame starts, rounded half up."""
    return (2 * index * ticks * fps.denominator + fps.numerator) // (2 * fps.numerator)
