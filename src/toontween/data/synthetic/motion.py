"""Timing: eases, tracks through poses, and parts that drag behind what carries them.

Time runs from 0 (the first key) to 1 (the last key). Everything is a closed function of time, so a drawing can be made
alone and at any moment, before and after the keys too.
"""

from bisect import bisect_right
from collections.abc import Callable

import numpy as np

from toontween.data.synthetic.curves import Points, towards

Track = Callable[[float], float]
"""A value over time."""


def ease(time: float) -> float:
    """Slow out of the first key and slow into the last, 0…1; constant outside."""
    t = min(max(time, 0.0), 1.0)
    return t * t * t * (10.0 - 15.0 * t + 6.0 * t * t)


def bump(time: float, *, centre: float, width: float) -> float:
    """A smooth rise to 1 at the centre and back to 0 half a width away."""
    return ease(1.0 - abs(time - centre) / (width / 2.0))


def track(*poses: tuple[float, float]) -> Track:
    """A smooth value through (time, value) poses: still at the ends, no overshoot between, constant outside.

    The poses' times increase. Slopes are the harmonic means of Fritsch and Butland, which keep each span monotone.
    """
    times = [time for time, _ in poses]
    values = [value for _, value in poses]
    gaps = np.diff(times)
    rates = np.diff(values) / gaps
    slopes = np.zeros(len(poses))
    for index in range(1, len(poses) - 1):
        before, after = rates[index - 1], rates[index]
        if before * after > 0:
            slopes[index] = 2 * before * after / (before + after)

    def value_at(time: float) -> float:
        if time <= times[0]:
            return values[0]
        if time >= times[-1]:
            return values[-1]
        span = bisect_right(times, time) - 1
        gap = float(gaps[span])
        t = (time - times[span]) / gap
        return float(
            (1 + 2 * t) * (1 - t) ** 2 * values[span]
            + t * (1 - t) ** 2 * gap * slopes[span]
            + t * t * (3 - 2 * t) * values[span + 1]
            + t * t * (t - 1) * gap * slopes[span + 1]
        )

    return value_at


def blended(start: float, stop: float, share: float) -> float:
    """The value a share of the way from start to stop."""
    return start + (stop - start) * share


def dragged(
    root: Callable[[float], Points], time: float, *, rest_deg: Track, lengths: tuple[float, ...]
) -> Points:
    """A chain that hangs on a moving root: each link looks where the root came from, later ones further back.

    Args:
        root: Where the chain hangs at a time, one point.
        time: When.
        rest_deg: Direction of the chain when nothing moves (0° right, 90° down).
        lengths: Length of each link, pixels.

    Returns:
        The chain's joints, the root first.
    """
    joints = [root(time)[0]]
    for index, length in enumerate(lengths):
        seen = time - 0.045 * (index + 0.5)
        speed = (root(seen + 0.02)[0] - root(seen - 0.02)[0]) / 0.04
        pull = towards(rest_deg(seen)) * 170.0 - speed
        joints.append(joints[-1] + length * pull / max(float(np.hypot(*pull)), 1e-9))
    return np.stack(joints)
