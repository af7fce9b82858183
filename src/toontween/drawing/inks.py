"""The inks of line drawings on white, and line drawings taken off their white again."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from toontween.drawing.colours.mixtures import explain
from toontween.drawing.palette import palette_of

MOST_INKS = 8
"""More colours of lines are no inks but tones."""

MOSTLY_EVEN = 0.9
"""Less even paper is that of a pencil drawing, whose greys are no inks."""

VISIBLE = 0.1
"""A colour whose strongest channel swallows less of white is paper."""

UNLIKE = 0.12
"""Distance in RGB from any mixture of white and inks from which on a pixel is of an unknown ink."""

_WHITE = np.ones((1, 3), np.float32)


def inks_of(drawings: Sequence[Float32[np.ndarray, "h w 3"]]) -> Float32[np.ndarray, "n 3"]:
    """The exact colours of full ink in line drawings on white; none where lines have many tones.

    Args:
        drawings: Dark lines on white, 0…1.
    """
    palette = palette_of(drawings)
    inks = palette.colours[(1 - palette.colours).max(axis=1) > VISIBLE]
    if palette.flat < MOSTLY_EVEN or len(inks) > MOST_INKS:
        return inks[:0]
    return inks


def off_white(
    drawing: Float32[np.ndarray, "h w 3"], inks: Float32[np.ndarray, "n 3"]
) -> Float32[np.ndarray, "h w 4"]:
    """A line drawing on white as a layer with straight alpha, which looks the same on white.

    A grey is half-covering black, not opaque grey, and a soft edge of a known ink is this ink, more or less covering. Of
    unknown inks the most transparent is taken.

    Args:
        drawing: Lines on white, 0…1.
        inks: Colours that are known to be opaque.
    """
    swallowed = 1 - drawing
    alpha = swallowed.max(axis=2, keepdims=True)
    full = np.divide(swallowed, alpha, out=np.zeros_like(swallowed), where=alpha > 0)
    layer = np.concatenate([np.where(alpha > 0, 1 - full, 0), alpha], axis=2).astype(np.float32)
    inked = alpha[..., 0] > 0
    if len(inks) == 0 or not inked.any():
        return layer
    colours = np.concatenate([_WHITE, inks])
    pixels = drawing[inked]
    everything = np.broadcast_to(np.arange(len(colours)), (len(pixels), len(colours)))
    found = explain(pixels, everything, colours)
    white = np.where(found.first == 0, found.share, 0) + np.where(
        found.second == 0, 1 - found.share, 0
    )
    cover = (1 - white).clip(0, 1).astype(np.float32)
    colour = (found.draw(colours) - white[:, None]) / np.maximum(cover, 1e-6)[:, None]
    known = (found.residual <= UNLIKE) & (cover > 0)
    kept = np.concatenate([colour.clip(0, 1), cover[:, None]], axis=1)
    layer[inked] = np.where(known[:, None], kept, layer[inked])
    return layer


def nearest_ink(
    layer: Float32[np.ndarray, "h w 4"], inks: Float32[np.ndarray, "n 3"]
) -> Float32[np.ndarray, "h w 3"]:
    """The known ink that is nearest to the colour of every pixel of a layer."""
    off = np.square(layer[:, :, None, :3] - inks[None, None]).sum(axis=3)
    return inks[off.argmin(axis=2)]
