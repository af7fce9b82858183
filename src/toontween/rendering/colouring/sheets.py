"""The sketches of a sequence, read once and kept small, so that any of them can be looked at again."""

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from toontween.drawing.lines import Lines
from toontween.errors import InputError
from toontween.rendering.inputs.drawings import GivenDrawing, naming
from toontween.rendering.inputs.keys import FitMode
from toontween.rendering.inputs.sketches import fit_sketch
from toontween.rendering.writing.remarks import Remarks


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Sheet:
    """One sketch on a sheet of the references' shape."""

    name: str
    """What messages call it."""

    record: Mapping[str, Any]
    """What provenance says of it."""

    is_blank: bool
    """Whether there is no line on it."""

    shape: tuple[int, int]
    """Height and width of the ink."""

    packed: bytes
    """The ink in 8 bits, compressed: line art takes kilobytes where floats take megabytes."""

    @property
    def lines(self) -> Lines:
        """The lines, as they were read: ink comes in steps of 1/255."""
        ink = np.frombuffer(zlib.decompress(self.packed), np.uint8).reshape(self.shape)
        return Lines(ink.astype(np.float32) / np.float32(255))


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class SheetSequence:
    """All sketches in order."""

    sheets: tuple[Sheet, ...]
    warnings: tuple[str, ...]
    """What is doubtful about them, each kind of doubt once."""


def read_sheets(
    drawings: Iterable[GivenDrawing],
    size: tuple[int, int],
    *,
    mode: FitMode = "pad",
    report: Callable[[int], None] | None = None,
) -> SheetSequence:
    """Read all sketches of a sequence and put each on a sheet of the references' shape.

    Args:
        drawings: The sketches, looked at one at a time.
        size: Height and width of the references.
        mode: What to do with sketches of another shape.
        report: Told how many have been read.

    Raises:
        InputError: There is no sketch, there is a line on none, or one has another shape and the mode is "error".
        MediaError: A sketch cannot be read.
    """
    sheets: list[Sheet] = []
    remarks = Remarks()
    for drawing in drawings:
        with naming(drawing.name):
            fitted = fit_sketch(
                drawing.pixels, size, mode=mode, name=drawing.name, sheet="the reference"
            )
        for warning in fitted.warnings:
            remarks.add(warning.removeprefix(f"{drawing.name} "), drawing=drawing.name)
        ink = np.rint(fitted.lines.ink * 255).astype(np.uint8)
        sheets.append(
            Sheet(
                name=drawing.name,
                record={"name": drawing.name, **(drawing.record or {}), **fitted.record},
                is_blank=not ink.any(),
                shape=(fitted.lines.height_px, fitted.lines.width_px),
                packed=zlib.compress(ink.tobytes(), 1),
            )
        )
        if report is not None:
            report(len(sheets))
    if not sheets:
        raise InputError("there are no sketches to colour")
    if all(sheet.is_blank for sheet in sheets):
        raise InputError(
            f"there is no line on any of the {len(sheets)} sketches",
            hint="look at one with toontween sketch preview",
        )
    return SheetSequence(sheets=tuple(sheets), warnings=tuple(remarks.summary()))
