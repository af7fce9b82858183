"""Where things are: affine placings, and the camera that looks at the stage.

The stage is one unit high when the camera is at rest, y downwards, its origin in the middle of the picture.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np
from jaxtyping import Float

from toontween.data.synthetic.curves import Points
from toontween.data.synthetic.motion import track


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """A placing: a matrix and then a shift."""

    matrix: Float[np.ndarray, "2 2"]
    offset: Float[np.ndarray, " 2"]

    def __call__(self, line: Points) -> Points:
        """A line, placed."""
        return line @ self.matrix.T + self.offset

    def after(self, first: "Affine") -> "Affine":
        """The placing that does the other one first."""
        return Affine(self.matrix @ first.matrix, self.matrix @ first.offset + self.offset)

    @property
    def scale(self) -> float:
        """How much it magnifies."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix))))


def moved(x: float, y: float) -> Affine:
    """A shift."""
    return Affine(np.eye(2), np.array([x, y]))


def scaled(across: float, along: float) -> Affine:
    """Wider by one factor and higher by another, about the origin."""
    return Affine(np.diag([across, along]), np.zeros(2))


def spun(degrees: float) -> Affine:
    """A turn about the origin, clockwise on the picture."""
    c, s = cos(radians(degrees)), sin(radians(degrees))
    return Affine(np.array([[c, -s], [s, c]]), np.zeros(2))


def slanted(share: float) -> Affine:
    """What is above the origin pushed to the right by a share of its height."""
    return Affine(np.array([[1.0, -share], [0.0, 1.0]]), np.zeros(2))


@dataclass(frozen=True, kw_only=True, eq=False)
class Camera:
    """A camera that pans, zooms and tilts over the stage."""

    size: tuple[int, int]
    """Width and height of the picture, pixels."""

    x: Callable[[float], float]
    """Where it looks at, over time."""

    y: Callable[[float], float]
    zoom: Callable[[float], float]
    tilt_deg: Callable[[float], float]

    says: str = ""
    """What it does, for the caption; "" when it rests."""

    def view(self, time: float, *, nearness: float = 1.0) -> Affine:
        """The placing of the stage on the picture in pixels.

        Args:
            time: When, 0…1.
            nearness: How much of the camera's way is seen: 1 for the cast, less for what is far away.
        """
        width, height = self.size
        zoom = (1.0 + (self.zoom(time) - 1.0) * nearness) * height
        towards = moved(-self.x(time) * nearness, -self.y(time) * nearness)
        looked = scaled(zoom, zoom).after(spun(self.tilt_deg(time)).after(towards))
        return moved(width / 2, height / 2).after(looked)

    @property
    def moves(self) -> bool:
        """Whether it does anything."""
        return bool(self.says)


def random_camera(rng: np.random.Generator, size: tuple[int, int]) -> Camera:
    """A camera at rest (as often as not), or one that pans, zooms or tilts a little."""
    still = track((0.0, 0.0), (1.0, 0.0))
    near = float(rng.uniform(0.96, 1.12))
    kind = str(
        rng.choice(
            ["rest", "pan", "crane", "in", "out", "roll"], p=[0.5, 0.2, 0.06, 0.1, 0.1, 0.04]
        )
    )
    x, y, zoom, tilt = still, still, track((0.0, near), (1.0, near)), still
    says = ""
    way = float(rng.choice([-1.0, 1.0]))
    far = float(rng.uniform(0.14, 0.42))
    if kind == "pan":
        x = track((0.0, -way * far / 2), (1.0, way * far / 2))
        says = f"the camera pans {'right' if way > 0 else 'left'}"
    elif kind == "crane":
        y = track((0.0, 0.0), (1.0, way * far * 0.3))
        says = f"the camera {'sinks' if way > 0 else 'rises'}"
    elif kind == "in":
        zoom = track((0.0, near), (1.0, near * (1.0 + far)))
        says = "the camera moves in"
    elif kind == "out":
        zoom = track((0.0, near * (1.0 + far)), (1.0, near))
        says = "the camera draws back"
    elif kind == "roll":
        tilt = track((0.0, -5.0 * way), (1.0, 5.0 * way))
        zoom = track((0.0, near * 1.05), (1.0, near * 1.1))
        says = "the camera tilts"
    return Camera(size=size, x=x, y=y, zoom=zoom, tilt_deg=tilt, says=says)
