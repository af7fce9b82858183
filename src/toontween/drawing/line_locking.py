"""The lines of generated drawings, brought back to the ink and the pen of finished ones.

Between two keys lines fade, soften and break. Locking finds those stretches, because they continue sound strokes or lie
between two ends that face one another, and draws them anew in the keys' ink at the width of the keys' pen. Everything
else, sound lines too, stays as it is, to the bit.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from toontween.drawing.line_style import LineStyle
from toontween.drawing.lines import Lines
from toontween.drawing.mending.gaps import Bridge, gaps_among
from toontween.drawing.mending.sight import Inking, check_picture, inking_of, look, on_white
from toontween.drawing.mending.stretches import faded_stretches
from toontween.drawing.redrawing.finishing import with_weight
from toontween.drawing.ridges.darkness import disc
from toontween.drawing.ridges.inking import inked
from toontween.drawing.ridges.spines import Spines

UNSEEN = 1 / 255
"""Smaller changes are not made, so that locking twice is locking once."""

_MOST_PASSES = 3


def lock_lines(
    picture: Float32[np.ndarray, "h w c"], style: LineStyle
) -> Float32[np.ndarray, "h w c"]:
    """The picture with faded, softened and broken lines drawn anew.

    Pixels only ever move towards an ink, never away from it. Alpha grows where a line is drawn over what is
    transparent.

    Args:
        picture: RGB, or RGBA with straight alpha; 0…1, of the size of the style's drawings.
        style: Of the keys.

    Raises:
        ShapeError: The array is not a picture.
    """
    check_picture(picture)
    locked = picture.copy()
    if not len(style.inks):
        return locked
    for _ in range(_MOST_PASSES):
        before = locked
        locked = _locked_once(before, style)
        if np.array_equal(locked, before):
            break
    return locked


def _locked_once(
    picture: Float32[np.ndarray, "h w c"], style: LineStyle
) -> Float32[np.ndarray, "h w c"]:
    sight = look(on_white(picture), style.pen)
    if sight is None:
        return picture
    inking = inking_of(sight, style.inks)
    faded = faded_stretches(
        sight, inking, width_px=style.width_px, sound=style.sound, flats=style.flats
    )
    lines = sight.is_line | faded
    gaps = gaps_among(
        sight, inking, lines, width_px=style.width_px, longest_px=style.longest_gap_px
    )
    if not faded.any() and not gaps:
        return picture
    spines = sight.spines
    strokes = inked(spines, lines, sight.luma, reach_px=style.pen.width_px / 2 + 1)
    near = _draw_gaps(strokes, gaps, style.width_px) | _around(faded, spines, style.width_px)
    cover = with_weight(Lines(strokes), style.width_px).ink
    return _towards(picture, inking, np.where(near, cover, 0))


def _around(
    faded: Bool[np.ndarray, " n"], spines: Spines, width_px: float
) -> Bool[np.ndarray, "h w"]:
    """Where faded stretches are drawn: as wide as the pen, and as far into what is sound, so that no seam stays."""
    middle = np.zeros(spines.on_spine.shape, np.uint8)
    middle[spines.on_spine] = faded
    return cv2.dilate(middle, disc(width_px / 2 + 1)) > 0


def _draw_gaps(
    strokes: Float32[np.ndarray, "h w"], gaps: Sequence[Bridge], width_px: float
) -> Bool[np.ndarray, "h w"]:
    """Lay the gaps' curves into the strokes; where they are near."""
    near = np.zeros(strokes.shape, np.uint8)
    for gap in gaps:
        points = np.rint(gap.points * 16).astype(np.int32)
        cv2.polylines(near, [points], isClosed=False, color=1, thickness=1, shift=4)
    if gaps:
        filled = cv2.dilate(near, disc(max(1.0, (width_px - 1) / 2)))
        np.maximum(strokes, filled, out=strokes)
        near = cv2.dilate(near, disc(width_px / 2 + 1))
    return near > 0


def _towards(
    picture: Float32[np.ndarray, "h w c"],
    inking: Inking,
    wanted: Float32[np.ndarray, "h w"],
) -> Float32[np.ndarray, "h w c"]:
    """The picture with at least the wanted share of ink in every pixel."""
    shares, colour = inking.everywhere, inking.colour
    more = np.where(wanted > shares, (wanted - shares) / np.maximum(1 - shares, 1e-6), 0)
    more = more[..., None].astype(np.float32)
    rgb, alpha = picture[..., :3], picture[..., 3:]
    if alpha.shape[2]:
        covered = alpha + more * (1 - alpha)
        rgb = np.divide(
            (1 - more) * alpha * rgb + more * colour, covered, out=rgb.copy(), where=covered > 0
        )
        drawn = np.concatenate([rgb, covered], axis=2)
    else:
        drawn = rgb + more * (colour - rgb)
    changed = np.abs(drawn - picture).max(axis=2, keepdims=True) > UNSEEN
    return np.where(changed, drawn, picture).astype(np.float32)
