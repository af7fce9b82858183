"""How lines become sheets: specks, weight, grey and colours of the lines, and the ground they stand on."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from jaxtyping import Float32

from toontween.drawing.line_colours import carried_over, draw_colours, split_colours
from toontween.drawing.lines import Ground, Lines
from toontween.drawing.redrawing.finishing import binarised, despeckled, with_weight
from toontween.errors import InputError, OutputError
from toontween.media.frames import Pixels
from toontween.rendering.writing.container import holds_transparency
from toontween.rendering.writing.output import Output, OutputKind

MAX_WEIGHT_PX = 1000
"""Widest pen; a larger number is taken for a slip of the finger."""

WHOLE = ""
"""Name of the sheet that holds all colours."""

BLACK = "black"
"""The colour of lines when colours are not told apart."""


class LineColours(StrEnum):
    """What becomes of coloured lines."""

    ONE = "one"
    """All lines are black."""

    KEEP = "keep"
    """Every line is drawn in the pure colour nearest to its own."""

    SEPARATE = "separate"
    """As `keep`, but every colour on a sheet of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LineSettings:
    """How lines that were found are finished and drawn.

    Raises:
        InputError: A number is out of range.
    """

    weight_px: float | None = None
    """Width at which all strokes are redrawn, pixels; as they are found when None."""

    binary: bool = False
    """Only ink and paper, no grey between them."""

    despeckle_px: int = 0
    """Pieces of ink of fewer pixels are left out."""

    colours: LineColours = LineColours.ONE
    """What becomes of coloured lines."""

    ground: Ground = Ground.WHITE
    """What the lines stand on."""

    def __post_init__(self) -> None:
        weight = self.weight_px
        if weight is not None and not (math.isfinite(weight) and 0 < weight <= MAX_WEIGHT_PX):
            raise InputError(f"weight {weight:g} is not within 0…{MAX_WEIGHT_PX} pixels")
        if self.despeckle_px < 0:
            raise InputError(f"despeckle {self.despeckle_px} is negative")

    def finish(self, lines: Lines) -> Lines:
        """The lines without specks, in one weight, without grey, as the settings ask."""
        if self.despeckle_px:
            lines = despeckled(lines, smallest_px=self.despeckle_px)
        if self.weight_px is not None:
            lines = with_weight(lines, self.weight_px)
        return binarised(lines) if self.binary else lines

    def take_apart(
        self, finished: Lines, *, found: Lines, picture: Float32[np.ndarray, "h w 3"]
    ) -> Mapping[str, Lines]:
        """The colours that are kept apart, with the lines of each; nothing when there is no line.

        Args:
            finished: The lines as they are to be drawn.
            found: The same lines before they were finished.
            picture: Where they were found.
        """
        if not finished.ink.any():
            return {}
        if self.colours is LineColours.ONE:
            return {BLACK: finished}
        return carried_over(split_colours(picture, found), finished)

    def draw(self, parts: Mapping[str, Lines]) -> dict[str, Pixels]:
        """The sheets of one drawing: the only one under "", separate ones under their colours."""
        if self.colours is not LineColours.SEPARATE:
            return {WHOLE: draw_colours(parts, self.ground)}
        return {name: draw_colours({name: part}, self.ground) for name, part in parts.items()}

    def draw_bare(self, height_px: int, width_px: int) -> Pixels:
        """A sheet without lines."""
        return Lines(np.zeros((height_px, width_px), np.float32)).draw(self.ground)

    def check_output(self, output: Output) -> None:
        """Refuse an output that cannot hold what is asked, by its name alone.

        Raises:
            OutputError: It holds no transparency, or one sheet only.
        """
        path, suffix = output.path, output.path.suffix.lower()
        if self.colours is LineColours.SEPARATE and output.kind is OutputKind.VIDEO:
            hint = "write pictures, to out/ or out/%04d.png; or use --colours keep"
            raise OutputError(f"{path} is one film and cannot hold separate colours", hint=hint)
        if self.ground is not Ground.TRANSPARENT:
            return
        if not holds_transparency(suffix):
            hint = "use --ground white, or write .png, .webp or .mov"
            raise OutputError(f"{path} cannot hold a transparent ground", hint=hint)
        if suffix == ".gif" and not self.binary:
            hint = "add --binary, or write .webp, .apng or .mov"
            raise OutputError(f"{path} cannot hold soft lines on nothing", hint=hint)

    def record(self) -> dict[str, Any]:
        """The settings, ready for JSON."""
        return {
            "weight": self.weight_px,
            "binary": self.binary,
            "despeckle": self.despeckle_px,
            "colours": self.colours.value,
            "ground": self.ground.value,
        }
