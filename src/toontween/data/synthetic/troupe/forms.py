"""Plain forms the troupe is built of, with few points: a studio drawing is small and there are many."""

from math import acos, atan2, degrees, hypot

import numpy as np

from toontween.data.synthetic.curves import Points, points, spline, towards, turned

Spot = tuple[float, float]
"""A point of a drawing, x and y."""

_ROUND = np.linspace(0.0, 2 * np.pi, 28, endpoint=False)


def ring(centre: Spot, radii: Spot, *, tilt_deg: float = 0.0) -> Points:
    """An ellipse."""
    line = np.stack([radii[0] * np.cos(_ROUND), radii[1] * np.sin(_ROUND)], axis=1)
    return turned(line, tilt_deg) + np.asarray(centre)


def blob(centre: Spot, radii: Spot, *, square: float = 2.0, pear: float = 0.0) -> Points:
    """An ellipse that is squarer (power above 2) and heavier below (pear above 0)."""
    c, s = np.cos(_ROUND), np.sin(_ROUND)
    x = np.sign(c) * np.abs(c) ** (2.0 / square)
    y = np.sign(s) * np.abs(s) ** (2.0 / square)
    x = x * (1.0 + pear * y)
    return np.stack([radii[0] * x, radii[1] * y], axis=1) + np.asarray(centre)


def smooth(*through: Spot, closed: bool = True, corners: tuple[int, ...] = ()) -> Points:
    """A curve through a few points."""
    return spline(points(*through), closed=closed, corners=corners, samples=5)


def chain(joints: Points) -> Points:
    """A smooth open line through joints."""
    return spline(joints, samples=5)


def box(left: float, top: float, right: float, bottom: float) -> Points:
    """A rectangle, with points along its sides so that a pen can weigh them."""
    corners = points((left, top), (right, top), (right, bottom), (left, bottom))
    step = np.linspace(0.0, 1.0, 5, endpoint=False)[None, :, None]
    return (corners[:, None] * (1 - step) + np.roll(corners, -1, axis=0)[:, None] * step).reshape(
        -1, 2
    )


def star(centre: Spot, outer: float, inner: float, *, count: int, tilt_deg: float = 0.0) -> Points:
    """A star with so many points."""
    angle = np.radians(np.arange(2 * count) * (180.0 / count) - 90.0 + tilt_deg)
    radius = np.where(np.arange(2 * count) % 2 == 0, outer, inner)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1) + np.asarray(centre)


def pair(point: np.ndarray) -> Spot:
    """A point as two numbers."""
    return float(point[0]), float(point[1])


def two_bones(
    root: Spot, end: Spot, upper: float, lower: float, *, bend: float
) -> tuple[Spot, Spot]:
    """The joint between two bones and where the limb really ends: it cannot reach further than it is long.

    Args:
        root: Where the limb is rooted.
        end: Where it is to end.
        upper: Length of the first bone.
        lower: Length of the second.
        bend: 1 bends one way, −1 the other.
    """
    reach = hypot(end[0] - root[0], end[1] - root[1])
    span = min(max(reach, abs(upper - lower) + 1e-3), (upper + lower) * 0.999)
    aim = degrees(atan2(end[1] - root[1], end[0] - root[0]))
    share = (upper**2 + span**2 - lower**2) / (2 * upper * span)
    opening = degrees(acos(min(max(share, -1.0), 1.0)))
    middle = np.asarray(root) + towards(aim - bend * opening, upper)
    return pair(middle), pair(np.asarray(root) + towards(aim, span))


def limb_line(root: Spot, middle: Spot, end: Spot, *, hose: float = 0.5) -> Points:
    """A limb's middle line: sharp in the joint (hose 0) up to one round bow (hose 1)."""
    a, b, c = (np.asarray(joint) for joint in (root, middle, end))
    near = 0.55 - 0.25 * hose
    inner = b + (0.08 + 0.22 * hose) * ((a + c) / 2 - b)
    return chain(np.stack([a, a + near * 1.2 * (b - a), inner, c + near * 1.2 * (b - c), c]))
