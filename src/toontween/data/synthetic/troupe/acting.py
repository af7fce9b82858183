"""How the troupe acts: poses of a two-legged body with names, ways to get from pose to pose, ways to travel.

Time 0 is the first key, 1 the last. Angles of arms: 0° forward, 90° down, −90° up, 180° back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sin
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from toontween.data.synthetic.motion import Track, bump, ease, track
from toontween.data.synthetic.stage.camera import Affine, moved, scaled, slanted, spun
from toontween.data.synthetic.stage.looks import Brush
from toontween.data.synthetic.troupe.forms import Spot


@runtime_checkable
class Performer(Protocol):
    """Somebody or something on the stage. Its unit is its own height; it stands on y = 0."""

    @property
    def mark(self) -> "Mark":
        """Where it was put."""
        ...

    @property
    def who(self) -> str:
        """What it is called in the caption: "a green frog"."""
        ...

    @property
    def does(self) -> str:
        """What it does: "jumps to the right"."""
        ...

    def place(self, time: float, /) -> Affine:
        """Where it is at a time: from its own units to the stage's."""
        ...

    def draw(self, brush: Brush, time: float, /) -> None:
        """Draw it in its own units."""
        ...

    def landmarks(self, time: float, /) -> dict[str, Spot]:
        """Points of it in its own units."""
        ...

    def footprint(self, time: float, /) -> tuple[float, float, float]:
        """Its shadow on the ground in the stage's units: x, half its width, how high above it it is."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Where a performer is put on the stage."""

    x: float
    ground: float
    size: float
    facing: float
    """1 looks to the right, −1 to the left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Travel:
    """How the whole body goes: with squash and stretch, in units of the body."""

    says: str
    along: Track
    """How far forward."""

    up: Track
    """How high above the ground."""

    stretch: Track
    """Height as a share of the rest; the width makes up for it."""

    spin_deg: Track
    slant: Track
    strides: float = 0.0
    """Steps walked, in whole cycles of both legs; 0 for no walk."""

    def place(self, mark: Mark, time: float, *, pivot: float = -0.45) -> Affine:
        """From the body's units to the stage's, where it spins about a height of its own."""
        tall = self.stretch(time)
        body = scaled(tall**-0.7, tall).after(slanted(self.slant(time)))
        turn = self.spin_deg(time)
        if turn:
            body = moved(0.0, pivot).after(spun(turn).after(moved(0.0, -pivot))).after(body)
        shifted = moved(self.along(time), -self.up(time)).after(body)
        sized = scaled(mark.size * mark.facing, mark.size).after(shifted)
        return moved(mark.x, mark.ground).after(sized)

    def footprint(self, mark: Mark, time: float, half: float) -> tuple[float, float, float]:
        """The shadow of a body of some width."""
        x = mark.x + mark.facing * mark.size * self.along(time)
        return x, half * mark.size, self.up(time) * mark.size


def headed(travel: Travel, mark: Mark) -> str:
    """What somebody does who travels, and whereto; "" for who stays."""
    return travel.says and f"{travel.says} to the {'right' if mark.facing > 0 else 'left'}"


def flat(value: float = 0.0) -> Track:
    """What stays as it is."""
    return lambda _time: value


def random_travel(rng: np.random.Generator, *, kinds: tuple[str, ...]) -> Travel:
    """One of some ways to go: "stay", "jump", "hop", "walk", "flip", "dash"."""
    kind = str(rng.choice(list(kinds)))
    return {"stay": _stay, "jump": _jump, "hop": _hop, "walk": _walk, "flip": _flip, "dash": _dash}[
        kind
    ](rng)


def _stay(rng: np.random.Generator) -> Travel:
    step = float(rng.uniform(-0.12, 0.16))
    along = track((0.0, -step / 2), (0.15, -step * 0.6), (0.85, step * 0.55), (1.0, step / 2))
    settle = float(rng.uniform(0.02, 0.07))
    tall = track(
        (0.0, 1.0), (0.16, 1.0 - settle), (0.5, 1.0 + settle), (0.85, 1.0 - settle / 2), (1.0, 1.0)
    )
    return Travel(says="", along=along, up=flat(), stretch=tall, spin_deg=flat(), slant=flat())


def _leap(start: float, stop: float, height: float) -> Track:
    def up(time: float) -> float:
        share = min(max((time - start) / (stop - start), 0.0), 1.0)
        return 4.0 * height * share * (1.0 - share)

    return up


def _jump(rng: np.random.Generator) -> Travel:
    far, height = float(rng.uniform(0.5, 1.2)), float(rng.uniform(0.25, 0.5))
    start, stop = float(rng.uniform(0.15, 0.3)), float(rng.uniform(0.72, 0.9))
    along = track((0.0, -far / 2), (start, -far / 2), (stop, far / 2), (1.0, far / 2))
    low = float(rng.uniform(0.72, 0.85))
    tall = track((0.0, 1.0), (start * 0.7, low), (start + 0.1, 1.18), ((start + stop) / 2, 1.0),
                 (stop, 1.12), (min(stop + 0.07, 0.98), low), (1.0, 0.9))  # fmt: skip
    lean = track((0.0, 0.0), (start, 0.16), ((start + stop) / 2, 0.02), (stop, -0.1), (1.0, 0.05))
    return Travel(
        says="jumps",
        along=along,
        up=_leap(start, stop, height),
        stretch=tall,
        spin_deg=flat(),
        slant=lean,
    )


def _hop(rng: np.random.Generator) -> Travel:
    far, height = float(rng.uniform(0.4, 1.0)), float(rng.uniform(0.1, 0.25))
    count = int(rng.integers(2, 4))

    def phase(time: float) -> float:
        return (time * (count - 0.4) + 0.1) % 1.0

    return Travel(
        says="hops",
        along=track((0.0, -far / 2), (1.0, far / 2)),
        up=lambda time: height * max(sin(pi * (phase(time) - 0.2) / 0.8), 0.0),
        stretch=lambda time: (
            1.0
            - 0.2 * bump(phase(time), centre=0.08, width=0.34)
            + 0.10 * bump(phase(time), centre=0.45, width=0.5)
        ),
        spin_deg=flat(),
        slant=flat(0.06),
    )


def _walk(rng: np.random.Generator) -> Travel:
    strides = float(rng.uniform(0.75, 1.4))
    far = strides * 4.0 * STEP
    return Travel(
        says=str(rng.choice(["walks", "marches", "strolls"])),
        along=lambda time: far * (time - 0.5),
        up=flat(),
        stretch=lambda time: 1.0 + 0.025 * sin(4 * pi * strides * time),
        spin_deg=flat(),
        slant=flat(float(rng.uniform(-0.02, 0.14))),
        strides=strides,
    )


def _flip(rng: np.random.Generator) -> Travel:
    jump = _jump(rng)
    way = float(rng.choice([-360.0, 360.0]))
    spin = track((0.0, 0.0), (0.2, 0.0), (0.86, way), (1.0, way))
    return Travel(says="turns a somersault", along=jump.along, up=lambda t: 1.25 * jump.up(t),
                  stretch=jump.stretch, spin_deg=spin, slant=flat())  # fmt: skip


def _dash(rng: np.random.Generator) -> Travel:
    far = float(rng.uniform(0.9, 1.7))
    along = track((0.0, -far / 2), (0.25, -far / 2 - 0.12), (0.85, far / 2 + 0.06), (1.0, far / 2))
    lean = track((0.0, 0.0), (0.22, -0.28), (0.5, 0.42), (0.85, 0.1), (0.93, -0.12), (1.0, 0.0))
    tall = track((0.0, 1.0), (0.22, 0.86), (0.5, 0.95), (0.9, 1.06), (1.0, 1.0))
    return Travel(
        says="dashes",
        along=along,
        up=flat(),
        stretch=tall,
        spin_deg=flat(),
        slant=lean,
        strides=1.5,
    )


STEP = 0.17
"""Half the length of a step, in units of the body."""


def step_at(phase: float) -> tuple[float, float]:
    """Where a walking foot is: how far ahead of the hip (−1…1) and how high it is lifted (0…1)."""
    share = phase % 1.0
    if share < 0.5:
        return 1.0 - 4.0 * share, 0.0
    swing = (share - 0.5) * 2.0
    return -1.0 + 2.0 * ease(swing), sin(pi * swing)


Pose = Float[np.ndarray, " 12"]
"""Lean, crouch, turn of the head, nod, near upper arm, near forearm, far upper arm, far forearm (degrees),
near foot ahead, far foot ahead, far foot lifted, mouth open."""

_DELAYS = np.array([0.0, 0.0, 0.05, 0.03, 0.05, 0.1, 0.07, 0.12, 0.0, 0.0, 0.0, 0.1])

POSES: dict[str, tuple[float, ...]] = {
    "stands still": (0, 0, 10, 0, 108, 84, 76, 62, -0.08, 0.08, 0, 0),
    "crouches": (24, 0.8, 20, 12, 150, 40, 60, -10, -0.12, 0.12, 0, 0.1),
    "reaches up": (-6, 0, 20, -24, -78, -84, -100, -96, -0.06, 0.1, 0, 0.6),
    "throws its arms wide": (-8, 0.05, 0, -8, 190, 200, -14, -24, -0.14, 0.14, 0, 1.0),
    "points ahead": (8, 0.1, 34, 0, 112, 150, 0, -4, -0.14, 0.16, 0, 0.4),
    "bows": (58, 0.12, 24, 34, 130, 120, 96, 80, -0.06, 0.08, 0, 0),
    "leans back": (-26, 0.2, -20, -16, 130, 60, 60, 0, 0.0, 0.2, 0, 0.5),
    "lunges": (26, 0.42, 30, -4, 200, 170, 16, -30, -0.34, 0.28, 0, 0.7),
    "waves": (-4, 0, -24, -4, 118, 70, -56, -112, -0.06, 0.08, 0, 0.8),
    "kicks": (-22, 0.12, 24, 4, 168, 120, 10, -50, -0.04, 0.5, 0.44, 0.5),
    "puts its hands on its hips": (-2, 0, -8, -10, 140, 20, 40, 150, -0.14, 0.14, 0, 0),
    "covers its face": (14, 0.3, 0, 20, 40, -82, 34, -110, -0.05, 0.08, 0, 0),
    "looks back": (-4, 0.1, -62, -4, 80, 30, 84, 40, -0.12, 0.1, 0, 0.2),
    "balances on one leg": (6, 0.02, 20, -8, 170, 188, 0, -14, 0.0, 0.16, 0.34, 0.2),
    "raises a fist": (2, 0.08, 26, -18, -82, -60, 84, 20, -0.16, 0.16, 0, 0.9),
}
"""Poses by what somebody does who comes to be in them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Acting:
    """A body on its way from one pose to another, joint after joint, with anticipation and overshoot."""

    first: Pose
    last: Pose
    share: Callable[[float], float]
    says: str

    def at(self, time: float) -> Pose:
        """The pose at a time; exactly the two poses at the keys."""
        late = _DELAYS * (1.0 - time)
        shares = np.array([self.share(time - delay) for delay in late.tolist()])
        return self.first + (self.last - self.first) * shares


def random_acting(rng: np.random.Generator) -> Acting:
    """Two poses that differ clearly, and a timing."""
    names = list(POSES)
    says = str(rng.choice(names[1:]))
    last = np.array(POSES[says], dtype=np.float64)
    others = [np.array(POSES[name], dtype=np.float64) for name in names if name != says]
    arms = [
        float(np.abs(one[4:8] - last[4:8]).mean() + np.abs(one[:3] - last[:3]).sum())
        for one in others
    ]
    far = np.argsort(arms)[len(others) // 3 :]
    first = others[int(rng.choice(far))]
    wobble = np.array([4, 0.05, 8, 5, 10, 12, 10, 12, 0.02, 0.02, 0, 0.1])
    ahead, over = float(rng.uniform(0.03, 0.14)), float(rng.uniform(0.0, 0.12))
    begin, stop = float(rng.uniform(0.1, 0.28)), float(rng.uniform(0.68, 0.9))
    share = track((0.0, 0.0), (begin, -ahead), (stop, 1.0 + over), (1.0, 1.0))
    shaken = [np.clip(pose + wobble * rng.uniform(-1, 1, 12), -400, 400) for pose in (first, last)]
    for pose in shaken:
        pose[[1, 11]] = np.clip(pose[[1, 11]], 0.0, 1.0)
    return Acting(first=shaken[0], last=shaken[1], share=share, says=says)


def random_blink(rng: np.random.Generator) -> Track:
    """How far the eyes are open over time: a blink, more often than not."""
    centre, width = float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.22, 0.36))
    if rng.random() < 0.35:
        return flat(1.0)
    return lambda time: 1.0 - min(1.2 * bump(time, centre=centre, width=width), 1.0)
