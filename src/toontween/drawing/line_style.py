"""How finished drawings are inked: with which pen, in which colours, how evenly."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float32

from toontween.drawing.colours.flats import to_lab
from toontween.drawing.mending.gaps import LONGEST, gaps_among
from toontween.drawing.mending.sight import CONTRAST, Sight, inking_of, look, on_white
from toontween.drawing.mending.stretches import faded_stretches
from toontween.drawing.palette import palette_of
from toontween.drawing.ridges.darkness import to_planes
from toontween.drawing.ridges.inking import inked
from toontween.drawing.ridges.pen import Pen, study_pen
from toontween.errors import InputError, ShapeError

OUTLINED = 0.3
"""Part of a drawing's edges that lies at lines; drawings with fewer are painted, not outlined."""

LIGHTEST = 0.4
"""Luma of the lightest ink, 0…1; lighter strokes are shapes that happen to be narrow."""

WIDEST = 0.035
"""Thickness of the thickest pen, as a part of the shorter side."""

COMMON = 0.05
"""Part of the lines that has to have exactly one colour for it to be an ink."""

ALIKE = 6.0
"""Inks closer than this in CIELAB are one."""

DARKEST = 0.1
"""Where no colour is common, the mean of this darkest part of the lines is the ink."""

WEAKEST = 0.03
"""Part of the keys' lines with less ink than what counts as sound."""

SOUND = 0.8
"""More ink than this is sound in any drawing."""

UNTOUCHED = 0.002
"""Part of the keys' own lines that may count as faded."""

OWN_GAP = 0.9
"""Gaps are closed up to this part of the shortest one that the keys' own lines leave open."""

_LESS = 0.05
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class LineStyle:
    """How some drawings are inked; holds for drawings of their size."""

    pen: Pen
    """As line extraction sees it."""

    width_px: float
    """Mean width of the lines: their ink by their length."""

    inks: Float32[np.ndarray, "n 3"]
    """Colours of full ink, sRGB in 0…1, the commonest first; none in drawings without outlines."""

    sound: float
    """Part of the ink, 0…1, that all but the weakest lines have in their middle."""

    longest_gap_px: float
    """Longer gaps between ends that face one another are not closed."""

    outlined: float
    """Part of the drawings' edges that lies at lines, 0…1."""

    flats: Float32[np.ndarray, "m 3"]
    """Flat colours that are no ink: what is painted like that has not faded."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why no line can be locked, if none can."""
        if len(self.inks):
            return ()
        return (
            f"the keys are painted, not outlined ({self.outlined:.0%} of their edges are narrow strokes): "
            "no line is locked",
        )


def line_style_of(pictures: Sequence[Float32[np.ndarray, "h w c"]]) -> LineStyle:
    """The pen and the inks of finished drawings.

    Args:
        pictures: RGB, or RGBA with straight alpha, which is seen on white; of one size, 0…1.

    Raises:
        InputError: There is no picture.
        ShapeError: An array is not a picture, or sizes differ.
    """
    if not pictures:
        raise InputError("a line style needs at least one drawing")
    seen = [on_white(picture) for picture in pictures]
    if len({picture.shape for picture in seen}) > 1:
        raise ShapeError(f"drawings of one style differ in size: {[p.shape[:2] for p in seen]}")
    pen = _common_pen(seen)
    sights = [sight for picture in seen if (sight := look(picture, pen)) is not None]
    outlined = _outlined(sights, pen)
    inks = _inks([sight.core[sight.is_line] for sight in sights])
    if outlined < OUTLINED:
        inks = inks[:0]
    width_px = _width_px(sights, pen) if len(inks) else pen.width_px
    style = LineStyle(
        pen=pen,
        width_px=width_px,
        inks=inks,
        sound=0.0,
        longest_gap_px=LONGEST * width_px,
        outlined=outlined,
        flats=_flats(seen, inks),
    )
    return _untouched_by(style, sights) if len(inks) else style


def _untouched_by(style: LineStyle, sights: Sequence[Sight]) -> LineStyle:
    """The style, so cautious that it leaves the drawings alone that it was learnt from."""
    pairs = [(sight, inking_of(sight, style.inks)) for sight in sights]
    shares = np.concatenate([inking.share[sight.is_line] for sight, inking in pairs])
    sound = min(SOUND, float(np.quantile(shares, WEAKEST)))

    def num_faded(sound: float) -> int:
        found = (
            faded_stretches(*pair, width_px=style.width_px, sound=sound, flats=style.flats)
            for pair in pairs
        )
        return sum(int(np.count_nonzero(faded)) for faded in found)

    while num_faded(sound) > UNTOUCHED * len(shares):
        sound -= _LESS
    own = [
        OWN_GAP * gap.length_px
        for sight, inking in pairs
        for gap in gaps_among(
            sight,
            inking,
            sight.is_line,
            width_px=style.width_px,
            longest_px=style.longest_gap_px,
        )
    ]
    return replace(style, sound=sound, longest_gap_px=min([style.longest_gap_px, *own]))


def _common_pen(pictures: Sequence[Float32[np.ndarray, "h w 3"]]) -> Pen:
    pens: list[Pen] = []
    for picture in pictures:
        planes = to_planes(np.rint(picture.clip(0, 1) * np.float32(255)).astype(np.uint8))
        widest = WIDEST * min(picture.shape[:2])
        pens.append(study_pen(planes, widest_px=widest, least_darkness=255 * CONTRAST))
    return Pen(
        width_px=float(np.mean([pen.width_px for pen in pens])),
        luma=float(max(pen.luma for pen in pens)),
    )


def _strokes(sight: Sight, pen: Pen) -> Float32[np.ndarray, "h w"]:
    return inked(sight.spines, sight.is_line, sight.luma, reach_px=pen.width_px / 2 + 1)


def _outlined(sights: Sequence[Sight], pen: Pen) -> float:
    """Which part of all edges is the edge of a line."""
    edges = at_lines = 0
    for sight in sights:
        found = np.asarray(cv2.Canny(np.ascontiguousarray(sight.luma), 60, 120)) > 0
        strokes = (_strokes(sight, pen) > 0.3).astype(np.uint8)
        near = cv2.dilate(strokes, np.ones((5, 5), np.uint8)) > 0
        edges += int(np.count_nonzero(found))
        at_lines += int(np.count_nonzero(found & near))
    return at_lines / max(edges, 1)


def _width_px(sights: Sequence[Sight], pen: Pen) -> float:
    ink = sum(float(_strokes(sight, pen).sum()) for sight in sights)
    length = sum(_length_px(sight) for sight in sights)
    return ink / max(length, 1.0)


def _length_px(sight: Sight) -> float:
    """Of the lines, diagonal steps counted as such."""
    on = np.zeros(sight.luma.shape, bool)
    on[sight.spines.on_spine] = sight.is_line
    straight = np.count_nonzero(on[1:] & on[:-1]) + np.count_nonzero(on[:, 1:] & on[:, :-1])
    corner = (on[1:, :-1] | on[:-1, 1:]), (on[1:, 1:] | on[:-1, :-1])
    falling = np.count_nonzero(on[1:, 1:] & on[:-1, :-1] & ~corner[0])
    rising = np.count_nonzero(on[1:, :-1] & on[:-1, 1:] & ~corner[1])
    return float(straight + np.sqrt(2) * (falling + rising))


def _inks(cores: Sequence[Float32[np.ndarray, "_ 3"]]) -> Float32[np.ndarray, "k 3"]:
    """The colours that the middles of lines commonly have; none where they are light."""
    found = _common(np.concatenate([np.zeros((0, 3), np.float32), *cores]))
    return found[found @ _LUMA <= LIGHTEST]


def _common(cores: Float32[np.ndarray, "n 3"]) -> Float32[np.ndarray, "k 3"]:
    if not len(cores):
        return cores
    levels = np.rint(cores * 255).astype(np.int64)
    _, first, counts = np.unique(levels, axis=0, return_index=True, return_counts=True)
    kept: list[int] = []
    lab = to_lab(cores[first])
    for index in np.argsort(-counts, kind="stable"):
        if counts[index] < COMMON * len(cores):
            break
        if all(np.linalg.norm(lab[index] - lab[other]) >= ALIKE for other in kept):
            kept.append(int(index))
    if kept:
        return cores[first[kept]]
    luma = cores @ _LUMA
    darkest = luma <= np.quantile(luma, DARKEST)
    return cores[darkest].mean(axis=0, keepdims=True)


def _flats(
    pictures: Sequence[Float32[np.ndarray, "h w 3"]], inks: Float32[np.ndarray, "k 3"]
) -> Float32[np.ndarray, "m 3"]:
    """Flat colours of the pictures that are not like an ink."""
    colours = palette_of(pictures).colours
    if not len(colours) or not len(inks):
        return colours
    off = np.square(to_lab(colours)[:, None] - to_lab(inks)[None]).sum(axis=2)
    return colours[off.min(axis=1) >= ALIKE**2]
