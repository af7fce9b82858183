"""Two-legged players: people, beans that are all body, and robots, on one skeleton."""

from dataclasses import dataclass
from math import pi, sin

import numpy as np

from toontween.data.synthetic.curves import towards, turned
from toontween.data.synthetic.motion import Track
from toontween.data.synthetic.stage.camera import Affine, moved, scaled, spun
from toontween.data.synthetic.stage.colours import (
    Paint,
    darker,
    name_of,
    random_paint,
    random_skin,
)
from toontween.data.synthetic.stage.looks import Brush
from toontween.data.synthetic.troupe.acting import (
    STEP,
    Acting,
    Mark,
    Pose,
    Travel,
    headed,
    random_acting,
    random_blink,
    random_travel,
    step_at,
)
from toontween.data.synthetic.troupe.builds import Build, random_build
from toontween.data.synthetic.troupe.faces import Head, HeadPose
from toontween.data.synthetic.troupe.forms import (
    Spot,
    blob,
    box,
    limb_line,
    pair,
    ring,
    smooth,
    two_bones,
)
from toontween.data.synthetic.troupe.heads import draw_behind, draw_head, random_head


@dataclass(frozen=True, kw_only=True, slots=True)
class Joints:
    """The skeleton at one moment."""

    hips: Spot
    neck: Spot
    lean_deg: float
    head: HeadPose
    head_at: Spot
    arms: tuple[tuple[Spot, Spot, Spot], tuple[Spot, Spot, Spot]]
    """Near and far: shoulder, elbow, hand."""

    legs: tuple[tuple[Spot, Spot, Spot], tuple[Spot, Spot, Spot]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Biped:
    """A player on two legs."""

    kind: str
    who: str
    does: str
    mark: Mark
    travel: Travel
    acting: Acting
    blink: Track
    build: Build
    head: Head
    top: Paint
    bottom: Paint
    shoe: Paint

    def place(self, time: float) -> Affine:
        """Where the player stands."""
        return self.travel.place(self.mark, time)

    def footprint(self, time: float) -> tuple[float, float, float]:
        """The shadow on the ground."""
        return self.travel.footprint(self.mark, time, 0.24)

    def landmarks(self, time: float) -> dict[str, Spot]:
        """Joints that are easily seen."""
        joints = self.joints(time)
        return {
            "head": joints.head_at,
            "hips": joints.hips,
            "near hand": joints.arms[0][2],
            "far hand": joints.arms[1][2],
            "near foot": joints.legs[0][2],
            "far foot": joints.legs[1][2],
        }

    def joints(self, time: float) -> Joints:
        """The skeleton at a time."""
        pose, build = self.acting.at(time), self.build
        bob = 0.0
        if self.travel.strides:
            pose = self._walking(pose, time)
            bob = 0.03 * abs(sin(2 * pi * self.travel.strides * time))
        low = build.leg * (0.96 - 0.48 * float(pose[1])) - bob
        lean = float(pose[0])
        hips = (-0.001 * lean, -low)
        neck = np.asarray(hips) + towards(lean - 90.0, build.trunk)
        over = towards(1.3 * lean - 90.0, build.head * 0.98)
        lag = float(self.acting.at(time - 0.09)[0] - pose[0]) / 24.0
        head = HeadPose(
            turn_deg=float(pose[2]) + 18.0,
            nod_deg=float(pose[3]),
            tilt_deg=0.5 * lean,
            open_eyes=self.blink(time),
            open_mouth=min(max(float(pose[11]), 0.0), 1.0),
            sway=float(np.clip(0.25 - lag, -1.0, 1.0)),
        )
        return Joints(
            hips=hips, neck=pair(neck), lean_deg=lean, head=head, head_at=pair(neck + over),
            arms=(self._arm(pose, neck, 0), self._arm(pose, neck, 1)),
            legs=(self._leg(hips, float(pose[8]), 0.0, 0), self._leg(hips, float(pose[9]), float(pose[10]), 1)),
        )  # fmt: skip

    def draw(self, brush: Brush, time: float) -> None:
        """Draw the player from back to front."""
        joints = self.joints(time)
        seen = brush.at(moved(*joints.head_at).after(scaled(self.build.head, self.build.head)))
        if self.build.head:
            draw_behind(seen, self.head, joints.head)
        self._draw_arm(brush, joints.arms[1], far=True)
        self._draw_leg(brush, joints.legs[1], far=True)
        self._draw_leg(brush, joints.legs[0], far=False)
        self._draw_trunk(brush, joints)
        if self.build.head:
            draw_head(seen, self.head, joints.head)
        self._draw_arm(brush, joints.arms[0], far=False)

    def _walking(self, pose: Pose, time: float) -> Pose:
        """A pose whose limbs swing with the steps."""
        walked = pose.copy()
        phase = self.travel.strides * time
        near, _ = step_at(phase)
        far, lift = step_at(phase + 0.5)
        swing = 34.0 * sin(2 * pi * phase)
        walked[4:8] = 92 + swing, 66 + swing * 1.2, 92 - swing, 66 - swing * 1.2
        walked[0], walked[1] = walked[0] * 0.15 + 5.0, 0.06
        walked[8], walked[9], walked[10] = STEP * near, STEP * far, 0.16 * lift
        return walked

    def _arm(self, pose: Pose, neck: np.ndarray, which: int) -> tuple[Spot, Spot, Spot]:
        build = self.build
        side = (-0.9 if which == 0 else 0.9) * build.half * build.turn
        down = 0.1 if build.head else 0.5
        root = neck + turned(np.array([[side, build.trunk * down]]), float(pose[0]))[0]
        upper, fore = float(pose[4 + 2 * which]), float(pose[5 + 2 * which])
        elbow = root + towards(upper, build.arm * 0.52)
        return pair(root), pair(elbow), pair(elbow + towards(fore, build.arm * 0.48))

    def _leg(self, hips: Spot, ahead: float, lift: float, which: int) -> tuple[Spot, Spot, Spot]:
        build = self.build
        if which == 0 and self.travel.strides:
            lift = 0.0
        side = (-0.5 if which == 0 else 0.5) * build.half * build.turn
        root = (hips[0] + side, hips[1])
        aim = (ahead * build.leg * 2.2 + side, -lift * build.leg * 1.6 - build.thick)
        knee, foot = two_bones(root, aim, build.leg * 0.5, build.leg * 0.5, bend=1.0)
        return root, knee, foot

    def _draw_arm(self, brush: Brush, arm: tuple[Spot, Spot, Spot], *, far: bool) -> None:
        thick = self.build.thick * 0.85
        sleeve = darker(self.top) if far else self.top
        hand = darker(self.head.skin) if far else self.head.skin
        line = limb_line(*arm, hose=self.build.hose)
        if self.kind == "robot":
            brush.tube(line, (thick * 0.6, thick * 0.6), self.shoe)
            brush.shape(ring(arm[1], (thick, thick)), sleeve, pen=0.8)
            brush.shape(ring(arm[2], (thick * 1.7, thick * 1.5)), sleeve)
            return
        brush.shape(ring(arm[2], (thick * 1.5, thick * 1.4)), hand)
        brush.tube(line, (thick * 1.1, thick, thick * 0.9), hand if self.kind == "bean" else sleeve)

    def _draw_leg(self, brush: Brush, leg: tuple[Spot, Spot, Spot], *, far: bool) -> None:
        thick = self.build.thick
        cloth = darker(self.bottom) if far else self.bottom
        shoe = darker(self.shoe) if far else self.shoe
        x, y = leg[2]
        foot = smooth((x - thick * 1.2, y + thick), (x - thick, y - thick * 0.8), (x + thick * 0.9, y - thick * 0.7),
                      (x + thick * 2.6, y + thick * 0.3), (x + thick * 2.6, y + thick), corners=(0, 4))  # fmt: skip
        if self.kind == "robot":
            brush.tube(limb_line(*leg, hose=0.0), (thick * 0.6, thick * 0.6), self.shoe)
            brush.shape(box(x - thick * 1.5, y - thick, x + thick * 2.2, y + thick), cloth)
            return
        brush.shape(foot, shoe)
        brush.tube(
            limb_line(*leg, hose=self.build.hose), (thick * 1.25, thick * 1.05, thick * 0.9), cloth
        )

    def _draw_trunk(self, brush: Brush, joints: Joints) -> None:
        build = self.build
        standing = brush.at(moved(*joints.hips).after(spun(joints.lean_deg)))
        tall, half = build.trunk, build.half * (0.72 + 0.28 * build.turn)
        if self.kind == "bean":
            body = blob((0.0, -0.5 * tall), (half, 0.58 * tall), square=build.square, pear=0.12)
            standing.shape(body, self.top)
            radius = half * 1.0
            face = standing.at(moved(0.0, -0.72 * tall).after(scaled(radius, radius)))
            with standing.within(body):
                standing.spot(
                    ring((half * 0.25, 0.05 * tall), (half * 0.62, tall * 0.3)), self.bottom.lit
                )
                self.head.draw_features(face, joints.head)
            self.head.draw_nose(face, joints.head)
            return
        if self.kind == "robot":
            body = box(-half, -tall, half, 0.04)
            standing.shape(body, self.top)
            standing.spot(box(-0.55 * half, -0.75 * tall, 0.7 * half, -0.4 * tall), self.bottom.lit)
            standing.spot(
                ring((-0.3 * half, -0.2 * tall), (0.14 * half, 0.14 * half)), self.head.iris
            )
            return
        neck = box(
            -build.thick * 0.8, -tall - build.thick * 2.0, build.thick * 0.8, -tall + build.thick
        )
        standing.shape(neck, darker(self.head.skin, 0.9), pen=0.0, round_off=0.0)
        if build.skirt:
            sway = -0.12 * joints.head.sway
            skirt = smooth((-half * 0.8, -0.3 * tall), (half * 0.8, -0.3 * tall), (half * 1.7 + sway, 0.32 * tall),
                           (sway, 0.38 * tall), (-half * 1.7 + sway, 0.32 * tall), corners=(0, 1, 2, 4))  # fmt: skip
            standing.shape(skirt, self.shoe)
        else:
            standing.shape(ring((0.0, -0.02), (half * 0.98, build.thick * 1.9)), self.bottom)
        trunk = smooth((-half * 0.9, 0.0), (-half, -0.5 * tall), (-half * 0.86, -0.9 * tall), (0.0, -1.02 * tall),
                       (half * 0.86, -0.9 * tall), (half, -0.5 * tall), (half * 0.9, 0.0), corners=(0, 6))  # fmt: skip
        standing.shape(trunk, self.top)


def random_biped(rng: np.random.Generator, mark: Mark, *, kind: str) -> Biped:
    """A "person", a "bean" or a "robot" that does something."""
    skin = random_skin(rng) if kind == "person" else random_paint(rng)
    travel = random_travel(
        rng, kinds=("stay", "stay", "stay", "jump", "walk", "dash", "flip", "hop")
    )
    acting = random_acting(rng)
    head = random_head(rng, skin=skin, kind="person" if kind == "person" else "creature")
    top = skin if kind == "bean" else random_paint(rng)
    build = random_build(rng, kind)
    stays = not travel.says
    return Biped(
        kind=kind,
        who=_name(rng, kind, top),
        does=acting.says.replace(" its ", " their " if kind == "person" else " its ")
        if stays
        else headed(travel, mark),
        mark=mark,
        travel=travel,
        acting=acting,
        blink=random_blink(rng),
        build=build,
        head=head,
        top=top,
        bottom=random_paint(rng),
        shoe=random_paint(rng),
    )


def _name(rng: np.random.Generator, kind: str, top: Paint) -> str:
    colour = name_of(top.lit)
    if kind == "person":
        return f"a {rng.choice(['child', 'girl', 'boy', 'woman', 'man'])} in {colour}"
    if kind == "robot":
        return f"a {colour} robot"
    return f"a {colour} {rng.choice(['bean', 'blob', 'monster', 'jelly'])}"
