"""Which frames of a training clip keep their sketch (ToonCrafter, arXiv 2405.17933, section 3.4; specification 3.3).

Users draw sparse sketches: first the breakdown in the middle, then halves of halves, or simply where it matters. The
sketch encoder is trained the same way: of the sketches of all frames only those of a pattern are shown, the other
frames get the empty image. Frames are counted from 0, as the pipeline's `sketches` does.
"""

import numpy as np

from toontween.errors import InputError

BISECTION_SHARE = 0.8
"""Part of the patterns that halve the clip; the others are random subsets."""

MAX_DEPTH = 4
"""Most often that a clip is halved: at 16 frames then nearly every frame has a sketch."""


def sketch_pattern(num_frames: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Draw a pattern: bisection of depth 1…4 four times out of five, else a random subset.

    Args:
        num_frames: Frames of the clip, at least 1.
        rng: Where the choice comes from; equal states give equal patterns.

    Returns:
        Frame indices in increasing order, at least one.

    Raises:
        InputError: There are no frames.
    """
    if rng.random() < BISECTION_SHARE:
        return bisection_pattern(num_frames, depth=int(rng.integers(1, MAX_DEPTH + 1)))
    return random_pattern(num_frames, rng)


def bisection_pattern(num_frames: int, *, depth: int) -> tuple[int, ...]:
    """The middle of the clip, then the middles of its halves, and so on.

    The middle of frames i…j, counted from 1, is ⌊(i + j)/2⌋, and both halves contain it: of 16 frames depth 1 chooses
    index 7, depth 2 indices 3, 7, 11, and depth 4 all but the last.

    Raises:
        InputError: There are no frames, or the depth is not positive.
    """
    _check_frames(num_frames)
    if depth < 1:
        raise InputError(f"a bisection of depth {depth} chooses no frame", hint="use 1 or more")
    segments = [(1, num_frames)]
    chosen: set[int] = set()
    for _ in range(min(depth, num_frames.bit_length() + 1)):  # deeper halvings find nothing new
        halves: list[tuple[int, int]] = []
        for first, last in segments:
            middle = (first + last) // 2
            chosen.add(middle)
            halves += [(first, middle), (middle, last)]
        segments = halves
    return tuple(sorted(frame - 1 for frame in chosen))


def random_pattern(num_frames: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Any number of frames, all numbers alike likely, anywhere.

    The paper does not say how large its random subsets are; this is our reading.

    Raises:
        InputError: There are no frames.
    """
    _check_frames(num_frames)
    count = int(rng.integers(1, num_frames + 1))
    return tuple(sorted(int(frame) for frame in rng.choice(num_frames, size=count, replace=False)))


def _check_frames(num_frames: int) -> None:
    if num_frames < 1:
        raise InputError(f"a clip of {num_frames} frames has no place for sketches")
