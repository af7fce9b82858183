"""The procedural studio: any number of drawn clips, each a pure function of a seed and its number.

A clip has a cast, a place, a camera, a hand and a timing of its own. Its frames, ink, foreground, caption and the true
paths of landmarks come from the same skeletons. Either look shows the same motion.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from toontween.data.clips import Clip
from toontween.data.synthetic.canvas import Canvas, over
from toontween.data.synthetic.stage.backdrops import Backdrop
from toontween.data.synthetic.stage.camera import Camera, random_camera
from toontween.data.synthetic.stage.looks import Brush, Look, Style, random_style, softened
from toontween.data.synthetic.stage.places import random_backdrop
from toontween.data.synthetic.troupe.acting import Performer
from toontween.data.synthetic.troupe.casting import Cast, random_cast
from toontween.errors import InputError, ShapeError

ENLARGED = 2
"""How many times larger than the picture the studio draws; half of what the bundled scenes take, and a third of the time."""

Painted = UInt8[np.ndarray, "h w 3"]
"""An opaque picture, sRGB."""

_SMALLEST_PX, _LARGEST_PX = 32, 4096
_MOST_FRAMES = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class StudioOptions:
    """What clips are to be like.

    Raises:
        ShapeError: The size cannot be drawn.
        InputError: There are too few or too many frames, or the rate is not positive.
    """

    size: tuple[int, int] = (256, 160)
    """Width and height, pixels."""

    num_frames: int = 16
    """Drawings in a clip, both keys counted."""

    look: Look = Look.CEL
    """`cel` or `textured`."""

    fps: float = 24.0
    """Frames a second that are written down for the clip; the motion always fills it."""

    def __post_init__(self) -> None:
        width, height = self.size
        if not (min(width, height) >= _SMALLEST_PX and max(width, height) <= _LARGEST_PX):
            hint = f"take sides of {_SMALLEST_PX} to {_LARGEST_PX} pixels"
            raise ShapeError(f"the studio cannot draw {width} × {height} px", hint=hint)
        if not 2 <= self.num_frames <= _MOST_FRAMES:
            hint = f"two keys at least, {_MOST_FRAMES} drawings at most"
            raise InputError(f"a clip cannot have {self.num_frames} frames", hint=hint)
        if not 0.0 < self.fps <= 1000.0:
            raise InputError(f"{self.fps} frames a second is not a rate", hint="for example 24")


@dataclass(frozen=True, kw_only=True, eq=False)
class Production:
    """Everything a clip is made of before it is drawn."""

    cast: Cast
    backdrop: Backdrop
    camera: Camera
    style: Style

    @property
    def caption(self) -> str:
        """One line that says what happens."""
        doing = [f"{one.who} {one.does}" for one in self._actors()]
        doing = [re.sub(r"\ba (?=[aeiou])", "an ", words) for words in doing]
        standing = [one.who for one in self.cast.players if not one.does]
        text = doing[0] + " " + self.backdrop.says
        if standing:
            text += f" by {standing[0]}"
        if doing[1:]:
            text += " while " + " and ".join(doing[1:])
        if self.camera.says:
            text += "; " + self.camera.says
        return text[0].upper() + text[1:] + "."

    def _actors(self) -> list[Performer]:
        others = [one for one in self.cast.players if one.does and one is not self.cast.lead]
        return [self.cast.lead, *others]

    def landmarks(self, time: float) -> dict[str, tuple[float, float]]:
        """Where every landmark is on the picture, pixels."""
        view = self.camera.view(time)
        seen: dict[str, tuple[float, float]] = {}
        for number, player in enumerate(self.cast.players, start=1):
            placing = view.after(player.place(time))
            for name, at in player.landmarks(time).items():
                x, y = placing(np.array([at], dtype=np.float64))[0].tolist()
                seen[f"{type(player).__name__.lower()} {number} {name}"] = (x, y)
        return seen


@dataclass(frozen=True, kw_only=True, eq=False)
class Exposed:
    """One drawing."""

    frame: Painted
    line: UInt8[np.ndarray, "h w"]
    alpha: UInt8[np.ndarray, "h w"]


def production(seed: int, number: int, options: StudioOptions) -> Production:
    """What clip `number` of a seed is made of; the look changes nothing but the style's look.

    Raises:
        InputError: Seed or number is negative.
    """
    if seed < 0 or number < 0:
        raise InputError(f"seed {seed}, clip {number}: neither can be negative")
    place, play, hand, eye = (np.random.default_rng([seed, number, stream]) for stream in range(4))
    backdrop = random_backdrop(place)
    width, height = options.size
    return Production(
        cast=random_cast(play, ground=backdrop.ground, half_width=0.5 * width / height),
        backdrop=backdrop,
        camera=random_camera(eye, options.size),
        style=random_style(hand, options.look),
    )


def drawn(made: Production, time: float, behind: Painted) -> Exposed:
    """A drawing at a time, before a backdrop."""
    width, height = made.camera.size
    inked = made.style.look is not Look.TEXTURED
    canvas = Canvas(width, height, enlarged=ENLARGED, inked=inked)
    view = made.camera.view(time)
    for player in made.cast.players:
        player.draw(Brush(canvas, made.style, view.after(player.place(time)), height), time)
    layers = canvas.layers()
    frame = over(layers.cel, _shadowed(made, time, behind))
    if made.style.look is Look.TEXTURED:
        frame = softened(frame)
    return Exposed(
        frame=frame, line=_eight_bit(layers.line[..., 3]), alpha=_eight_bit(layers.cel[..., 3])
    )


def studio_clip(seed: int, options: StudioOptions, *, number: int = 0) -> Clip:
    """Clip `number` of a seed.

    Raises:
        InputError: Seed or number is negative.
    """
    made = production(seed, number, options)
    times = [index / (options.num_frames - 1) for index in range(options.num_frames)]
    behind = _backdrop(made, 0.0)
    drawings: list[Exposed] = []
    paths: dict[str, list[list[float]]] = {}
    for time in times:
        behind = _backdrop(made, time) if made.camera.moves and time > 0.0 else behind
        drawings.append(drawn(made, time, behind))
        for name, (x, y) in made.landmarks(time).items():
            paths.setdefault(name, []).append([round(x, 3), round(y, 3)])
    return Clip(
        key=f"{options.look}-{seed}-{number:06d}",
        frames=np.stack([one.frame for one in drawings]),
        fps=options.fps,
        caption=made.caption,
        lines=None if options.look is Look.TEXTURED else np.stack([one.line for one in drawings]),
        alpha=np.stack([one.alpha for one in drawings]),
        about={
            "source": "toontween studio",
            "seed": seed,
            "number": number,
            "look": str(options.look),
            "cast": [type(player).__name__.lower() for player in made.cast.players],
            "landmarks": paths,
        },
    )


def studio_clips(
    seed: int, count: int, options: StudioOptions, *, start: int = 0
) -> Iterator[Clip]:
    """Clips `start` to `start + count` of a seed, in order."""
    for number in range(start, start + count):
        yield studio_clip(seed, options, number=number)


def _backdrop(made: Production, time: float) -> Painted:
    return made.backdrop.painted(made.camera, made.style, time, enlarged=ENLARGED)


def _shadowed(made: Production, time: float, behind: Painted) -> Painted:
    """The backdrop with the shadows of those who stand on it."""
    shaded = behind.copy()
    view = made.camera.view(time)
    for player in made.cast.players:
        x, half, high = player.footprint(time)
        if half <= 0.0:
            continue
        near = 1.0 / (1.0 + high / half)
        centre = view(np.array([[x, player.mark.ground]]))[0]
        radius = max(half * (0.6 + 0.4 * near) * view.scale, 1.0)
        _darken(shaded, centre, radius, near, soft=made.style.look is Look.TEXTURED)
    return shaded


def _darken(
    picture: Painted, centre: Float[np.ndarray, " 2"], radius: float, near: float, *, soft: bool
) -> None:
    """Throw a flat oval shadow on a picture: a patch in cels, a soft one in the textured look."""
    height, width = picture.shape[:2]
    left, right = (int(np.clip(centre[0] + way * 1.4 * radius, 0, width)) for way in (-1, 1))
    top, bottom = (int(np.clip(centre[1] + way * 0.3 * radius, 0, height)) for way in (-1, 1))
    rows, columns = np.mgrid[top:bottom, left:right] + 0.5
    out = np.hypot((columns - centre[0]) / radius, (rows - centre[1]) / (0.18 * radius))
    edge = (1.35 - out) / 0.9 if soft else (1.0 - out) * radius * 0.2 + 0.5
    strength = (0.5 if soft else 0.3) * near * np.clip(edge, 0.0, 1.0)[..., None]
    lit = picture[top:bottom, left:right]
    lit[...] = np.rint(lit + (np.array([26.0, 22.0, 52.0]) - lit) * strength).astype(np.uint8)


def _eight_bit(share: Float[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    return np.rint(np.clip(share, 0.0, 1.0) * 255).astype(np.uint8)
