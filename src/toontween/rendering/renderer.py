"""Keys and an interpolator in, a take out: all drawings in order, the keys among them untouched."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import psutil

from toontween.drawing.lines import Lines
from toontween.errors import InputError
from toontween.interpolators.base import (
    MAX_COUNT,
    InbetweenRequest,
    Interpolator,
    Picture,
    Timing,
    evenly_spaced_times,
)
from toontween.interpolators.line_art import LineArtInterpolator
from toontween.interpolators.timing import draw_at_times
from toontween.media.frames import Pixels
from toontween.rendering.inputs.keys import (
    FitMode,
    Given,
    KeySet,
    as_drawn,
    as_given,
    prepare_keys,
)
from toontween.rendering.inputs.sketches import drawing_numbers_of_keys, place_sketches
from toontween.rendering.locking import locks_of
from toontween.rendering.take import Take
from toontween.timeline.time import MAX_FPS

MAX_EXPOSURE = 240
MAX_PICTURE_BYTES = 2**30
"""Most bytes of float pictures asked for at once; longer gaps are drawn in stretches."""

Progress = Callable[[float], None]
"""Told which part of the whole run is done, 0…1."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class RenderSettings:
    """How keys become a take.

    Raises:
        InputError: A value is out of range.
    """

    count: int = 14
    """In-betweens in every gap between two keys, 1…10,000."""

    on: int = 1
    """Output frames for which every drawing is exposed: 1 on ones, 2 on twos, …."""

    fps: Fraction = Fraction(24)
    """Output frames a second, 1…240."""

    fit: FitMode = "pad"
    """What to do with a key of another shape than the first."""

    prompt: str = ""
    """A line of text, for methods that read it."""

    seed: int = 0
    """Seed of whatever is random, the same in every gap; 0…2^63 − 1."""

    sketches: Mapping[int, Given] = field(default_factory=dict[int, Given])
    """Number of a drawing (the first key is 1) → its sketch, read whatever its lines stand on."""

    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Settings of the method, by its own names."""

    line_art: bool = False
    """Whether the keys are line drawings, whose in-betweens are to stand on the same bare ground."""

    binary: bool = False
    """Whether in-betweens of line drawings have no grey."""

    lock_palette: bool = False
    """Whether flat areas of in-betweens get the exact colours of the keys."""

    lock_lines: bool = False
    """Whether lines of in-betweens that faded or broke are drawn anew, as in the keys."""

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MAX_COUNT:
            raise InputError(f"count {self.count} is not within 1…{MAX_COUNT}")
        if not 1 <= self.on <= MAX_EXPOSURE:
            raise InputError(f"exposure on {self.on} is not within 1…{MAX_EXPOSURE}")
        if not 1 <= self.fps <= MAX_FPS:
            raise InputError(f"fps {self.fps} is not within 1…{MAX_FPS}")
        if self.binary and not self.line_art:
            raise InputError("binary in-betweens are for line drawings", hint="use --line-art too")
        if self.line_art and (self.lock_palette or self.lock_lines):
            raise InputError(
                "line art gets the keys' paper and inks without a lock", hint="leave the locks out"
            )
        if not 0 <= self.seed < 2**63:
            raise InputError(f"seed {self.seed} is not within 0…2^63 − 1")


def render_keys(
    keys: Sequence[Given],
    interpolator: Interpolator,
    *,
    settings: RenderSettings | None = None,
    progress: Progress | None = None,
) -> Take:
    """Draw the in-betweens of every gap between neighbouring keys.

    Args:
        keys: Two or more, in order; the first sets size and canvas.
        interpolator: Whatever draws.
        settings: How many, how exposed, how fitted.
        progress: Told which part of the run is done, 0…1.

    Returns:
        All drawings at the first key's size; the keys bit for bit where they had that size.

    Raises:
        InputError: The keys, the settings or the sketches cannot be used.
    """
    settings = settings or RenderSettings()
    if settings.line_art:
        interpolator = LineArtInterpolator(interpolator, binary=settings.binary)
    key_set = prepare_keys(keys, mode=settings.fit)
    _check_memory(key_set, settings.count)
    return _Run(key_set, interpolator, settings, progress).draw()


def _check_memory(keys: KeySet, count: int) -> None:
    """Refuse what would drive the machine into swapping: a slip in `count`, or huge pictures."""
    key = keys.pixels[0]
    in_float = min(count * key.size * 4, MAX_PICTURE_BYTES)
    needed = key.nbytes * count * (len(keys.pixels) - 1) + in_float
    free = psutil.virtual_memory().available
    if needed > free:
        raise InputError(
            f"{count} in-betweens of {key.shape[1]}×{key.shape[0]} need {needed / 1e9:.1f} GB of memory;"
            f" {free / 1e9:.1f} GB are free",
            hint="ask for fewer in-betweens, or render gap by gap",
        )


class _Run:
    """One rendering: gap after gap, warnings and details gathered on the way."""

    def __init__(
        self,
        keys: KeySet,
        interpolator: Interpolator,
        settings: RenderSettings,
        progress: Progress | None,
    ) -> None:
        self._keys = keys
        self._interpolator = interpolator
        self._settings = settings
        self._progress = progress
        self._warnings = list(keys.warnings)
        self._sketch_records: list[Mapping[str, Any]] = []
        self._details: list[Mapping[str, Any]] = []

    def draw(self) -> Take:
        settings, keys = self._settings, self._keys.pixels
        prompt = self._usable_prompt()
        sketches = self._place_sketches()
        alpha = self._interpolator.capabilities.alpha
        pictures = [as_drawn(key, alpha=alpha) for key in keys]
        self._warn_of_transparency()
        locks = locks_of(pictures, palette=settings.lock_palette, lines=settings.lock_lines)
        self._warnings += locks.warnings
        drawings: list[Pixels] = [keys[0]]
        for gap, (first, last) in enumerate(pairwise(pictures)):
            request = InbetweenRequest(
                first=first,
                last=last,
                times=evenly_spaced_times(settings.count),
                prompt=prompt,
                sketches=sketches.get(gap, {}),
                seed=settings.seed,
                options=settings.options,
                progress=self._progress_of_gap(gap),
            )
            drawings += [as_given(locks.apply(p), keys[0]) for p in self._draw_gap(request)]
            drawings.append(keys[gap + 1])
            self._report(gap + 1, 0.0)
        return Take(
            drawings=tuple(drawings),
            key_numbers=drawing_numbers_of_keys(len(keys), settings.count),
            on=settings.on,
            fps=settings.fps,
            record={**self._record(), **locks.record},
            warnings=tuple(self._warnings),
        )

    def _draw_gap(self, request: InbetweenRequest) -> Iterator[Picture]:
        """The in-betweens of one gap, drawn in stretches if they would not fit the memory at once."""
        times, stretch = request.times, len(request.times)
        if self._interpolator.capabilities.timing is Timing.ANY_TIME:
            stretch = max(1, MAX_PICTURE_BYTES // request.first.nbytes)
        details: dict[str, Any] = {}
        for start in range(0, len(times), stretch):
            end = min(start + stretch, len(times))
            part = replace(
                request, times=times[start:end], sketches=_sketches_of_part(request, start, end)
            )
            result = draw_at_times(self._interpolator, part)
            details.update(result.details)
            yield from result.drawings
        self._warnings += details.pop("warnings", [])
        self._details.append(details)

    def _usable_prompt(self) -> str:
        prompt = self._settings.prompt
        if prompt and not self._interpolator.capabilities.text:
            name = self._interpolator.name
            self._warnings.append(f"method {name!r} does not read text: the prompt is not used")
            return ""
        return prompt

    def _place_sketches(self) -> dict[int, dict[int, Lines]]:
        """Gap → index as in `InbetweenRequest.sketches` → lines."""
        settings = self._settings
        if settings.sketches and not self._interpolator.capabilities.sketches:
            raise InputError(
                f"method {self._interpolator.name!r} cannot follow sketches",
                hint="use --method toon, or leave the sketches out",
            )
        placed = place_sketches(
            settings.sketches, self._keys, count=settings.count, mode=settings.fit
        )
        self._sketch_records += placed.records
        self._warnings += placed.warnings
        return placed.by_gap

    def _warn_of_transparency(self) -> None:
        channels = self._keys.pixels[0].shape[2]
        if channels == 4 and not self._interpolator.capabilities.alpha:
            name = self._interpolator.name
            self._warnings.append(
                f"method {name!r} cannot draw transparency: the in-betweens are on white"
            )

    def _progress_of_gap(self, gap: int) -> Callable[[int, int], None]:
        return lambda done, total: self._report(gap, done / max(total, 1))

    def _report(self, gaps_done: int, part_of_gap: float) -> None:
        if self._progress is not None:
            self._progress((gaps_done + part_of_gap) / (len(self._keys.pixels) - 1))

    def _record(self) -> dict[str, Any]:
        """What provenance says of this run, before anything is written."""
        settings, keys = self._settings, self._keys
        numbers = drawing_numbers_of_keys(len(keys.pixels), settings.count)
        height, width, channels = keys.pixels[0].shape
        drawings = [
            {"number": number, "kind": "key" if number in numbers else "in-between"}
            for number in range(1, numbers[-1] + 1)
        ]
        return {
            "method": {"name": self._interpolator.name, "gaps": self._details},
            "settings": {
                "count": settings.count,
                "on": settings.on,
                "fps": str(settings.fps),
                "fit": settings.fit,
                "prompt": settings.prompt,
                "seed": settings.seed,
                "options": dict(settings.options),
                "line_art": settings.line_art,
                "binary": settings.binary,
                "lock_palette": settings.lock_palette,
                "lock_lines": settings.lock_lines,
            },
            "inputs": {
                "keys": [
                    {"drawing": number, **record}
                    for number, record in zip(numbers, keys.records, strict=True)
                ],
                "sketches": self._sketch_records,
            },
            "picture": {
                "width": width,
                "height": height,
                "channels": channels,
                "bit_depth": keys.pixels[0].itemsize * 8,
            },
            "drawings": drawings,
        }


def _sketches_of_part(request: InbetweenRequest, start: int, end: int) -> dict[int, Lines]:
    """Those of a stretch of the request's times, by their indices in it; the keys' belong to every stretch."""
    inside = {i - start: s for i, s in request.sketches.items() if start <= i < end}
    keys = {-1: -1, len(request.times): end - start}
    return inside | {keys[i]: s for i, s in request.sketches.items() if i in keys}
