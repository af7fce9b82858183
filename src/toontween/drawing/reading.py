"""Sketches as people draw them → ink.

Dark on light, light on dark, line layers on transparency, coloured trace lines, pencil on grey and unevenly lit
paper. A clean digital drawing passes through unchanged: its ink is 1 − its value. Ink comes in steps of 1/255, so a
reading that was drawn and is read again is the same.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32, UInt8

from toontween.drawing.lines import Ground, Lines
from toontween.drawing.paper.grounds import flat_ground, ink_on, is_light
from toontween.drawing.paper.paintings import dark_lines, painted_part, wide_areas
from toontween.drawing.paper.scans import evened, pencil
from toontween.drawing.strokes import stroke_width
from toontween.errors import InputError, ShapeError

GroundChoice = Literal["auto", "white", "black", "transparent"]

_BLANK = 15
_FAINT = 102
_GATE = 20


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
    """Ink as it was found, before faint lines are strengthened."""

    ink: UInt8[np.ndarray, "h w"]
    ground: Ground
    paper: float
    doubt: str | None = None


def read_sketch(
    picture: Float32[np.ndarray, "h w c"], *, name: str, ground: GroundChoice = "auto"
) -> SketchReading:
    """The lines of a sketch, whatever they stand on.

    Args:
        picture: One (grey), three or four channels, 0…1, sRGB, straight alpha.
        name: What warnings call it, such as the file's name.
        ground: What the lines stand on, if the picture would be misjudged.

    Raises:
        ShapeError: It is no picture.
        InputError: It has values outside 0…1, or the ground is to be transparent where nothing is.
    """
    pixels = _pixels(picture, name)
    seen = _see(pixels, name=name, ground=ground)
    warnings = [seen.doubt] if seen.doubt else []
    ink = seen.ink
    if np.count_nonzero(ink > _BLANK) == 0:
        ink = np.zeros_like(ink)
        warnings.append(
            f"{name} is blank: its darkest spot has {int(seen.ink.max()) / 255:.0%} ink; "
            "the frame is drawn as if it had no sketch"
        )
    else:
        strength = int(np.percentile(ink[ink > _BLANK], 90))
        if strength < _FAINT:
            ink = np.rint(np.minimum(ink * (255 / strength), 255)).astype(np.uint8)
            warnings.append(
                f"{name} has very faint lines ({strength / 255:.0%} ink): strengthened; "
                "draw darker, or raise the contrast of the scan, if lines are missing"
            )
    lines = Lines(ink.astype(np.float32) / np.float32(255))
    return SketchReading(
        lines=lines,
        ground=seen.ground,
        stroke_px=stroke_width(lines) if ink.any() else None,
        paper=seen.paper,
        warnings=tuple(warnings),
    )


def _pixels(picture: np.ndarray, name: str) -> UInt8[np.ndarray, "h w c"]:
    if picture.ndim != 3 or picture.shape[2] not in (1, 3, 4) or 0 in picture.shape:
        raise ShapeError(
            f"{name} has shape {picture.shape}; a sketch is (height, width, 1, 3 or 4)"
        )
    low, high = float(picture.min()), float(picture.max())
    if not (low >= 0 and high <= 1):
        raise InputError(f"{name} has values in {low:.3g}…{high:.3g}, not in 0…1")
    pixels = np.rint(picture * np.float32(255)).astype(np.uint8)
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels


def _see(pixels: UInt8[np.ndarray, "h w c"], *, name: str, ground: GroundChoice) -> _Seen:
    if pixels.shape[2] == 4:
        alpha, colours = pixels[..., 3], pixels[..., :3]
        if ground == "transparent" or (
            ground == "auto" and alpha.min() < 250 and _is_line_layer(colours, alpha)
        ):
            bare = float(np.mean(alpha == 0))
            return _Seen(ink=_without_noise(alpha), ground=Ground.TRANSPARENT, paper=bare)
        pixels = _over(colours, alpha, 0 if ground == "black" else 255)
    elif ground == "transparent":
        raise InputError(
            f"{name} has no transparency",
            hint="leave the ground to be found, or say white or black",
        )
    light = is_light(pixels) if ground == "auto" else ground == "white"
    return _see_opaque(pixels, name=name, light=light)


def _is_line_layer(colours: np.ndarray, alpha: np.ndarray) -> bool:
    """Opaque where lines are, not where painted areas are."""
    opaque = alpha > 127
    if not opaque.any():
        return True
    wide = np.count_nonzero(wide_areas(opaque)) / np.count_nonzero(opaque)
    if wide < 0.3:
        return True
    ink = colours[opaque]
    return bool(np.mean(np.abs(ink - np.median(ink, axis=0)).max(axis=1) > 32) < 0.02)


def _over(colours: np.ndarray, alpha: np.ndarray, ground: int) -> UInt8[np.ndarray, "h w 3"]:
    share = alpha[..., None].astype(np.uint16)
    return ((colours * share + ground * (255 - share) + 127) // 255).astype(np.uint8)


def _see_opaque(pixels: UInt8[np.ndarray, "h w 3"], *, name: str, light: bool) -> _Seen:
    ground = Ground.WHITE if light else Ground.BLACK
    flat = flat_ground(pixels, light=light)
    if flat.exactly >= 0.1 and flat.nearly <= 0.5 * flat.exactly:
        ink = _without_noise(ink_on(pixels, flat.colour, light=light))
        paper = float(np.mean(ink == 0))
        painted = painted_part(pixels, ink)
        if painted < 0.03:
            return _Seen(ink=ink, ground=ground, paper=paper)
        ink = dark_lines(pixels, light=light)
        return _Seen(ink=ink, ground=ground, paper=paper, doubt=_doubt(name, paper, painted))
    sheet = evened(pixels if light else 255 - pixels)
    if sheet.even >= 0.6 and sheet.dimmest >= 0.3:
        return _Seen(ink=pencil(sheet), ground=ground, paper=sheet.even)
    ink = dark_lines(pixels, light=light)
    return _Seen(ink=ink, ground=ground, paper=sheet.even, doubt=_doubt(name, sheet.even, None))


def _doubt(name: str, paper: float, painted: float | None) -> str:
    seen = f"{paper:.0%} of it is even paper"
    if painted is not None:
        seen += f", {painted:.0%} painted areas"
    return (
        f"{name} looks like a photo or a finished picture, not like lines ({seen}): only its dark lines are read; "
        "make a sketch of it with `toontween sketch extract`"
    )


def _without_noise(ink: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    """Compression leaves a haze around lines; where there is more haze than edges can account for, it goes."""
    hazy = np.count_nonzero((ink > 0) & (ink < _GATE))
    edges = np.count_nonzero(ink >= _GATE)
    if hazy <= max(0.5 * edges, 0):
        return ink
    return np.where(ink < _GATE, 0, ink).astype(np.uint8)
