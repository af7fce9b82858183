"""The form of the head: how drawn points sit on it when it turns.

Unit: half the head's width. The origin is the middle of the cranium, y downwards. A turn to the picture's right is
positive; everything is given as seen from the front and slides round a cylinder, which keeps features on the form.
"""

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from toontween.data.synthetic.curves import Points, Widths, mirrored, turned

FACE_RADIUS = 0.86
"""Radius of the cylinder on which the features lie."""

FULL_TURN_DEG = 38.0
"""The turn for which the three-quarter outlines are drawn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stance:
    """Where a head is and how it is turned."""

    centre: tuple[float, float]
    """The middle of the cranium, pixels."""

    scale: float
    """Pixels a unit."""

    yaw_deg: float = 0.0
    """Turn to the picture's right."""

    pitch_deg: float = 0.0
    """Nod: positive looks down."""

    roll_deg: float = 0.0
    """Tilt, clockwise on the picture."""

    @property
    def turn(self) -> float:
        """The turn as a share of the three-quarter view, −1…1."""
        return self.yaw_deg / FULL_TURN_DEG

    def place(self, line: Points) -> Points:
        """A flat line of the head on the picture, in pixels."""
        return turned(line, self.roll_deg) * self.scale + np.asarray(self.centre)

    def wrap(
        self, degrees: Points, *, radius: float | Widths = FACE_RADIUS, shift: float = 0.0
    ) -> Points:
        """A line on the form, given as (longitude in degrees, height), on the picture.

        What lies beyond the edge of the form stays at the edge.
        """
        angle = np.clip(degrees[:, 0] + self.yaw_deg, -90.0, 90.0) * np.pi / 180
        nod = radians(self.pitch_deg)
        height = degrees[:, 1] * cos(nod) + radius * np.cos(angle) * sin(nod)
        return self.place(np.stack([radius * np.sin(angle) + shift, height], axis=1))

    def on_face(self, line: Points, *, radius: float = FACE_RADIUS) -> Points:
        """A line drawn on the face as seen from the front, on the picture."""
        longitude = np.degrees(np.arcsin(np.clip(line[:, 0] / FACE_RADIUS, -1.0, 1.0)))
        return self.wrap(np.stack([longitude, line[:, 1]], axis=1), radius=radius)


def between_views(front: Points, right: Points, turn: float) -> Points:
    """The outline of a symmetrical form between its front and three-quarter views.

    The outlines run clockwise from the top of the head and have a point at the bottom, so that point i of the left
    view is the mirror of point n − i of the right one.

    Args:
        front: As seen from the front.
        right: As seen turned fully to the picture's right.
        turn: The turn as a share of the three-quarter view, −1…1.
    """
    left = np.roll(mirrored(right)[::-1], 1, axis=0)
    odd, even = (right - left) / 2, (right + left) / 2 - front
    return front + turn * odd + turn * turn * even
