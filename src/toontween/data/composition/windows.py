"""Which stretch of a drawn clip is worth learning from: it moves all the way, and its ends clearly differ."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from toontween.data.composition.sprites import Sprite

_TRIES = 8
_SAME = 1e-4


@dataclass(frozen=True, kw_only=True, slots=True)
class Demands:
    """What a window must offer. Differences are means over a figure's box, premultiplied, 0…1."""

    most_pop: float = 14.0
    """Clips whose largest step is more mean steps than this are left out: they hold and then pop."""

    most_still: float = 0.5
    """So are clips that stand still in a larger share of their frames."""

    ends_differ: float = 0.02
    """Least difference between the first and the last drawing of a window."""

    largest_step: float = 0.3
    """Largest share of all the way that one step may take."""

    longest_hold: int = 3
    """How often longer than the others a drawing may be held."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Drawings of one figure in time."""

    start: int
    """Frame of the clip where it begins."""

    step: int
    """Frames of the clip for each frame of film: its speed."""

    times: tuple[int, ...]
    """Frame of film where each drawing begins, from 0."""

    exposures: tuple[int, ...]
    """Frames of film each drawing is held."""


def suits(sprite: Sprite, demands: Demands) -> bool:
    """Whether a clip as a whole moves smoothly enough, as far as its manifest knows."""
    return (
        sprite.about["pop"] <= demands.most_pop
        and sprite.about["still"] <= demands.most_still
        and "t" not in sprite.about["cut"]
    )


def find_window(
    rng: np.random.Generator, sprite: Sprite, *, num_drawings: int, on: int, step: int
) -> Window | None:
    """A random good window, on ones, twos or threes; None when none was found.

    A drawing that the clip repeats is held on, not drawn again.
    """
    demands = Demands()
    last = len(sprite) - 1 - (num_drawings - 1) * on * step
    if last < 0:
        return None
    for start in rng.integers(0, last + 1, size=_TRIES):
        window = _window_at(sprite, int(start), num_drawings=num_drawings, on=on, step=step)
        if window is not None and _is_good(sprite, window, demands, on=on):
            return window
    return None


def _window_at(
    sprite: Sprite, start: int, *, num_drawings: int, on: int, step: int
) -> Window | None:
    """Times of distinct drawings from a frame on."""
    times = [0]
    for time in range(on, (len(sprite) - 1 - start) // step + 1, on):
        if len(times) == num_drawings:
            break
        before = sprite.order[start + times[-1] * step]
        if sprite.order[start + time * step] != before:
            times.append(time)
    if len(times) < num_drawings:
        return None
    exposures = (*np.diff(times).tolist(), on)
    return Window(start=start, step=step, times=tuple(times), exposures=exposures)


def _is_good(sprite: Sprite, window: Window, demands: Demands, *, on: int) -> bool:
    frames = window.start + np.array(window.times) * window.step
    seen = sprite.thumbs[frames]
    steps = _difference(seen[1:], seen[:-1])
    ends = float(_difference(seen[:1], seen[-1:])[0])
    return bool(
        ends >= demands.ends_differ
        and steps.max() <= demands.largest_step * steps.sum()
        and (steps > _SAME).mean() >= 0.8
        and max(window.exposures) <= demands.longest_hold * on
    )


def _difference(
    one: Float32[np.ndarray, "t n c"], other: Float32[np.ndarray, "t n c"]
) -> Float32[np.ndarray, " t"]:
    return np.abs(one - other).mean(axis=(1, 2))
