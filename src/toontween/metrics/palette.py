"""Whether flat areas keep the colours of the keys, and whether they are flat.

Cels are painted in a few flat colours. A drawn in-between should use those of the two keys and no others: shifted, washed
out or doubly exposed areas have drifted; mottled ones are noisy. Distances are CIE 1976 ΔE.

An area is a connected piece of a frame whose pixels, after a median over 3×3 that removes grain, are nearest to one flat
colour of the keys; a border of two pixels is left out, where anti-aliasing mixes colours. What is nearest to a colour of the
keys' gradients and textures is in no area. True frames of flat drawings have next to no drift and noise by this; a median
over 5×5 swallows lines, which then count as noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float32, Int32
from scipy.spatial import KDTree
from skimage.measure import label
from torch import Tensor

from toontween.drawing.colours.flats import to_lab
from toontween.drawing.palette import Palette, palette_of
from toontween.errors import InputError, ShapeError
from toontween.metrics.clips import check_frames

NOTICEABLE = 2.3
"""Just noticeable ΔE of CIE 1976 (Mahy, Van Eycken and Oosterlinck, Color Research & Application 1994)."""

MEDIAN_PX = 3
"""Grain of 8 levels costs less than one per cent of the areas; lines two pixels wide stay."""

BORDER_PX = 2
"""How far anti-aliasing reaches into an area."""

FEWEST_PX = 12
"""Areas of fewer pixels are specks; the palette counts the same number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FlatColours:
    """What a frame does with the keys' flat colours."""

    drifted: float
    """Part of the area pixels that are noticeably off every flat colour of the keys, 0…1."""

    drift: float
    """Mean distance of the area pixels to the nearest flat colour of the keys, ΔE."""

    noise: float
    """Root of the mean squared distance of the area pixels to the mean colour of their area, ΔE."""

    covered: float
    """Part of the frame that lies in areas, 0…1; a frame with few is not flat any more."""


def key_palette(keys: Float[Tensor, "k c h w"]) -> Palette:
    """The flat colours of the keys; none where they are painted.

    Args:
        keys: RGB in 0…1.

    Raises:
        ShapeError: They are no RGB pictures.
        InputError: There is none, or one holds a number that is not finite or out of range.
    """
    return palette_of(_pictures(keys, "keys"))


def flat_colours(frames: Float[Tensor, "t c h w"], palette: Palette) -> list[FlatColours]:
    """Colour drift and noise of every frame.

    The true frames have small values, too, where they show colours that neither key has: report theirs beside.

    Args:
        frames: RGB in 0…1.
        palette: `key_palette` of the clip's keys.

    Raises:
        ShapeError: They are no RGB pictures.
        InputError: The palette has no colours, or a frame holds a number that is not finite or out of range.
    """
    if not len(palette.colours):
        raise InputError(
            "the keys have no flat colours: they are painted",
            hint="colour drift is for flat drawings; leave this clip out",
        )
    flat = KDTree(to_lab(palette.colours))
    every = KDTree(to_lab(np.concatenate([palette.colours, palette.painted])))
    return [_measure(picture, flat, every) for picture in _pictures(frames, "frames")]


def _measure(picture: Float32[np.ndarray, "h w 3"], flat: KDTree, every: KDTree) -> FlatColours:
    areas = _areas(picture, every, flat.n)
    inside = areas > 0
    covered = float(inside.mean())
    lab = to_lab(picture)
    if not inside.any():  # nothing flat is left: the worst case, which has to show in a mean
        inside, areas = np.ones_like(inside), np.ones_like(areas)
    pixels, numbers = lab[inside], areas[inside]
    off, _ = flat.query(pixels)
    return FlatColours(
        drifted=float((off > NOTICEABLE).mean()),
        drift=float(off.mean()),
        noise=_noise(pixels, numbers),
        covered=covered,
    )


def _areas(
    picture: Float32[np.ndarray, "h w 3"], every: KDTree, num_flat: int
) -> Int32[np.ndarray, "h w"]:
    """Number of the area each pixel lies in, 0 for none."""
    calm = to_lab(cv2.medianBlur(np.ascontiguousarray(picture), MEDIAN_PX))
    nearest = np.asarray(every.query(calm.reshape(-1, 3))[1])
    colours = nearest.reshape(picture.shape[:2]).astype(np.float32)
    square = np.ones((2 * BORDER_PX + 1, 2 * BORDER_PX + 1), np.uint8)
    even = cv2.erode(colours, square) == cv2.dilate(colours, square)
    inside = even & (colours < num_flat)
    areas = np.asarray(label(np.where(inside, colours.astype(np.int32) + 1, 0), connectivity=1))
    too_small = np.bincount(areas.ravel()) < FEWEST_PX
    return np.where(too_small[areas], 0, areas).astype(np.int32)


def _noise(pixels: Float32[np.ndarray, "n 3"], numbers: Int32[np.ndarray, " n"]) -> float:
    """Standard deviation within areas, all channels together."""
    sizes = np.maximum(np.bincount(numbers), 1)
    squares = np.zeros(len(pixels))
    for plane in pixels.T.astype(np.float64):
        mean = np.bincount(numbers, plane) / sizes
        squares += np.square(plane - mean[numbers])
    return float(np.sqrt(squares.mean()))


def _pictures(
    frames: Float[Tensor, "t c h w"], whose: str
) -> Sequence[Float32[np.ndarray, "h w 3"]]:
    check_frames(frames, whose)
    if frames.shape[1] != 3:
        raise ShapeError(f"{whose} have {frames.shape[1]} channel, but colours need RGB")
    values = (
        frames.detach().to("cpu", torch.float32).clamp(0, 1)
    )  # resampling overshoots by rounding
    return list(values.permute(0, 2, 3, 1).contiguous().numpy())
