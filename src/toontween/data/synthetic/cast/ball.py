"""A rubber ball that stretches, squashes and rolls."""

from dataclasses import dataclass

import numpy as np

from toontween.data.synthetic.canvas import Canvas
from toontween.data.synthetic.cast.palette import BALL, CAST_SHADOW, GLINT, INK, STRIPE
from toontween.data.synthetic.curves import Points, ellipse, points, spline, turned


@dataclass(frozen=True, kw_only=True, slots=True)
class Ball:
    """A ball in one pose."""

    centre: tuple[float, float]
    """Its middle, pixels."""

    radius: float
    """Its radius at rest, pixels."""

    stretch: float = 1.0
    """Its length along the axis as a share of the rest; the width shrinks so that its area stays."""

    axis_deg: float = 90.0
    """Direction along which it is stretched (0° right, 90° down)."""

    roll_deg: float = 0.0
    """How far it has rolled, clockwise."""

    def shaped(self, unit: Points) -> Points:
        """A line on the unit ball, stretched and placed on the picture."""
        along = turned(turned(unit, self.roll_deg), -self.axis_deg)
        along = along * np.array([self.stretch, 1.0 / self.stretch])
        return turned(along, self.axis_deg) * self.radius + np.asarray(self.centre)

    @property
    def lowest(self) -> float:
        """Height of the lowest point, pixels from the top."""
        return float(self.shaped(ellipse((0.0, 0.0), (1.0, 1.0)))[:, 1].max())


def draw_ball(canvas: Canvas, ball: Ball, *, pen: float) -> None:
    """Draw the ball.

    Args:
        canvas: What to draw on.
        ball: Its pose.
        pen: Width of the outline's ink, pixels.
    """
    edge = ball.shaped(ellipse((0.0, 0.0), (1.0, 1.0)))
    canvas.fill(edge, BALL.lit)
    still = Ball(
        centre=ball.centre, radius=ball.radius, stretch=ball.stretch, axis_deg=ball.axis_deg
    )
    lit = still.shaped(ellipse((-0.26, -0.30), (1.02, 1.02)))
    upper = spline(points((-1.1, -0.42), (-0.5, -0.30), (0.0, -0.26), (0.5, -0.30), (1.1, -0.42)))
    lower = upper * np.array([1.0, -1.0])
    band = ball.shaped(np.concatenate([upper, lower[::-1]]))
    star = ball.shaped(_star())
    with canvas.within(edge):
        canvas.fill(edge, BALL.shade)
        canvas.fill(lit, BALL.lit)
        canvas.fill(band, STRIPE.shade)
        with canvas.within(band):
            canvas.fill(lit, STRIPE.lit)
        for line in (upper, lower):
            placed = ball.shaped(line)
            canvas.ink(placed, np.full(len(placed), pen * 0.75), INK)
        canvas.fill(star, BALL.lit)
        canvas.ink(star, np.full(len(star), pen * 0.6), INK, closed=True)
        canvas.fill(still.shaped(ellipse((-0.42, -0.62), (0.20, 0.11), tilt_deg=-32.0)), GLINT)
    canvas.outline(edge, pen, INK)


def draw_ball_shadow(canvas: Canvas, ball: Ball, ground: float) -> None:
    """Draw the shadow on the ground: wide and faint while the ball is high, dark and tight at contact."""
    height = max(ground - ball.lowest, 0.0)
    near = 1.0 / (1.0 + height / 90.0)
    spread = np.ptp(ball.shaped(ellipse((0.0, 0.0), (1.0, 1.0)))[:, 0]) / 2
    width = float(spread) * (0.62 + 0.46 * near)
    centre = (ball.centre[0] + 0.16 * height, ground + 3.0)
    canvas.fill(ellipse(centre, (width, width * 0.17)), CAST_SHADOW, alpha=0.10 + 0.28 * near)


def _star() -> Points:
    angles = np.radians(np.arange(10) * 36.0 - 90.0)
    radii = np.where(np.arange(10) % 2 == 0, 0.25, 0.115)
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
