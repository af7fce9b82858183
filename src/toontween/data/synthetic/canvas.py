"""The drawing layer: shapes filled and lines inked with Skia, kept apart as cel and line art.

The only importer of skia. A fill hides what was inked beneath it on both layers, so the line layer shows exactly the
lines that are seen. Shapes are drawn several times larger and averaged down: edges are smooth, and neighbouring shapes
leave no seam.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import skia
from jaxtyping import Float, UInt8

from toontween.data.synthetic.curves import Points, Widths, weighted
from toontween.errors import ShapeError

Colour = tuple[int, int, int]
"""Red, green and blue, 0…255, sRGB."""

ENLARGED = 4
"""How many times larger than the picture shapes are drawn."""

_SHARP_TURN = 0.94
"""Cosine of the turn between two steps of the pen from which the joint is rounded by a dot (20°)."""


class Texture:
    """A picture that repeats in both directions, to paint shapes with.

    Args:
        pixels: One repeat, sRGB.
    """

    def __init__(self, pixels: UInt8[np.ndarray, "h w 3"]) -> None:
        opaque = np.full((*pixels.shape[:2], 1), 255, dtype=np.uint8)
        both = np.ascontiguousarray(np.concatenate([pixels, opaque], axis=2))
        self._image = skia.Image.fromarray(both, colorType=skia.kRGBA_8888_ColorType)

    def shader(self, placed: Float[np.ndarray, "2 3"]) -> skia.Shader:
        """What Skia fills with, when the texture's pixels lie on the picture as an affine matrix says."""
        matrix = skia.Matrix.MakeAll(*placed.ravel().tolist(), 0.0, 0.0, 1.0)
        smooth = skia.SamplingOptions(skia.FilterMode.kLinear)
        repeat = skia.TileMode.kRepeat
        return self._image.makeShader(repeat, repeat, smooth, matrix)


@dataclass(frozen=True, kw_only=True, eq=False)
class Layers:
    """What was drawn: premultiplied RGBA, 0…1, (h, w, 4)."""

    cel: Float[np.ndarray, "h w 4"]
    """Fills and ink."""

    line: Float[np.ndarray, "h w 4"]
    """Ink alone, as far as it is not hidden."""


class Canvas:
    """A transparent sheet to draw on.

    Args:
        width_px: Width of the picture.
        height_px: Height of the picture.
        zoom: How much what is drawn is magnified.
        about: The point that stays where it is under the zoom, pixels.
        enlarged: How many times larger than the picture shapes are drawn; fewer is quicker and less smooth.
        inked: Whether there is a line layer; without one it stays empty.

    Raises:
        ShapeError: A side is not positive.
    """

    def __init__(
        self,
        width_px: int,
        height_px: int,
        *,
        zoom: float = 1.0,
        about: tuple[float, float] = (0.0, 0.0),
        enlarged: int = ENLARGED,
        inked: bool = True,
    ) -> None:
        if min(width_px, height_px) < 1:
            raise ShapeError(f"a canvas of {width_px} × {height_px} px cannot be drawn on")
        self._size = (height_px, width_px)
        self._cel = _Sheet(width_px, height_px, zoom, about, enlarged)
        self._line = _Sheet(width_px, height_px, zoom, about, enlarged) if inked else None
        self._sheets = (self._cel, self._line) if self._line else (self._cel,)

    def fill(self, outline: Points, colour: Colour, *, alpha: float = 1.0) -> None:
        """Fill a closed outline; an opaque fill hides the ink under it."""
        path = _polygon(outline)
        self._cel.draw(path, colour, alpha)
        if self._line and alpha == 1.0:
            self._line.erase(path)

    def ink(self, line: Points, widths: Widths, colour: Colour, *, closed: bool = False) -> None:
        """Ink a line with a pen whose width is given at each point, in pixels.

        Raises:
            ShapeError: There is not one width for each point.
        """
        if len(line) != len(widths):
            raise ShapeError(f"{len(widths)} pen widths for {len(line)} points")
        path = _stroke(line, widths, closed=closed)
        for sheet in self._sheets:
            sheet.draw(path, colour, 1.0)

    def outline(self, outline: Points, width: float, colour: Colour) -> None:
        """Ink a closed outline, heavier on the side away from the light."""
        self.ink(outline, weighted(outline, width), colour, closed=True)

    def paint(
        self,
        outline: Points,
        texture: Texture,
        placed: Float[np.ndarray, "2 3"],
        *,
        roundness: float = 1.0,
    ) -> None:
        """Paint a closed outline with a texture, lit from the top left and dark away from it.

        Args:
            outline: The shape.
            texture: What it is painted with.
            placed: Where the texture's pixels lie on the picture.
            roundness: How much light and shadow there is; 0 is flat.
        """
        path = _polygon(outline)
        self._cel.paint(path, texture.shader(placed))
        if roundness > 0.0:
            self._cel.paint(path, _daylight(path.getBounds(), roundness))
        if self._line:
            self._line.erase(path)

    def shadow(self, outline: Points, *, blur_px: float, strength: float) -> None:
        """Throw a soft shadow of an outline on what has been drawn already, and on nothing else."""
        self._cel.darken(_polygon(outline), blur_px, strength)

    @contextmanager
    def within(self, *outlines: Points) -> Iterator[None]:
        """Draw only inside of all these outlines."""
        for sheet in self._sheets:
            sheet.clip([_polygon(outline) for outline in outlines])
        try:
            yield
        finally:
            for sheet in self._sheets:
                sheet.unclip()

    def layers(self) -> Layers:
        """What has been drawn so far."""
        cel = self._cel.averaged(self._size)
        line = self._line.averaged(self._size) if self._line else np.zeros_like(cel)
        return Layers(cel=cel, line=line)


def straight(premultiplied: Float[np.ndarray, "h w 4"]) -> UInt8[np.ndarray, "h w 4"]:
    """8-bit RGBA with straight alpha; where nothing is seen the colour is black."""
    alpha = premultiplied[..., 3:]
    visible = np.rint(alpha * 255) > 0
    colour = np.where(visible, premultiplied[..., :3] / np.maximum(alpha, 1e-6), 0.0)
    both = np.concatenate([colour, np.where(visible, alpha, 0.0)], axis=2)
    return np.rint(np.clip(both, 0.0, 1.0) * 255).astype(np.uint8)


def over(
    premultiplied: Float[np.ndarray, "h w 4"], background: UInt8[np.ndarray, "h w 3"]
) -> UInt8[np.ndarray, "h w 3"]:
    """A premultiplied layer laid over an opaque picture."""
    seen = premultiplied[..., :3] + (1.0 - premultiplied[..., 3:]) * (background / 255.0)
    return np.rint(np.clip(seen, 0.0, 1.0) * 255).astype(np.uint8)


class _Sheet:
    """One enlarged Skia surface; BGRA because Skia's integer blitters are the same on every CPU."""

    def __init__(
        self,
        width_px: int,
        height_px: int,
        zoom: float,
        about: tuple[float, float],
        enlarged: int,
    ) -> None:
        self._enlarged = enlarged
        self._pixels = np.zeros((height_px * enlarged, width_px * enlarged, 4), dtype=np.uint8)
        self._surface = skia.Surface(
            self._pixels,
            colorType=skia.kBGRA_8888_ColorType,
            alphaType=skia.kPremul_AlphaType,
        )
        self._canvas = self._surface.getCanvas()
        self._canvas.scale(enlarged * zoom, enlarged * zoom)
        self._canvas.translate(*(about[axis] * (1.0 / zoom - 1.0) for axis in (0, 1)))

    def draw(self, path: skia.Path, colour: Colour, alpha: float) -> None:
        paint = skia.Paint(AntiAlias=True, Color=skia.Color(*colour, round(alpha * 255)))
        self._canvas.drawPath(path, paint)

    def paint(self, path: skia.Path, shader: skia.Shader) -> None:
        self._canvas.drawPath(path, skia.Paint(AntiAlias=True, Shader=shader))

    def darken(self, path: skia.Path, blur_px: float, strength: float) -> None:
        soft = skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur_px)
        paint = skia.Paint(
            AntiAlias=True,
            Color=skia.Color(16, 14, 32, round(strength * 255)),
            MaskFilter=soft,
            BlendMode=skia.BlendMode.kSrcATop,
        )
        self._canvas.drawPath(path, paint)

    def erase(self, path: skia.Path) -> None:
        paint = skia.Paint(AntiAlias=True, BlendMode=skia.BlendMode.kDstOut)
        self._canvas.drawPath(path, paint)

    def clip(self, paths: Sequence[skia.Path]) -> None:
        self._canvas.save()
        for path in paths:
            self._canvas.clipPath(path, doAntiAlias=True)

    def unclip(self) -> None:
        self._canvas.restore()

    def averaged(self, size: tuple[int, int]) -> Float[np.ndarray, "h w 4"]:
        height, width = size
        self._surface.flushAndSubmit()
        total = np.zeros((height, width, 4), dtype=np.uint16)
        step = self._enlarged
        for row in range(step):
            for column in range(step):
                total += self._pixels[row::step, column::step]
        return total[..., [2, 1, 0, 3]] / (255.0 * step**2)


def _daylight(box: skia.Rect, roundness: float) -> skia.Shader:
    """Light on the upper left of a box, shadow on its lower right."""
    centre = skia.Point(box.left() + 0.34 * box.width(), box.top() + 0.26 * box.height())
    reach = max(0.95 * max(box.width(), box.height()), 1.0)
    light, dark = round(86 * roundness), round(150 * roundness)
    colours = [
        skia.Color(255, 250, 235, light),
        skia.Color(255, 250, 235, 0),
        skia.Color(14, 10, 40, dark),
    ]
    return skia.GradientShader.MakeRadial(centre, reach, colours, [0.0, 0.38, 1.0])


def _polygon(outline: Points) -> skia.Path:
    path = skia.Path()
    path.addPoly([skia.Point(x, y) for x, y in outline.tolist()], close=True)
    return path


def _stroke(line: Points, widths: Widths, *, closed: bool) -> skia.Path:
    """The area a pen covers: one quadrilateral a step, all turning the same way, dots at ends and sharp turns."""
    if closed:
        line, widths = np.concatenate([line, line[:1]]), np.concatenate([widths, widths[:1]])
    steps = np.diff(line, axis=0)
    moved = np.hypot(steps[:, 0], steps[:, 1]) > 1e-6
    keep = np.concatenate([[True], moved])
    line, half, steps = line[keep], widths[keep] / 2, steps[moved]
    along = steps / np.hypot(steps[:, 0], steps[:, 1])[:, None]
    side = np.stack([along[:, 1], -along[:, 0]], axis=1)
    path = skia.Path()
    straight_on = np.sum(along[1:] * along[:-1], axis=1) > _SHARP_TURN
    start_side, stop_side = side.copy(), side.copy()
    mean = (side[1:] + side[:-1])[straight_on]
    mean /= np.hypot(mean[:, 0], mean[:, 1])[:, None]
    stop_side[:-1][straight_on] = mean
    start_side[1:][straight_on] = mean
    near, far = half[:-1, None], half[1:, None]
    ring = [line[:-1] + start_side * near, line[1:] + stop_side * far]
    ring += [line[1:] - stop_side * far, line[:-1] - start_side * near]
    for corners in np.stack(ring, axis=1).tolist():
        path.addPoly([skia.Point(x, y) for x, y in corners], close=True)
    dots = np.concatenate([[True], ~straight_on, [True]])
    for (x, y), radius in zip(line[dots].tolist(), half[dots].tolist(), strict=True):
        path.addCircle(x, y, radius, skia.PathDirection.kCW)
    return path
