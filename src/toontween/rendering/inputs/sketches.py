"""Sketches put where they belong: numbered drawing → gap and in-between, on the keys' canvas."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from toontween.errors import InputError
from toontween.interpolators.base import Picture
from toontween.media.frames import composite_over, to_picture
from toontween.media.images import Still
from toontween.rendering.inputs.keys import FitMode, Given, KeySet, fit_to_canvas

WHITE = (1.0, 1.0, 1.0)


@dataclass(slots=True)
class PlacedSketches:
    """Sketches ready for the requests of every gap."""

    by_gap: dict[int, dict[int, Picture]] = field(default_factory=dict[int, dict[int, Picture]])
    """Gap → index of the in-between in it → opaque picture."""

    records: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    """What provenance says of each."""

    warnings: list[str] = field(default_factory=list[str])
    """What was done to sketches that did not fit the first key."""


def drawing_numbers_of_keys(num_keys: int, count: int) -> tuple[int, ...]:
    """The numbers keys have among all drawings, counted from 1."""
    return tuple(1 + index * (count + 1) for index in range(num_keys))


def place_sketches(
    sketches: Mapping[int, Given], keys: KeySet, *, count: int, mode: FitMode
) -> PlacedSketches:
    """Find the in-between of every sketch and bring it to the keys' size.

    Raises:
        InputError: A number is a key's or nobody's, or the sketch has another shape and the mode is
            "error".
    """
    height, width = keys.pixels[0].shape[:2]
    placed = PlacedSketches()
    for number, sketch in sorted(sketches.items()):
        gap, index = _place_of(number, num_keys=len(keys.pixels), count=count)
        name = sketch.path.name if isinstance(sketch, Still) else f"sketch {number}"
        fitted = fit_to_canvas(sketch, width_px=width, height_px=height, mode=mode, name=name)
        placed.records.append({"drawing": number, **fitted.record})
        placed.warnings += [fitted.warning] if fitted.warning else []
        opaque = composite_over(to_picture(fitted.pixels), WHITE)
        placed.by_gap.setdefault(gap, {})[index] = opaque
    return placed


def _place_of(number: int, *, num_keys: int, count: int) -> tuple[int, int]:
    keys = drawing_numbers_of_keys(num_keys, count)
    if number in keys:
        raise InputError(f"drawing {number} is a key; a sketch is for an in-between")
    if not 1 < number < keys[-1]:
        raise InputError(f"there is no in-between {number}; they are within 2…{keys[-1] - 1}")
    gap, index = divmod(number - 1, count + 1)
    return gap, index - 1
