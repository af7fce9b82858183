"""The two looks of the studio, and the brush that draws shapes in either.

`cel`: flat colour with a shadow tone and ink. `textured`: no ink; textures that move with the shapes, soft light and
soft shadows, as in a film of puppets. What moves, and how, is the same in both.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
from jaxtyping import Float, UInt8

from toontween.data.synthetic.canvas import Canvas, Colour, Texture
from toontween.data.synthetic.curves import Points, enclosed, ribbon, tapered
from toontween.data.synthetic.stage.camera import Affine
from toontween.data.synthetic.stage.colours import Paint, hsv

_FINEST_PX = 0.9
"""Width of the finest pen: in small pictures a finer one would leave a grey haze and no line."""

_REPEAT_PX = 64
"""Side of a texture."""


class Look(StrEnum):
    """How a clip looks."""

    CEL = "cel"
    TEXTURED = "textured"


class Shading(StrEnum):
    """How cels are shaded."""

    FLAT = "flat"
    EDGE = "edge"
    """A shadow along the edge away from the light."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """The hand of one clip."""

    look: Look
    pen: float
    """Width of an outline as a share of the picture's height; 0 for drawings without outlines."""

    ink: Colour
    swell: bool
    """Whether the pen is heavier away from the light."""

    shading: Shading
    light: tuple[float, float]
    """Which way shadows fall, as a share of a shape's size."""


def random_style(rng: np.random.Generator, look: Look) -> Style:
    """The hand of one clip: pen, ink, shading."""
    pen = float(
        rng.choice([0.0, rng.uniform(0.006, 0.010), rng.uniform(0.010, 0.017)], p=[0.13, 0.5, 0.37])
    )
    dark = hsv(
        float(rng.uniform(0, 360)), float(rng.uniform(0.2, 0.7)), float(rng.uniform(0.05, 0.26))
    )
    return Style(
        look=look,
        pen=pen,
        ink=(12, 12, 14) if rng.random() < 0.3 else dark,
        swell=bool(rng.random() < 0.6),
        shading=Shading.FLAT if rng.random() < 0.3 else Shading.EDGE,
        light=(
            float(rng.uniform(0.08, 0.2)) * float(rng.choice([-1.0, 1.0])),
            float(rng.uniform(0.06, 0.16)),
        ),
    )


class Brush:
    """Draws shapes given in anybody's own units, through a placing, in one style.

    Args:
        canvas: What to draw on.
        style: The hand.
        placing: From the units of what is drawn to pixels.
        height_px: Height of the picture, by which the pen goes.
    """

    def __init__(self, canvas: Canvas, style: Style, placing: Affine, height_px: int) -> None:
        self._canvas = canvas
        self._style = style
        self._placing = placing
        self._height_px = height_px

    def at(self, placing: Affine) -> "Brush":
        """A brush for something that stands on what this one draws."""
        return Brush(self._canvas, self._style, self._placing.after(placing), self._height_px)

    def shape(
        self,
        outline: Points,
        tone: Paint,
        *,
        pen: float = 1.0,
        edges: tuple[Points, ...] = (),
        round_off: float = 1.0,
    ) -> None:
        """A closed shape with its shading and its outline.

        Args:
            outline: The shape.
            tone: What it is painted with.
            pen: The outline's width as a share of the style's; 0 for none.
            edges: Ink only these lines and not the whole outline.
            round_off: How round it is in the light; 0 for a flat thing.
        """
        seen = self._placing(outline)
        if self._style.look is Look.TEXTURED:
            self._paint(seen, tone, round_off)
            return
        self._cel(seen, tone, round_off)
        width = self._pen_px(pen)
        if width <= 0.0:
            return
        if edges:
            for edge in edges:
                line = self._placing(edge)
                self._canvas.ink(line, np.full(len(line), width), self._style.ink)
        elif self._style.swell:
            self._canvas.outline(seen, width, self._style.ink)
        else:
            self._canvas.ink(seen, np.full(len(seen), width), self._style.ink, closed=True)

    def tube(
        self, spine: Points, half: tuple[float, ...], tone: Paint, *, pen: float = 1.0
    ) -> None:
        """A band along a line, inked along its two sides only, so that it grows out of what it ends in."""
        left, right = ribbon(spine, np.array(half))
        self.shape(enclosed(left, right), tone, pen=pen, edges=(left, right))

    def spot(self, outline: Points, colour: Colour, *, alpha: float = 1.0) -> None:
        """A flat spot on a shape: an iris, a cheek, a stripe."""
        self._canvas.fill(self._placing(outline), colour, alpha=alpha)

    def stroke(self, line: Points, *, pen: float = 1.0, taper: bool = True) -> None:
        """A line drawn with the pen: a mouth, a shut eye, a fold. In the textured look it is a dark groove."""
        seen = self._placing(line)
        width = max(self._pen_px(pen), 0.007 * self._height_px * pen)
        widths = tapered(seen, width) if taper else np.full(len(seen), width)
        if self._style.look is Look.TEXTURED:
            left, right = ribbon(seen, widths[[0, len(widths) // 2, -1]] / 2)
            self._canvas.fill(enclosed(left, right), self._style.ink, alpha=0.8 if taper else 0.35)
        else:
            self._canvas.ink(seen, widths, self._style.ink)

    @contextmanager
    def within(self, outline: Points) -> Iterator[None]:
        """Draw only inside an outline."""
        with self._canvas.within(self._placing(outline)):
            yield

    def _pen_px(self, share: float) -> float:
        if self._style.pen <= 0.0:
            return 0.0
        return max(self._style.pen * self._height_px, _FINEST_PX) * share

    def _cel(self, seen: Points, tone: Paint, round_off: float) -> None:
        if self._style.shading is Shading.FLAT or round_off <= 0.0:
            self._canvas.fill(seen, tone.lit)
            return
        size = float(np.sqrt(np.prod(np.ptp(seen, axis=0))))
        self._canvas.fill(seen, tone.shade)
        with self._canvas.within(seen):
            shift = -np.array(self._style.light) * size * round_off
            self._canvas.fill(seen + shift, tone.lit)

    def _paint(self, seen: Points, tone: Paint, round_off: float) -> None:
        size = float(np.sqrt(np.prod(np.ptp(seen, axis=0))))
        if round_off > 0.0 and size > 0.08 * self._height_px:
            fall = np.array([0.03, 0.05]) * self._height_px
            self._canvas.shadow(seen + fall, blur_px=0.022 * self._height_px, strength=0.4)
        self._canvas.paint(seen, _texture(tone), _clinging(seen), roundness=0.9 * round_off)


def _clinging(seen: Points) -> Float[np.ndarray, "2 3"]:
    """The placing of a texture that goes with a shape: it moves, turns and stretches as its four quarters do."""
    quarter = len(seen) // 4
    centre = seen[:: max(quarter, 1)][:4].mean(axis=0)
    first = (seen[0] - seen[2 * quarter]) / 2
    second = (seen[quarter] - seen[3 * quarter]) / 2
    longest = max(float(np.hypot(*first)), float(np.hypot(*second)), 1.0)
    area = abs(float(first[0] * second[1] - first[1] * second[0]))
    if area < 0.08 * longest * longest:
        main = first if np.hypot(*first) >= np.hypot(*second) else second
        first, second = main, np.array([-main[1], main[0]])
    return np.stack([first / 36.0, second / 36.0, centre], axis=1)


@lru_cache(maxsize=256)
def _texture(tone: Paint) -> Texture:
    """The texture of a paint: its colour, mottled by its material."""
    grey = _material(tone.material)[..., None]
    lit, shade = np.array(tone.lit, dtype=np.float64), np.array(tone.shade, dtype=np.float64)
    mottled = shade + (lit * 1.04 - shade) * grey
    return Texture(np.rint(np.clip(mottled, 0.0, 255.0)).astype(np.uint8))


@lru_cache(maxsize=16)
def _material(number: int) -> Float[np.ndarray, "64 64"]:
    """How light a material is, 0…1: plaster, felt, wood, weave, speckled stone."""
    rng = np.random.default_rng([7121, number])
    fine, coarse = _cloud(rng, 3.0, 3.0), _cloud(rng, 12.0, 12.0)
    across, along = np.meshgrid(np.arange(_REPEAT_PX), np.arange(_REPEAT_PX))
    turn = 2 * np.pi / _REPEAT_PX
    kinds = (
        lambda: 0.62 + 0.26 * coarse,
        lambda: 0.55 + 0.22 * _cloud(rng, 1.2, 5.0) + 0.14 * coarse,
        lambda: 0.56 + 0.24 * np.sin(turn * 4 * along + 2.2 * _cloud(rng, 20.0, 6.0)) + 0.1 * fine,
        lambda: 0.58 + 0.2 * np.sin(turn * 8 * across) * np.sin(turn * 8 * along) + 0.14 * coarse,
        lambda: 0.72 - 0.45 * (fine > 1.1) + 0.1 * coarse,
    )
    return np.clip(kinds[number](), 0.0, 1.0)


def _cloud(rng: np.random.Generator, across: float, along: float) -> Float[np.ndarray, "64 64"]:
    """Smooth noise that repeats, of unit spread, with blotches of a size in pixels."""
    noise = np.fft.rfft2(rng.normal(size=(_REPEAT_PX, _REPEAT_PX)))
    x, y = np.fft.rfftfreq(_REPEAT_PX), np.fft.fftfreq(_REPEAT_PX)[:, None]
    smooth = np.fft.irfft2(noise * np.exp(-2.0 * ((x * across) ** 2 + (y * along) ** 2) * np.pi))
    smooth -= smooth.mean()
    return smooth / smooth.std()


def softened(frame: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    """The slight blur of a lens: 1-2-1 each way."""
    wide = np.pad(frame, ((1, 1), (1, 1), (0, 0)), mode="edge").astype(np.uint16)
    rows = wide[:-2] + 2 * wide[1:-1] + wide[2:]
    both = rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]
    return ((both + 8) // 16).astype(np.uint8)
