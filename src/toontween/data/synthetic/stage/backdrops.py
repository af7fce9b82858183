"""Random painted backdrops: shapes without ink, quieter than what plays before them, some nearer than others.

A backdrop is painted wider than the picture, so that a camera can pan over it.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from toontween.data.synthetic.canvas import Canvas, Colour, over
from toontween.data.synthetic.curves import Points
from toontween.data.synthetic.stage.camera import Camera
from toontween.data.synthetic.stage.colours import NUM_MATERIALS, Paint, hsv, mixed
from toontween.data.synthetic.stage.looks import Brush, Look, Style


@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """One painted shape."""

    outline: Points
    tone: Paint
    nearness: float
    """How much of the camera's way it goes: 1 on the stage, 0 at the sky."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Backdrop:
    """A place."""

    says: str
    """Where that is: "in a meadow"."""

    ground: float
    """Height of the ground's horizon."""

    base: Paint
    pieces: tuple[Piece, ...]

    def painted(
        self, camera: Camera, style: Style, time: float, *, enlarged: int
    ) -> UInt8[np.ndarray, "h w 3"]:
        """The backdrop as the camera sees it."""
        width, height = camera.size
        canvas = Canvas(width, height, enlarged=enlarged, inked=False)
        for piece in self.pieces:
            brush = Brush(canvas, style, camera.view(time, nearness=piece.nearness), height)
            if style.look is Look.TEXTURED:
                brush.shape(piece.outline, piece.tone, round_off=0.25)
            else:
                brush.spot(piece.outline, piece.tone.lit)
        flat = np.full((height, width, 3), self.base.lit, dtype=np.uint8)
        return over(canvas.layers().cel, flat)


class Palette:
    """The tints of a place: one hour of the day over everything.

    Args:
        rng: Where the hour and the tints come from.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._light: Colour = hsv(
            float(rng.uniform(0, 360)),
            float(rng.uniform(0.1, 0.7)),
            float(rng.choice([1.0, 0.9, 0.25], p=[0.5, 0.3, 0.2])),
        )
        self._cast = float(rng.uniform(0.1, 0.45))

    def tint(self, hue: float, saturation: float, value: float) -> Paint:
        """A colour in this light, a little different each time."""
        rng = self._rng
        own = hsv(
            hue + float(rng.uniform(-14, 14)),
            saturation * float(rng.uniform(0.7, 1.2)),
            value * float(rng.uniform(0.92, 1.04)),
        )
        lit = mixed(own, self._light, self._cast)
        return Paint(lit, mixed(lit, (30, 24, 60), 0.25), int(rng.integers(0, NUM_MATERIALS)))
