"""In-betweens brought back to what the keys are drawn with: their lines first, then their palette.

The palette comes last because it makes every pixel either a colour of the keys or a mixture of two: lines that are mended
after it bring new mixtures at their edges, and a faded line that was locked to the palette may have become a flat stripe of
another colour, in which no line is to be seen any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from toontween.drawing.line_locking import lock_lines
from toontween.drawing.line_style import LineStyle, line_style_of
from toontween.drawing.palette import Palette, lock_to_palette, palette_of
from toontween.media.frames import Picture


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Locks:
    """What in-betweens are brought back to."""

    palette: Palette | None = None
    lines: LineStyle | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the keys do not have, so that it cannot be locked."""
        found = (self.lines, self.palette)
        return tuple(text for lock in found if lock is not None for text in lock.warnings)

    @property
    def record(self) -> Mapping[str, Any]:
        """What provenance says of them; colours as #rrggbb."""
        record: dict[str, Any] = {}
        if self.palette is not None:
            record["palette"] = describe_palette(self.palette)
        if self.lines is not None:
            record["lines"] = {
                "width_px": round(self.lines.width_px, 2),
                "inks": in_hex(self.lines.inks),
            }
        return record

    def apply(self, picture: Picture) -> Picture:
        """An in-between with its lines and its colours locked."""
        if self.lines is not None:
            picture = lock_lines(picture, self.lines)
        return picture if self.palette is None else lock_to_palette(picture, self.palette)


def locks_of(keys: Sequence[Picture], *, palette: bool, lines: bool) -> Locks:
    """The locks that the keys give, as they are handed to the method that draws between them."""
    return Locks(
        palette=palette_of(keys) if palette else None,
        lines=line_style_of(keys) if lines else None,
    )


def describe_palette(palette: Palette) -> dict[str, Any]:
    """The colours drawings were locked to, the largest area first."""
    return {"flat": round(palette.flat, 4), "colours": in_hex(palette.colours)}


def in_hex(colours: Float32[np.ndarray, "n 3"]) -> list[str]:
    """Colours in 0…1 as #rrggbb."""
    levels = np.rint(colours * np.float32(255)).astype(int)
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in levels]
