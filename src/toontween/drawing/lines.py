"""Line art as one quantity: how much ink lies on each pixel, whatever the paper and the colour were.

Everything that makes or uses lines speaks this: sketches that were read, lines that were extracted, the hints of the
sketch encoder (whose "white lines on black" is the ink itself) and line layers that are written.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Float32, UInt8

from toontween.errors import ShapeError


class Ground(StrEnum):
    """What lines stand on."""

    WHITE = "white"
    """Black lines on white paper."""

    BLACK = "black"
    """White lines on black: what the sketch encoder sees."""

    TRANSPARENT = "transparent"
    """Black lines whose alpha is the ink: a line layer."""


@dataclass(frozen=True, eq=False, slots=True)
class Lines:
    """Lines of one drawing.

    Raises:
        ShapeError: The ink is not a plane of float32 in 0…1 with at least one pixel.
    """

    ink: Float32[np.ndarray, "h w"]
    """0 is bare paper, 1 a line; between them edges and light strokes."""

    def __post_init__(self) -> None:
        ink = self.ink
        if ink.ndim != 2 or 0 in ink.shape or ink.dtype != np.float32:
            raise ShapeError(
                f"ink is {ink.dtype} of shape {ink.shape}, not float32 (height, width)"
            )
        if not (ink.min() >= 0 and ink.max() <= 1):  # also refuses NaN
            raise ShapeError(f"ink has values in {ink.min():.3g}…{ink.max():.3g}, not in 0…1")

    @property
    def height_px(self) -> int:
        """Height in pixels."""
        return self.ink.shape[0]

    @property
    def width_px(self) -> int:
        """Width in pixels."""
        return self.ink.shape[1]

    @property
    def coverage(self) -> float:
        """Part of the paper that ink covers, 0…1."""
        return float(self.ink.mean(dtype=np.float64))

    def draw(self, ground: Ground = Ground.WHITE) -> UInt8[np.ndarray, "h w c"]:
        """The lines as pixels: RGB on white or black, RGBA on a transparent ground."""
        ink = np.rint(self.ink * np.float32(255)).astype(np.uint8)
        if ground is Ground.TRANSPARENT:
            black = np.zeros((*ink.shape, 3), dtype=np.uint8)
            return np.concatenate([black, ink[:, :, None]], axis=2)
        shown = ink if ground is Ground.BLACK else 255 - ink
        return np.repeat(shown[:, :, None], 3, axis=2)
