"""What is in some shards: numbers, and a sheet with strips of some clips."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from toontween.data.clips import Clip
from toontween.data.shards import ShardSet
from toontween.drawing.review import contact_sheet
from toontween.errors import InputError, MediaError

_WIDTH = 144


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What was found."""

    clips: int
    drawings: int
    seconds: float
    """As shown, exposures counted."""

    sizes: dict[str, int]
    """`WxH` → clips."""

    lengths: tuple[int, int]
    """Fewest and most drawings of a clip."""

    exposures: dict[int, int]
    """Frames for which a drawing is held → drawings."""

    with_caption: int
    with_lines: int
    with_alpha: int
    damaged: tuple[str, ...]
    """What is wrong with clips that cannot be read."""


def inspect_shards(
    paths: Sequence[Path], *, progress: Callable[[float], None] | None = None
) -> Inspection:
    """Read every clip of some shards.

    Args:
        paths: Shards, or folders of them.
        progress: Told the part done, 0…1.

    Raises:
        MediaError: There are no shards, or one is damaged as a whole.
    """
    shards = ShardSet(paths)
    sizes, exposures, having = Counter[str](), Counter[int](), Counter[str]()
    lengths: list[int] = []
    damaged: list[str] = []
    seconds = 0.0
    for number in range(len(shards)):
        try:
            clip = shards[number]
        except MediaError as error:
            damaged.append(str(error))
            continue
        held = clip.exposures or (1,) * len(clip)
        lengths.append(len(clip))
        exposures.update(held)
        seconds += sum(held) / clip.fps
        sizes[f"{clip.frames.shape[2]}x{clip.frames.shape[1]}"] += 1
        there = {"caption": clip.caption, "lines": clip.lines, "alpha": clip.alpha}
        having.update(name for name, value in there.items() if value is not None and len(value))
        if progress is not None:
            progress((number + 1) / len(shards))
    return Inspection(
        clips=len(lengths),
        drawings=sum(lengths),
        seconds=round(seconds, 1),
        sizes=dict(sizes.most_common()),
        lengths=(min(lengths, default=0), max(lengths, default=0)),
        exposures=dict(sorted(exposures.items())),
        with_caption=having["caption"],
        with_lines=having["lines"],
        with_alpha=having["alpha"],
        damaged=tuple(damaged),
    )


def sheet_of(paths: Sequence[Path], *, count: int, across: int = 8) -> UInt8[np.ndarray, "h w 3"]:
    """Strips of some clips, evenly spread over the shards, one above the other with their names.

    Args:
        paths: Shards, or folders of them.
        count: Most clips to show.
        across: Most drawings of each, evenly spread.

    Raises:
        InputError: The count is not positive.
        MediaError: There are no shards, or a clip is damaged.
    """
    if count < 1:
        raise InputError(f"{count} clips cannot be shown", hint="one at least")
    shards = ShardSet(paths)
    chosen = np.unique(np.linspace(0, len(shards) - 1, min(count, len(shards))).round().astype(int))
    clips = [shards[int(number)] for number in chosen]
    rows = [list(strip_of(clip, across=across)) for clip in clips]
    return contact_sheet(rows, labels=[clip.key for clip in clips], keys=(), columns=across)


def strip_of(clip: Clip, *, across: int = 8) -> UInt8[np.ndarray, "n h w 3"]:
    """Some drawings of a clip, evenly spread, scaled to a small width."""
    chosen = np.linspace(0, len(clip) - 1, min(across, len(clip))).round().astype(int)
    height = max(1, round(clip.frames.shape[1] * _WIDTH / clip.frames.shape[2]))
    return np.stack(
        [
            cv2.resize(clip.frames[index], (_WIDTH, height), interpolation=cv2.INTER_AREA)
            for index in chosen
        ]
    )
