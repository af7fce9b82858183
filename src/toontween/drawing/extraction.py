"""Lines of a finished, coloured drawing, without weights.

A line is a narrow stretch that is darker than what lies on both its sides. The picture without its lines is found by a
morphological closing with a disc a little wider than the pen; what the closing filled is ink. A plain edge between two
colours fills nothing, so every line answers once, at its own width. What is narrow and dark but no line (tips, specks,
shades, texture) is told apart by the length, slenderness, darkness and colour of whole strokes.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from toontween.drawing.lines import Lines
from toontween.drawing.ridges.boundaries import find_boundaries
from toontween.drawing.ridges.darkness import narrow_darkness, to_planes
from toontween.drawing.ridges.evidence import Demands, lines_among
from toontween.drawing.ridges.inking import inked
from toontween.drawing.ridges.pen import Pen, study_pen
from toontween.drawing.ridges.spines import find_spines
from toontween.errors import InputError

_SLENDER = (1.5, 2.5)
"""Length of a stroke in its own widths from which on it may be a line, and from which on it surely may."""

_BROAD_SLENDER = (2.5, 5.0)
"""The same for strokes much wider than the pen."""

_BROAD_CONTRAST = 1.85
"""They must stand out by so many times more."""

_BROAD_LIGHTER = 7.0
"""And be no lighter than the pen by more than this, 0…255."""

_BROAD_PX = 20.0
"""They are looked for on a picture so small that none is wider than this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtractionSettings:
    """What counts as a line.

    Raises:
        InputError: A value is out of range.
    """

    contrast: float = 0.2
    """How much darker than its sides a line of middling length is, 0…1; longer and darker ones are found below it."""

    widest: float = 0.035
    """Thickness of the thickest line looked for, as a part of the picture's shorter side."""

    shortest: float = 0.015
    """Length of the shortest line kept, as a part of the picture's shorter side."""

    boundaries: float = 0.0
    """Ink of boundaries between colours that no line separates, 0…1. 0 leaves them out; drawings without lines
    need them."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("contrast", 0.01, 1.0),
            ("widest", 0.001, 0.2),
            ("shortest", 0.0, 1.0),
            ("boundaries", 0.0, 1.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"{name} is {value}, not within {low}…{high}")


def extract_lines(
    picture: Float32[np.ndarray, "h w 3"], settings: ExtractionSettings | None = None
) -> Lines:
    """The lines of a finished drawing, with full ink and soft edges.

    Args:
        picture: Display-referred sRGB in 0…1.
        settings: What counts as a line.
    """
    settings = settings or ExtractionSettings()
    pixels = np.rint(np.clip(picture, 0, 1) * np.float32(255)).astype(np.uint8)
    planes = to_planes(pixels)
    widest_px = settings.widest * min(picture.shape[:2])
    pen = study_pen(planes, widest_px=widest_px, least_darkness=255 * settings.contrast)
    ink = _pen_lines(planes, pen, settings)
    if widest_px > 2 * _pen_radius(pen) + 1:
        ink = np.maximum(ink, _broad_lines(planes, pen, widest_px, settings))
    if settings.boundaries > 0:
        missing = find_boundaries(planes, ink, step=settings.contrast, pen_px=pen.width_px)
        ink = np.maximum(ink, missing * np.float32(settings.boundaries))
    return Lines(ink)


def _pen_radius(pen: Pen) -> float:
    return float(max(2, round(0.9 * pen.width_px + 0.5)))


def _pen_lines(
    planes: UInt8[np.ndarray, "h w 4"], pen: Pen, settings: ExtractionSettings
) -> Float32[np.ndarray, "h w"]:
    """Lines about as wide as the pen."""
    luma = planes[..., 3]
    reach = pen.width_px / 2 + 1
    spines = find_spines(narrow_darkness(planes, _pen_radius(pen)), reach_px=reach)
    if spines is None:
        return np.zeros(luma.shape, np.float32)
    demands = Demands(
        contrast=settings.contrast,
        shortest_px=settings.shortest * min(luma.shape),
        slender=_SLENDER,
        longer_is_better=True,
    )
    return inked(spines, lines_among(spines, luma, pen, demands), luma, reach_px=reach)


def _broad_lines(
    planes: UInt8[np.ndarray, "h w 4"], pen: Pen, widest_px: float, settings: ExtractionSettings
) -> Float32[np.ndarray, "h w"]:
    """Strokes of the pen's colour that are wider than the pen."""
    height, width = planes.shape[:2]
    scale = min(1.0, _BROAD_PX / widest_px)
    if scale < 1:
        planes = cv2.resize(planes, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        pen = Pen(width_px=pen.width_px * scale, luma=pen.luma)
    luma, radius = planes[..., 3], max(2.0, widest_px * scale / 2)
    spines = find_spines(
        narrow_darkness(planes, radius), reach_px=radius, allowed=luma <= pen.luma + _BROAD_LIGHTER
    )
    if spines is None:
        return np.zeros((height, width), np.float32)
    demands = Demands(
        contrast=_BROAD_CONTRAST * settings.contrast,
        shortest_px=settings.shortest * min(luma.shape),
        slender=_BROAD_SLENDER,
        longer_is_better=False,
    )
    ink = inked(spines, lines_among(spines, luma, pen, demands), luma, reach_px=radius)
    if scale == 1:
        return ink
    return cv2.resize(ink, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1)
