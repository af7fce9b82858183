"""Which drawings the coloured references are, and where references stand that are none of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import cv2
import numpy as np

from toontween.drawing.extraction import extract_lines
from toontween.drawing.lines import Lines
from toontween.drawing.strokes import fit_lines
from toontween.errors import InputError
from toontween.interpolators.base import Picture

At = Literal["auto", "none"] | tuple[int | None, ...]
"""Which drawing each reference is: found out, none, or said (None for one that is no drawing)."""

SAME = 0.97
"""Part of the lines of one that must run along lines of the other. Measured on the bundled scenes: 0.98…1.00 for the
drawing itself, with and without a background; at most 0.98 for the drawing next to it, whose lines are less than a pixel
away then; 0.16…0.94 for others."""

LEAST_USED = 0.5
"""Part of the reference's lines that the sketch must have then: it may leave out a background, but a detail proves nothing."""

LEAST_FOUND = 0.85
"""Part of the sketch's lines that must be found in the reference if all that is found there is in the sketch: faint
lines on dark colours are missed."""

REACH_PX = 1.5
"""How far lines may be apart, at least …"""

REACH = 0.0025
"""… and as a part of the picture's diagonal."""

_LINE = 0.3


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """How well a sketch's lines agree with those of a coloured drawing."""

    found: float
    """Part of the sketch's lines that the drawing has, 0…1, chance hits taken off."""

    used: float
    """Part of the drawing's lines that the sketch has, 0…1."""

    @property
    def is_same(self) -> bool:
        """Whether the drawing is the sketch, coloured."""
        if self.found >= SAME:
            return self.used >= LEAST_USED
        return self.used >= SAME and self.found >= LEAST_FOUND


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedReferences:
    """Where the references are in the sequence."""

    positions: Mapping[int, int]
    """Drawing number, or 0 before the first and one more than the last → index of the reference that is the key there."""

    num_drawings: int

    agreements: Mapping[int, Agreement]
    """Drawing number → why it was found to be a reference; empty when it was said."""

    def drawings_of(self, reference: int) -> list[int]:
        """Numbers of the drawings that a reference is."""
        numbers = range(1, self.num_drawings + 1)
        return [number for number in numbers if self.positions.get(number) == reference]

    def describe(self, reference: int, name: str) -> str:
        """A sentence on where a reference is, and why."""
        numbers = self.drawings_of(reference)
        if not numbers:
            first = self.positions.get(0) == reference
            last = self.positions.get(self.num_drawings + 1) == reference
            both = "before the first and after the last drawing"
            sides = both if first and last else "before the first" if first else "after the last"
            return f"{name} is none of the drawings: it stands {sides}{'' if first and last else ' drawing'}"
        listed = " and ".join(map(str, numbers))
        found = [self.agreements[number].found for number in numbers if number in self.agreements]
        why = f" ({min(found):.0%} of the sketch's lines are its own)" if found else ""
        return f"{name} is drawing {listed}{why}"


def place_references(
    references: Sequence[Picture], at: At, *, first: Lines, last: Lines, num_drawings: int
) -> PlacedReferences:
    """Find out, or take over, which drawings the references are.

    One reference stands on both sides of what is to be coloured, because the network was trained with both ends given.
    Of two, the first stands before and the second after the drawings, unless they are drawings themselves.

    Args:
        references: One or two coloured drawings, opaque RGB.
        at: Which drawings they are.
        first: Lines of the first sketch, in the references' shape.
        last: Lines of the last sketch.
        num_drawings: How many sketches there are.

    Raises:
        InputError: A drawing does not exist or has two references, or nothing is left to colour.
    """
    agreements: dict[int, Agreement] = {}
    if at == "auto":
        ends = {1: first, num_drawings: last}
        owned, agreements = _found(references, ends)
    elif at == "none":
        owned = {}
    else:
        owned = places_said(at, num_references=len(references), num_drawings=num_drawings)
    if len(owned) == num_drawings:
        raise InputError(
            "every sketch has its coloured drawing: nothing is left to colour",
            hint="--at none if the references are other drawings",
        )
    positions = owned | _apart(owned, len(references), num_drawings)
    return PlacedReferences(positions=positions, num_drawings=num_drawings, agreements=agreements)


def places_said(
    at: tuple[int | None, ...], *, num_references: int, num_drawings: int
) -> dict[int, int]:
    """Drawing → reference, as it was said.

    Raises:
        InputError: There are not as many places as references, a drawing does not exist or has two references.
    """
    if len(at) != num_references:
        raise InputError(
            f"{num_references} references, but {len(at)} places for them",
            hint="say a drawing for each: --at 1, or --at 1,24; or --at none",
        )
    owned: dict[int, int] = {}
    for index, number in enumerate(at):
        if number is None:
            continue
        if not 1 <= number <= num_drawings:
            raise InputError(f"a reference is drawing {number}; the drawings are 1…{num_drawings}")
        if number in owned:
            raise InputError(f"two references are drawing {number}")
        owned[number] = index
    return owned


def agreement(sketch: Lines, drawing: Lines) -> Agreement:
    """Compare a sketch with the lines of a coloured drawing, at the drawing's size."""
    height, width = drawing.height_px, drawing.width_px
    fitted = fit_lines(sketch, height_px=height, width_px=width, mode="pad", strokes="keep")
    ours, theirs = fitted.ink > _LINE, drawing.ink > _LINE
    if not (ours.any() and theirs.any()):
        return Agreement(found=0.0, used=0.0)
    reach = max(REACH_PX, REACH * float(np.hypot(height, width)))
    near_theirs, near_ours = (_distance(lines) <= reach for lines in (theirs, ours))
    found, chance = near_theirs[ours].mean(), near_theirs.mean()
    above = max(0.0, float((found - chance) / (1 - chance))) if chance < 1 else 0.0
    return Agreement(found=above, used=float(near_ours[theirs].mean()))


def _distance(lines: np.ndarray) -> np.ndarray:
    return cv2.distanceTransform((~lines).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def _found(
    references: Sequence[Picture], ends: Mapping[int, Lines]
) -> tuple[dict[int, int], dict[int, Agreement]]:
    """Drawing → reference for the first and the last drawing, the best agreement first.

    One reference may be both: a cycle ends as it began. Of two, each is one drawing at most.
    """
    lines = [extract_lines(np.ascontiguousarray(picture)) for picture in references]
    seen = {
        (index, number): agreement(sketch, drawing)
        for (index, drawing), (number, sketch) in product(enumerate(lines), ends.items())
    }
    owned: dict[int, int] = {}
    for index, number in sorted(seen, key=lambda pair: -seen[pair].found):
        is_taken = len(references) > 1 and index in owned.values()
        if seen[index, number].is_same and number not in owned and not is_taken:
            owned[number] = index
    return owned, {number: seen[index, number] for number, index in owned.items()}


def _apart(owned: Mapping[int, int], num_references: int, num_drawings: int) -> dict[int, int]:
    """Keys before the first and after the last drawing, where no reference is that drawing."""
    sides = [s for s, end in ((0, 1), (num_drawings + 1, num_drawings)) if end not in owned]
    if not owned:
        return {0: 0, num_drawings + 1: num_references - 1}
    nearest = {side: owned[min(owned, key=lambda number: abs(number - side))] for side in sides}
    for index in set(range(num_references)) - set(owned.values()):
        wanted = 0 if index == 0 else num_drawings + 1
        if sides:
            nearest[wanted if wanted in sides else sides[0]] = index
    return nearest
