"""Pairs of flat-shaded drawings in which it is known which part is which, and where every pixel of it went.

A pair is drawn thrice: as it is seen, and twice with every fill in a colour that stands for its number, so that a pixel
whose two colours tell the same number lies wholly in that fill. Fills are numbered in the order in which they are drawn,
which is the same at both times because the same skeleton draws them; their outlines have the same points, and so tell
the motion: the affine one where that fits within a quarter of a pixel, else the thin-plate spline through all points.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import RBFInterpolator

from toontween.data.synthetic.canvas import Canvas, Colour, over
from toontween.data.synthetic.curves import Points, Widths, turned
from toontween.data.synthetic.stage.colours import hsv
from toontween.data.synthetic.stage.looks import Brush
from toontween.data.synthetic.studio import Production, StudioOptions, production
from toontween.data.synthetic.troupe.forms import blob, box, ring, star

SIZE = (512, 320)
"""Width and height, pixels."""

INK: Colour = (24, 20, 30)
EVERYWHERE = box(-1.0, -1.0, SIZE[0] + 1.0, SIZE[1] + 1.0)
PRIMES = (7919, 104_729)
FITS_PX = 0.25
MOST_POINTS = 120

Play = Callable[[Canvas, float], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class DrawnPair:
    """Two drawings and the truth about them. Flows are (2, h, w), pixels (right, down), NaN where nothing is known."""

    name: str
    first: np.ndarray
    """(h, w, 3) uint8 sRGB."""

    last: np.ndarray
    parts: tuple[np.ndarray, np.ndarray]
    """Number of the fill that each pixel of either drawing lies in; −1 for ink and edges."""

    forward: np.ndarray
    """Where the pixels of the first drawing went."""

    backward: np.ndarray


class TracingCanvas(Canvas):
    """A canvas that draws every fill in the colour of its number, and keeps its outline. Translucent fills are left out.

    Args:
        prime: What numbers are multiplied by to become colours.
    """

    def __init__(self, prime: int) -> None:
        super().__init__(*SIZE, inked=False)
        self._prime = prime
        self.outlines: list[Points] = []

    def fill(self, outline: Points, colour: Colour, *, alpha: float = 1.0) -> None:
        """Fill an outline with the next number."""
        del colour
        if alpha == 1.0:
            self.outlines.append(outline)
            super().fill(outline, self._code(len(self.outlines)))

    def ink(self, line: Points, widths: Widths, colour: Colour, *, closed: bool = False) -> None:
        """Ink a line with the number 0."""
        del colour
        super().ink(line, widths, self._code(0), closed=closed)

    def numbers(self) -> np.ndarray:
        """Number of the fill each pixel seems to lie in, −1 for what stands for none."""
        cel = self.layers().cel
        seen = np.rint(cel[..., :3] * 255).astype(np.int64) @ np.array([65536, 256, 1])
        codes = (np.arange(len(self.outlines) + 1) * self._prime + self._prime) % 2**24
        order = np.argsort(codes)
        place = np.searchsorted(codes[order], seen).clip(max=len(codes) - 1)
        found = order[place]
        return np.where((codes[found] == seen) & (cel[..., 3] == 1.0), found, -1)

    def _code(self, number: int) -> Colour:
        code = (number * self._prime + self._prime) % 2**24
        return code >> 16, code >> 8 & 255, code & 255


def trace(play: Play, time: float) -> tuple[np.ndarray, list[Points]]:
    """The number of each pixel's fill at a time, −1 for ink and edges, and the outlines of all fills."""
    canvases = [TracingCanvas(prime) for prime in PRIMES]
    for canvas in canvases:
        play(canvas, time)
    one, other = (canvas.numbers() for canvas in canvases)
    return np.where((one == other) & (one > 0), one, 0) - 1, canvases[0].outlines


def paired(name: str, play: Play, times: tuple[float, float]) -> DrawnPair | None:
    """A pair with its truth, or None when not the same fills are drawn at both times."""
    (parts, outlines), (last_parts, last_outlines) = (trace(play, time) for time in times)
    if [len(one) for one in outlines] != [len(one) for one in last_outlines]:
        return None
    first, last = (seen(play, time) for time in times)
    return DrawnPair(
        name=name,
        first=first,
        last=last,
        parts=(parts, last_parts),
        forward=motion(parts, outlines, last_outlines),
        backward=motion(last_parts, last_outlines, outlines),
    )


def seen(play: Play, time: float) -> np.ndarray:
    """The drawing at a time, (h, w, 3) uint8."""
    canvas = Canvas(*SIZE, inked=False)
    play(canvas, time)
    return over(canvas.layers().cel, np.full((SIZE[1], SIZE[0], 3), 255, np.uint8))


def motion(parts: np.ndarray, outlines: list[Points], others: list[Points]) -> np.ndarray:
    """Flow of every pixel whose part is known, from how its outline changed."""
    flow = np.full((2, *parts.shape), np.nan, np.float32)
    for number in np.unique(parts[parts >= 0]).tolist():
        inside = parts == number
        rows, columns = np.nonzero(inside)
        at = np.stack([columns, rows], axis=1) + 0.5
        flow[:, inside] = (moved(outlines[number], others[number], at) - at).T
    return flow


def moved(outline: Points, other: Points, at: Points) -> Points:
    """Where points inside an outline are when it has become another."""
    known = np.column_stack([outline, np.ones(len(outline))])
    affine, _, rank, _ = np.linalg.lstsq(known, other, rcond=None)
    if rank == 3 and np.abs(known @ affine - other).max() <= FITS_PX:
        return np.column_stack([at, np.ones(len(at))]) @ affine
    _, kept = np.unique(np.rint(outline * 50), axis=0, return_index=True)
    kept = np.sort(kept)[:: -(-len(kept) // MOST_POINTS)]
    spline = RBFInterpolator(outline[kept], other[kept], kernel="thin_plate_spline", degree=1)
    return spline(at)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cutout:
    """A flat shape with a spot on it, which goes somewhere as a whole."""

    outline: Points
    spot: Points
    colours: tuple[Colour, Colour]
    places: tuple[np.ndarray, np.ndarray]
    """Its middle at both times."""

    turn_deg: float
    growth: float

    def at(self, line: Points, time: float) -> Points:
        """A line of it at a time."""
        size = self.growth**time
        middle = self.places[0] + (self.places[1] - self.places[0]) * time
        return size * turned(line, self.turn_deg * time) + middle


@dataclass(frozen=True, kw_only=True)
class CutoutOptions:
    """What cut-outs do."""

    shared_colours: bool = False
    """Whether all have one of three colours, rather than each one of its own."""

    farthest_px: float = 60.0
    turn_deg: float = 25.0
    growth: float = 1.15
    columns: int = 4
    rows: int = 3
    ground: Colour = field(default=(226, 222, 210))


def cutouts(number: int, options: CutoutOptions) -> list[Cutout]:
    """The cut-outs of a pair, each in its own cell of a grid at first."""
    rng = np.random.default_rng([20_210_404, number, int(options.shared_colours)])
    cell = np.array(SIZE) / (options.columns, options.rows)
    count = options.columns * options.rows
    hues = rng.permutation(count) * (360.0 / count)
    if options.shared_colours:
        hues = np.arange(count) % 3 * 120.0 + float(rng.uniform(0, 360))
    made: list[Cutout] = []
    for index in range(count):
        middle = (np.array([index % options.columns, index // options.columns]) + 0.5) * cell
        middle += rng.uniform(-0.12, 0.12, 2) * cell
        radius = float(rng.uniform(0.26, 0.38)) * float(cell.min())
        way = np.array([np.cos(angle := rng.uniform(0, 2 * np.pi)), np.sin(angle)])
        end = middle + way * rng.uniform(0.3, 1.0) * options.farthest_px
        forms = (
            blob((0.0, 0.0), (radius, 0.7 * radius), square=3.0),
            star((0.0, 0.0), 1.2 * radius, 0.6 * radius, count=5),
            box(-radius, -0.6 * radius, radius, 0.6 * radius),
            blob((0.0, 0.0), (0.7 * radius, radius), pear=0.35),
        )
        made.append(
            Cutout(
                outline=turned(forms[int(rng.integers(4))], float(rng.uniform(0, 360))),
                spot=ring((0.15 * radius, 0.0), (0.28 * radius, 0.2 * radius)),
                colours=(hsv(hues[index], 0.6, 0.9), hsv(hues[index] + 25.0, 0.5, 0.6)),
                places=(middle, np.clip(end, radius, np.array(SIZE) - radius)),
                turn_deg=float(rng.uniform(-1, 1)) * options.turn_deg,
                growth=float(options.growth ** rng.uniform(-1, 1)),
            )
        )
    return made


def cutout_pair(number: int, options: CutoutOptions | None = None) -> DrawnPair:
    """Cut-outs on a plain ground, each shifted, turned and scaled in its own way."""
    options = options or CutoutOptions()
    shapes = cutouts(number, options)

    def play(canvas: Canvas, time: float) -> None:
        canvas.fill(EVERYWHERE, options.ground)
        for shape in shapes:
            for line, colour in zip((shape.outline, shape.spot), shape.colours, strict=True):
                canvas.fill(shape.at(line, time), colour)
                canvas.outline(shape.at(line, time), 2.5, INK)

    kind = "shared" if options.shared_colours else "own"
    made = paired(f"cut-outs of {kind} colours {number}", play, (0.0, 1.0))
    if made is None:
        raise AssertionError("cut-outs draw the same fills at all times")
    return made


def studio_pair(seed: int, number: int, times: tuple[float, float]) -> DrawnPair | None:
    """Two drawings of a studio clip, with backdrop and camera, without shadows on the ground."""
    made = production(seed, number, StudioOptions(size=SIZE))

    def play(canvas: Canvas, time: float) -> None:
        canvas.fill(EVERYWHERE, made.backdrop.base.lit)
        _play(made, canvas, time)

    return paired(f"studio {seed}-{number}", play, times)


def _play(made: Production, canvas: Canvas, time: float) -> None:
    for piece in made.backdrop.pieces:
        view = made.camera.view(time, nearness=piece.nearness)
        Brush(canvas, made.style, view, SIZE[1]).spot(piece.outline, piece.tone.lit)
    view = made.camera.view(time)
    for player in made.cast.players:
        player.draw(Brush(canvas, made.style, view.after(player.place(time)), SIZE[1]), time)


def studio_pairs(seed: int, count: int, times: tuple[float, float]) -> Iterator[DrawnPair]:
    """The first pairs of a seed whose fills are the same at both times."""
    number = found = 0
    while found < count:
        pair = studio_pair(seed, number, times)
        number += 1
        if pair is not None:
            found += 1
            yield pair
