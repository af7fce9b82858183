"""Lines as arrays of points: splines, ribbons, pen pressure.

A line is an (n, 2) array of x and y, y downwards, in whatever unit its owner draws in. Pure numpy: no drawing here.
"""

from collections.abc import Collection, Sequence
from math import cos, radians, sin

import numpy as np
from jaxtyping import Float

Points = Float[np.ndarray, "_ 2"]
"""A line or, closed, the outline of a shape."""

Widths = Float[np.ndarray, " _"]
"""The pen's width at each point of a line."""

Number = float | int
"""A coordinate; spelled out because the run-time checks of the tests take an int for no float."""

SAMPLES = 14
"""Points drawn for each span of a spline: chords stay within a tenth of a pixel of the curve at our sizes."""


def points(*pairs: tuple[Number, Number]) -> Points:
    """Points from pairs of x and y."""
    return np.asarray(pairs, dtype=np.float64)


def spline(
    through: Points,
    *,
    closed: bool = False,
    corners: Collection[int] = (),
    samples: int = SAMPLES,
) -> Points:
    """A smooth line through points: Hermite spans over centripetal knots, so that it never loops.

    Args:
        through: The points it passes through.
        closed: Whether it returns to the first point.
        corners: Indices of the points at which it turns sharply.
        samples: Points drawn for each span.
    """
    count = len(through)
    ring = np.arange(count if closed else count - 1)
    chords = np.roll(through, -1, axis=0) - through
    knots = np.sqrt(np.maximum(np.hypot(chords[:, 0], chords[:, 1]), 1e-9))
    slopes = chords / knots[:, None]
    before, after = np.roll(slopes, 1, axis=0), slopes
    weight = np.roll(knots, 1)[:, None], knots[:, None]
    smooth = (before * weight[1] + after * weight[0]) / (weight[0] + weight[1])
    sharp = np.zeros(count, dtype=bool)
    sharp[list(corners)] = True
    if not closed:
        sharp[[0, -1]] = True
    leaving = np.where(sharp[:, None], after, smooth)
    arriving = np.where(sharp[:, None], before, smooth)
    step = np.linspace(0.0, 1.0, samples, endpoint=False)[None, :, None]
    start, stop = through[ring][:, None], through[(ring + 1) % count][:, None]
    reach = knots[ring][:, None, None]
    spans = (
        (1 + 2 * step) * (1 - step) ** 2 * start
        + step * (1 - step) ** 2 * reach * leaving[ring][:, None]
        + step**2 * (3 - 2 * step) * stop
        + step**2 * (step - 1) * reach * arriving[(ring + 1) % count][:, None]
    ).reshape(-1, 2)
    return spans if closed else np.concatenate([spans, through[-1:]])


def bent(
    start: tuple[float, float], through: tuple[float, float], stop: tuple[float, float]
) -> Points:
    """A quadratic curve from start to stop, pulled towards a point."""
    step = np.linspace(0.0, 1.0, SAMPLES)[:, None]
    ends = points(start, through, stop)
    return (1 - step) ** 2 * ends[0] + 2 * step * (1 - step) * ends[1] + step**2 * ends[2]


def ellipse(centre: Sequence[Number], radii: Sequence[Number], *, tilt_deg: float = 0.0) -> Points:
    """The outline of an ellipse."""
    angle = np.linspace(0.0, 2 * np.pi, 64, endpoint=False)
    ring = np.stack([radii[0] * np.cos(angle), radii[1] * np.sin(angle)], axis=1)
    return turned(ring, tilt_deg) + np.asarray(centre, dtype=np.float64)


def turned(line: Points, degrees: float) -> Points:
    """A line rotated about the origin, clockwise on the picture."""
    c, s = cos(radians(degrees)), sin(radians(degrees))
    return line @ np.array([[c, s], [-s, c]])


def mirrored(line: Points) -> Points:
    """A line seen in a mirror standing on the y axis."""
    return line * np.array([-1.0, 1.0])


def towards(degrees: float, length: float = 1.0) -> Float[np.ndarray, " 2"]:
    """The step of a length in a direction: 0° is right, 90° down."""
    return length * np.array([cos(radians(degrees)), sin(radians(degrees))])


def normals(line: Points) -> Points:
    """Unit normals of an open line, on its right-hand side as it is drawn (y downwards)."""
    along = np.gradient(line, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    return np.stack([-along[:, 1], along[:, 0]], axis=1)


def ribbon(spine: Points, widths: Widths) -> tuple[Points, Points]:
    """The two edges of a band along a spine, each drawn in the spine's direction.

    Args:
        spine: The middle of the band, densely sampled.
        widths: Half the band's width at evenly spaced stations along the spine.
    """
    stations = np.linspace(0.0, 1.0, len(widths))
    half = np.interp(lengths(spine), stations, widths)
    offset = normals(spine) * half[:, None]
    return spine - offset, spine + offset


def enclosed(first: Points, second: Points) -> Points:
    """The shape between two edges that run the same way."""
    return np.concatenate([first, second[::-1]])


def lengths(line: Points) -> Widths:
    """How far along the line each point is, 0…1."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    run = np.concatenate([[0.0], np.cumsum(steps)])
    return run / max(run[-1], 1e-9)


def part(line: Points, start: float, stop: float) -> Points:
    """The part of a line between two fractions of its length."""
    run = lengths(line)
    wanted = np.concatenate([[start], run[(run > start) & (run < stop)], [stop]])
    return np.stack([np.interp(wanted, run, line[:, axis]) for axis in (0, 1)], axis=1)


def tapered(line: Points, width: float, *, ends: tuple[float, float] = (0.25, 0.35)) -> Widths:
    """Pen pressure of an open stroke: it swells from a fine start and runs out to a fine end.

    Args:
        line: The stroke.
        width: The full width.
        ends: Fractions of the length over which it swells and runs out; 0 keeps an end blunt.
    """
    run = lengths(line)
    rise = np.clip(run / ends[0], 0.0, 1.0) if ends[0] > 0 else np.ones_like(run)
    fall = np.clip((1.0 - run) / ends[1], 0.0, 1.0) if ends[1] > 0 else np.ones_like(run)
    pressure = np.minimum(rise * (2 - rise), fall * (2 - fall))
    return width * (0.22 + 0.78 * pressure)


def weighted(outline: Points, width: float) -> Widths:
    """Pen pressure round a closed outline: fine towards the light (top left), heavy away from it."""
    along = np.roll(outline, -1, axis=0) - np.roll(outline, 1, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    x, y = outline.T
    area = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
    outward = np.stack([along[:, 1], -along[:, 0]], axis=1) * (1.0 if area > 0 else -1.0)
    heavy = outward @ np.array([0.45, 0.89])
    window = 9
    padded = np.concatenate([heavy[-window:], heavy, heavy[:window]])
    soft = np.convolve(padded, np.ones(window) / window, mode="same")[window:-window]
    return width * (1.0 + 0.28 * soft)
