"""Random colours that go together: tones of a cast, tints of a backdrop, the names colours have in a caption."""

import colorsys
from dataclasses import dataclass

import numpy as np

from toontween.data.synthetic.canvas import Colour

_NAMES = (
    (14, "red"), (40, "orange"), (66, "yellow"), (160, "green"), (195, "turquoise"), (255, "blue"),
    (290, "purple"), (340, "pink"), (361, "red"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Paint:
    """A painted surface: a flat tone, its shadow tone, and what it is made of."""

    lit: Colour
    """In the light."""

    shade: Colour
    """In the shadow."""

    material: int = 0
    """Number of the texture it has in the textured look."""


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """A colour from hue in degrees, saturation and value 0…1."""
    red, green, blue = colorsys.hsv_to_rgb(
        (hue % 360.0) / 360.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0)
    )
    return round(red * 255), round(green * 255), round(blue * 255)


def paint(hue: float, saturation: float, value: float, *, material: int = 0) -> Paint:
    """A paint whose shadow is darker, a little richer, and drawn towards blue."""
    away = ((hue - 250.0 + 180.0) % 360.0) - 180.0
    cooler = hue - np.clip(away * 0.14, -16.0, 16.0)
    lit = hsv(hue, saturation, value)
    return Paint(lit, hsv(float(cooler), saturation * 1.12 + 0.05, value * 0.76), material)


def darker(tone: Paint, share: float = 0.8) -> Paint:
    """The same paint further back."""
    red, green, blue = (round(part * share) for part in tone.shade)
    return Paint(tone.shade, (red, green, blue), tone.material)


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """The colour a share of the way from one to another."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def name_of(colour: Colour) -> str:
    """What the colour is called."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(part / 255.0 for part in colour))
    if value < 0.25:
        return "black"
    if saturation < 0.13:
        return "white" if value > 0.8 else "grey"
    if 10 < hue * 360 < 45 and value < 0.7:
        return "brown"
    return next(name for limit, name in _NAMES if hue * 360 < limit)


def random_paint(rng: np.random.Generator, *, hue: float | None = None) -> Paint:
    """A colour for something in the cast: mostly clear and bright, sometimes pale or dark."""
    angle = float(rng.uniform(0.0, 360.0)) if hue is None else hue
    saturation = float(rng.choice([rng.uniform(0.08, 0.3), rng.uniform(0.4, 0.85)], p=[0.3, 0.7]))
    value = float(rng.choice([rng.uniform(0.35, 0.6), rng.uniform(0.72, 1.0)], p=[0.25, 0.75]))
    return paint(angle, saturation, value, material=int(rng.integers(0, NUM_MATERIALS)))


def random_skin(rng: np.random.Generator) -> Paint:
    """A skin: any human brown, and now and then a colour nobody has."""
    if rng.random() < 0.12:
        return paint(float(rng.uniform(60, 330)), 0.4, float(rng.uniform(0.75, 0.95)))
    depth = float(rng.uniform(0.0, 1.0))
    return paint(float(rng.uniform(16, 32)), 0.20 + 0.42 * depth, 1.0 - 0.55 * depth * depth)


def random_hair(rng: np.random.Generator) -> Paint:
    """A hair colour, natural or not."""
    if rng.random() < 0.35:
        return random_paint(rng)
    warm = float(rng.uniform(0.0, 1.0))
    return paint(20.0 + 22.0 * warm, 0.35 + 0.3 * warm, 0.18 + 0.72 * warm, material=1)


NUM_MATERIALS = 5
"""How many textures there are in the textured look."""
