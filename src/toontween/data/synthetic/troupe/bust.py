"""Head and shoulders in a close-up: a head that turns, nods, blinks and talks."""

from dataclasses import dataclass

import numpy as np

from toontween.data.synthetic.motion import Track, bump, ease, track
from toontween.data.synthetic.stage.camera import Affine, moved, scaled
from toontween.data.synthetic.stage.colours import Paint, darker, name_of, random_paint, random_skin
from toontween.data.synthetic.stage.looks import Brush
from toontween.data.synthetic.troupe.acting import Mark, random_blink
from toontween.data.synthetic.troupe.faces import Head, HeadPose
from toontween.data.synthetic.troupe.forms import Spot, box, smooth
from toontween.data.synthetic.troupe.heads import draw_behind, draw_head, random_head


@dataclass(frozen=True, kw_only=True, eq=False)
class Bust:
    """A close-up. Its unit is the radius of the head, its origin the head's middle at rest."""

    who: str
    does: str
    mark: Mark
    head: Head
    shirt: Paint
    collar: Paint
    turn: Track
    nod: Track
    tilt: Track
    shift: Track
    blink: Track
    mouth: Track
    broad: float

    def place(self, _time: float) -> Affine:
        """Where it is."""
        size = self.mark.size
        return moved(self.mark.x, self.mark.ground).after(scaled(size * self.mark.facing, size))

    def footprint(self, _time: float) -> tuple[float, float, float]:
        """A close-up throws no shadow on the ground."""
        return 0.0, 0.0, 0.0

    def pose(self, time: float) -> HeadPose:
        """What the head does."""
        lag = (self.turn(time) - self.turn(time - 0.12)) / 40.0 + 0.6 * (
            self.shift(time) - self.shift(time - 0.1)
        )
        return HeadPose(
            turn_deg=self.turn(time),
            nod_deg=self.nod(time) + 12.0 * bump(time, centre=0.5, width=0.9),
            tilt_deg=self.tilt(time),
            open_eyes=self.blink(time),
            open_mouth=self.mouth(time),
            sway=float(np.clip(lag, -1.0, 1.0)),
        )

    def landmarks(self, time: float) -> dict[str, Spot]:
        """The head's middle, and nose and eyes as long as they are seen."""
        pose = self.pose(time)
        x, y = self._head_at(time)
        named = {"head": (x, y)}
        for name, across in (
            ("nose", 0.0),
            ("left eye", -self.head.eye_apart_deg),
            ("right eye", self.head.eye_apart_deg),
        ):
            down = self.head.eye_height_deg + (18.0 if name == "nose" else 0.0)
            at, _ = self.head.spot_at(pose, across, down)
            turn = np.radians(pose.tilt_deg)
            c, s = float(np.cos(turn)), float(np.sin(turn))
            named[name] = (x + c * at[0] - s * at[1], y + s * at[0] + c * at[1])
        return named

    def draw(self, brush: Brush, time: float) -> None:
        """Draw it from back to front."""
        pose = self.pose(time)
        seen = brush.at(moved(*self._head_at(time)))
        draw_behind(seen, self.head, pose)
        late = 0.5 * self.shift(time - 0.06)
        low = brush.at(moved(late, 0.0))
        low.shape(box(-0.34, 0.6, 0.34, 1.5), darker(self.head.skin, 0.95), round_off=0.0)
        wide = self.broad
        body = smooth((-0.45, 1.1), (0.0, 1.28), (0.45, 1.1), (wide * 0.85, 1.34), (wide, 2.0), (wide * 1.05, 4.0), (-wide * 1.05, 4.0), (-wide, 2.0), (-wide * 0.85, 1.34),
                      corners=(0, 2, 5, 6))  # fmt: skip
        low.shape(body, self.shirt)
        drift = 0.004 * self.turn(time - 0.06)
        low.shape(
            smooth(
                (-0.5, 1.02),
                (drift, 1.3),
                (0.5, 1.02),
                (0.56, 1.3),
                (drift, 1.62),
                (-0.56, 1.3),
                corners=(0, 2),
            ),
            self.collar,
        )
        draw_head(seen, self.head, pose)

    def _head_at(self, time: float) -> Spot:
        return self.shift(time), 0.16 * bump(time, centre=0.5, width=0.9)


def random_bust(rng: np.random.Generator, mark: Mark) -> Bust:
    """A person or an animal close to the camera, turning its head, nodding or leaning."""
    person = bool(rng.random() < 0.65)
    skin = random_skin(rng) if person else random_paint(rng)
    shirt = random_paint(rng)
    way = float(rng.choice([-1.0, 1.0]))
    far = float(rng.uniform(34.0, 66.0))
    start, stop = (
        float(rng.uniform(-1.0, -0.5)) * far * way,
        float(rng.uniform(0.5, 1.0)) * far * way,
    )
    over = (stop - start) * float(rng.uniform(0.02, 0.08))
    turn = track((0.0, start), (0.14, start - over), (0.84, stop + over), (1.0, stop))
    nods = rng.uniform(-26.0, 26.0, 2).tolist()
    tilts = rng.uniform(-14.0, 14.0, 2).tolist()
    shifts = (-way * rng.uniform(0.05, 0.3), way * rng.uniform(0.05, 0.3))
    mouths = (
        rng.choice([0.0, 0.9], 2, replace=False) if rng.random() < 0.7 else np.array([0.2, 0.0])
    )
    said = {"person": ["woman", "man", "girl", "boy"], "animal": ["animal"]}[
        "person" if person else "animal"
    ]
    where = "right" if way * mark.facing > 0 else "left"
    return Bust(
        who=f"a {rng.choice(said)} {'in ' + name_of(shirt.lit) if person else 'with ' + name_of(skin.lit) + ' fur'}",
        does=f"turns its head to the {where}" + (" and speaks" if float(mouths[1]) > 0.5 else ""),
        mark=mark,
        head=random_head(rng, skin=skin, kind="person" if person else "animal"),
        shirt=shirt,
        collar=random_paint(rng),
        turn=turn,
        nod=track((0.0, nods[0]), (1.0, nods[1])),
        tilt=track((0.0, tilts[0]), (0.9, tilts[1]), (1.0, tilts[1])),
        shift=track((0.0, float(shifts[0])), (1.0, float(shifts[1]))),
        blink=random_blink(rng),
        mouth=lambda time: float(mouths[0] + (mouths[1] - mouths[0]) * ease(1.4 * time - 0.3)),
        broad=float(rng.uniform(1.25, 1.9)),
    )
