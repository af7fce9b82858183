"""In-betweens of line drawings: another interpolator draws dark lines on white, the drawings come back on their own ground.

Line art comes as black on white, white on black, pencil on tinted paper or as a transparent line layer. Interpolators
know finished frames, and what is nearest to them is dark lines on white. So the keys are brought there, and the
in-betweens back: bare paper is exactly the keys' paper, a line layer stays a line layer, and full ink has the very
colour that it has in the keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float32

from toontween.drawing.inks import inks_of, nearest_ink, off_white
from toontween.drawing.line_colours import LINE_COLOURS, carried_over, split_colours
from toontween.drawing.lines import Ground, Lines
from toontween.drawing.paper.grounds import flat_ground
from toontween.drawing.reading import read_sketch
from toontween.drawing.redrawing.finishing import binarised
from toontween.interpolators.base import (
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Picture,
)
from toontween.media.frames import composite_over, from_picture

_HAZE = 0.04
"""Ink below this is a trace of blending or of an autoencoder, not a line."""

_LINE = 0.12
"""Ink from here on is kept as it is; between the two it fades in."""

_WHITE = (1.0, 1.0, 1.0)


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class _Paper:
    """What the lines of a key stand on."""

    colour: Float32[np.ndarray, " 3"]
    """Of opaque paper."""

    is_dark: bool
    """Whether lines are lighter than the paper; on a transparent ground, whether they are light."""

    is_clear: bool
    """Whether the ground is transparent."""

    channels: int
    """Of the key: 3 or 4."""

    def to_white(self, key: Picture) -> Float32[np.ndarray, "h w 3"]:
        """The key as dark lines on white."""
        if self.is_clear:
            colours = 1 - key[..., :3] if self.is_dark else key[..., :3]
            layer = np.concatenate([colours, key[..., 3:]], axis=2)
            return composite_over(layer, _WHITE)
        colours = key[..., :3] if key.shape[2] == 3 else composite_over(key, _WHITE)
        if self.is_dark:
            return _part_of(1 - colours, 1 - self.colour)
        return _part_of(colours, self.colour)

    def from_white(
        self, ink: Float32[np.ndarray, "h w 3"], inks: Float32[np.ndarray, "n 3"]
    ) -> Picture:
        """Ink of each channel (1 − value on white) on this paper; of a line layer, known inks are opaque."""
        if self.is_clear:
            layer = off_white(1 - ink, inks)
            if self.is_dark:
                layer[..., :3] = 1 - layer[..., :3]
            layer[layer[..., 3] == 0] = 0
            return layer
        picture = self.colour + ink * (1 - self.colour) if self.is_dark else self.colour * (1 - ink)
        if self.channels == 4:
            picture = np.concatenate([picture, np.ones_like(picture[..., :1])], axis=2)
        return picture.astype(np.float32)


class LineArtInterpolator(Interpolator):
    """Draws between line drawings with another interpolator.

    In-betweens stand on the paper of the first key. Keys that are finished pictures are drawn too, with a warning
    in `details`: their painted areas count as ink.

    Args:
        inner: Draws dark lines on white.
        binary: Whether in-betweens have no grey: a pixel is bare paper or full ink of a colour that the keys' lines
            have (of a pure one of `drawing.line_colours.LINE_COLOURS` where theirs have many tones), as paint
            software wants it.
    """

    def __init__(self, inner: Interpolator, *, binary: bool = False) -> None:
        self._inner = inner
        self._binary = binary
        self.name = inner.name
        self.capabilities = replace(inner.capabilities, alpha=True)

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """Draw the line drawings at the request's times; `details["line_art"]` says on what ground.

        Raises:
            InputError: The inner interpolator refuses.
        """
        first, warnings = _paper_of(request.first, name="the first key")
        last, more = _paper_of(request.last, name="the last key")
        shown = first.to_white(request.first), last.to_white(request.last)
        known = inks_of(shown)
        result = self._inner.inbetween(replace(request, first=shown[0], last=shown[1]))
        details: dict[str, Any] = dict(result.details)
        ground = "transparent" if first.is_clear else ("dark" if first.is_dark else "light")
        details["line_art"] = {"ground": ground, "binary": self._binary}
        drawn = [self._ink(drawing, known) for drawing in result.drawings]
        found = [*details.get("warnings", []), *warnings, *more, *_blank(drawn)]
        if found:
            details["warnings"] = found
        drawings = [first.from_white(ink, known) for ink in drawn]
        return InbetweenResult(drawings=drawings, details=details)

    def _ink(
        self, drawing: Picture, inks: Float32[np.ndarray, "n 3"]
    ) -> Float32[np.ndarray, "h w 3"]:
        """Ink of each channel, without haze and, if so wanted, without grey."""
        ink = 1 - drawing[..., :3].clip(0, 1)
        strength = ink.max(axis=2)
        kept = ((strength - _HAZE) / (_LINE - _HAZE)).clip(0, 1)
        ink = (ink * kept[..., None]).astype(np.float32)
        return _without_grey(ink, inks) if self._binary else ink


def _part_of(
    value: Float32[np.ndarray, "h w 3"], paper: Float32[np.ndarray, " 3"]
) -> Float32[np.ndarray, "h w 3"]:
    """Each channel as a part of the paper's, 0…1; a channel that paper lacks, such as blue of yellow, tells of no line."""
    out = np.ones_like(value)
    return np.divide(value, paper, out=out, where=np.broadcast_to(paper > 0, value.shape)).clip(
        0, 1
    )


def _paper_of(key: Picture, *, name: str) -> tuple[_Paper, list[str]]:
    """What a key stands on, and what is doubtful about it."""
    reading = read_sketch(key, name=name)
    has_holes = key.shape[2] == 4 and bool(key[..., 3].min() < 1)
    if has_holes:
        weight = key[..., 3]
        value = float((key[..., :3].mean(axis=2) * weight).sum() / max(float(weight.sum()), 1e-6))
        is_dark = reading.ground is Ground.TRANSPARENT and value > 0.5
        colour = np.ones(3, np.float32)
    else:
        is_dark = reading.ground is Ground.BLACK
        pixels = from_picture(np.ascontiguousarray(key[..., :3]), np.uint8)
        found = flat_ground(pixels, light=not is_dark).colour
        colour = np.array(found, np.float32) / np.float32(255)
    paper = _Paper(colour=colour, is_dark=is_dark, is_clear=has_holes, channels=key.shape[2])
    return paper, list(reading.warnings)


def _blank(inks: Sequence[Float32[np.ndarray, "h w 3"]]) -> list[str]:
    """A remark on drawings in which no line is left: what the method drew was too faint."""
    count = sum(not ink.any() for ink in inks)
    return [f"{count} of {len(inks)} in-betweens in a gap have no line left"] if count else []


def _without_grey(
    ink: Float32[np.ndarray, "h w 3"], inks: Float32[np.ndarray, "n 3"]
) -> Float32[np.ndarray, "h w 3"]:
    """Full ink of one of the keys' inks, or else of one of the pure line colours, or none."""
    if len(inks):
        layer = off_white(1 - ink, inks)
        inked = binarised(Lines(np.ascontiguousarray(layer[..., 3]))).ink > 0
        return np.where(inked[..., None], 1 - nearest_ink(layer, inks), 0).astype(np.float32)
    lines = Lines(np.ascontiguousarray(ink.max(axis=2)))
    parts = split_colours(1 - ink, lines)
    full = np.zeros_like(ink)
    for name, part in carried_over(parts, binarised(lines)).items():
        full[part.ink > 0] = 1 - np.array(LINE_COLOURS[name], np.float32) / 255
    return full
