"""Birds in flight, seen from the side."""

from dataclasses import dataclass
from math import pi, sin

import numpy as np

from toontween.data.synthetic.curves import towards
from toontween.data.synthetic.motion import Track, ease, track
from toontween.data.synthetic.stage.camera import Affine, moved, scaled, spun
from toontween.data.synthetic.stage.colours import Paint, darker, name_of, random_paint
from toontween.data.synthetic.stage.looks import Brush
from toontween.data.synthetic.troupe.acting import (
    Mark,
    random_blink,
)
from toontween.data.synthetic.troupe.faces import Head, HeadPose
from toontween.data.synthetic.troupe.forms import (
    Spot,
    blob,
    smooth,
)
from toontween.data.synthetic.troupe.heads import draw_behind, draw_head, random_head


@dataclass(frozen=True, kw_only=True, eq=False)
class Bird:
    """A bird that flies past. Its unit is the length of its body, its origin the body's middle."""

    who: str
    does: str
    mark: Mark
    head: Head
    plumage: Paint
    wing: Paint
    along: Track
    up: Track
    pitch_deg: Track
    flap: Track
    """Angle of the wings: −1 down … 1 up."""

    turn: Track
    blink: Track
    span: float
    plump: float

    def place(self, time: float) -> Affine:
        """Where it flies."""
        size, facing = self.mark.size, self.mark.facing
        turn = spun(self.pitch_deg(time) * facing)
        shift = moved(self.mark.x + facing * self.along(time), self.mark.ground - self.up(time))
        return shift.after(turn.after(scaled(size * facing, size)))

    def footprint(self, _time: float) -> tuple[float, float, float]:
        """Too high to throw a shadow."""
        return 0.0, 0.0, 0.0

    def landmarks(self, time: float) -> dict[str, Spot]:
        """Body, head, and the tips of wings and tail."""
        return {"body": (0.0, 0.0), "head": (0.46, -0.24), "near wing tip": self._tip(time, 0.0),
                "far wing tip": self._tip(time, 0.06), "tail": (-0.86, 0.02)}  # fmt: skip

    def draw(self, brush: Brush, time: float) -> None:
        """Draw it from back to front."""
        self._draw_wing(brush, self._tip(time, 0.06), 0.16, darker(self.wing))
        late = 0.1 * self.flap(time - 0.1)
        brush.shape(
            smooth(
                (-0.4, -0.08),
                (-0.9, -0.14 + late),
                (-0.84, 0.02 + late),
                (-0.92, 0.16 + late),
                (-0.4, 0.1),
                corners=(1, 3),
            ),
            self.wing,
        )
        brush.shape(blob((0.0, 0.0), (0.55, self.plump)), self.plumage)
        pose = HeadPose(
            turn_deg=self.turn(time),
            tilt_deg=-0.5 * self.pitch_deg(time),
            open_eyes=self.blink(time),
        )
        seen = brush.at(moved(0.46, -0.24).after(scaled(0.27, 0.27)))
        draw_behind(seen, self.head, pose)
        draw_head(seen, self.head, pose)
        self._draw_wing(brush, self._tip(time, 0.0), 0.0, self.wing)

    def _tip(self, time: float, early: float) -> Spot:
        beat = self.flap(time + early)
        x, y = towards(-96.0 - 8.0 * beat, 1.0) * np.array([1.0, beat]) * self.span
        return float(x) - 0.05 + (0.14 if early else 0.0), float(y) - 0.06

    def _draw_wing(self, brush: Brush, tip: Spot, ahead: float, tone: Paint) -> None:
        x, y = tip
        bulge = 0.18 * np.sign(y + 0.06) if abs(y) > 0.1 else 0.05
        brush.shape(
            smooth((0.24 + ahead, -0.06), (0.22 + ahead + 0.3 * x, 0.62 * y - 0.1 * float(bulge)), (x, y), (x - 0.24, 0.66 * y), (x * 0.6 - 0.3 + ahead, 0.34 * y), (-0.22 + ahead, 0.0),
                   corners=(2, 3, 4)),
            tone,
        )  # fmt: skip


def random_bird(rng: np.random.Generator, mark: Mark) -> Bird:
    """A bird crossing the picture: level, in a dive, or rising."""
    plumage = random_paint(rng)
    far, climb = (
        float(rng.uniform(0.5, 1.1)),
        float(rng.choice([-1.0, 0.0, 1.0])) * float(rng.uniform(0.15, 0.4)),
    )
    beats, phase = float(rng.uniform(0.8, 2.2)), float(rng.uniform(0, 1))
    arch = float(rng.uniform(-0.1, 0.14))
    head = random_head(rng, skin=plumage, kind="creature")
    shown = {name: getattr(head, name) for name in Head.__dataclass_fields__}
    shown |= {
        "nose": "beak",
        "ears": "none",
        "mouth": "none",
        "top": "tuft" if rng.random() < 0.4 else "none",
    }
    verb = {-1: "swoops down", 0: "flies", 1: "flies up"}[int(np.sign(climb))]
    return Bird(
        who=f"a {name_of(plumage.lit)} {rng.choice(['bird', 'sparrow', 'parrot', 'owl'])}",
        does=f"{verb} to the {'right' if mark.facing > 0 else 'left'}",
        mark=mark,
        head=Head(**shown),
        plumage=plumage,
        wing=random_paint(rng),
        along=lambda time: far * (0.35 * time + 0.65 * ease(time) - 0.5),
        up=lambda time: climb * (ease(time) - 0.5) + 4.0 * arch * time * (1.0 - time) + 0.03 * sin(2 * pi * (beats * time + phase) + 2.2),
        pitch_deg=track((0.0, -8.0 * climb - 60.0 * arch), (0.5, -60.0 * climb), (1.0, 60.0 * arch - 8.0 * climb)),
        flap=lambda time: sin(2 * pi * (beats * time + phase)),
        turn=track((0.0, float(rng.uniform(40, 66))), (1.0, float(rng.uniform(20, 66)))),
        blink=random_blink(rng),
        span=float(rng.uniform(0.75, 1.15)),
        plump=float(rng.uniform(0.24, 0.36)),
    )  # fmt: skip
