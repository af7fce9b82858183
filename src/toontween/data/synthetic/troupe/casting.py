"""Who plays in a clip, where they stand, and who is before whom."""

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from toontween.data.synthetic.troupe.acting import Mark, Performer
from toontween.data.synthetic.troupe.biped import random_biped
from toontween.data.synthetic.troupe.bird import random_bird
from toontween.data.synthetic.troupe.bust import random_bust
from toontween.data.synthetic.troupe.critter import random_critter
from toontween.data.synthetic.troupe.props import random_ball, random_falling, random_standing

_LEADS = {
    "person": 0.28,
    "bean": 0.14,
    "robot": 0.1,
    "critter": 0.18,
    "bird": 0.06,
    "bust": 0.16,
    "ball": 0.04,
    "falling": 0.04,
}
_FLYING = {"bird": 0.5, "falling": 0.5}
_EXTRAS = {
    "person": 0.24,
    "bean": 0.14,
    "robot": 0.08,
    "critter": 0.18,
    "bird": 0.14,
    "ball": 0.12,
    "falling": 0.1,
}


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody in a clip, the furthest first."""

    players: tuple[Performer, ...]
    lead: Performer


def random_cast(rng: np.random.Generator, *, ground: float, half_width: float) -> Cast:
    """A lead, as often as not somebody else, and now and then something to stand behind.

    Args:
        rng: Where chance comes from.
        ground: Height at which the ground begins.
        half_width: Half the width of the picture, in heights.
    """
    count = int(rng.choice([1, 2, 3], p=[0.5, 0.37, 0.13]))
    middles = (rng.permutation(count) - (count - 1) / 2) * half_width * (0.75 if count > 1 else 1.0)
    middles = middles + half_width * rng.uniform(-0.18, 0.18, count)
    placed: list[tuple[float, Performer]] = []
    first = ""
    for index in range(count):
        odds = _LEADS if index == 0 else _FLYING if first == "bust" else _EXTRAS
        kind = str(rng.choice(list(odds), p=list(odds.values())))
        first = first or kind
        shrink = 1.0 if count == 1 else 0.86
        smaller = shrink * (0.85 if index else 1.0)
        depth, player = _player(rng, kind, float(middles[index]), ground, smaller)
        placed.append((depth, _kept_in(player, half_width)))
    lead = placed[0][1]
    if rng.random() < 0.35:
        placed.append(_in_the_way(rng, ground, half_width))
    placed.sort(key=lambda one: one[0])
    return Cast(players=tuple(player for _, player in placed), lead=lead)


def _kept_in(player: Performer, half_width: float) -> Performer:
    """The player moved sideways so far that its whole way is seen, or the middle of it where the picture is narrow."""
    way = [float(player.place(time).offset[0]) for time in (0.0, 0.25, 0.5, 0.75, 1.0)]
    left, right = min(way), max(way)
    room = max(half_width - 0.24, 0.0)
    if right - left >= 2.0 * room:
        shift = -(left + right) / 2
    else:
        shift = max(-room - left, 0.0) + min(room - right, 0.0)
    moved = replace(player.mark, x=player.mark.x + shift)
    return replace(cast(Any, player), mark=moved)


def _player(
    rng: np.random.Generator, kind: str, x: float, ground: float, shrink: float
) -> tuple[float, Performer]:
    """A player and its depth; who stands lower stands nearer."""
    facing = float(rng.choice([-1.0, 1.0]))
    low = ground + float(rng.uniform(0.06, 0.24))

    def mark(smallest: float, largest: float, y: float) -> Mark:
        return Mark(
            x=x, ground=y, size=shrink * float(rng.uniform(smallest, largest)), facing=facing
        )

    if kind == "bust":
        return 0.4, random_bust(rng, mark(0.22, 0.31, float(rng.uniform(-0.1, 0.0))))
    if kind == "bird":
        return float(rng.uniform(0.1, 0.6)), random_bird(
            rng, mark(0.24, 0.42, float(rng.uniform(-0.24, 0.08)))
        )
    if kind == "falling":
        return float(rng.uniform(0.1, 0.6)), random_falling(
            rng, mark(0.22, 0.4, float(rng.uniform(-0.06, 0.06)))
        )
    if kind == "ball":
        return low, random_ball(rng, mark(0.18, 0.38, low))
    if kind == "critter":
        return low, random_critter(rng, mark(0.34, 0.52, low))
    tall = (0.42, 0.66) if kind == "bean" else (0.56, 0.82)
    return low, random_biped(rng, mark(*tall, low), kind=kind)


def _in_the_way(
    rng: np.random.Generator, ground: float, half_width: float
) -> tuple[float, Performer]:
    """Something that stands behind the players, among them or before them."""
    low = float(rng.choice([ground + 0.03, ground + 0.16, 0.52], p=[0.3, 0.35, 0.35]))
    aside = 0.45 if low > 0.4 else 0.2
    x = float(rng.choice([-1.0, 1.0])) * float(rng.uniform(aside, 1.0)) * half_width
    size = float(rng.uniform(0.24, 0.44))
    mark = Mark(x=x, ground=low, size=size, facing=float(rng.choice([-1.0, 1.0])))
    return low, random_standing(rng, mark)
