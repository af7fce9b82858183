"""A picture as its lines are seen by who is to mend them: where they run, how sure they are, and how much ink is left."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int, UInt8

from toontween.drawing.ridges.darkness import disc, narrow_darkness, to_planes
from toontween.drawing.ridges.evidence import Demands, evidence_of, followed
from toontween.drawing.ridges.pen import Pen
from toontween.drawing.ridges.spines import Spines, find_spines
from toontween.errors import ShapeError

SURE, FAINT = 0.7, 0.2
"""Down to this evidence a sure line is followed as usual, and where it may have faded."""

CONTRAST = 0.2
"""How much darker than its sides a line of middling length is, 0…1, as for extraction."""

_SHORTEST = 0.015
_SLENDER = (1.5, 2.5)
_ALONG_PX = 2
"""Over so many pixels to both sides a line's ink is averaged, against the rhythm of the pixel grid."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Sight:
    """The lines of a picture; n pixels along their middles."""

    picture: Float32[np.ndarray, "h w 3"]
    filled: Float32[np.ndarray, "h w 3"]
    """The picture without anything narrow and dark: what lines stand on."""

    luma: UInt8[np.ndarray, "h w"]
    spines: Spines
    is_line: Bool[np.ndarray, " n"]
    """Where there surely is a line."""

    is_faint: Bool[np.ndarray, " n"]
    """Where there is not enough evidence of its own, but something continues a sure line."""

    core: Float32[np.ndarray, "n 3"]
    """The darkest colour of the line there."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Inking:
    """How much ink is left on every pixel of a line's middle."""

    ink: Int[np.ndarray, " n"]
    """Index of the ink that explains this stretch best."""

    share: Float32[np.ndarray, " n"]
    """Part of it in the line's core, 0…1."""

    residual: Float32[np.ndarray, " n"]
    """What mixing it with the ground does not explain: distance in RGB of 0…1."""

    colour: Float32[np.ndarray, "h w 3"]
    """The ink of the nearest line, everywhere."""

    everywhere: Float32[np.ndarray, "h w"]
    """Part of that ink in every pixel, 0…1."""


def check_picture(picture: np.ndarray) -> None:
    """Refuse what is no RGB or RGBA picture.

    Raises:
        ShapeError: It is none.
    """
    if picture.ndim != 3 or picture.shape[2] not in (3, 4) or 0 in picture.shape:
        raise ShapeError(f"a picture is (height, width, 3 or 4), not {picture.shape}")


def on_white(picture: np.ndarray) -> Float32[np.ndarray, "h w 3"]:
    """A picture as it is seen on white.

    Raises:
        ShapeError: It is no picture.
    """
    check_picture(picture)
    if picture.shape[2] == 3:
        return np.ascontiguousarray(picture)
    alpha = picture[..., 3:]
    return (picture[..., :3] * alpha + 1 - alpha).astype(np.float32)


def radius_of(pen: Pen) -> float:
    """Radius of a disc that does not fit into the pen's lines."""
    return float(max(2, round(0.9 * pen.width_px + 0.5)))


def look(picture: Float32[np.ndarray, "h w 3"], pen: Pen) -> Sight | None:
    """What there is of lines of about the pen's width; None where nothing is narrow and dark."""
    pixels = np.rint(picture.clip(0, 1) * np.float32(255)).astype(np.uint8)
    planes = to_planes(pixels)
    luma = planes[..., 3]
    radius = radius_of(pen)
    spines = find_spines(narrow_darkness(planes, radius), reach_px=pen.width_px / 2 + 1)
    if spines is None:
        return None
    demands = Demands(
        contrast=CONTRAST,
        shortest_px=_SHORTEST * min(luma.shape),
        slender=_SLENDER,
        longer_is_better=True,
    )
    evidence = evidence_of(spines, luma, pen, demands)
    is_line = followed(spines, evidence, down_to=SURE)
    return Sight(
        picture=picture,
        filled=cv2.morphologyEx(picture, cv2.MORPH_CLOSE, disc(radius)).astype(np.float32),
        luma=luma,
        spines=spines,
        is_line=is_line,
        is_faint=followed(spines, evidence, down_to=FAINT) & ~is_line,
        core=_cores(picture, luma, spines.on_spine),
    )


def inking_of(sight: Sight, inks: Float32[np.ndarray, "k 3"]) -> Inking:
    """Which ink each stretch was drawn with, and how much of it is left."""
    spines, ground = sight.spines, sight.filled[sight.spines.on_spine]
    shares, residuals = zip(*(_explained(sight.core, ground, ink) for ink in inks), strict=True)
    share, residual = np.stack(shares), np.stack(residuals)
    cost = residual.copy()
    count = np.maximum(np.bincount(spines.branch, minlength=spines.num_branches), 1)
    on_branch = spines.branch > 0
    for index in range(len(inks)):
        means = np.bincount(spines.branch, residual[index], spines.num_branches) / count
        cost[index, on_branch] = means[spines.branch[on_branch]]
    ink = cost.argmin(axis=0)
    pick = ink[None]
    colour = inks[ink][spines.nearest]
    flat = (plane.reshape(-1, 3) for plane in (sight.picture, sight.filled, colour))
    return Inking(
        ink=ink,
        share=_along(spines, np.take_along_axis(share, pick, 0)[0]),
        residual=np.take_along_axis(residual, pick, 0)[0],
        colour=colour,
        everywhere=_share_of_ink(*flat).reshape(sight.luma.shape),
    )


def _explained(
    core: Float32[np.ndarray, "n 3"],
    ground: Float32[np.ndarray, "n 3"],
    ink: Float32[np.ndarray, " 3"],
) -> tuple[Float32[np.ndarray, " n"], Float32[np.ndarray, " n"]]:
    share = _share_of_ink(core, ground, ink)
    off = core - ground - share[:, None] * (ink - ground)
    return share, np.sqrt(np.square(off).sum(axis=1))


def _share_of_ink(
    pixels: Float32[np.ndarray, "n 3"],
    ground: Float32[np.ndarray, "n 3"],
    ink: Float32[np.ndarray, "*n 3"],
) -> Float32[np.ndarray, " n"]:
    """How far each pixel is on the way from its ground to an ink, 0…1; 1 where the ground is ink already."""
    way = ink - ground
    length = np.square(way).sum(axis=1)
    along = ((pixels - ground) * way).sum(axis=1)
    out = np.ones_like(along)
    return np.divide(along, length, out=out, where=length > 1e-4).clip(0, 1)


def _cores(
    picture: Float32[np.ndarray, "h w 3"], luma: UInt8[np.ndarray, "h w"], where: np.ndarray
) -> Float32[np.ndarray, "n 3"]:
    """The colour of the darkest pixel within one pixel."""
    y, x = np.nonzero(where)
    height, width = luma.shape
    rows = np.stack([(y + dy).clip(0, height - 1) for dy in (0, -1, -1, -1, 0, 0, 1, 1, 1)])
    columns = np.stack([(x + dx).clip(0, width - 1) for dx in (0, -1, 0, 1, -1, 1, -1, 0, 1)])
    darkest = luma[rows, columns].argmin(axis=0)[None]
    row, column = (np.take_along_axis(at, darkest, 0)[0] for at in (rows, columns))
    return picture[row, column]


def _along(spines: Spines, values: Float32[np.ndarray, " n"]) -> Float32[np.ndarray, " n"]:
    """Means over the spine nearby."""
    side = 2 * _ALONG_PX + 1
    total, count = np.zeros(spines.on_spine.shape, np.float32), spines.on_spine.astype(np.float32)
    total[spines.on_spine] = values
    sums = [
        cv2.boxFilter(plane, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)[
            spines.on_spine
        ]
        for plane in (total, count)
    ]
    return (sums[0] / sums[1]).astype(np.float32)
