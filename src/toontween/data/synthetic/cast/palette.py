"""The cast's colours: one flat tone and one shadow tone each."""

from dataclasses import dataclass

from toontween.data.synthetic.canvas import Colour

INK: Colour = (43, 32, 48)


@dataclass(frozen=True, slots=True)
class Tone:
    """A painted surface."""

    lit: Colour
    """In the light."""

    shade: Colour
    """In the shadow."""


SKIN = Tone((252, 220, 196), (236, 183, 158))
BLUSH: Colour = (247, 190, 170)
HAIR = Tone((64, 78, 122), (47, 57, 94))
SHEEN: Colour = (108, 128, 176)
EYE_WHITE = Tone((255, 253, 250), (214, 218, 232))
IRIS = Tone((46, 158, 150), (23, 92, 104))
PUPIL: Colour = (22, 36, 52)
GLINT: Colour = (255, 255, 255)
MOUTH: Colour = (142, 47, 60)
TONGUE: Colour = (228, 124, 122)
SCARF = Tone((233, 92, 66), (191, 62, 54))
JACKET = Tone((250, 238, 214), (222, 202, 176))
SHORTS = Tone((78, 124, 150), (56, 94, 120))
BOOTS = Tone((148, 96, 66), (112, 70, 52))
SOCKS = Tone((250, 238, 214), (222, 202, 176))
PAPER = Tone((255, 255, 252), (205, 216, 228))
BALL = Tone((238, 92, 72), (196, 60, 60))
STRIPE = Tone((255, 226, 130), (230, 186, 92))
CAST_SHADOW: Colour = (58, 60, 92)
