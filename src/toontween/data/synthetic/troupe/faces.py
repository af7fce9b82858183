"""The form of a head and its face, turned by sliding features round a sphere.

A head's unit is its radius, its origin its middle; it looks at us when its turn is 0°, to the right when positive.
"""

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from toontween.data.synthetic.canvas import Colour
from toontween.data.synthetic.curves import Points, points
from toontween.data.synthetic.stage.colours import Paint
from toontween.data.synthetic.stage.looks import Brush
from toontween.data.synthetic.troupe.forms import Spot, blob, chain, ring, smooth

_WHITE: Colour = (252, 252, 250)
_DARK: Colour = (24, 20, 34)


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadPose:
    """What a head does."""

    turn_deg: float = 0.0
    nod_deg: float = 0.0
    tilt_deg: float = 0.0
    open_eyes: float = 1.0
    open_mouth: float = 0.0
    sway: float = 0.0
    """How far what hangs on it is left behind, to the left when positive, −1…1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """A head as it was built."""

    skin: Paint
    hair: Paint
    extra: Paint
    iris: Colour
    wide: float
    square: float
    pear: float
    eyes: str
    eye_size: float
    eye_apart_deg: float
    eye_height_deg: float
    mouth: str
    nose: str
    ears: str
    top: str
    cheeks: bool

    def outline(self) -> Points:
        """Its form."""
        return blob((0.0, 0.0), (self.wide, 1.0), square=self.square, pear=self.pear)

    def spot_at(self, pose: HeadPose, across_deg: float, down_deg: float) -> tuple[Spot, float]:
        """Where a point of the face is, and how much of its width is seen (negative: round the back)."""
        turn = radians(across_deg + pose.turn_deg)
        down = radians(down_deg + pose.nod_deg)
        return (sin(turn) * cos(down) * self.wide, sin(down)), cos(turn)

    def draw_features(self, brush: Brush, pose: HeadPose) -> None:
        """Draw eyes, cheeks and mouth."""
        for side in (-1.0, 1.0):
            self._draw_eye(brush, pose, side)
            if self.cheeks:
                at, width = self.spot_at(
                    pose, side * (self.eye_apart_deg + 12.0), self.eye_height_deg + 24.0
                )
                if width > 0.1:
                    brush.spot(ring(at, (0.15 * width, 0.09)), (240, 130, 120), alpha=0.55)
        self._draw_mouth(brush, pose)

    def _draw_eye(self, brush: Brush, pose: HeadPose, side: float) -> None:
        at, width = self.spot_at(pose, side * self.eye_apart_deg, self.eye_height_deg)
        if width < 0.08:
            return
        size = self.eye_size
        if pose.open_eyes < 0.15:
            arc = chain(
                points((-size * width, 0.0), (0.0, size * 0.35), (size * width, 0.0))
                + np.asarray(at)
            )
            brush.stroke(arc, pen=0.9)
            return
        opened = 0.25 + 0.75 * pose.open_eyes
        if self.eyes == "dots":
            brush.spot(ring(at, (size * 0.55 * width, size * 0.75 * opened)), _DARK)
            return
        tall = size * (1.25 if self.eyes == "tall" else 1.0) * opened
        white = ring(at, (size * width, tall))
        brush.shape(white, Paint(_WHITE, (214, 218, 232)), pen=0.7, round_off=0.0)
        with brush.within(white):
            look = 0.32 * sin(radians(pose.turn_deg))
            pupil = (at[0] + size * look, at[1] + size * 0.08)
            if self.eyes == "iris":
                brush.spot(ring(pupil, (size * 0.62 * width, size * 0.7)), self.iris)
            brush.spot(ring(pupil, (size * 0.36 * width, size * 0.44)), _DARK)
            brush.spot(
                ring((pupil[0] - 0.16 * size, pupil[1] - 0.2 * size), (size * 0.14, size * 0.16)),
                _WHITE,
            )

    def _draw_mouth(self, brush: Brush, pose: HeadPose) -> None:
        at, width = self.spot_at(pose, 0.0, self.eye_height_deg + 36.0)
        if width < 0.1:
            return
        half = {"small": 0.14, "wide": 0.36}.get(self.mouth, 0.24)
        gap = pose.open_mouth * half * 0.9
        if gap > 0.04:
            form = ring((at[0], at[1] + gap * 0.4), (half * width * 0.85, gap))
            brush.spot(form, (120, 34, 48))
            with brush.within(form):
                brush.spot(
                    ring((at[0], at[1] + gap * 1.2), (half * width * 0.6, gap * 0.6)),
                    (226, 112, 116),
                )
            return
        bow = -0.1 if self.mouth == "sad" else 0.1
        line = chain(
            points((-half * width, -bow * 0.5), (0.0, bow * 0.6), (half * width, -bow * 0.5))
            + np.asarray(at)
        )
        brush.stroke(line, pen=0.9)

    def draw_nose(self, brush: Brush, pose: HeadPose) -> None:
        """Draw the nose or beak, which may stand out from the face."""
        at, width = self.spot_at(pose, 0.0, self.eye_height_deg + 18.0)
        if self.nose == "none" or width < 0.0:
            return
        x, y = at[0] * 1.1, at[1]
        if self.nose == "ball":
            brush.shape(ring((x, y), (0.16, 0.14)), self.extra, pen=0.7)
        elif self.nose == "beak":
            way = sin(radians(pose.turn_deg))
            tip = (x + 0.75 * way, y + 0.16)
            open_by = 0.25 * pose.open_mouth
            brush.shape(
                smooth(
                    (x - 0.2, y + 0.05),
                    (tip[0], tip[1] + open_by),
                    (x + 0.2, y + 0.22 + open_by),
                    corners=(1,),
                ),
                self.extra,
                pen=0.7,
            )
            brush.shape(
                smooth(
                    (x - 0.24, y + 0.1), (x, y - 0.16), (x + 0.24, y + 0.1), tip, corners=(0, 2, 3)
                ),
                self.extra,
                pen=0.7,
            )
        else:
            way = 1.0 if pose.turn_deg >= 0 else -1.0
            line = chain(
                points((x, y - 0.14), (x + 0.1 * way, y + 0.02), (x - 0.02 * way, y + 0.05))
            )
            brush.stroke(line, pen=0.8)
