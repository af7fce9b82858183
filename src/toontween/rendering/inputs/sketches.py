"""Sketches read and put where they belong: numbered drawing → gap and place in it, on a sheet of the keys' shape."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from toontween.drawing.lines import Lines
from toontween.drawing.reading import GroundChoice, read_sketch
from toontween.drawing.strokes import fit_lines
from toontween.errors import InputError
from toontween.media.frames import to_picture
from toontween.media.images import Still
from toontween.rendering.inputs.keys import FitMode, Given, KeySet, name_of, pixels_of
from toontween.shapes import aspects_agree


@dataclass(slots=True)
class PlacedSketches:
    """Sketches ready for the requests of every gap."""

    by_gap: dict[int, dict[int, Lines]] = field(default_factory=dict[int, dict[int, Lines]])
    """Gap → index as in `InbetweenRequest.sketches` → lines; blank sketches are left out."""

    records: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    """What provenance says of each."""

    warnings: list[str] = field(default_factory=list[str])
    """What is doubtful about them, and what was done to those that did not fit the first key."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class FittedSketch:
    """One sketch on a sheet of the right shape."""

    lines: Lines
    """Of any size, with the sheet's aspect ratio."""

    record: dict[str, Any]
    """What provenance says of how it was read and adapted."""

    warnings: tuple[str, ...]
    """What is doubtful about it, each naming the sketch."""


def drawing_numbers_of_keys(num_keys: int, count: int) -> tuple[int, ...]:
    """The numbers keys have among all drawings, counted from 1."""
    return tuple(1 + index * (count + 1) for index in range(num_keys))


def check_drawing_numbers(numbers: Iterable[int], *, num_keys: int, count: int) -> None:
    """Make sure that there are drawings of these numbers.

    Raises:
        InputError: There is none of one of them.
    """
    last = drawing_numbers_of_keys(num_keys, count)[-1]
    for number in numbers:
        if not 1 <= number <= last:
            raise InputError(
                f"a sketch for drawing {number}; the drawings are 1…{last}",
                hint="the keys are counted: the first key is drawing 1",
            )


def place_sketches(
    sketches: Mapping[int, Given], keys: KeySet, *, count: int, mode: FitMode
) -> PlacedSketches:
    """Read every sketch, find its drawing, and bring it to the keys' shape.

    A key's sketch goes to the gaps on both sides of it: the drawing stays what it is, but the method is shown how its
    lines run.

    Raises:
        InputError: There is no drawing of a number, or a sketch has another shape and the mode is "error".
        ShapeError: An array is not a uint8 or uint16 RGB or RGBA picture.
    """
    num_keys, placed = len(keys.pixels), PlacedSketches()
    check_drawing_numbers(sketches, num_keys=num_keys, count=count)
    for number, sketch in sorted(sketches.items()):
        name = name_of(sketch, f"sketch {number}")
        lines = _read(sketch, keys, mode=mode, number=number, name=name, placed=placed)
        if not lines.ink.any():
            continue
        for gap, index in _places_of(number, num_keys=num_keys, count=count):
            placed.by_gap.setdefault(gap, {})[index] = lines
    if sketches and not placed.by_gap:
        placed.warnings.append("no sketch has a line: drawn without sketches")
    return placed


def _read(
    sketch: Given, keys: KeySet, *, mode: FitMode, number: int, name: str, placed: PlacedSketches
) -> Lines:
    """The lines of one sketch in the keys' shape; what there is to say of it is noted."""
    pixels = pixels_of(sketch, name)
    fitted = fit_sketch(pixels, keys.pixels[0].shape[:2], mode=mode, name=name)
    height, width, _ = pixels.shape
    record: dict[str, Any] = {"drawing": number, "name": name, "width": width, "height": height}
    if isinstance(sketch, Still):
        record |= {"bit_depth": sketch.bit_depth, "sha256": sketch.sha256}
    placed.records.append(record | fitted.record)
    placed.warnings += fitted.warnings
    return fitted.lines


def fit_sketch(
    pixels: np.ndarray,
    size: tuple[int, int],
    *,
    mode: FitMode,
    name: str,
    sheet: str = "the first key",
    ground: GroundChoice = "auto",
) -> FittedSketch:
    """Read a sketch and put it on a sheet of a shape, at the sketch's own scale.

    Args:
        pixels: (h, w, 3|4), uint8 or uint16.
        size: Height and width of what it belongs to; only their ratio counts.
        mode: What to do if the sketch has another shape.
        name: What warnings call the sketch.
        sheet: What they call that which has the size.
        ground: What the lines stand on, as for `read_sketch`.

    Raises:
        InputError: The sketch has another shape and the mode is "error", or its lines are said to be on transparency
            where there is none.
    """
    reading = read_sketch(to_picture(pixels), name=name, ground=ground)
    record: dict[str, Any] = {
        "ground": reading.ground.value,
        "paper": round(reading.paper, 4),
        "stroke_px": None if reading.stroke_px is None else round(reading.stroke_px, 2),
        "coverage": round(reading.lines.coverage, 4),
    }
    height, width = pixels.shape[:2]
    if aspects_agree((height, width), size):
        return FittedSketch(lines=reading.lines, record=record, warnings=reading.warnings)
    sizes = f"{name} is {width}×{height}, {sheet} {size[1]}×{size[0]}"
    if mode == "error":
        hint = "draw it on a sheet of that shape, or use --fit pad or --fit crop"
        raise InputError(f"{sizes}: the shapes differ", hint=hint)
    record["adapted"] = "letterboxed" if mode == "pad" else "cropped"
    height_px, width_px = _sheet_around((height, width), size, mode=mode)
    # the method scales it once and for all: here its pixels stay as they are
    lines = fit_lines(
        reading.lines, height_px=height_px, width_px=width_px, mode=mode, strokes="keep"
    )
    done = f"{sizes}: {record['adapted']}, not stretched"
    return FittedSketch(lines=lines, record=record, warnings=(*reading.warnings, done))


def _sheet_around(
    size: tuple[int, int], like: tuple[int, int], *, mode: FitMode
) -> tuple[int, int]:
    """The smallest sheet of a shape that holds a size, or the largest that fits into it."""
    ratios = size[0] / like[0], size[1] / like[1]
    scale = max(ratios) if mode == "pad" else min(ratios)
    return max(1, round(like[0] * scale)), max(1, round(like[1] * scale))


def _places_of(number: int, *, num_keys: int, count: int) -> list[tuple[int, int]]:
    """Gaps and indices as in `InbetweenRequest.sketches`: one for an in-between, up to two for a key."""
    gap, offset = divmod(number - 1, count + 1)
    if offset:
        return [(gap, offset - 1)]
    both = [(gap - 1, count), (gap, -1)]
    return [(gap, index) for gap, index in both if 0 <= gap < num_keys - 1]
