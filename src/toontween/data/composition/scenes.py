"""A random plan of a clip: who stands where, before what, and how the camera moves. Nothing is drawn here."""

from dataclasses import dataclass

import numpy as np

from toontween.data.composition.windows import Window

Colour = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recolouring:
    """One change of colours for a whole clip."""

    hue: float = 0.0
    """Turn of the hue, degrees."""

    saturation: float = 1.0
    """Factor."""

    lightness: float = 0.0
    """Towards white at 1, towards black at -1."""

    tint: Colour = (1.0, 1.0, 1.0)
    """Factor of each channel, which alone gives white figures a colour."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """A figure of the clip."""

    sprite: int
    """Its number in the cast."""

    window: Window
    """Which of its frames are played; where these end, it plays back and forth."""

    x: float
    """Middle, as a part of the scene's width."""

    y: float
    """Middle, as a part of the scene's height."""

    height: float
    """Height as a part of the scene's."""

    depth: float
    """How much it follows the camera: below 1 far, above 1 near."""

    tilt: float = 0.0
    """Degrees."""

    drift: tuple[float, float] = (0.0, 0.0)
    """Way it goes over the clip, in parts of the scene's height."""

    mirrored: bool = False
    """Left and right swapped."""

    backwards: bool = False
    """Played from the end."""

    colours: Recolouring = Recolouring()
    """How its colours change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """Room for a figure."""

    x: float
    """Where about it stands, as a part of the width."""

    shape: float
    """Its width by its height, in heights of the scene by widths of the scene."""

    is_lead: bool
    """Whether it is what the clip shows."""

    is_cut: bool
    """Whether it goes on below its drawing, and so must stand on the lower edge."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """A layer with a wavy upper edge between the backdrop and the figures."""

    horizon: float
    """Mean height of its edge, as a part of the scene's height from above."""

    waves: tuple[tuple[float, float, float], ...]
    """Height (part of the scene's), number and phase of each wave."""

    colours: tuple[Colour, Colour]
    """At its edge and at the bottom, 0…1."""

    depth: float
    """As an actor's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Backdrop:
    """What is seen behind everybody."""

    scene: int | None
    """Number of a background of the cache; None for colours."""

    colours: tuple[Colour, Colour]
    """From one side to the other, 0…1; the same twice is flat."""

    angle: float
    """Direction of the gradient, radians."""

    blur: float
    """Blur, as a part of the scene's height."""

    depth: float
    """As an actor's."""

    recolouring: Recolouring
    """How a scene's colours change."""

    mirrored: bool
    """Left and right swapped."""

    ground: Ground | None
    """A nearer layer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Camera:
    """Where the camera looks at the start and at the end: right, down (parts of the scene's height), zoom."""

    start: tuple[float, float, float]
    """At the first drawing."""

    end: tuple[float, float, float]
    """At the last."""

    eased: bool
    """Whether it speeds up and slows down."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenePlan:
    """All of a clip before it is drawn."""

    actors: tuple[Actor, ...]
    """From far to near."""

    lead: int
    """The actor whose drawings set the timing."""

    backdrop: Backdrop
    """What is behind."""

    camera: Camera
    """How it is looked at."""

    on: int
    """Ones, twos or threes."""

    mirrored: bool
    """The whole picture, left and right swapped."""

    backwards: bool
    """The whole clip, from its end."""

    @property
    def timing(self) -> Window:
        """When its drawings change."""
        return self.actors[self.lead].window


def plan_timing(rng: np.random.Generator) -> tuple[int, int]:
    """Frames each drawing is held, and the speed."""
    on = int(rng.choice((1, 2, 3), p=(0.6, 0.3, 0.1)))
    return on, int(rng.choice((1, 2), p=(0.75, 0.25)))


def plan_actor(rng: np.random.Generator, sprite: int, window: Window, slot: Slot) -> Actor:
    """Place a figure softly where it was given room."""
    height = float(rng.uniform(0.55, 1.05) if slot.is_lead else rng.uniform(0.28, 0.85))
    height = max(0.2, min(height, (0.9 if slot.is_lead else 0.7) / slot.shape))
    depth = float(np.clip(0.45 + 0.65 * height + rng.normal(0, 0.08), 0.5, 1.3))
    y = 0.5 + 0.35 * (1 - height) * rng.normal(0.4, 0.8)
    inside = min(height / 2 - 0.1, 0.5)  # a tenth of the picture may be beyond its edge
    y = 1.08 - height / 2 if slot.is_cut else np.clip(y, inside, 1 - inside)
    moves = rng.random() < 0.3 and not slot.is_cut
    far = float(rng.uniform(0.05, 0.3)) if moves else 0.0
    way = rng.uniform(0, 2 * np.pi)
    return Actor(
        sprite=sprite,
        window=window,
        x=float(np.clip(slot.x + rng.normal(0, 0.06), 0.08, 0.92)),
        y=float(y),
        height=height,
        depth=depth,
        tilt=float(rng.normal(0, 5)) if not slot.is_cut and rng.random() < 0.5 else 0.0,
        drift=(float(far * np.cos(way)), float(0.5 * far * np.sin(way))),
        mirrored=bool(rng.random() < 0.5),
        backwards=bool(rng.random() < 0.3),
        colours=plan_colours(rng),
    )


def plan_close_up(rng: np.random.Generator, sprite: int, window: Window, *, shape: float) -> Actor:
    """A figure that its own frame cuts off at the sides fills the width, so that the cut is not seen."""
    height = float(rng.uniform(1.15, 1.3)) / shape
    return Actor(
        sprite=sprite,
        window=window,
        x=0.5,
        y=height / 2 + float(rng.uniform(0.0, 0.1)) if height >= 1.1 else 1.1 - height / 2,
        height=height,
        depth=1.0,
        mirrored=bool(rng.random() < 0.5),
        backwards=bool(rng.random() < 0.3),
        colours=plan_colours(rng),
    )


def plan_colours(rng: np.random.Generator) -> Recolouring:
    """As they are, a little different, or any hue."""
    kind = rng.choice(3, p=(0.25, 0.45, 0.3))
    if kind == 0:
        return Recolouring()
    return Recolouring(
        hue=float(rng.normal(0, 14) if kind == 1 else rng.uniform(-180, 180)),
        saturation=float(rng.uniform(0.6, 1.25)),
        lightness=float(np.clip(rng.normal(0, 0.1), -0.25, 0.25)),
        tint=_pale(rng) if rng.random() < 0.25 else (1.0, 1.0, 1.0),
    )


def plan_backdrop(rng: np.random.Generator, num_scenes: int) -> Backdrop:
    """A scene, a flat colour, a gradient or white; sometimes blurred, sometimes with ground before it."""
    kind = str(rng.choice(("scene", "flat", "gradient", "white"), p=(0.5, 0.15, 0.2, 0.15)))
    is_scene = kind == "scene" and num_scenes > 0
    one, other = _pale(rng), _pale(rng)
    white = float(rng.uniform(0.96, 1.0))
    colours = {"white": ((white,) * 3,) * 2, "flat": (one, one)}.get(kind, (one, other))
    has_ground = kind != "white" and rng.random() < (0.2 if is_scene else 0.5)
    return Backdrop(
        scene=int(rng.integers(num_scenes)) if is_scene else None,
        colours=colours,
        angle=float(rng.normal(np.pi / 2, 0.4)),
        blur=float(rng.uniform(0.004, 0.03)) if is_scene and rng.random() < 0.35 else 0.0,
        depth=float(rng.uniform(0.15, 0.5)),
        recolouring=plan_colours(rng) if rng.random() < 0.5 else Recolouring(),
        mirrored=bool(rng.random() < 0.5),
        ground=_plan_ground(rng) if has_ground else None,
    )


def plan_camera(rng: np.random.Generator) -> Camera:
    """Standing still, a pan, a zoom, or both."""
    kind = rng.choice(4, p=(0.45, 0.25, 0.15, 0.15))
    start = end = (0.0, 0.0, 1.0)
    if kind in (1, 3):
        far, way = rng.uniform(0.05, 0.35), rng.uniform(0, 2 * np.pi)
        x, y = float(far * np.cos(way)), float(0.35 * far * np.sin(way))
        start, end = (-x / 2, -y / 2, 1.0), (x / 2, y / 2, 1.0)
    if kind in (2, 3):
        zoom = float(rng.uniform(1.06, 1.3))
        end = (*end[:2], zoom)
        if rng.random() < 0.5:
            start, end = end, start
    return Camera(start=start, end=end, eased=bool(rng.random() < 0.6))


def _plan_ground(rng: np.random.Generator) -> Ground:
    waves = tuple(
        (
            float(rng.uniform(0, 0.06 / number)),
            float(number * rng.uniform(0.6, 1.4)),
            float(rng.uniform(0, 2 * np.pi)),
        )
        for number in (1, 2, 4)
    )
    colour = _pale(rng)
    darker = tuple(float(value * rng.uniform(0.6, 1.0)) for value in colour)
    return Ground(
        horizon=float(rng.uniform(0.5, 0.85)),
        waves=waves,
        colours=(colour, (darker[0], darker[1], darker[2])),
        depth=float(rng.uniform(0.5, 0.9)),
    )


def _pale(rng: np.random.Generator) -> Colour:
    """A colour of a background: any hue, seldom dark, seldom garish."""
    hue = rng.uniform(0, 1) + np.array((0, 1 / 3, 2 / 3))
    pure = np.clip(np.abs((hue % 1) * 6 - 3) - 1, 0, 1)
    value = 1 - 0.75 * rng.beta(1.2, 2.5)
    red, green, blue = (value * (1 - rng.beta(1.3, 3.0) * (1 - pure))).tolist()
    return red, green, blue
