"""The whole head, in the two passes between which a body is drawn."""

from dataclasses import dataclass, field

from toontween.data.synthetic.canvas import Canvas
from toontween.data.synthetic.cast.face import (
    EAR_DEG,
    Expression,
    draw_brows,
    draw_ear,
    draw_face,
    outline,
)
from toontween.data.synthetic.cast.form import Stance
from toontween.data.synthetic.cast.hair import draw_cap, draw_nape, draw_tail, draw_tuft
from toontween.data.synthetic.curves import Points


@dataclass(frozen=True, kw_only=True, eq=False)
class Head:
    """A head in one pose."""

    stance: Stance
    """Where it is and how it is turned."""

    tail: Points
    """The joints of the hair's tail on the picture, the root first."""

    expression: Expression = field(default_factory=Expression)
    """What the face does."""

    tuft_deg: float = 0.0
    """How far the tuft on the crown leans to the right."""

    pen: float = 3.0
    """Width of the outline's ink, pixels."""


def draw_head_back(canvas: Canvas, head: Head) -> None:
    """Draw what lies behind the neck: tail, nape and the ear on the far side."""
    draw_tail(canvas, head.tail, width=head.stance.scale * 0.50, pen=head.pen)
    draw_nape(canvas, head.stance, pen=head.pen)
    for side in (-1.0, 1.0):
        if not _faces_us(head, side):
            draw_ear(canvas, head.stance, side, pen=head.pen)


def draw_head_front(canvas: Canvas, head: Head) -> None:
    """Draw what lies before the neck: face, near ear, cap of hair and tuft."""
    draw_face(canvas, head.stance, head.expression, pen=head.pen)
    for side in (-1.0, 1.0):
        if _faces_us(head, side):
            draw_ear(canvas, head.stance, side, pen=head.pen)
    draw_cap(canvas, head.stance, outline(head.stance), pen=head.pen)
    draw_tuft(canvas, head.stance, head.tuft_deg, pen=head.pen)
    draw_brows(canvas, head.stance, head.expression, pen=head.pen)


def _faces_us(head: Head, side: float) -> bool:
    return abs(EAR_DEG * side + head.stance.yaw_deg) <= 90.0
