"""Four-legged animals, seen from the side."""

from dataclasses import dataclass
from math import pi, sin

import numpy as np

from toontween.data.synthetic.curves import towards
from toontween.data.synthetic.motion import Track, track
from toontween.data.synthetic.stage.camera import Affine, moved, scaled
from toontween.data.synthetic.stage.colours import Paint, darker, name_of, random_paint
from toontween.data.synthetic.stage.looks import Brush
from toontween.data.synthetic.troupe.acting import (
    Mark,
    Travel,
    headed,
    random_blink,
    random_travel,
    step_at,
)
from toontween.data.synthetic.troupe.faces import Head, HeadPose
from toontween.data.synthetic.troupe.forms import (
    Spot,
    blob,
    chain,
    limb_line,
    pair,
    ring,
    two_bones,
)
from toontween.data.synthetic.troupe.heads import draw_behind, draw_head, random_head


@dataclass(frozen=True, kw_only=True, eq=False)
class Critter:
    """An animal on four legs."""

    who: str
    does: str
    mark: Mark
    travel: Travel
    head: Head
    fur: Paint
    belly: Paint
    leg: float
    long: float
    plump: float
    head_size: float
    tail: float
    neck_deg: Track
    turn: Track
    blink: Track
    wag: Track
    mouth: Track
    spots: tuple[Spot, ...]

    def place(self, time: float) -> Affine:
        """Where it stands."""
        return self.travel.place(self.mark, time)

    def footprint(self, time: float) -> tuple[float, float, float]:
        """Its shadow on the ground."""
        return self.travel.footprint(self.mark, time, 0.42 + 0.3 * self.long)

    def landmarks(self, time: float) -> dict[str, Spot]:
        """Head, rump, tip of the tail and paws."""
        legs = self._legs(time)
        named = {
            "head": self._head_at(time),
            "rump": (-self.long / 2, self._back),
            "tail tip": pair(self._tail(time)[-1]),
        }
        for name, leg in zip(
            ("near hind paw", "far hind paw", "near fore paw", "far fore paw"), legs, strict=True
        ):
            named[name] = leg[2]
        return named

    def draw(self, brush: Brush, time: float) -> None:
        """Draw it from back to front."""
        legs = self._legs(time)
        thick = 0.05 + 0.05 * self.plump
        pose = HeadPose(
            turn_deg=self.turn(time),
            nod_deg=0.0,
            tilt_deg=0.25 * self.neck_deg(time),
            open_eyes=self.blink(time),
            open_mouth=self.mouth(time),
            sway=float(np.clip((self.turn(time) - self.turn(time - 0.1)) / 30.0, -1.0, 1.0)),
        )
        for leg in (legs[1], legs[3]):
            brush.tube(
                limb_line(*leg, hose=0.6), (thick * 1.5, thick, thick * 1.05), darker(self.fur)
            )
        brush.tube(chain(self._tail(time)), (0.07, 0.08, 0.06, 0.015), self.fur)
        at = self._head_at(time)
        seen = brush.at(moved(*at).after(scaled(self.head_size, self.head_size)))
        draw_behind(seen, self.head, pose)
        body = blob((0.0, self._back), (self.long / 2 + 0.14, self.plump), square=2.3)
        brush.shape(body, self.fur)
        with brush.within(body):
            brush.spot(
                ring((0.04, self._back + self.plump * 0.95), (self.long * 0.5, self.plump * 0.45)),
                self.belly.lit,
            )
            for x, y in self.spots:
                brush.spot(
                    ring((x * self.long, self._back + y * self.plump), (0.08, 0.065)),
                    self.belly.shade,
                )
        for leg in (legs[0], legs[2]):
            brush.tube(limb_line(*leg, hose=0.6), (thick * 1.7, thick, thick * 1.05), self.fur)
            x, y = leg[2]
            brush.shape(
                ring((x + 0.35 * thick, y), (thick * 1.5, thick * 0.85)), self.belly, pen=0.8
            )
        root = (self.long / 2 + 0.02, self._back - self.plump * 0.2)
        brush.tube(
            chain(np.stack([np.asarray(root), (np.asarray(root) + at) / 2, np.asarray(at)])),
            (self.plump * 0.7, self.head_size * 0.55),
            self.fur,
        )
        draw_head(seen, self.head, pose)

    @property
    def _back(self) -> float:
        """Height of the body's middle."""
        return -self.leg - self.plump * 0.55

    def _head_at(self, time: float) -> Spot:
        root = np.array([self.long / 2 + 0.02, self._back - self.plump * 0.2])
        return pair(root + towards(self.neck_deg(time), self.head_size * 1.0 + 0.1))

    def _tail(self, time: float) -> np.ndarray:
        joints = [np.array([-self.long / 2 - 0.06, self._back - self.plump * 0.3])]
        for index in range(4):
            joints.append(
                joints[-1] + towards(self.wag(time - 0.05 * index) - 14.0 * index, self.tail / 4)
            )
        return np.stack(joints)

    def _legs(self, time: float) -> tuple[tuple[Spot, Spot, Spot], ...]:
        """Near hind, far hind, near fore, far fore: root, joint, paw."""
        strides = self.travel.strides * 1.3
        tuck = min(self.travel.up(time) * 2.2, 0.5)
        made: list[tuple[Spot, Spot, Spot]] = []
        for index, (x, phase) in enumerate(((-0.5, 0.0), (-0.42, 0.5), (0.5, 0.55), (0.42, 0.05))):
            ahead, lift = step_at(strides * time + phase) if strides else (0.0, 0.0)
            reach = (-tuck if index < 2 else tuck) * 0.5
            root = (x * self.long, self._back + self.plump * 0.35)
            paw = (x * self.long + ahead * 0.13 + reach, -0.05 - 0.12 * lift - 0.12 * tuck)
            bone = (self.leg + self.plump * 0.25) * 0.56
            knee, end = two_bones(root, paw, bone, bone, bend=-1.0 if index < 2 else 1.0)
            made.append((root, knee, end))
        return tuple(made)


def random_critter(rng: np.random.Generator, mark: Mark) -> Critter:
    """A cat, dog, bear or something of the kind, walking, jumping or looking round."""
    fur = random_paint(rng)
    head = random_head(rng, skin=fur, kind="animal")
    travel = random_travel(rng, kinds=("stay", "walk", "walk", "dash", "jump", "hop"))
    looks = rng.permutation(np.array([-66.0, -24.0, 30.0, 68.0]))[:2].tolist()
    high, low = float(rng.uniform(-84.0, -58.0)), float(rng.uniform(0.0, 34.0))
    necks = (high, low) if rng.random() < 0.5 else (low, high)
    beats, rest, wide = (
        float(rng.uniform(0.5, 1.6)),
        float(rng.uniform(180, 260)),
        float(rng.uniform(24, 50)),
    )
    said = {
        "cat": ["cat", "fox", "kitten"],
        "bear": ["bear", "mouse", "dog"],
        "rabbit": ["rabbit", "hare", "donkey"],
    }
    spotted = rng.random() < 0.4
    return Critter(
        who=f"a {name_of(fur.lit)} {rng.choice(said[head.ears])}",
        does=headed(travel, mark) or ("raises its head" if necks[1] < necks[0] else "lowers its head"),
        mark=mark,
        travel=travel,
        head=head,
        fur=fur,
        belly=random_paint(rng),
        leg=float(rng.uniform(0.16, 0.4)),
        long=float(rng.uniform(0.55, 0.95)),
        plump=float(rng.uniform(0.17, 0.28)),
        head_size=float(rng.uniform(0.19, 0.3)),
        tail=float(rng.uniform(0.25, 0.7)),
        neck_deg=track((0.0, necks[0]), (0.15, necks[0] * 1.08), (0.85, necks[1] * 1.08), (1.0, necks[1])),
        turn=track((0.0, looks[0]), (0.8, looks[1]), (1.0, looks[1])),
        blink=random_blink(rng),
        wag=lambda time: rest + wide * sin(2 * pi * beats * time),
        mouth=track((0.0, 0.0), (1.0, float(rng.choice([0.0, 0.8])))),
        spots=tuple((float(x), float(y)) for x, y in rng.uniform(-0.5, 0.5, (5, 2))) if spotted else (),
    )  # fmt: skip
