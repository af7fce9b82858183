"""References and sketches in, a take of coloured drawings out."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from toontween.drawing.palette import lock_to_palette, palette_of
from toontween.errors import InputError
from toontween.interpolators.base import InbetweenRequest, Interpolator, Picture
from toontween.interpolators.timing import draw_at_times
from toontween.media.files import disk_errors
from toontween.rendering.colouring.record import (
    describe_drawings,
    describe_method,
    describe_references,
)
from toontween.rendering.colouring.references import At, place_references
from toontween.rendering.colouring.sheets import Sheet, SheetSequence
from toontween.rendering.colouring.windows import Window, plan_windows
from toontween.rendering.inputs.keys import FitMode, KeySet, as_drawn, as_given
from toontween.rendering.locking import describe_palette
from toontween.rendering.renderer import Progress, RenderSettings
from toontween.rendering.take import Take

DEFAULT_FPS = Fraction(24)
"""Of pictures that do not say."""

DEFAULT_CAPACITY = 14
"""Drawings of a window for interpolators that do not say what they were made for."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class ColouringSettings:
    """How sketches are coloured.

    Raises:
        InputError: A value is out of range.
    """

    at: At = "auto"
    """Which drawings the references are."""

    lock_palette: bool = False
    """Whether every result is brought back to the references' flat colours."""

    on: int = 1
    """Output frames for which every drawing is exposed."""

    fps: Fraction | None = None
    """Output frames a second; None is that of a film of sketches, and 24 for pictures."""

    fit: FitMode = "pad"
    """What to do with sketches, and a second reference, of another shape than the first reference."""

    prompt: str = ""
    """A line of text, for methods that read it."""

    seed: int = 0
    """Seed of whatever is random, the same in every window."""

    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Settings of the method, by its own names."""

    def __post_init__(self) -> None:
        RenderSettings(on=self.on, fps=self.rate, seed=self.seed)  # it knows the ranges

    @property
    def rate(self) -> Fraction:
        """Output frames a second, whether said or not."""
        return DEFAULT_FPS if self.fps is None else self.fps


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Coloured:
    """Coloured drawings, and where the references were put."""

    take: Take
    decisions: tuple[str, ...]
    """A sentence for each reference."""


def colour_sheets(
    references: KeySet,
    sequence: SheetSequence,
    interpolator: Interpolator,
    *,
    settings: ColouringSettings | None = None,
    progress: Progress | None = None,
) -> Coloured:
    """Colour every sketch like the references.

    Args:
        references: One or two coloured drawings; their size is the output's.
        sequence: The sketches, in the references' shape.
        interpolator: Draws between two coloured drawings along sketches.
        settings: Which drawings the references are, whether the palette is locked, how it is exposed.
        progress: Told which part of the drawings is done, 0…1.

    Returns:
        One drawing for each sketch. Those that are references are these bit for bit.

    Raises:
        InputError: The interpolator cannot follow sketches, or the references have no place.
    """
    settings = settings or ColouringSettings()
    if not interpolator.capabilities.sketches:
        raise InputError(
            f"method {interpolator.name!r} cannot follow sketches", hint="colour with method 'toon'"
        )
    if not 1 <= len(references.pixels) <= 2:
        raise InputError(f"{len(references.pixels)} references; there may be one or two")
    return _Run(references, sequence, interpolator, settings, progress).draw()


class _Run:
    """One colouring: window after window, the drawings on disk until they are written."""

    def __init__(
        self,
        references: KeySet,
        sequence: SheetSequence,
        interpolator: Interpolator,
        settings: ColouringSettings,
        progress: Progress | None,
    ) -> None:
        self._references = references
        self._sheets: Sequence[Sheet] = sequence.sheets
        self._interpolator = interpolator
        self._settings = settings
        self._progress = progress
        self._warnings = [*references.warnings, *sequence.warnings]
        self._details: list[dict[str, Any]] = []
        alpha = interpolator.capabilities.alpha
        self._coloured = [as_drawn(pixels, alpha=alpha) for pixels in references.pixels]
        opaque = [as_drawn(pixels, alpha=False) for pixels in references.pixels]
        self._placed = place_references(
            opaque,
            settings.at,
            first=self._sheets[0].lines,
            last=self._sheets[-1].lines,
            num_drawings=len(self._sheets),
        )
        self._palette = palette_of(self._coloured) if settings.lock_palette else None

    def draw(self) -> Coloured:
        placed, references = self._placed, self._references
        self._warn()
        capacity = self._interpolator.capabilities.fixed_count or DEFAULT_CAPACITY
        windows = plan_windows(placed.positions, capacity=capacity)
        drawings = _on_disk(len(self._sheets), references.pixels[0])
        for position, index in placed.positions.items():
            if 1 <= position <= len(drawings):
                drawings[position - 1] = references.pixels[index]
        num_asked = sum(len(window.asked) for window in windows)
        done = 0
        for window in windows:
            self._draw_window(window, drawings, self._report_of(window, done, num_asked))
            done += len(window.asked)
        take = Take(
            drawings=tuple(drawings),
            key_numbers=tuple(self._key_numbers()),
            on=self._settings.on,
            fps=self._settings.rate,
            record=self._record(windows),
            warnings=tuple(dict.fromkeys(self._warnings)),
        )
        names = [record["name"] for record in references.records]
        decisions = tuple(placed.describe(index, name) for index, name in enumerate(names))
        return Coloured(take=take, decisions=decisions)

    def _draw_window(
        self, window: Window, drawings: np.ndarray, progress: Callable[[int, int], None] | None
    ) -> None:
        request = InbetweenRequest(
            first=self._key_at(window.first, drawings),
            last=self._key_at(window.last, drawings),
            times=window.times,
            prompt=self._usable_prompt(),
            sketches=self._sketches_of(window),
            seed=self._settings.seed,
            options=self._settings.options,
            progress=progress,
        )
        result = draw_at_times(self._interpolator, request)
        wanted = set(window.drawings)
        for number, picture in zip(window.asked, result.drawings, strict=True):
            if number in wanted:
                drawings[number - 1] = as_given(self._locked(picture), self._references.pixels[0])
        details = dict(result.details)
        self._warnings += details.pop("warnings", [])
        self._details.append(details)

    def _key_at(self, position: int, drawings: np.ndarray) -> Picture:
        """The coloured drawing at a position: a reference, or one that was drawn before."""
        if position in self._placed.positions:
            return self._coloured[self._placed.positions[position]]
        return as_drawn(
            np.array(drawings[position - 1]), alpha=self._interpolator.capabilities.alpha
        )

    def _sketches_of(self, window: Window) -> dict[int, Any]:
        """By index as in `InbetweenRequest.sketches`; keys that are drawings have theirs too."""
        numbers = (window.first, *window.asked, window.last)
        return {
            index: self._sheets[number - 1].lines
            for index, number in enumerate(numbers, start=-1)
            if 1 <= number <= len(self._sheets) and not self._sheets[number - 1].is_blank
        }

    def _locked(self, picture: Picture) -> Picture:
        return picture if self._palette is None else lock_to_palette(picture, self._palette)

    def _key_numbers(self) -> list[int]:
        return sorted(p for p in self._placed.positions if 1 <= p <= len(self._sheets))

    def _usable_prompt(self) -> str:
        return self._settings.prompt if self._interpolator.capabilities.text else ""

    def _warn(self) -> None:
        name, can = self._interpolator.name, self._interpolator.capabilities
        if self._settings.prompt and not can.text:
            self._warnings.append(f"method {name!r} does not read text: the prompt is not used")
        if self._references.pixels[0].shape[2] == 4 and not can.alpha:
            self._warnings.append(
                f"method {name!r} cannot draw transparency: the coloured drawings are on white"
            )
        if self._palette is not None:
            self._warnings += self._palette.warnings

    def _report_of(
        self, window: Window, done: int, num_asked: int
    ) -> Callable[[int, int], None] | None:
        """Progress in one window as a part of the whole."""
        progress, share = self._progress, len(window.asked)
        if progress is None:
            return None
        return lambda step, steps: progress((done + share * step / max(steps, 1)) / num_asked)

    def _record(self, windows: Sequence[Window]) -> dict[str, Any]:
        settings, references, placed = self._settings, self._references, self._placed
        height, width, channels = references.pixels[0].shape
        record: dict[str, Any] = {
            "generates": "coloured sketches",
            "method": describe_method(self._interpolator.name, windows, self._details),
            "settings": {
                "at": settings.at if isinstance(settings.at, str) else list(settings.at),
                "lock_palette": settings.lock_palette,
                "on": settings.on,
                "fps": str(settings.rate),
                "fit": settings.fit,
                "prompt": settings.prompt,
                "seed": settings.seed,
                "options": dict(settings.options),
            },
            "inputs": {
                "references": describe_references(placed, references.records),
                "sketches": [sheet.record for sheet in self._sheets],
            },
            "picture": {
                "width": width,
                "height": height,
                "channels": channels,
                "bit_depth": references.pixels[0].itemsize * 8,
            },
            "drawings": describe_drawings(self._sheets, placed, windows, references.records),
        }
        if self._palette is not None:
            record["palette"] = describe_palette(self._palette)
        return record


def _on_disk(count: int, like: np.ndarray) -> np.ndarray:
    """Room for so many drawings in a nameless temporary file: a long sequence need not fit into memory.

    Raises:
        OutputError: The disk is full.
    """
    with disk_errors(Path(tempfile.gettempdir())), tempfile.TemporaryFile() as file:
        if hasattr(os, "posix_fallocate"):  # else a full disk would be noticed only while drawing
            os.posix_fallocate(file.fileno(), 0, count * like.nbytes)
        return np.memmap(file, dtype=like.dtype, mode="w+", shape=(count, *like.shape))
