"""The bundled scenes: who plays before which background, drawn at any moment.

A scene is a function of time: 0 is the first key, 1 the last key. The drawings between are true in-betweens, made with
the same skeleton, not morphs of the keys.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float, UInt8

from toontween.data.synthetic.acting import (
    COURT_GROUND,
    MEADOW_GROUND,
    ball_at,
    thrower_at,
    turner_at,
)
from toontween.data.synthetic.canvas import Canvas, over, straight
from toontween.data.synthetic.cast.ball import draw_ball, draw_ball_shadow
from toontween.data.synthetic.cast.bust import draw_bust
from toontween.data.synthetic.cast.face import nose
from toontween.data.synthetic.cast.figure import draw_figure
from toontween.data.synthetic.cast.head import draw_head_back, draw_head_front
from toontween.data.synthetic.cast.palette import CAST_SHADOW
from toontween.data.synthetic.curves import ellipse
from toontween.data.synthetic.scenery import HEIGHT_PX, WIDTH_PX, Painted, court, meadow, room
from toontween.errors import InputError, UnknownNameError

NUM_DRAWINGS = 16
"""Drawings of a bundled scene: two keys and fourteen in-betweens."""

Landmarks = Mapping[str, tuple[float, float]]
"""Points whose path is known: name → (x, y) in pixels."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawing:
    """One drawing with its layers."""

    frame: UInt8[np.ndarray, "h w 3"]
    """What is seen."""

    cel: UInt8[np.ndarray, "h w 4"]
    """The character alone, straight alpha."""

    line: UInt8[np.ndarray, "h w 4"]
    """Its ink alone, straight alpha."""

    landmarks: Landmarks
    """Where the points that tell the motion are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """A scene that can be drawn at any moment."""

    name: str
    background: Callable[[], Painted]
    play: Callable[[Canvas, float], None]
    """Draws the cast at a time."""

    landmarks: Callable[[float], Landmarks]
    """Where the points that tell the motion are at a time, before the zoom."""

    zoom: float = 1.0
    """How much the camera magnifies the play (not the background)."""

    about: tuple[float, float] = (0.0, 0.0)
    """The point that stays where it is under the zoom."""

    def draw(self, time: float) -> Drawing:
        """The drawing at a time.

        Raises:
            InputError: The time is not within 0…1.
        """
        landmarks = self.landmarks_at(time)
        canvas = Canvas(WIDTH_PX, HEIGHT_PX, zoom=self.zoom, about=self.about)
        self.play(canvas, time)
        layers = canvas.layers()
        return Drawing(
            frame=over(layers.cel, self.background()),
            cel=straight(layers.cel),
            line=straight(layers.line),
            landmarks=landmarks,
        )

    def landmarks_at(self, time: float) -> Landmarks:
        """The landmarks on the picture, without the drawing.

        Raises:
            InputError: The time is not within 0…1.
        """
        if not 0.0 <= time <= 1.0:
            raise InputError(f"time {time} is not between the keys, 0…1")
        return MappingProxyType({name: self._seen(at) for name, at in self.landmarks(time).items()})

    def _seen(self, at: tuple[float, float]) -> tuple[float, float]:
        x, y = (
            fixed + self.zoom * (value - fixed) for value, fixed in zip(at, self.about, strict=True)
        )
        return x, y


def times() -> tuple[float, ...]:
    """When the drawings of a bundled scene are: evenly spaced; the ease is in the acting."""
    return tuple(index / (NUM_DRAWINGS - 1) for index in range(NUM_DRAWINGS))


def scene(name: str) -> Scene:
    """A bundled scene by its name.

    Raises:
        UnknownNameError: There is no such scene.
    """
    for one in SCENES:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in SCENES)
    raise UnknownNameError(f"there is no scene called {name!r}", hint=f"known: {known}")


def _play_two_poses(canvas: Canvas, time: float) -> None:
    figure = thrower_at(time)
    feet = (figure.near_leg.end[0] + 10.0, figure.far_leg.end[0] + 8.0)
    middle, half = (feet[0] + feet[1]) / 2, (feet[1] - feet[0]) / 2 + 30.0
    canvas.fill(ellipse((middle, MEADOW_GROUND + 1.0), (half, 7.0)), CAST_SHADOW, alpha=0.22)
    draw_figure(canvas, figure)


def _two_poses_landmarks(time: float) -> Landmarks:
    figure = thrower_at(time)
    return {
        "hips": _pair(figure.spine[0]),
        "head": figure.head.stance.centre,
        "near hand": figure.near_arm.end,
        "far hand": figure.far_arm.end,
        "near ankle": figure.near_leg.end,
        "far ankle": figure.far_leg.end,
        "tail tip": _pair(figure.head.tail[-1]),
        "scarf tip": _pair(figure.scarf_end[-1]),
    }


def _play_head_turn(canvas: Canvas, time: float) -> None:
    close_up = turner_at(time)
    draw_head_back(canvas, close_up.head)
    draw_bust(canvas, close_up.shoulders, close_up.scarf_end, pen=close_up.head.pen)
    draw_head_front(canvas, close_up.head)


def _head_turn_landmarks(time: float) -> Landmarks:
    head = turner_at(time).head
    tip = _pair(head.tail[-1])
    return {"head": head.stance.centre, "nose": nose(head.stance), "tail tip": tip}


def _play_bouncing_ball(canvas: Canvas, time: float) -> None:
    ball = ball_at(time)
    draw_ball_shadow(canvas, ball, COURT_GROUND)
    draw_ball(canvas, ball, pen=3.0)


def _bouncing_ball_landmarks(time: float) -> Landmarks:
    ball = ball_at(time)
    return {"centre": ball.centre, "lowest": (ball.centre[0], ball.lowest)}


def _pair(point: Float[np.ndarray, " 2"]) -> tuple[float, float]:
    return float(point[0]), float(point[1])


SCENES = (
    Scene(
        name="two-poses",
        background=meadow,
        play=_play_two_poses,
        landmarks=_two_poses_landmarks,
        zoom=1.22,
        about=(236.0, 302.0),
    ),
    Scene(
        name="head-turn",
        background=room,
        play=_play_head_turn,
        landmarks=_head_turn_landmarks,
    ),
    Scene(
        name="bouncing-ball",
        background=court,
        play=_play_bouncing_ball,
        landmarks=_bouncing_ball_landmarks,
    ),
)
"""The bundled scenes, the richest first."""
