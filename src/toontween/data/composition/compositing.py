"""Drawing a plan: every layer is a picture with premultiplied alpha and a place, seen by a moving camera."""

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from toontween.data.composition.scenes import (
    Actor,
    Backdrop,
    Camera,
    Ground,
    Recolouring,
    ScenePlan,
)
from toontween.data.composition.sprites import Scene, Sprite

_MARGIN = 1.3
"""How much larger than the picture a backdrop is made, for the camera to move over."""

_SHARP = 1.25
"""Drawings are shrunk to so many times their final size first; the warp alone would skip pixels."""

Matrix = Float64[np.ndarray, "3 3"]


def compose(
    plan: ScenePlan, cast: list[Sprite], scenes: list[Scene], size: tuple[int, int]
) -> tuple[UInt8[np.ndarray, "t h w 3"], UInt8[np.ndarray, "t h w"]]:
    """The pictures of a plan, and how much of them figures cover."""
    width, height = size
    backdrop = _paint_backdrop(plan.backdrop, scenes, size)
    ground = None if plan.backdrop.ground is None else _paint_ground(plan.backdrop.ground, size)
    figures = [_Figure(actor, plan, cast[actor.sprite], height) for actor in plan.actors]
    times = plan.timing.times
    frames = np.empty((len(times), height, width, 3), np.uint8)
    covered = np.empty((len(times), height, width), np.uint8)
    for number, time in enumerate(times):
        part = time / max(1, times[-1])
        view = _look(plan.camera, part)
        seen = _warp(backdrop, _onto(view, plan.backdrop.depth, size), size, cv2.BORDER_REFLECT_101)
        canvas = seen[..., :3].astype(np.float32)
        if ground is not None and plan.backdrop.ground is not None:
            matrix = _onto(view, plan.backdrop.ground.depth, size)
            canvas, _ = _over(canvas, _warp(ground, matrix, size, cv2.BORDER_REPLICATE))
        free = np.ones((height, width, 1), np.float32)
        for figure in figures:
            placed = _view(view, figure.actor.depth, size) @ figure.place(size, part)
            canvas, left = _over(canvas, _warp(figure.picture(time), placed, size))
            free *= left
        frames[number] = (canvas + 0.5).astype(np.uint8)
        covered[number] = ((1 - free[..., 0]) * 255 + 0.5).astype(np.uint8)
    if plan.mirrored:
        frames, covered = frames[:, :, ::-1], covered[:, :, ::-1]
    if plan.backwards:
        frames, covered = frames[::-1], covered[::-1]
    return np.ascontiguousarray(frames), np.ascontiguousarray(covered)


class _Figure:
    """An actor with its drawings made ready: premultiplied, recoloured, shrunk."""

    def __init__(self, actor: Actor, plan: ScenePlan, sprite: Sprite, scene_px: int) -> None:
        self.actor = actor
        scale = actor.height * scene_px / sprite.size[1]
        nearest = max(_zoom(look[2], actor.depth) for look in (plan.camera.start, plan.camera.end))
        shrink = min(1.0, scale * nearest * _SHARP)
        self._frames = {time: frame_at(actor, time, len(sprite)) for time in plan.timing.times}
        drawings = sprite.drawings(list(self._frames.values()))
        made: dict[int, UInt8[np.ndarray, "h w 4"]] = {}
        for frame, drawing in drawings.items():
            number = int(sprite.order[frame])
            if number not in made:
                made[number] = _shrunk(premultiplied(drawing), shrink)
                made[number] = recoloured(made[number], actor.colours)
        self._pictures = {frame: made[int(sprite.order[frame])] for frame in drawings}
        small = next(iter(made.values()))
        self._size = small.shape[1], small.shape[0]
        self._scale = actor.height * scene_px / small.shape[0]

    def picture(self, time: int) -> UInt8[np.ndarray, "h w 4"]:
        """What it shows at a frame of film."""
        return self._pictures[self._frames[time]]

    def place(self, size: tuple[int, int], part: float) -> Matrix:
        """From its picture to the scene, some way through the clip."""
        actor, angle = self.actor, np.deg2rad(self.actor.tilt)
        cosine, sine = self._scale * np.cos(angle), self._scale * np.sin(angle)
        flip = -1.0 if actor.mirrored else 1.0
        turn = np.array([[flip * cosine, -sine], [flip * sine, cosine]])
        middle = np.array([actor.x * size[0], actor.y * size[1]])
        middle += np.array(actor.drift) * (part - 0.5) * size[1]
        matrix = np.eye(3)
        matrix[:2, :2] = turn
        matrix[:2, 2] = middle - turn @ (np.array(self._size) / 2)
        return matrix


def frame_at(actor: Actor, time: int, num_frames: int) -> int:
    """The frame of its clip that an actor shows at a frame of film; past an end it turns around."""
    window = actor.window
    if actor.backwards:
        time = window.times[-1] - time
    period = max(1, 2 * (num_frames - 1))
    place = (window.start + time * window.step) % period
    return min(place, period - place, num_frames - 1)


def premultiplied(picture: UInt8[np.ndarray, "h w 4"]) -> UInt8[np.ndarray, "h w 4"]:
    """Colours times alpha."""
    alpha = picture[..., 3:].astype(np.uint16)
    seen = picture.copy()
    seen[..., :3] = (picture[..., :3] * alpha + 127) // 255
    return seen


def recoloured(
    picture: UInt8[np.ndarray, "h w 4"], change: Recolouring
) -> UInt8[np.ndarray, "h w 4"]:
    """A premultiplied picture in other colours, one linear map for all pixels."""
    if change == Recolouring():
        return picture
    mixed = cv2.transform(picture, colour_matrix(change))
    mixed[..., :3] = np.minimum(mixed[..., :3], mixed[..., 3:])
    return mixed


def colour_matrix(change: Recolouring) -> Float64[np.ndarray, "4 4"]:
    """A turn around the grey axis (in YIQ, so that lightness stays), saturation, and a pull to white or black."""
    to_yiq = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
    angle = np.deg2rad(change.hue)
    cosine, sine = change.saturation * np.cos(angle), change.saturation * np.sin(angle)
    turn = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    matrix = np.eye(4)
    mixed = np.linalg.inv(to_yiq) @ turn @ to_yiq
    matrix[:3, :3] = (1 - abs(change.lightness)) * np.diag(change.tint) @ mixed
    matrix[:3, 3] = max(0.0, change.lightness)
    return matrix


def _paint_backdrop(
    backdrop: Backdrop, scenes: list[Scene], size: tuple[int, int]
) -> UInt8[np.ndarray, "h w 4"]:
    """The backdrop with its margin, opaque."""
    width, height = round(size[0] * _MARGIN), round(size[1] * _MARGIN)
    if backdrop.scene is None:
        picture = _gradient(backdrop.colours, backdrop.angle, (width, height))
    else:
        picture = _filled(scenes[backdrop.scene].picture, (width, height))
    if backdrop.mirrored:
        picture = picture[:, ::-1]
    if backdrop.blur:
        picture = cv2.GaussianBlur(picture, (0, 0), backdrop.blur * size[1])
    opaque = np.full((height, width, 4), 255, np.uint8)
    opaque[..., :3] = picture
    return recoloured(opaque, backdrop.recolouring)


def _paint_ground(ground: Ground, size: tuple[int, int]) -> UInt8[np.ndarray, "h w 4"]:
    """The ground with its margin, premultiplied."""
    width, height = round(size[0] * _MARGIN), round(size[1] * _MARGIN)
    across = np.linspace(0, 2 * np.pi, width)
    edge = np.full(width, ground.horizon)
    for tall, number, phase in ground.waves:
        edge += tall * np.sin(number * across + phase)
    rows = np.arange(height)[:, None]
    alpha = np.clip(rows - edge * height + 0.5, 0, 1)[..., None]
    colour = _gradient(ground.colours, np.pi / 2, (width, height))
    return (np.concatenate([colour * alpha, 255 * alpha], axis=-1) + 0.5).astype(np.uint8)


def _gradient(
    colours: tuple[tuple[float, float, float], tuple[float, float, float]],
    angle: float,
    size: tuple[int, int],
) -> UInt8[np.ndarray, "h w 3"]:
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, size[0]), np.linspace(-0.5, 0.5, size[1]))
    part = np.clip(0.5 + x * np.cos(angle) + y * np.sin(angle), 0, 1)[..., None]
    mixed = (1 - part) * np.array(colours[0]) + part * np.array(colours[1])
    return (mixed * 255 + 0.5).astype(np.uint8)


def _filled(
    picture: UInt8[np.ndarray, "h w 3"], size: tuple[int, int]
) -> UInt8[np.ndarray, "h2 w2 3"]:
    """The middle of a picture, filling a size."""
    scale = max(size[0] / picture.shape[1], size[1] / picture.shape[0])
    width, height = (
        max(size[0], round(picture.shape[1] * scale)),
        max(size[1], round(picture.shape[0] * scale)),
    )
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    grown = cv2.resize(picture, (width, height), interpolation=kind)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    return grown[top : top + size[1], left : left + size[0]]


def _shrunk(picture: UInt8[np.ndarray, "h w 4"], scale: float) -> UInt8[np.ndarray, "h2 w2 4"]:
    if scale >= 1:
        return picture
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _look(camera: Camera, part: float) -> tuple[float, float, float]:
    """Where the camera looks, some way through the clip."""
    if camera.eased:
        part = part * part * (3 - 2 * part)
    x, y, zoom = (a + (b - a) * part for a, b in zip(camera.start, camera.end, strict=True))
    return x, y, zoom


def _zoom(zoom: float, depth: float) -> float:
    return zoom**depth


def _view(look: tuple[float, float, float], depth: float, size: tuple[int, int]) -> Matrix:
    """From a layer as it stands in the scene to the picture."""
    x, y, zoom = look
    scale = _zoom(zoom, depth)
    middle = np.array(size) / 2
    matrix = np.diag([scale, scale, 1.0])
    matrix[:2, 2] = middle - scale * (middle + np.array([x, y]) * size[1] * depth)
    return matrix


def _onto(look: tuple[float, float, float], depth: float, size: tuple[int, int]) -> Matrix:
    """The same for a layer that is larger than the scene by the margin."""
    inset = np.eye(3)
    inset[:2, 2] = -(np.array(size) * (_MARGIN - 1) / 2)
    return _view(look, depth, size) @ inset


def _warp(
    picture: UInt8[np.ndarray, "h w 4"],
    matrix: Matrix,
    size: tuple[int, int],
    border: int = cv2.BORDER_CONSTANT,
) -> UInt8[np.ndarray, "h2 w2 4"]:
    centred = matrix.copy()  # OpenCV counts from pixels' middles, matrices here from their corners
    centred[:2, 2] += matrix[:2, :2] @ np.array([0.5, 0.5]) - 0.5
    return cv2.warpAffine(picture, centred[:2], size, flags=cv2.INTER_LINEAR, borderMode=border)


def _over(
    canvas: Float32[np.ndarray, "h w 3"], layer: UInt8[np.ndarray, "h w 4"]
) -> tuple[Float32[np.ndarray, "h w 3"], Float32[np.ndarray, "h w 1"]]:
    """A layer over a canvas, and what it leaves free."""
    free = 1 - layer[..., 3:].astype(np.float32) / 255
    return canvas * free + layer[..., :3], free
