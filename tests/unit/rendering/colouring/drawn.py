"""Numbered sketches, what they look like coloured, and an interpolator that knows both."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from toontween.drawing.lines import Lines
from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Timing,
)
from toontween.media.frames import from_picture
from toontween.rendering.colouring.sheets import SheetSequence, read_sheets
from toontween.rendering.inputs.drawings import GivenDrawing
from toontween.rendering.inputs.keys import KeySet, prepare_keys

HEIGHT, WIDTH = 64, 96


def sketch(number: int) -> np.ndarray:
    """Two black lines on white whose places are the number, below 280."""
    pixels = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    row, column = divmod(number, 20)
    pixels[4 + 4 * row : 6 + 4 * row] = 0
    pixels[:, 6 + 4 * column : 8 + 4 * column] = 0
    return pixels


def coloured(number: int) -> np.ndarray:
    """The sketch with a wall of its own colour and a floor of a common one."""
    pixels = sketch(number)
    paper = pixels[..., 0] == 255
    pixels[paper] = (60, 70, 200)
    wall = paper.copy()
    wall[HEIGHT // 2 :] = False
    pixels[wall] = (20 + number % 200, 120, 200 - number // 2)
    return pixels


def given(numbers: range) -> list[GivenDrawing]:
    """The sketches as they are read."""
    return [
        GivenDrawing(name=f"A{number:04}.png", pixels=sketch(number), record=None)
        for number in numbers
    ]


def sheets(count: int) -> SheetSequence:
    """Sketches 1…count, read."""
    return read_sheets(given(range(1, count + 1)), (HEIGHT, WIDTH))


def references(*numbers: int) -> KeySet:
    """Coloured drawings."""
    return prepare_keys([coloured(number) for number in numbers], fewest=1)


class Oracle(Interpolator):
    """Knows every sketch by its lines and paints what it looks like coloured; remembers its requests.

    It refuses a drawing without a sketch, and keys that are no coloured drawings.
    """

    name = "oracle"

    def __init__(self, count: int, *, capacity: int = 14, noise: int = 0, **can: Any) -> None:
        can = {"timing": Timing.FIXED_COUNT, "fixed_count": capacity, "sketches": True} | can
        self.capabilities = Capabilities(**can)
        self.requests: list[InbetweenRequest] = []
        self.seen: list[Mapping[int, int]] = []
        self._noise = noise
        self._number_of = {_ink(sketch(n)): n for n in range(1, count + 1)}

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        self.requests.append(request)
        numbers = {
            index: self._number_of[_seen(lines)] for index, lines in request.sketches.items()
        }
        self.seen.append(numbers)
        drawings = [
            self.paint(numbers[index]) if index in numbers else np.zeros_like(request.first)
            for index in range(len(request.times))
        ]
        if request.progress is not None:
            request.progress(1, 2)
            request.progress(2, 2)
        details = {"model": "oracle", "window": len(self.requests), "warnings": ["as foretold"]}
        return InbetweenResult(drawings=drawings, details=details)

    def paint(self, number: int) -> np.ndarray:
        """What it looks like, nearly."""
        rng = np.random.default_rng(number)
        pixels = coloured(number).astype(int) + rng.integers(
            -self._noise, self._noise + 1, (HEIGHT, WIDTH, 3)
        )
        return (pixels.clip(0, 255) / 255).astype(np.float32)


def as_pixels(picture: np.ndarray) -> np.ndarray:
    """A key of a request as the file would hold it."""
    return from_picture(picture, np.uint8)


def _seen(lines: Lines) -> bytes:
    return hashlib.sha256(np.rint(lines.ink * 255).astype(np.uint8).tobytes()).digest()


def _ink(pixels: np.ndarray) -> bytes:
    return hashlib.sha256((255 - pixels[..., 0]).tobytes()).digest()
