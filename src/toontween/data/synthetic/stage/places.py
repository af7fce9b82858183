"""Places to play in: land, a street, a room, the sea, a wood, a plain wall.

Each is painted wider than the picture, so that a camera can pan over it.
"""

from collections.abc import Callable
from math import pi, sin

import numpy as np

from toontween.data.synthetic.curves import Points, points, spline
from toontween.data.synthetic.stage.backdrops import Backdrop, Palette, Piece
from toontween.data.synthetic.stage.colours import Paint

_REACH = 3.0
"""Half the width that is painted, in heights of the picture."""


def random_backdrop(rng: np.random.Generator) -> Backdrop:
    """Any place in any light."""
    makers: tuple[Callable[[np.random.Generator], Backdrop], ...] = (
        _land,
        _land,
        _town,
        _room,
        _sea,
        _wood,
        _abstract,
    )
    return makers[int(rng.integers(0, len(makers)))](rng)


def _box(left: float, top: float, right: float, bottom: float) -> Points:
    return points((left, top), (right, top), (right, bottom), (left, bottom))


def _round(x: float, y: float, across: float, along: float) -> Points:
    angle = np.linspace(0.0, 2 * np.pi, 24, endpoint=False)
    return np.stack([x + across * np.cos(angle), y + along * np.sin(angle)], axis=1)


def _ridge(
    rng: np.random.Generator, height: float, rough: float, *, jagged: bool = False
) -> Points:
    """Land from side to side whose upper edge is rough."""
    across = np.linspace(-_REACH, _REACH, 17)
    tops = height + rough * rng.uniform(-1.0, 1.0, len(across))
    edge = np.stack([across, tops], axis=1)
    line = edge if jagged else spline(edge, samples=5)
    return np.concatenate([line, points((_REACH, 2.0), (-_REACH, 2.0))])


def _sky(rng: np.random.Generator, palette: Palette) -> tuple[Paint, list[Piece]]:
    """A sky with clouds and a sun, or without."""
    base = palette.tint(float(rng.uniform(185, 235)), float(rng.uniform(0.1, 0.5)), 0.97)
    pieces = [Piece(outline=_box(-_REACH, -2.0, _REACH, 2.0), tone=base, nearness=0.0)]
    if rng.random() < 0.4:
        tone = palette.tint(48.0, 0.3, 1.0)
        x, size = float(rng.uniform(-0.6, 0.6)), float(rng.uniform(0.05, 0.12))
        pieces.append(Piece(outline=_round(x, -0.32, size, size), tone=tone, nearness=0.05))
    white = palette.tint(210.0, 0.06, 1.0)
    for _ in range(int(rng.integers(0, 6))):
        x, y, size = (
            float(rng.uniform(-1.6, 1.6)),
            float(rng.uniform(-0.48, -0.18)),
            float(rng.uniform(0.05, 0.13)),
        )
        pieces += [Piece(outline=_round(x + size * a, y - size * b, size * c, size * c * 0.7), tone=white, nearness=0.15)
                   for a, b, c in ((-0.9, 0.0, 0.7), (0.0, 0.3, 1.0), (0.9, 0.0, 0.6))]  # fmt: skip
    return base, pieces


def _land(rng: np.random.Generator) -> Backdrop:
    palette = Palette(rng)
    base, pieces = _sky(rng, palette)
    ground = float(rng.uniform(0.14, 0.26))
    kind = str(rng.choice(["meadow", "desert", "snow", "hills"]))
    hue, rich = {
        "meadow": (100.0, 0.4),
        "desert": (38.0, 0.42),
        "snow": (215.0, 0.1),
        "hills": (140.0, 0.3),
    }[kind]
    for index in range(int(rng.integers(1, 4))):
        height = -0.16 + 0.1 * index
        tone = palette.tint(hue + 30.0 - 10.0 * index, rich * 0.8, 0.86 - 0.05 * index)
        jagged = bool(rng.random() < 0.35)
        pieces.append(
            Piece(
                outline=_ridge(rng, height, 0.09, jagged=jagged),
                tone=tone,
                nearness=0.3 + 0.15 * index,
            )
        )
    pieces.append(
        Piece(outline=_ridge(rng, ground, 0.015), tone=palette.tint(hue, rich, 0.82), nearness=1.0)
    )
    patch = palette.tint(hue, rich * 1.1, 0.76)
    pieces += [Piece(outline=_round(float(x), float(y), 0.16, 0.015), tone=patch, nearness=1.0)
               for x, y in zip(rng.uniform(-1.6, 1.6, 9), rng.uniform(ground + 0.06, 0.6, 9), strict=True)]  # fmt: skip
    says = {
        "meadow": "in a meadow",
        "desert": "in a desert",
        "snow": "in the snow",
        "hills": "among hills",
    }[kind]
    return Backdrop(says=says, ground=ground, base=base, pieces=tuple(pieces))


def _town(rng: np.random.Generator) -> Backdrop:
    palette = Palette(rng)
    base, pieces = _sky(rng, palette)
    ground = float(rng.uniform(0.16, 0.24))
    left = -1.9
    while left < 1.9:
        wide, top = float(rng.uniform(0.22, 0.5)), float(rng.uniform(-0.42, -0.02))
        wall = palette.tint(float(rng.uniform(0, 360)), 0.25, 0.8)
        pieces.append(
            Piece(outline=_box(left, top, left + wide, ground + 0.05), tone=wall, nearness=0.8)
        )
        pane = palette.tint(float(rng.choice([48.0, 210.0])), 0.3, 0.92)
        pieces += [Piece(outline=_box(x, y, x + 0.06, y + 0.08), tone=pane, nearness=0.8)
                   for x in np.arange(left + 0.05, left + wide - 0.08, 0.11).tolist()
                   for y in np.arange(top + 0.06, ground - 0.1, 0.15).tolist()]  # fmt: skip
        left += wide + float(rng.choice([0.0, 0.05]))
    pieces.append(
        Piece(
            outline=_box(-_REACH, ground, _REACH, 2.0),
            tone=palette.tint(230.0, 0.08, 0.62),
            nearness=1.0,
        )
    )
    pieces.append(
        Piece(
            outline=_box(-_REACH, ground, _REACH, ground + 0.035),
            tone=palette.tint(40.0, 0.08, 0.8),
            nearness=1.0,
        )
    )
    return Backdrop(says="in a street", ground=ground, base=base, pieces=tuple(pieces))


def _room(rng: np.random.Generator) -> Backdrop:
    palette = Palette(rng)
    hue = float(rng.uniform(0, 360))
    base = palette.tint(hue, 0.22, 0.9)
    pieces = [Piece(outline=_box(-_REACH, -2.0, _REACH, 2.0), tone=base, nearness=0.9)]
    ground = float(rng.uniform(0.14, 0.24))
    if rng.random() < 0.5:
        stripe = palette.tint(hue, 0.28, 0.84)
        step = float(rng.uniform(0.12, 0.3))
        pieces += [
            Piece(outline=_box(x, -1.0, x + step / 2, ground), tone=stripe, nearness=0.9)
            for x in np.arange(-2.0, 2.0, step).tolist()
        ]
    for x in np.arange(-1.5, 1.5, 0.75).tolist():
        at = x + float(rng.uniform(-0.15, 0.15))
        wide, tall = float(rng.uniform(0.1, 0.2)), float(rng.uniform(0.12, 0.22))
        y = float(rng.uniform(-0.3, -0.12))
        frame, inner = (
            palette.tint(30.0, 0.4, 0.6),
            palette.tint(float(rng.uniform(0, 360)), 0.25, 0.92),
        )
        pieces.append(
            Piece(outline=_box(at - wide, y - tall, at + wide, y + tall), tone=frame, nearness=0.9)
        )
        pieces.append(
            Piece(
                outline=_box(at - wide + 0.02, y - tall + 0.02, at + wide - 0.02, y + tall - 0.02),
                tone=inner,
                nearness=0.9,
            )
        )
    pieces.append(
        Piece(
            outline=_box(-_REACH, ground, _REACH, 2.0),
            tone=palette.tint(28.0, 0.35, 0.66),
            nearness=1.0,
        )
    )
    pieces.append(
        Piece(
            outline=_box(-_REACH, ground - 0.03, _REACH, ground),
            tone=palette.tint(40.0, 0.1, 0.95),
            nearness=1.0,
        )
    )
    return Backdrop(says="in a room", ground=ground, base=base, pieces=tuple(pieces))


def _sea(rng: np.random.Generator) -> Backdrop:
    palette = Palette(rng)
    base, pieces = _sky(rng, palette)
    ground = float(rng.uniform(0.18, 0.26))
    pieces.append(
        Piece(
            outline=_box(-_REACH, -0.08, _REACH, 2.0),
            tone=palette.tint(200.0, 0.5, 0.75),
            nearness=0.3,
        )
    )
    foam = palette.tint(190.0, 0.2, 0.9)
    pieces += [Piece(outline=_round(float(x), float(y), 0.12, 0.008), tone=foam, nearness=0.4)
               for x, y in zip(rng.uniform(-1.6, 1.6, 10), rng.uniform(-0.05, ground - 0.04, 10), strict=True)]  # fmt: skip
    pieces.append(
        Piece(outline=_ridge(rng, ground, 0.02), tone=palette.tint(42.0, 0.35, 0.9), nearness=1.0)
    )
    return Backdrop(says="at the sea", ground=ground, base=base, pieces=tuple(pieces))


def _wood(rng: np.random.Generator) -> Backdrop:
    palette = Palette(rng)
    hue = float(rng.uniform(70, 170))
    base = palette.tint(hue, 0.25, 0.8)
    pieces = [Piece(outline=_box(-_REACH, -2.0, _REACH, 2.0), tone=base, nearness=0.0)]
    ground = float(rng.uniform(0.16, 0.25))
    for depth in range(3):
        trunk = palette.tint(30.0 + 0.4 * hue * (2 - depth) / 2, 0.3, 0.75 - 0.14 * depth)
        for x in rng.uniform(-1.8, 1.8, 7).tolist():
            half = 0.02 + 0.014 * depth + float(rng.uniform(0.0, 0.02))
            outline = points(
                (x - half, -1.0),
                (x + half, -1.0),
                (x + half * 1.6, ground + 0.02),
                (x - half * 1.6, ground + 0.02),
            )
            pieces.append(Piece(outline=outline, tone=trunk, nearness=0.4 + 0.2 * depth))
    leaf = palette.tint(hue, 0.4, 0.6)
    pieces += [
        Piece(
            outline=_round(x, -0.55 + 0.06 * sin(9 * pi * x), 0.22, 0.17), tone=leaf, nearness=0.8
        )
        for x in np.arange(-2.0, 2.0, 0.3).tolist()
    ]
    pieces.append(
        Piece(outline=_ridge(rng, ground, 0.02), tone=palette.tint(hue, 0.35, 0.6), nearness=1.0)
    )
    return Backdrop(says="in a wood", ground=ground, base=base, pieces=tuple(pieces))


def _abstract(rng: np.random.Generator) -> Backdrop:
    """A plain ground with big soft shapes, as behind a title."""
    palette = Palette(rng)
    hue = float(rng.uniform(0, 360))
    base = palette.tint(hue, float(rng.uniform(0.05, 0.4)), float(rng.uniform(0.5, 1.0)))
    pieces = [Piece(outline=_box(-_REACH, -2.0, _REACH, 2.0), tone=base, nearness=0.5)]
    for _ in range(int(rng.integers(0, 9))):
        tone = palette.tint(hue + float(rng.uniform(-40, 40)), 0.3, float(rng.uniform(0.6, 1.0)))
        x, y, size = (
            float(rng.uniform(-1.2, 1.2)),
            float(rng.uniform(-0.5, 0.5)),
            float(rng.uniform(0.06, 0.34)),
        )
        pieces.append(
            Piece(
                outline=_round(x, y, size, size), tone=tone, nearness=float(rng.uniform(0.3, 0.8))
            )
        )
    return Backdrop(
        says="before a plain wall",
        ground=float(rng.uniform(0.2, 0.3)),
        base=base,
        pieces=tuple(pieces),
    )
