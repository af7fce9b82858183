"""Things that move by themselves: balls that bounce, things that fall and tumble, and things that stand in the way."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, radians, sin

import numpy as np

from toontween.data.synthetic.curves import Points, points
from toontween.data.synthetic.motion import Track, bump
from toontween.data.synthetic.stage.camera import Affine, moved, scaled, spun
from toontween.data.synthetic.stage.colours import Paint, darker, name_of, random_paint
from toontween.data.synthetic.stage.looks import Brush
from toontween.data.synthetic.troupe.acting import Mark
from toontween.data.synthetic.troupe.forms import Spot, blob, box, chain, ring, smooth, star


@dataclass(frozen=True, kw_only=True, eq=False)
class Ball:
    """A ball that bounces. Its unit is its diameter; it stands on y = 0."""

    who: str
    does: str
    mark: Mark
    tone: Paint
    band: Paint
    pattern: str
    along: Track
    up: Track
    roll_deg: Track
    stretch: Track
    tilt_deg: Track

    def place(self, time: float) -> Affine:
        """Where it is, squashed and stretched along its way."""
        tall = self.stretch(time)
        size = self.mark.size
        shift = moved(
            self.mark.x + self.mark.facing * self.along(time),
            self.mark.ground - self.up(time) - 0.5 * size * tall,
        )
        tilt = self.tilt_deg(time) * self.mark.facing
        return shift.after(spun(tilt).after(scaled(size / tall, size * tall).after(spun(-tilt))))

    def footprint(self, time: float) -> tuple[float, float, float]:
        """Its shadow on the ground."""
        return (
            self.mark.x + self.mark.facing * self.along(time),
            0.5 * self.mark.size,
            self.up(time),
        )

    def landmarks(self, time: float) -> dict[str, Spot]:
        """Its middle and a mark on it."""
        turn = radians(self.roll_deg(time))
        return {"middle": (0.0, 0.0), "mark": (0.32 * cos(turn), 0.32 * sin(turn))}

    def draw(self, brush: Brush, time: float) -> None:
        """Draw it."""
        form = ring((0.0, 0.0), (0.5, 0.5))
        brush.shape(form, self.tone)
        rolled = brush.at(spun(self.roll_deg(time)))
        with brush.within(form):
            if self.pattern == "stripe":
                rolled.spot(box(-0.6, -0.13, 0.6, 0.13), self.band.lit)
            elif self.pattern == "star":
                rolled.spot(star((0.0, 0.0), 0.32, 0.14, count=5), self.band.lit)
            elif self.pattern == "halves":
                rolled.spot(box(-0.6, -0.6, 0.6, 0.0), self.band.lit)
            rolled.spot(ring((0.32, 0.0), (0.09, 0.09)), self.band.shade)
        brush.spot(ring((-0.2, -0.24), (0.1, 0.07), tilt_deg=-35.0), (255, 255, 255), alpha=0.8)


def random_ball(rng: np.random.Generator, mark: Mark) -> Ball:
    """A ball that bounces once or twice across the picture."""
    tone = random_paint(rng)
    far, top = float(rng.uniform(0.5, 1.2)), float(rng.uniform(0.25, 0.55))
    bounces, start = float(rng.uniform(0.7, 1.6)), float(rng.uniform(0.3, 0.7))

    def phase(time: float) -> float:
        return (start + bounces * time) % 1.0

    def height(time: float) -> float:
        hop = 4.0 * phase(time) * (1.0 - phase(time))
        return top * hop * (1.0 - 0.3 * time)

    def near(time: float) -> float:
        return bump(min(phase(time), 1.0 - phase(time)), centre=0.0, width=0.16)

    def stretch(time: float) -> float:
        speed = abs(1.0 - 2.0 * phase(time))
        return 1.0 + 0.24 * speed * speed * (1.0 - near(time)) - 0.24 * near(time)

    return Ball(
        who=f"a {name_of(tone.lit)} ball",
        does=f"bounces to the {'right' if mark.facing > 0 else 'left'}",
        mark=mark,
        tone=tone,
        band=random_paint(rng),
        pattern=str(rng.choice(["stripe", "star", "halves", "plain"])),
        along=lambda time: far * (time - 0.5),
        up=height,
        roll_deg=lambda time: 300.0 * far * time,
        stretch=stretch,
        tilt_deg=lambda time: 26.0 * (1.0 - near(time)) * (2.0 * phase(time) - 1.0) * -1.0,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Falling:
    """Something that falls, swinging and turning over. Its unit is its length, its origin its middle."""

    who: str
    does: str
    mark: Mark
    form: Points
    rib: Points
    front: Paint
    back: Paint
    along: Track
    up: Track
    turn_deg: Track
    flip: Track
    """How much of its front is seen: 1 all, 0 its edge, −1 its back."""

    def place(self, time: float) -> Affine:
        """Where it is."""
        size = self.mark.size
        shift = moved(self.mark.x + self.along(time), self.mark.ground - self.up(time))
        seen = self.flip(time)
        seen = float(np.copysign(max(abs(seen), 0.12), seen))
        return shift.after(spun(self.turn_deg(time)).after(scaled(size, size * seen)))

    def footprint(self, _time: float) -> tuple[float, float, float]:
        """Its shadow is lost on the way down."""
        return 0.0, 0.0, 0.0

    def landmarks(self, _time: float) -> dict[str, Spot]:
        """Its middle and its two ends."""
        return {"middle": (0.0, 0.0), "front end": (0.45, 0.0), "back end": (-0.45, 0.0)}

    def draw(self, brush: Brush, time: float) -> None:
        """Draw it."""
        tone = self.front if self.flip(time) > 0 else self.back
        brush.shape(self.form, tone, round_off=0.6)
        brush.stroke(self.rib, pen=0.7)


def random_falling(rng: np.random.Generator, mark: Mark) -> Falling:
    """A leaf, a feather, a sheet of paper, a card, a star or a petal on its way down."""
    kind = str(rng.choice(["leaf", "feather", "letter", "star", "petal"]))
    forms: dict[str, Callable[[], Points]] = {
        "leaf": lambda: smooth((-0.5, 0.0), (-0.15, -0.26), (0.2, -0.22), (0.52, 0.0), (0.2, 0.22), (-0.15, 0.26), corners=(0, 3)),
        "feather": lambda: smooth((-0.52, 0.0), (-0.2, -0.12), (0.3, -0.15), (0.55, -0.02), (0.3, 0.13), (-0.2, 0.1), corners=(0,)),
        "letter": lambda: box(-0.48, -0.32, 0.48, 0.32),
        "star": lambda: star((0.0, 0.0), 0.52, 0.24, count=5),
        "petal": lambda: blob((0.0, 0.0), (0.5, 0.3), pear=0.3),
    }  # fmt: skip
    front = random_paint(rng)
    fall, drift = float(rng.uniform(0.45, 0.85)), float(rng.uniform(-0.5, 0.5))
    swing, beats, phase = (
        float(rng.uniform(0.06, 0.2)),
        float(rng.uniform(0.7, 1.5)),
        float(rng.uniform(0, 1)),
    )
    spin, first = float(rng.uniform(-140, 140)), float(rng.uniform(-60, 60))
    overs, flip = float(rng.uniform(0.3, 1.1)), float(rng.uniform(0, 1))
    return Falling(
        who=f"a {name_of(front.lit)} {kind}",
        does="falls down, turning over",
        mark=mark,
        form=forms[kind](),
        rib=chain(points((-0.4, 0.0), (0.0, 0.03), (0.4, 0.0))),
        front=front,
        back=darker(front, 0.94),
        along=lambda time: drift * (time - 0.5) + swing * sin(2 * pi * (beats * time + phase)),
        up=lambda time: fall * (0.5 - time) + 0.4 * swing * cos(4 * pi * (beats * time + phase)),
        turn_deg=lambda time: first + spin * time + 24.0 * cos(2 * pi * (beats * time + phase)),
        flip=lambda time: cos(2 * pi * (overs * time + flip)),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Standing:
    """Something that stands there, before or behind the others. It stands on y = 0 and is one unit high."""

    who: str
    does: str
    mark: Mark
    kind: str
    main: Paint
    other: Paint

    def place(self, _time: float) -> Affine:
        """Where it stands."""
        return moved(self.mark.x, self.mark.ground).after(
            scaled(self.mark.size * self.mark.facing, self.mark.size)
        )

    def footprint(self, _time: float) -> tuple[float, float, float]:
        """Its shadow."""
        return self.mark.x, 0.3 * self.mark.size, 0.0

    def landmarks(self, _time: float) -> dict[str, Spot]:
        """Its foot and its middle."""
        return {"foot": (0.0, -0.04), "middle": (0.0, -0.5)}

    def draw(self, brush: Brush, _time: float) -> None:
        """Draw it."""
        if self.kind == "tree":
            brush.shape(
                smooth(
                    (-0.1, 0.0),
                    (-0.06, -0.3),
                    (-0.07, -0.6),
                    (0.07, -0.6),
                    (0.06, -0.3),
                    (0.12, 0.0),
                    corners=(0, 2, 3, 5),
                ),
                self.other,
            )
            for x, y, r in ((-0.16, -0.62, 0.2), (0.18, -0.6, 0.19), (0.0, -0.8, 0.22)):
                brush.shape(ring((x, y), (r, r * 0.95)), self.main)
        elif self.kind == "bush":
            for x, y, r in ((-0.4, -0.3, 0.34), (0.42, -0.28, 0.32), (0.0, -0.5, 0.48)):
                brush.shape(ring((x, y), (r, r)), self.main)
        elif self.kind == "post":
            brush.shape(box(-0.1, -1.0, 0.1, 0.0), self.main)
            brush.shape(box(-0.28, -0.92, 0.42, -0.62), self.other)
        elif self.kind == "crate":
            brush.shape(box(-0.5, -1.0, 0.5, 0.0), self.main)
            for y in (-0.66, -0.33):
                brush.stroke(points((-0.5, y), (0.0, y), (0.5, y)), pen=0.8, taper=False)
        else:
            for x in (-0.75, -0.25, 0.25, 0.75):
                brush.shape(
                    smooth(
                        (x - 0.16, 0.0),
                        (x - 0.16, -0.8),
                        (x, -1.0),
                        (x + 0.16, -0.8),
                        (x + 0.16, 0.0),
                        corners=(0, 1, 2, 3, 4),
                    ),
                    self.main,
                )
            brush.shape(box(-1.05, -0.6, 1.05, -0.44), self.other)


def random_standing(rng: np.random.Generator, mark: Mark) -> Standing:
    """A tree, a bush, a signpost, a crate or a piece of fence."""
    kind = str(rng.choice(["tree", "bush", "post", "crate", "fence"]))
    green = float(rng.uniform(70, 160)) if kind in ("tree", "bush") else None
    return Standing(
        who=f"a {kind}",
        does="",
        mark=mark,
        kind=kind,
        main=random_paint(rng, hue=green),
        other=random_paint(rng, hue=float(rng.uniform(15, 45))),
    )
