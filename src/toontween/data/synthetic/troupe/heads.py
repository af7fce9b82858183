"""Random heads: ears, hair and hats round a face."""

from math import radians, sin

import numpy as np

from toontween.data.synthetic.curves import points, towards
from toontween.data.synthetic.stage.camera import moved, spun
from toontween.data.synthetic.stage.colours import Paint, hsv, paint, random_hair, random_paint
from toontween.data.synthetic.stage.looks import Brush
from toontween.data.synthetic.troupe.faces import Head, HeadPose
from toontween.data.synthetic.troupe.forms import blob, chain, ring, smooth, star


def draw_behind(brush: Brush, head: Head, pose: HeadPose) -> None:
    """Draw what is behind the head: far ears, long hair."""
    tilted = brush.at(spun(pose.tilt_deg))
    _draw_back_hair(tilted, head, pose)
    for side in (-1.0, 1.0):
        if side * pose.turn_deg >= 0.0:
            _draw_ear(tilted, head, pose, side)


def draw_head(brush: Brush, head: Head, pose: HeadPose) -> None:
    """Draw the head itself, with what is before it."""
    tilted = brush.at(spun(pose.tilt_deg))
    form = head.outline()
    tilted.shape(form, head.skin)
    with tilted.within(form):
        head.draw_features(tilted, pose)
    for side in (-1.0, 1.0):
        if side * pose.turn_deg < 0.0:
            _draw_ear(tilted, head, pose, side)
    _draw_top(tilted, head, pose)
    head.draw_nose(tilted, pose)


def _draw_ear(brush: Brush, head: Head, pose: HeadPose, side: float) -> None:
    if head.ears == "none":
        return
    if head.ears == "human":
        at, _ = head.spot_at(pose, side * 88.0, 4.0)
        brush.shape(ring(at, (0.17, 0.25)), head.skin, pen=0.8)
        return
    at, _ = head.spot_at(pose, side * (60.0 if head.ears == "bear" else 38.0), -58.0)
    lag = 22.0 * pose.sway
    standing = brush.at(moved(at[0], at[1]).after(spun(side * 24.0 - lag + 0.2 * pose.turn_deg)))
    if head.ears == "bear":
        standing.shape(ring((0.0, -0.16), (0.34, 0.34)), head.skin)
        standing.spot(ring((0.0, -0.14), (0.19, 0.19)), head.extra.lit)
    elif head.ears == "cat":
        standing.shape(
            smooth(
                (-0.34, 0.16),
                (-0.12, -0.5),
                (0.04, -0.66),
                (0.14, -0.46),
                (0.34, 0.16),
                corners=(0, 4),
            ),
            head.skin,
        )
        standing.spot(points((-0.16, 0.02), (0.02, -0.44), (0.18, 0.02)), head.extra.lit)
    elif head.ears == "rabbit":
        bend = -0.5 * pose.sway
        spine = chain(points((0.0, 0.15), (0.0, -0.55), (bend, -1.2)))
        standing.tube(spine, (0.2, 0.27, 0.24, 0.03), head.skin)
        standing.tube(
            spine[2:-2], (0.06, 0.12, 0.09, 0.02), Paint(head.extra.lit, head.extra.lit), pen=0.0
        )
    elif head.ears == "horns":
        standing.tube(
            chain(points((0.0, 0.1), (0.08 * side, -0.3), (0.02 * side, -0.62))),
            (0.15, 0.1, 0.01),
            head.extra,
        )
    else:
        bend = -0.4 * pose.sway
        spine = chain(points((0.0, 0.15), (0.0, -0.4), (bend, -0.8)))
        standing.stroke(spine, pen=1.0, taper=False)
        standing.shape(ring((bend, -0.86), (0.13, 0.13)), head.extra, pen=0.8)


def _draw_back_hair(brush: Brush, head: Head, pose: HeadPose) -> None:
    shift = -0.16 * sin(radians(pose.turn_deg))
    if head.top == "bob":
        brush.shape(
            blob((shift - 0.1 * pose.sway, 0.14), (head.wide * 1.18, 1.12), square=2.6, pear=0.1),
            head.hair,
        )
    elif head.top == "spikes":
        brush.shape(
            star((shift, -0.1), 1.5, 1.02, count=11, tilt_deg=8.0 - 6.0 * pose.sway), head.hair
        )
    elif head.top == "bun":
        brush.shape(ring((2.6 * shift, -1.08), (0.4, 0.38)), head.hair)
    elif head.top == "tail":
        root = np.array([4.5 * shift, -0.55])
        joints = [root]
        for index in range(4):
            away = (
                90.0
                + (40.0 - 8.0 * index) * (1.0 if shift <= 0.0 else -1.0)
                + 34.0 * pose.sway * (index + 1) / 3
            )
            joints.append(joints[-1] + towards(away, 0.42))
        brush.tube(chain(np.stack(joints)), (0.14, 0.32, 0.34, 0.24, 0.02), head.hair)
    elif head.top == "fluff":
        for x, y in ((-0.75, -0.6), (0.75, -0.6), (-0.95, 0.0), (0.95, 0.0), (0.0, -0.9)):
            brush.shape(ring((x * head.wide + shift, y), (0.46, 0.46)), head.hair)


def _draw_top(brush: Brush, head: Head, pose: HeadPose) -> None:
    """The hair before the head, or what it wears."""
    way = sin(radians(pose.turn_deg))
    wide = head.wide
    if head.top in ("cap", "bob", "spikes", "bun", "tail", "fluff"):
        low = -0.36 + 0.2 * sin(radians(pose.nod_deg))
        fringe = smooth(
            (-1.04 * wide, 0.05), (-0.8 * wide, -0.75), (0.0, -1.1), (0.8 * wide, -0.75), (1.04 * wide, 0.05),
            (wide * (0.72 + 0.2 * way), low + 0.1), (wide * (0.3 + 0.5 * way), low - 0.14), (wide * (0.05 + 0.55 * way), low + 0.04),
            (wide * (-0.3 + 0.5 * way), low - 0.12), (wide * (-0.72 + 0.2 * way), low + 0.1),
            corners=(0, 4, 6, 7),
        )  # fmt: skip
        brush.shape(fringe, head.hair)
    elif head.top == "hat":
        brush.shape(
            smooth(
                (-0.72, -0.72), (-0.62, -1.5), (0.62, -1.5), (0.72, -0.72), corners=(0, 1, 2, 3)
            ),
            head.extra,
        )
        brush.shape(ring((0.0, -0.72), (1.12, 0.2)), head.extra)
    elif head.top == "beanie":
        brush.shape(
            smooth(
                (-1.0 * wide, -0.36),
                (-0.8 * wide, -1.06),
                (0.0, -1.32),
                (0.8 * wide, -1.06),
                (1.0 * wide, -0.36),
                (0.0, -0.24),
            ),
            head.extra,
        )
        brush.shape(ring((-0.3 * pose.sway, -1.38), (0.2, 0.2)), head.hair)
    elif head.top == "cone":
        brush.shape(
            smooth(
                (-0.78, -0.66),
                (-0.3 - 0.5 * pose.sway, -1.9),
                (0.78, -0.66),
                (0.0, -0.5),
                corners=(0, 1, 2),
            ),
            head.extra,
        )
    elif head.top == "tuft":
        for lean in (-26.0, 8.0, 34.0):
            tip = np.array([0.0, -0.9]) + towards(-90.0 + lean - 30.0 * pose.sway, 0.55)
            brush.tube(
                chain(np.stack([np.array([0.0, -0.9]), (np.array([0.0, -0.95]) + tip) / 2, tip])),
                (0.1, 0.08, 0.01),
                head.hair,
            )


def random_head(rng: np.random.Generator, *, skin: Paint, kind: str) -> Head:
    """A head for a "person", an "animal", or a "creature"."""
    ears = {
        "person": ["human"],
        "animal": ["cat", "bear", "rabbit"],
        "creature": ["none", "horns", "antennae", "bear", "cat"],
    }
    person = kind == "person"
    tops = (
        ["cap", "bob", "spikes", "bun", "tail", "fluff", "hat", "beanie", "cone"]
        if person
        else ["none", "none", "tuft", "hat", "beanie"]
    )
    extra = random_paint(rng)
    return Head(
        skin=skin,
        hair=random_hair(rng),
        extra=extra if not person else paint(float(rng.uniform(0, 360)), 0.6, 0.85, material=3),
        iris=hsv(float(rng.uniform(0, 360)), 0.6, 0.6),
        wide=float(rng.uniform(0.86, 1.16)),
        square=float(rng.choice([2.0, rng.uniform(2.0, 3.6)])),
        pear=float(rng.uniform(-0.14, 0.18)),
        eyes=str(rng.choice(["dots", "round", "tall", "iris"])),
        eye_size=float(rng.uniform(0.17, 0.34)),
        eye_apart_deg=float(rng.uniform(20, 32)),
        eye_height_deg=float(rng.uniform(-10, 8)),
        mouth=str(rng.choice(["small", "wide", "smile", "sad"])),
        nose=str(rng.choice(["line", "ball", "none"] if person else ["none", "ball", "ball"])),
        ears=str(rng.choice(ears[kind])),
        top=str(rng.choice(tops)),
        cheeks=bool(rng.random() < 0.4),
    )  # fmt: skip
