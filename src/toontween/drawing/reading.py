"""Sketches as people draw them → ink.

Dark on light, light on dark, line layers on transparency, coloured trace lines, pencil on grey and unevenly lit
paper. A clean digital drawing passes through unchanged: its ink is 1 − its value. Ink comes in steps of 1/255, so that
a reading which is drawn and read again is the same.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from toontween.drawing.lines import Ground, Lines
from toontween.drawing.paper.grounds import away_from, flat_ground, is_light
from toontween.drawing.paper.haze import without_haze
from toontween.drawing.paper.paintings import lines_among_paint, painted_part, wide_part
from toontween.drawing.paper.scans import evened, pencil
from toontween.drawing.strokes import stroke_width
from toontween.errors import InputError, ShapeError

GroundChoice = Literal["auto", "white", "black", "transparent"]
"""What the lines of a sketch stand on, or that it is to be found out."""

_TRACE = 15
"""Ink, of 255, up to which there is nothing to be seen."""

_FAINT = 102
"""Ink, of 255, below which lines are too faint for a network."""

_FAINT_PENCIL = 0.12
"""The same for pencil, as darkness of the paper before it is strengthened."""

_PAINTED = 0.03
"""Part of the picture from which painted areas make it a finished picture."""

_PAINTED_OF_DRAWN = 0.2
"""The same for small things: part of what is drawn, if it is at least a sixth of `_PAINTED`."""

_BLOTCHED = 0.7
"""Part of what stands out on a sheet from which it is blots rather than strokes, and spotted blacks are not meant."""

_BLOTS = 0.01
"""Part of the picture from which blots are worth a word."""

_FULL = 0.45
"""Part of the picture from which it is more ink than paper."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class SketchReading:
    """A sketch that was read."""

    lines: Lines
    ground: Ground
    """What the lines stood on."""

    stroke_px: float | None
    """Typical width of the strokes; None when there are none."""

    paper: float
    """Part of the picture that is one even ground, 0…1."""

    warnings: tuple[str, ...]
    """What is doubtful, each naming the sketch, with what was seen and what to do."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class _Seen:
    """Ink as it was found, and what was odd about it."""

    ink: UInt8[np.ndarray, "h w"]
    ground: Ground
    paper: float
    doubts: tuple[str, ...] = ()


def read_sketch(
    picture: Float32[np.ndarray, "h w c"], *, name: str, ground: GroundChoice = "auto"
) -> SketchReading:
    """The lines of a sketch, whatever they stand on.

    Args:
        picture: One (grey), three or four channels, 0…1, sRGB, straight alpha.
        name: What warnings call it, such as the file's name.
        ground: What the lines stand on, should that be misjudged.

    Raises:
        ShapeError: It is no picture.
        InputError: It has values outside 0…1, or lines are said to be on transparency where there is none.
    """
    pixels = _pixels(picture, name)
    seen = _see(pixels, ground=ground, name=name)
    ink, remarks = _made_visible(seen.ink)
    lines = Lines(ink.astype(np.float32) / np.float32(255))
    if lines.coverage > _FULL:
        remarks.append(
            f"is more ink than paper ({lines.coverage:.0%} ink on {seen.ground.value}): "
            "if the ground was misjudged, look at it with `toontween sketch preview --ground`; "
            "otherwise draw lines instead of areas"
        )
    return SketchReading(
        lines=lines,
        ground=seen.ground,
        stroke_px=stroke_width(lines),
        paper=seen.paper,
        warnings=tuple(f"{name} {remark}" for remark in [*seen.doubts, *remarks]),
    )


def _pixels(picture: Float32[np.ndarray, "h w c"], name: str) -> UInt8[np.ndarray, "h w _"]:
    """8 bits in three or four channels."""
    if picture.ndim != 3 or picture.shape[2] not in (1, 3, 4) or 0 in picture.shape:
        raise ShapeError(
            f"{name} has shape {picture.shape}; a sketch is (height, width, 1, 3 or 4)"
        )
    low, high = float(picture.min()), float(picture.max())
    if not (low >= 0 and high <= 1):  # also refuses NaN
        raise InputError(f"{name} has values in {low:.3g}…{high:.3g}, not in 0…1")
    pixels = np.asarray(cv2.convertScaleAbs(picture, alpha=255), np.uint8).reshape(picture.shape)
    return np.repeat(pixels, 3, axis=2) if picture.shape[2] == 1 else pixels


def _see(pixels: UInt8[np.ndarray, "h w c"], *, ground: GroundChoice, name: str) -> _Seen:
    if pixels.shape[2] == 3:
        if ground == "transparent":
            hint = "leave it to be found out, or say white or black"
            raise InputError(f"{name} has no transparency its lines could stand on", hint=hint)
        return _see_opaque(pixels, ground=ground)
    colours, alpha = pixels[..., :3], pixels[..., 3]
    may_be_layer = ground == "auto" and alpha.min() < 250
    if ground == "transparent" or (may_be_layer and _is_line_layer(colours, alpha)):
        return _see_flat(np.repeat(alpha[..., None], 3, axis=2), Ground.TRANSPARENT)
    return _see_opaque(_over(colours, alpha, 0 if ground == "black" else 255), ground=ground)


def _is_line_layer(colours: UInt8[np.ndarray, "h w 3"], alpha: UInt8[np.ndarray, "h w"]) -> bool:
    """Opaque where lines are, and nowhere else: narrow, or all of one colour."""
    opaque = alpha > 127
    if wide_part(opaque) < 0.3:
        return True
    paint = colours[opaque]
    other = np.abs(paint - np.median(paint, axis=0)).max(axis=1) > 32
    return bool(np.mean(other) < 0.02)


def _over(
    colours: UInt8[np.ndarray, "h w 3"], alpha: UInt8[np.ndarray, "h w"], ground: int
) -> UInt8[np.ndarray, "h w 3"]:
    share = alpha[..., None].astype(np.uint16)
    return ((colours * share + ground * (255 - share) + 127) // 255).astype(np.uint8)


def _see_opaque(pixels: UInt8[np.ndarray, "h w 3"], *, ground: GroundChoice) -> _Seen:
    light = is_light(pixels) if ground == "auto" else ground == "white"
    kind = Ground.WHITE if light else Ground.BLACK
    flat = flat_ground(pixels, light=light)
    if flat.is_even:
        return _see_flat(away_from(pixels, flat.colour, light=light), kind)
    if ground != "auto" and flat_ground(pixels, light=not light).is_even:  # drawn, if not on that
        pure = (255, 255, 255) if light else (0, 0, 0)
        return _see_flat(away_from(pixels, pure, light=light), kind)
    toward = pixels if light else 255 - pixels
    sheet = evened(toward)
    if not sheet.is_paper:
        # the side was told from what may be no lines at all; those of pictures are dark
        if ground == "auto":
            toward, kind = pixels, Ground.WHITE
        ink = lines_among_paint(255 - toward)
        doubt = _not_lines(f"{sheet.even:.0%} of it is even ground")
        return _Seen(ink=ink, ground=kind, paper=sheet.even, doubts=(doubt,))
    drawn = pencil(sheet)
    doubts: list[str] = []
    if drawn.blotched > _BLOTCHED and np.mean(drawn.ink > _TRACE) > _BLOTS:
        doubts.append(_not_lines(f"{drawn.blotched:.0%} of what stands out is blots"))
    if drawn.ink.any() and drawn.darkness < _FAINT_PENCIL:
        doubts.append(
            f"has very faint pencil lines, {drawn.darkness:.0%} darker than the paper: "
            "strengthened; press harder or scan with more contrast if lines are missing"
        )
    return _Seen(ink=drawn.ink, ground=kind, paper=sheet.even, doubts=tuple(doubts))


def _see_flat(away: UInt8[np.ndarray, "h w 3"], ground: Ground) -> _Seen:
    ink = without_haze(away.max(axis=2))
    paper = float(np.mean(ink == 0))
    painted = painted_part(away)
    if painted < min(_PAINTED, max(_PAINTED / 6, _PAINTED_OF_DRAWN * (1 - paper))):
        return _Seen(ink=ink, ground=ground, paper=paper)
    doubt = _not_lines(f"{paper:.0%} of it is even ground, {painted:.0%} painted areas")
    return _Seen(ink=lines_among_paint(away), ground=ground, paper=paper, doubts=(doubt,))


def _not_lines(seen: str) -> str:
    return (
        f"looks like a photo or a finished picture rather than lines ({seen}): what is narrow in it "
        "is read as lines; make a sketch of it with `toontween sketch extract`"
    )


def _made_visible(ink: UInt8[np.ndarray, "h w"]) -> tuple[UInt8[np.ndarray, "h w"], list[str]]:
    """Nothing instead of traces, and full strength for what is very faint throughout."""
    inked = ink > _TRACE
    if not inked.any():
        blank = (
            f"is blank (its strongest spot has {int(ink.max()) / 255:.0%} ink): "
            "the drawing is made as if it had no sketch"
        )
        return np.zeros_like(ink), [blank]
    strength = int(np.percentile(ink[inked], 90))
    if strength >= _FAINT:
        return ink, []
    faint = (
        f"has very faint lines ({strength / 255:.0%} ink): strengthened; "
        "draw them darker if some are missing"
    )
    return np.rint(np.minimum(ink * (255 / strength), 255)).astype(np.uint8), [faint]
