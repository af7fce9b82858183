"""Proportions of two-legged bodies."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """Proportions, in units of the whole height."""

    leg: float
    trunk: float
    half: float
    """Half the width of the trunk."""

    head: float
    """Radius of the head; 0 for those who are all body."""

    arm: float
    thick: float
    """Half the thickness of a limb."""

    hose: float
    square: float
    skirt: bool
    turn: float
    """How far the trunk is turned to us: 0 side view, 1 front view."""


def random_build(rng: np.random.Generator, kind: str) -> Build:
    """Proportions that add up to a height of one."""
    if kind == "bean":
        leg = float(rng.uniform(0.14, 0.3))
        head, trunk = 0.0, 0.94 - leg
        half = float(rng.uniform(0.22, 0.38))
    else:
        head = float(rng.uniform(0.1, 0.23))
        leg = (1.0 - 2.0 * head) * float(rng.uniform(0.42, 0.58))
        trunk = 1.0 - 2.0 * head - leg * 0.96
        half = float(rng.uniform(0.1, 0.19))
    thick = float(rng.uniform(0.026, 0.05))
    return Build(
        leg=leg,
        trunk=trunk,
        half=half,
        head=head,
        arm=float(rng.uniform(0.34, 0.46)),
        thick=thick * (1.3 if kind == "robot" else 1.0),
        hose=float(rng.uniform(0.0, 1.0)),
        square=float(rng.uniform(2.0, 3.4)),
        skirt=bool(rng.random() < 0.3),
        turn=float(rng.uniform(0.55, 1.0)),
    )
