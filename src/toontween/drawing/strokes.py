"""How wide strokes are, and lines brought to another size with strokes that a network knows.

The sketch encoder was trained on extracted lines at 512 × 320. Strokes that are measured here on the true line layers of
the drawn scenes (`data.synthetic`, 18 drawings):

| size | narrowest | median | widest |
|---|---|---|---|
| 512 × 320 | 2.2 px | 2.7 px | 3.1 px |
| the same averaged down to 256 × 160 | 1.4 px | 1.6 px | 1.7 px |

From that come the bounds below. They hold at 512 × 320 and grow with the sheet's side; on smaller sheets strokes cannot
be thinner than about a pixel, so that there the lower bound stays.
"""

from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float32

from toontween.drawing.lines import Lines
from toontween.drawing.redrawing.centrelines import redrawn, resized, thickened
from toontween.errors import ShapeError
from toontween.shapes import aspects_agree

Strokes = Literal["auto", "keep"]
"""Whether strokes that would be too thin or too thick for the network are redrawn."""

_KNOWN_PIXELS = 512 * 320

_THINNEST_PX = 0.9
"""A line one pixel wide without soft edges measures 0.9 to 1; anything less has been averaged away."""

_THIN_PX = 1.5
"""What too thin strokes become: the least that is a full line wherever it falls between pixels."""

_TYPICAL_PX = 2.7
"""What too thick strokes become."""

_THICKEST_PX = 4.5
"""Half as wide again as the widest that was measured."""

_THICKEST_SMALL_PX = 2.5
"""The same on small sheets."""


def stroke_width(lines: Lines) -> float | None:
    """The typical width of the strokes in pixels, by length; None when there is no ink.

    A stroke's width is twice its ink by its rim (the total variation): exact for soft edges and for fractions of a
    pixel, and the same for strong and weak lines.
    """
    ink = lines.ink
    rim = _rim(ink)
    total = float(rim.sum(dtype=np.float64))
    if total < 1:
        return None
    overall = 2 * float(ink.sum(dtype=np.float64)) / total
    window = 2 * round(min(2 * overall, min(ink.shape) / 2)) + 3
    around = (window, window)
    width = 2 * cv2.boxFilter(ink, -1, around, normalize=False, borderType=cv2.BORDER_CONSTANT)
    length = cv2.boxFilter(rim, -1, around, normalize=False, borderType=cv2.BORDER_CONSTANT)
    seen = rim > 0.05
    if not seen.any():
        return overall
    return _weighted_median(width[seen] / length[seen], rim[seen])


def scale_lines(lines: Lines, *, height_px: int, width_px: int, strokes: Strokes = "auto") -> Lines:
    """Lines at another size of the same shape, without losing thin strokes.

    Args:
        lines: Of any size.
        height_px: Height of the result.
        width_px: Width of the result.
        strokes: "auto" widens strokes that would be too thin for the network at this size before they are averaged
            away, and redraws too thick ones from their centre lines (large solids become outlines). "keep" only
            resizes. Lines that fit already are returned as they are.

    Raises:
        ShapeError: The result has no pixels, or another aspect ratio than the lines (beyond rounding).
    """
    _check_sheet(height_px, width_px)
    if not aspects_agree((lines.height_px, lines.width_px), (height_px, width_px)):
        raise ShapeError(
            f"lines of {lines.width_px}×{lines.height_px} do not fit {width_px}×{height_px}: "
            "the shapes differ",
            hint="draw on a sheet of the keys' shape, or place the lines with fit_lines",
        )
    return _scaled(lines, (height_px, width_px), frame=(height_px, width_px), strokes=strokes)


def fit_lines(
    lines: Lines,
    *,
    height_px: int,
    width_px: int,
    mode: Literal["pad", "crop"],
    strokes: Strokes = "auto",
) -> Lines:
    """Lines of any shape on a sheet, never distorted; where the shape is the sheet's, what `scale_lines` does.

    Args:
        lines: Of any size and shape.
        height_px: Height of the sheet.
        width_px: Width of the sheet.
        mode: "pad" shows all lines with bare paper beside them; "crop" fills the sheet and cuts off what sticks out,
            the same amount on both sides.
        strokes: As for `scale_lines`.

    Raises:
        ShapeError: The sheet has no pixels.
    """
    _check_sheet(height_px, width_px)
    frame = (height_px, width_px)
    if aspects_agree((lines.height_px, lines.width_px), frame):
        return _scaled(lines, frame, frame=frame, strokes=strokes)
    ratios = height_px / lines.height_px, width_px / lines.width_px
    scale = min(ratios) if mode == "pad" else max(ratios)
    size = max(1, round(lines.height_px * scale)), max(1, round(lines.width_px * scale))
    return Lines(_placed(_scaled(lines, size, frame=frame, strokes=strokes).ink, frame))


def _check_sheet(height_px: int, width_px: int) -> None:
    if min(height_px, width_px) < 1:
        raise ShapeError(f"a sheet of {width_px}×{height_px} pixels has no room for lines")


def _scaled(
    lines: Lines, size: tuple[int, int], *, frame: tuple[int, int], strokes: Strokes
) -> Lines:
    width = stroke_width(lines) if strokes == "auto" else None
    if width is None:
        return lines if lines.ink.shape == size else Lines(resized(lines.ink, size))
    scale = size[0] / lines.height_px
    relative = (frame[0] * frame[1] / _KNOWN_PIXELS) ** 0.5
    if width * scale < _THINNEST_PX * max(1.0, relative):
        wanted = _THIN_PX * max(1.0, relative)
        return Lines(resized(thickened(lines.ink, wanted / scale - width), size))
    if width * scale > max(_THICKEST_SMALL_PX, _THICKEST_PX * relative):
        wanted = max(_THIN_PX, _TYPICAL_PX * relative)
        return Lines(redrawn(lines.ink, size=size, stroke_px=width, width_px=wanted))
    return lines if lines.ink.shape == size else Lines(resized(lines.ink, size))


def _placed(
    ink: Float32[np.ndarray, "h w"], frame: tuple[int, int]
) -> Float32[np.ndarray, "h2 w2"]:
    """In the middle of a bare sheet; what sticks out is cut off."""
    sheet = np.zeros(frame, np.float32)
    source, target = [], []
    for have, room in zip(ink.shape, frame, strict=True):
        length = min(have, room)
        source.append(slice((have - length) // 2, (have - length) // 2 + length))
        target.append(slice((room - length) // 2, (room - length) // 2 + length))
    sheet[tuple(target)] = ink[tuple(source)]
    return sheet


def _rim(ink: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """How much the ink changes at each pixel; the sheet's edge counts as no change."""
    down, right = np.zeros_like(ink), np.zeros_like(ink)
    np.subtract(ink[1:], ink[:-1], out=down[:-1])
    np.subtract(ink[:, 1:], ink[:, :-1], out=right[:, :-1])
    return cv2.magnitude(down, right)


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order], dtype=np.float64)
    return float(values[order[np.searchsorted(reached, reached[-1] / 2)]])
