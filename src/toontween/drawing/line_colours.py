"""Coloured trace lines apart: black for outlines, red, blue, green and others for the borders of shadows and lights."""

from collections.abc import Mapping
from types import MappingProxyType

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from toontween.drawing.lines import Ground, Lines
from toontween.errors import ShapeError

LINE_COLOURS: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {
        "black": (0, 0, 0),
        "red": (255, 0, 0),
        "orange": (255, 128, 0),
        "yellow": (255, 255, 0),
        "green": (0, 255, 0),
        "cyan": (0, 255, 255),
        "blue": (0, 0, 255),
        "purple": (255, 0, 255),
    }
)
"""Name → the pure sRGB colour in which lines of that name are written."""

_BLACK = 0
_NAMES = tuple(LINE_COLOURS)
_BEGINS_DEG = {"orange": 18, "yellow": 45, "green": 75, "cyan": 160, "blue": 200, "purple": 265, "red": 335}  # fmt: skip
"""Hue at which each colour begins, going up."""

_DARK = 0.4
"""Ink whose brightest channel is below this is black, whatever its tint."""

_TINTED = 0.35
"""Ink is coloured when one channel is swallowed by so much less than another, as a part of the latter."""

_PAPER_PX = 9
"""Side of the square in which the lightest value of each channel is taken for the paper."""

_CORE = 0.7
"""Ink of at least this part of the strongest beside it shows its colour; the rest is the stroke's soft edge."""

_SPECK_PX = 12


def split_colours(picture: Float32[np.ndarray, "h w 3"], lines: Lines) -> Mapping[str, Lines]:
    """Lines apart by the colours that they have in a picture.

    Each pixel's ink belongs to one colour, so the parts add up to the whole exactly. Dark tints count as black.

    Args:
        picture: The picture that the lines were read or extracted from, sRGB in 0…1.
        lines: Its lines.

    Returns:
        Names of `LINE_COLOURS`, in their order, with the lines of that colour; only those present.

    Raises:
        ShapeError: Picture and lines differ in size.
    """
    if picture.shape[:2] != lines.ink.shape:
        (height, width), of_lines = picture.shape[:2], f"{lines.width_px}×{lines.height_px}"
        raise ShapeError(f"lines of {of_lines} pixels are not of a picture of {width}×{height}")
    inked = lines.ink > 0
    if not inked.any():
        return {}
    core = inked & (lines.ink >= _CORE * cv2.dilate(lines.ink, np.ones((3, 3), np.uint8)))
    colour = _without_specks(_colour_of(picture), core)
    return _parts(_nearest(colour, core), lines)


def carried_over(parts: Mapping[str, Lines], lines: Lines) -> Mapping[str, Lines]:
    """Lines that were finished, apart by the colours they had before: ink has the colour of the nearest ink then.

    Args:
        parts: What `split_colours` made of the lines before they were finished.
        lines: The same lines, thinner, thicker or binarised.

    Returns:
        As for `split_colours`; the parts add up to `lines`.
    """
    if not lines.ink.any() or not parts:
        return {}
    colour = np.zeros(lines.ink.shape, np.uint8)
    known = np.zeros(lines.ink.shape, bool)
    for name, part in parts.items():
        colour[part.ink > 0] = _NAMES.index(name)
        known |= part.ink > 0
    return _parts(_nearest(colour, known), lines)


def draw_colours(parts: Mapping[str, Lines], ground: Ground) -> UInt8[np.ndarray, "h w c"]:
    """Lines drawn in their colours: RGB on white or black, RGBA on a transparent ground.

    Black lines are white on black. Black lines alone are drawn as `Lines.draw` draws them.

    Args:
        parts: At least one of the parts of `split_colours`.
        ground: What they stand on.
    """
    height, width = next(iter(parts.values())).ink.shape
    ink = np.zeros((height, width), np.uint8)
    colour = np.zeros((height, width, 3), np.uint8)
    for name, part in parts.items():
        here = part.ink > 0
        ink[here] = np.rint(part.ink[here] * np.float32(255)).astype(np.uint8)
        is_unseen = ground is Ground.BLACK and name == _NAMES[_BLACK]
        colour[here] = (255, 255, 255) if is_unseen else LINE_COLOURS[name]
    if ground is Ground.TRANSPARENT:
        return np.concatenate([colour, ink[:, :, None]], axis=2)
    share = ink[:, :, None].astype(np.float32) / 255
    paper = np.float32(0 if ground is Ground.BLACK else 255)
    return np.rint(paper + (colour - paper) * share).astype(np.uint8)


def _parts(colour: UInt8[np.ndarray, "h w"], lines: Lines) -> dict[str, Lines]:
    parts: dict[str, Lines] = {}
    for index, name in enumerate(_NAMES):
        ink = np.where(colour == index, lines.ink, np.float32(0))
        if ink.any():
            parts[name] = Lines(ink)
    return parts


def _colour_of(picture: Float32[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w"]:
    """Which colour each pixel would be as ink: by the light that it swallows of the paper around it."""
    paper = cv2.dilate(picture, np.ones((_PAPER_PX, _PAPER_PX), np.uint8))
    swallowed = 1 - picture / np.maximum(paper, np.float32(1 / 255))
    most, least = swallowed.max(axis=2), swallowed.min(axis=2)
    hue = cv2.cvtColor(1 - swallowed, cv2.COLOR_RGB2HSV)[..., 0]
    begins = np.array(sorted(_BEGINS_DEG.values()), np.float32)
    order = sorted(_BEGINS_DEG, key=lambda name: _BEGINS_DEG[name])
    names = np.array([_NAMES.index(name) for name in [order[-1], *order]], np.uint8)
    colour = names[np.searchsorted(begins, hue, side="right")]
    black = (picture.max(axis=2) < _DARK) | (most - least < _TINTED * most)
    return np.where(black, np.uint8(_BLACK), colour)


def _without_specks(
    colour: UInt8[np.ndarray, "h w"], core: Bool[np.ndarray, "h w"]
) -> UInt8[np.ndarray, "h w"]:
    """Few pixels of one colour in the middle of another's stroke take that colour, as does a colour of few pixels."""
    kept = np.zeros_like(core)
    for index in range(len(_NAMES)):
        mine = core & (colour == index)
        others = cv2.dilate((core & ~mine).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        count, found, stats, _ = cv2.connectedComponentsWithStats(mine.astype(np.uint8))
        labels = np.asarray(found, np.int32)
        large = stats[:, cv2.CC_STAT_AREA] >= _SPECK_PX
        if large[1:].any():
            touches = np.zeros(count, bool)
            touches[labels[mine & others]] = True
            kept |= mine & (large | ~touches)[labels]
    return _nearest(colour, kept) if kept.any() else colour


def _nearest(
    colour: UInt8[np.ndarray, "h w"], known: Bool[np.ndarray, "h w"]
) -> UInt8[np.ndarray, "h w"]:
    """At every pixel the colour of the nearest one whose colour is known."""
    _, found = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.asarray(found, np.int32)
    colours = np.zeros(int(nearest.max()) + 1, np.uint8)
    colours[nearest[known]] = colour[known]
    return colours[nearest]
