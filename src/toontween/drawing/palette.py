"""The colours a drawing is painted with, found in finished drawings and put back into generated ones.

Cels are painted in flat colours that paint software fills and exchanges by their exact value. A generated drawing has
them only roughly: shifted, noisy, smeared. Locking brings every flat area back to its exact colour and every
anti-aliased edge to a mixture of the two colours beside it. What the references show as gradient or texture is left alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Int64

from toontween.drawing.colours.flats import find_flat_parts, to_lab
from toontween.drawing.colours.locking import lock
from toontween.drawing.colours.mixtures import explain
from toontween.errors import InputError, ShapeError

NEAR = 2.0
"""Colours closer than this in CIELAB count as one; a generated drawing could not tell them apart."""

GRADED = 5.0
"""A flat colour with more painted pixels than its own this near in CIELAB is part of a gradient."""

SMALLEST_AREA_PX = 12
"""Fewer pixels of a colour in all drawings are not an area that somebody painted; the glint of an eye has 20."""

SMALLEST_AREA = 7e-5
"""The same as a part of a drawing, for large ones."""

SHORTEST_LINE_PX = 24
"""Fewer pixels of a colour that has no area at all are not a line either."""

MOST_COLOURS = 128
"""More flat colours are no palette any more; the smallest areas count as painted."""

MOSTLY_FLAT = 0.93
"""Bundled flat drawings are flat to 0.9996 and more, enlarged ones to 0.98; below this a warning is due."""

LINE_RESIDUAL = 12 / 255
"""A colour of thin pixels that is closer to a mixture of known colours is an edge, not a line."""

_MIXED_COLOURS = 32
_PAINTED_LEVELS = 31


def _no_colours() -> Float32[np.ndarray, "0 3"]:
    return np.zeros((0, 3), np.float32)


@dataclass(frozen=True, eq=False, slots=True)
class Palette:
    """The flat colours of some drawings.

    Raises:
        ShapeError: The colours are not rows of three float32 in 0…1.
    """

    colours: Float32[np.ndarray, "n 3"]
    """sRGB in 0…1, exactly as they stand in the drawings; the largest area first."""

    flat: float = 1.0
    """Part of the drawings that flat areas and their edges account for, 0…1."""

    painted: Float32[np.ndarray, "m 3"] = field(default_factory=_no_colours)
    """Colours of gradients and textures, to 1/31: they are not locked."""

    def __post_init__(self) -> None:
        for colours in (self.colours, self.painted):
            if colours.ndim != 2 or colours.shape[1] != 3 or colours.dtype != np.float32:
                raise ShapeError(f"colours are {colours.dtype} of shape {colours.shape}")
            if colours.size and not (colours.min() >= 0 and colours.max() <= 1):
                raise ShapeError(f"colours in {colours.min():.3g}…{colours.max():.3g}, not 0…1")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What cannot be locked, with the share of the references that is not flat."""
        if len(self.colours) == 0:
            return (
                f"no flat colour was found in the references (flat: {self.flat:.0%}): "
                "they are painted, and nothing is locked",
            )
        if self.flat < MOSTLY_FLAT:
            return (
                f"only {self.flat:.0%} of the references is flat colour ({len(self.colours)} colours): "
                "gradients, textures and traces of compression are left as they are drawn",
            )
        return ()


def palette_of(pictures: Sequence[Float32[np.ndarray, "h w c"]]) -> Palette:
    """The flat colours of finished drawings, by counting.

    A colour is taken exactly as it stands in the drawings; of several that are nearly equal, the commonest. Lines too
    thin to be an area count when no mixture of other colours explains them.

    Args:
        pictures: RGB, or RGBA with straight alpha whose invisible pixels do not count; 0…1.

    Raises:
        InputError: There is no picture.
        ShapeError: An array is not a picture.
    """
    if not pictures:
        raise InputError("a palette needs at least one drawing")
    flat, thin, painted, num_visible = [], [], [], 0
    for picture in pictures:
        rgb, visible = _seen(picture)
        parts = find_flat_parts(rgb, visible)
        flat.append(rgb[parts.flat])
        thin.append(rgb[parts.edges])
        painted.append(rgb[parts.painted])
        num_visible += int(np.count_nonzero(visible))
    every_painted = np.concatenate(painted)
    colours, areas = _merged(*_counted(np.concatenate(flat)))
    smallest = max(SMALLEST_AREA_PX, SMALLEST_AREA * num_visible / len(pictures))
    colours, areas = colours[areas >= smallest], areas[areas >= smallest]
    is_graded = areas < _painted_beside(colours, every_painted)
    colours, strays = colours[~is_graded], colours[is_graded]
    colours = _with_lines(colours, np.concatenate(thin), every_painted)
    rest = np.concatenate([every_painted, strays, colours[MOST_COLOURS:]])
    return Palette(
        colours=colours[:MOST_COLOURS],
        flat=1 - len(every_painted) / num_visible if num_visible else 0.0,
        painted=np.unique(_rounded(rest, _PAINTED_LEVELS), axis=0),
    )


def lock_to_palette(
    picture: Float32[np.ndarray, "h w c"], palette: Palette, *, smallest_px: int = 2
) -> Float32[np.ndarray, "h w c"]:
    """The picture with flat areas exactly in the palette's colours.

    Anti-aliased edges stay mixtures of the two colours beside them, a colour cast of the whole picture is taken back,
    specks of up to `smallest_px` pixels inside a flat area go. What no mixture explains, and what has the colours of
    the references' gradients, only loses the cast. Alpha is untouched, and so are invisible pixels.

    Args:
        picture: RGB, or RGBA with straight alpha; 0…1.
        palette: The colours to use.
        smallest_px: Size of the largest speck that is removed, 0…3 pixels.

    Raises:
        ShapeError: The array is not a picture.
        InputError: `smallest_px` is out of range.
    """
    if not 0 <= smallest_px <= 3:
        raise InputError(f"smallest_px {smallest_px} is not within 0…3")
    rgb, visible = _seen(picture)
    if len(palette.colours) == 0 or not visible.any():
        return picture.copy()
    locked = lock(rgb, visible, palette.colours, painted=palette.painted, smallest_px=smallest_px)
    return np.concatenate([locked, picture[..., 3:]], axis=-1)


def _seen(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if picture.ndim != 3 or picture.shape[2] not in (3, 4) or 0 in picture.shape:
        raise ShapeError(f"a picture is (height, width, 3 or 4), not {picture.shape}")
    visible = picture[..., 3] > 0 if picture.shape[2] == 4 else np.ones(picture.shape[:2], bool)
    return np.ascontiguousarray(picture[..., :3]), visible


def _rounded(colours: np.ndarray, levels: int) -> Float32[np.ndarray, "n 3"]:
    return np.rint(colours * np.float32(levels)) / np.float32(levels)


def _counted(
    pixels: Float32[np.ndarray, "n 3"],
) -> tuple[Float32[np.ndarray, "m 3"], Int64[np.ndarray, " m"]]:
    """Each exact colour (to 16 bits a channel) and how many pixels have it, the commonest first."""
    levels = np.rint(pixels.astype(np.float64) * 65535).astype(np.int64)
    packed = (levels[:, 0] << 32) | (levels[:, 1] << 16) | levels[:, 2]
    values, first, counts = np.unique(packed, return_index=True, return_counts=True)
    order = np.lexsort((values, -counts))
    return pixels[first[order]], counts[order].astype(np.int64)


def _merged(
    colours: Float32[np.ndarray, "n 3"], counts: Int64[np.ndarray, " n"]
) -> tuple[Float32[np.ndarray, "m 3"], Int64[np.ndarray, " m"]]:
    """Colours with their near ones counted to them, the largest first."""
    lab = to_lab(colours)
    left = np.ones(len(colours), bool)
    kept: list[int] = []
    areas: list[int] = []
    for index in range(len(colours)):
        if left[index]:
            near = left & (np.square(lab - lab[index]).sum(axis=1) < NEAR**2)
            left &= ~near
            kept.append(index)
            areas.append(int(counts[near].sum()))
    order = np.argsort(-np.asarray(areas, np.int64), kind="stable")
    return colours[np.asarray(kept, np.int64)[order]], np.asarray(areas, np.int64)[order]


def _painted_beside(
    colours: Float32[np.ndarray, "n 3"], painted: Float32[np.ndarray, "m 3"]
) -> Int64[np.ndarray, " n"]:
    """How many painted pixels are nearly of each colour: between the parts of a gradient, small pieces look flat."""
    cells, counts = np.unique(_rounded(painted, _PAINTED_LEVELS), axis=0, return_counts=True)
    lab, beside = to_lab(cells), np.zeros(len(colours), np.int64)
    for index, colour in enumerate(to_lab(colours)):
        beside[index] = counts[np.square(lab - colour).sum(axis=1) < GRADED**2].sum()
    return beside


def _with_lines(
    colours: Float32[np.ndarray, "n 3"],
    thin: Float32[np.ndarray, "m 3"],
    painted: Float32[np.ndarray, "l 3"],
) -> Float32[np.ndarray, "k 3"]:
    """The colours, and those of thin lines among the pixels beside flat areas.

    The one furthest from all known colours comes first: a line's core before the greys of its edges, which are
    mixtures once the core is known.
    """
    found, counts = _counted(thin)
    is_line = (counts >= SHORTEST_LINE_PX) & (counts >= _painted_beside(found, painted))
    found = found[is_line]
    while len(found) and len(colours):
        known = np.arange(min(len(colours), _MIXED_COLOURS))
        candidates = np.broadcast_to(known, (len(found), len(known)))
        residual = explain(found, candidates, colours).residual
        furthest = int(np.argmax(residual))
        if residual[furthest] <= LINE_RESIDUAL:
            break
        colours = np.concatenate([colours, found[furthest : furthest + 1]])
        found = np.delete(found, furthest, axis=0)
    return colours
