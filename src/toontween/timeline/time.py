"""Frame rates as people type them, kept exact."""

import re
from fractions import Fraction

from toontween.errors import InputError

MAX_FPS = 240
"""Fastest output; a higher number is taken for a slip of the finger."""

_RATE = re.compile(r"\d{1,9}(\.\d{1,9})?|\d{1,9}/0*[1-9]\d{0,8}")


def parse_fps(text: str) -> Fraction:
    """An exact frame rate from `24`, `12.5`, `30000/1001`, or the short forms of NTSC rates.

    `23.976`, `23.98`, `29.97`, `59.94` … mean 24000/1001, 30000/1001, 60000/1001.

    Raises:
        InputError: It is no number, or not within 1…240 frames a second.
    """
    written = _RATE.fullmatch(text.strip())
    if written is None:
        hint = "use a number such as 24, 23.976, 12.5 or 30000/1001"
        raise InputError(f"fps {text!r} is not a frame rate", hint=hint)
    fps = Fraction(written[0])
    if "." in text:
        fps = _ntsc(fps)
    if not 1 <= fps <= MAX_FPS:
        raise InputError(f"fps {text} is not within 1…{MAX_FPS}")
    return fps


def _ntsc(fps: Fraction) -> Fraction:
    """A decimal that is a rounded NTSC rate becomes that rate; others stay as they are."""
    exact = Fraction(-(-fps.numerator // fps.denominator) * 1000, 1001)
    return exact if abs(exact - fps) < Fraction(1, 200) and fps.denominator > 2 else fps
