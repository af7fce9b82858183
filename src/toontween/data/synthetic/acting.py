"""What the cast does: poses over time for the bundled scenes.

Joints are timed one after another, from the hips to the fingertips; hair and scarf drag behind. Time 0 is the first
key, time 1 the last.
"""

from dataclasses import dataclass

import numpy as np

from toontween.data.synthetic.cast.ball import Ball
from toontween.data.synthetic.cast.face import Expression
from toontween.data.synthetic.cast.figure import Figure, Limb, arm, bent_spine, leg
from toontween.data.synthetic.cast.form import Stance
from toontween.data.synthetic.cast.hair import tail_root
from toontween.data.synthetic.cast.head import Head
from toontween.data.synthetic.curves import Points, points, towards, turned
from toontween.data.synthetic.motion import bump, dragged, ease, track

MEADOW_GROUND = 288.0
"""Height of the ground on which the thrower stands, pixels from the top."""

COURT_GROUND = 262.0
"""Height of the ground on which the ball lands."""

_TOE = (18.0, 10.0)

# The throw: hips first, then chest, upper arm, forearm.
_HIP_X = track((0.0, 194.0), (0.12, 191.0), (0.78, 258.0), (1.0, 262.0))
_HIP_Y = track((0.0, 211.0), (0.14, 214.0), (0.42, 205.0), (0.8, 219.0), (1.0, 217.0))
_LOW_LEAN = track((0.0, -8.0), (0.12, -10.0), (0.78, 14.0), (1.0, 13.0))
_HIGH_LEAN = track((0.0, -20.0), (0.16, -24.0), (0.84, 30.0), (1.0, 27.0))
_NEAR_UPPER = track((0.0, 194.0), (0.18, 189.0), (0.5, 268.0), (0.86, 363.0), (1.0, 366.0))
_NEAR_FORE = track((0.0, 268.0), (0.2, 258.0), (0.52, 276.0), (0.9, 344.0), (1.0, 348.0))
_FAR_UPPER = track((0.0, -6.0), (0.14, -10.0), (0.84, 162.0), (1.0, 168.0))
_FAR_FORE = track(
    (0.0, -26.0),
    (0.18, -32.0),
    (0.54, 2.0),
    (0.61, 24.0),
    (0.71, 132.0),
    (0.92, 150.0),
    (1.0, 154.0),
)
_HEEL_LIFT = track((0.0, 0.0), (0.25, 2.0), (0.88, 50.0), (1.0, 52.0))
_FAR_ANKLE_X = track((0.0, 244.0), (0.1, 243.0), (0.66, 318.0), (1.0, 318.0))
_FAR_ANKLE_Y = track((0.0, 275.0), (0.1, 274.0), (0.36, 254.0), (0.66, 278.0), (1.0, 278.0))
_FAR_FOOT = track((0.0, -20.0), (0.36, -6.0), (0.6, -22.0), (0.74, 0.0), (1.0, 0.0))
_HEAD_ROLL = track((0.0, -9.0), (0.14, -12.0), (0.84, 8.0), (1.0, 6.0))
_HEAD_YAW = track((0.0, 26.0), (0.3, 34.0), (1.0, 34.0))
_PLANE = track((0.0, -24.0), (0.2, -30.0), (0.5, -4.0), (0.9, -13.0), (1.0, -15.0))
_SCARF_REST = track((0.0, 128.0), (1.0, 150.0))
_TAIL_REST = track((0.0, 146.0), (1.0, 150.0))


def thrower_at(time: float) -> Figure:
    """The figure winding up (0) and throwing a paper plane (1)."""
    hips = (_HIP_X(time), _HIP_Y(time))
    spine = _thrower_spine(time)
    near_arm, far_arm = _thrower_arms(time)
    near_foot = _HEEL_LIFT(time)
    toe = np.array([200.0, MEADOW_GROUND])
    near_ankle = toe - turned(points(_TOE), near_foot)[0]
    return Figure(
        spine=spine,
        near_arm=near_arm,
        far_arm=far_arm,
        near_leg=leg(
            (hips[0] - 5.0, hips[1] + 3.0), (float(near_ankle[0]), float(near_ankle[1])), near_foot
        ),
        far_leg=leg(
            (hips[0] + 6.0, hips[1] + 1.0),
            (_FAR_ANKLE_X(time), _FAR_ANKLE_Y(time)),
            _FAR_FOOT(time),
        ),
        head=_thrower_head(time),
        scarf_end=dragged(
            _scarf_root, time, rest_deg=_SCARF_REST, lengths=(10.0, 12.0, 12.0, 12.0, 10.0)
        ),
        plane_deg=_PLANE(time),
    )


def _thrower_head(time: float) -> Head:
    stance = _thrower_stance(time)
    speed = (_thrower_stance(time - 0.05).centre[0] - _thrower_stance(time - 0.09).centre[0]) / 0.04
    expression = Expression(
        open_eyes=1.0 - 0.12 * (1.0 - ease(time * 2.0)),
        gaze=(0.35, 0.0),
        brows=-0.8 + 1.3 * ease((time - 0.3) / 0.5),
        open_mouth=ease((time - 0.35) / 0.4),
    )
    return Head(
        stance=stance,
        tail=dragged(
            lambda t: tail_root(_thrower_stance(t)),
            time,
            rest_deg=_TAIL_REST,
            lengths=(8.0, 12.0, 13.0, 13.0, 12.0),
        ),
        expression=expression,
        tuft_deg=-0.22 * speed,
        pen=2.3,
    )


def _thrower_arms(time: float) -> tuple[Limb, Limb]:
    """The near and the far arm of the thrower."""
    spine = _thrower_spine(time)
    girdle, lean = spine[-2], _HIGH_LEAN(time)
    near = girdle + turned(points((-9.0, 5.0)), lean)[0]
    far = girdle + turned(points((9.0, 4.0)), lean)[0]
    return (
        arm((float(near[0]), float(near[1])), _NEAR_UPPER(time), _NEAR_FORE(time)),
        arm((float(far[0]), float(far[1])), _FAR_UPPER(time), _FAR_FORE(time)),
    )


def _thrower_spine(time: float) -> Points:
    return bent_spine((_HIP_X(time), _HIP_Y(time)), _LOW_LEAN(time), _HIGH_LEAN(time))


def _thrower_stance(time: float) -> Stance:
    roll = _HEAD_ROLL(time)
    centre = _thrower_spine(time)[-1] + towards(roll - 90.0, 36.0) + np.array([3.0, 0.0])
    return Stance(
        centre=(float(centre[0]), float(centre[1])),
        scale=38.0,
        yaw_deg=_HEAD_YAW(time),
        pitch_deg=2.0,
        roll_deg=roll,
    )


def _scarf_root(time: float) -> Points:
    return _thrower_spine(time)[-1:] + turned(points((-11.0, 1.0)), _HIGH_LEAN(time))


@dataclass(frozen=True, kw_only=True, eq=False)
class CloseUp:
    """Head and shoulders in one pose."""

    head: Head
    shoulders: Stance
    scarf_end: Points


_TURN = track((0.0, -36.0), (0.1, -37.5), (0.9, 37.0), (1.0, 36.0))


def turner_at(time: float) -> CloseUp:
    """The head turning from three-quarter left (0) to three-quarter right (1), with a blink on the way."""
    stance = _turner_stance(time)
    shoulders = Stance(
        centre=(256.0 + 5.0 * (ease(time - 0.04) - 0.5), 152.0),
        scale=84.0,
        yaw_deg=0.45 * _TURN(time - 0.06),
    )
    blink = bump(time, centre=7 / 15, width=0.46)
    lead = ease(time * 1.5) * 2.0 - 1.0
    expression = Expression(
        open_eyes=1.0 - min(1.25 * blink, 1.0),
        gaze=(0.55 * lead, 0.25 * blink),
        brows=0.25 + 0.35 * ease(time) + 0.35 * blink,
        open_mouth=0.75 * ease((time - 0.55) / 0.4),
    )
    turning = (_TURN(time - 0.06) - _TURN(time - 0.10)) / 0.04
    head = Head(
        stance=stance,
        tail=_swung_tail(time),
        expression=expression,
        tuft_deg=-0.30 * turning + 10.0 * bump(time, centre=0.92, width=0.3),
        pen=3.2,
    )
    return CloseUp(head=head, shoulders=shoulders, scarf_end=_hanging_scarf(time, shoulders))


def _turner_stance(time: float) -> Stance:
    dip = bump(time, centre=0.5, width=1.0)
    share = ease(time)
    return Stance(
        centre=(250.0 + 12.0 * share, 150.0 + 9.0 * dip),
        scale=84.0,
        yaw_deg=_TURN(time),
        pitch_deg=3.0 + 11.0 * dip,
        roll_deg=3.0 - 6.0 * share,
    )


def _swung_tail(time: float) -> Points:
    """The tail swings round behind the head on the side away from the face, later links later."""
    joints = [tail_root(_turner_stance(time))[0]]
    for index, length in enumerate((20.0, 24.0, 26.0, 26.0, 22.0)):
        seen = time - 0.05 * (index + 1)
        side = -_TURN(seen) / 36.0
        away = 90.0 - side * (62.0 - 12.0 * index)
        joints.append(joints[-1] + towards(away, length))
    return np.stack(joints)


def _hanging_scarf(time: float, shoulders: Stance) -> Points:
    root = shoulders.place(points((0.34 + 0.10 * shoulders.turn, 1.46)))[0]
    joints = [root]
    for index, length in enumerate((18.0, 18.0, 18.0, 18.0)):
        swing = (_TURN(time - 0.05 * (index + 2)) - _TURN(time - 0.05 * (index + 2) - 0.04)) / 0.04
        joints.append(joints[-1] + towards(84.0 + 0.10 * swing, length))
    return np.stack(joints)


_CONTACT = 0.78
_BALL_RADIUS = 44.0


def ball_at(time: float) -> Ball:
    """The ball falling from the top of its arc (0), stretching, touching the ground and squashed flat on it (1)."""
    fall = min(time, _CONTACT) / _CONTACT
    squash = max(time - _CONTACT, 0.0) / (1.0 - _CONTACT)
    x = 148.0 + 178.0 * time - 12.0 * squash * squash
    if squash == 0.0:
        stretch = 1.0 + 0.26 * ease((fall - 0.2) / 0.8)
        axis = float(np.degrees(np.arctan2(170.0 * fall, 130.0)))
    else:
        stretch = 1.26 - 0.47 * (1.0 - (1.0 - squash) ** 2)
        axis = _landing_axis(squash)
    flat = Ball(
        centre=(x, 0.0),
        radius=_BALL_RADIUS,
        stretch=stretch,
        axis_deg=axis,
        roll_deg=-38.0 + 74.0 * time,
    )
    top = 72.0
    down = (
        COURT_GROUND
        - Ball(
            centre=(0.0, 0.0), radius=_BALL_RADIUS, stretch=1.26, axis_deg=_landing_axis(0.0)
        ).lowest
    )
    y = top + (down - top) * fall * fall if squash == 0.0 else COURT_GROUND - flat.lowest
    return Ball(
        centre=(x, y), radius=_BALL_RADIUS, stretch=stretch, axis_deg=axis, roll_deg=flat.roll_deg
    )


def _landing_axis(squash: float) -> float:
    """The axis turns upright while the ball is squashed."""
    landing = float(np.degrees(np.arctan2(170.0, 130.0)))
    return landing + (90.0 - landing) * ease(squash * 1.6)
