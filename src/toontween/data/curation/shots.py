"""The first look at a film: where its shots begin and end, their borders and their subtitles.

Cuts are looked for among the distinct drawings and not among the frames: animation on twos stands still at every other
frame, so that a common step between drawings looks like a jump to a detector that compares neighbouring frames.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector, ContentDetector

from toontween.data.curation.borders import Box, around, bright_box, picture_of
from toontween.data.curation.holds import DrawingFinder
from toontween.data.curation.subtitles import SubtitleFinder, find_text_rows, rows_left
from toontween.errors import MediaError

SMALL = 256
"""Width in pixels at which cuts and light are judged."""

BLANK = 6.0
"""Standard deviation (of 255) up to which a frame is of one colour."""

FLASH = 40.0
"""Difference of a frame's mean light (of 255) to that of its neighbourhood from which it flashes."""

JUMP = 40.0
"""Change of hue, saturation and light (PySceneDetect's score) that is a cut wherever it is; motion stays under it."""

_FLASH_WITHIN = 8
_LONGEST_FADE_SECONDS = 3.0
_SUBTITLE_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Shot:
    """Frames between two cuts, without what fades at its ends."""

    number: int
    start: int
    stop: int
    """The frame after its last."""

    picture: Box
    """What is left without borders and subtitles."""

    faded: int
    """Frames left out at its ends because they fade from or to one colour."""

    flashes: tuple[int, ...]
    """Frames that are much lighter or darker than those around them."""

    subtitles: tuple[float, float]
    """Shares of the picture's height that were cut away above and below because of subtitles."""


@dataclass(slots=True)
class _Seen:
    """What is remembered of every frame of a film."""

    light: list[float]
    spread: list[float]
    boxes: list[Box | None]
    cuts: set[int]
    subtitles: SubtitleFinder


def find_shots(frames: Iterable[UInt8[np.ndarray, "h w 3"]], *, fps: float) -> list[Shot]:
    """All shots of a film; frames are looked at once and not kept.

    Args:
        frames: Of the film, all of one size.
        fps: Frames a second.

    Raises:
        MediaError: There are no frames.
    """
    seen, size = _look(frames, fps)
    film = around(seen.boxes)
    shots: list[Shot] = []
    for start, stop in _parts(seen):
        first, last = _without_fades(seen.spread, start, stop, fps)
        if last <= first or film is None:
            continue
        picture = picture_of(around(seen.boxes[first:last]), film).inside(size)
        rows = rows_left(seen.subtitles.found, first, last)
        top = max(picture.top, round(rows[0] * size[1]))
        bottom = min(picture.bottom, round(rows[1] * size[1]))
        tall = picture.size[1]
        shots.append(
            Shot(
                number=len(shots),
                start=first,
                stop=last,
                picture=Box(top, bottom, picture.left, picture.right),
                faded=(first - start) + (stop - last),
                flashes=_flashes(seen.light, first, last),
                subtitles=((top - picture.top) / tall, (picture.bottom - bottom) / tall),
            )
        )
    return shots


def _look(frames: Iterable[np.ndarray], fps: float) -> tuple[_Seen, tuple[int, int]]:
    subtitles = SubtitleFinder(least=max(2, round(_SUBTITLE_SECONDS * fps)))
    seen = _Seen([], [], [], set(), subtitles)
    drawings = DrawingFinder()
    # the first compares with the drawings around, of which a shot of one or two has not enough
    detectors = (AdaptiveDetector(min_scene_len=1), ContentDetector(JUMP, min_scene_len=1))
    starts: list[int] = []
    size = (0, 0)
    for number, frame in enumerate(frames):
        size = (frame.shape[1], frame.shape[0])
        small = cv2.resize(frame, _small(frame), interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        seen.light.append(float(grey.mean()))
        seen.spread.append(float(grey.std()))
        seen.boxes.append(bright_box(frame))
        if not drawings.is_new(frame):
            continue
        starts.append(number)
        subtitles.look(number, find_text_rows(frame))
        timecode = FrameTimecode(len(starts) - 1, fps)
        bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
        for detector in detectors:
            found = detector.process_frame(timecode, bgr)
            seen.cuts.update(starts[cut.frame_num] for cut in found)
    if not starts:
        raise MediaError("it has no frames")
    subtitles.finish(len(seen.light))
    return seen, size


def _parts(seen: _Seen) -> list[tuple[int, int]]:
    """Frames between cuts and frames of one colour."""
    blank = [spread <= BLANK for spread in seen.spread]
    parts: list[tuple[int, int]] = []
    start = 0
    for number, is_blank in enumerate([*blank, True]):
        if (number in seen.cuts or is_blank) and number > start:
            parts.append((start, number))
            start = number
        if is_blank:
            start = number + 1
    return parts


def _without_fades(spread: Sequence[float], start: int, stop: int, fps: float) -> tuple[int, int]:
    """A part without frames whose contrast steadily grows from, or falls to, a frame of one colour."""
    longest = round(_LONGEST_FADE_SECONDS * fps)
    first, last = start, stop
    if start > 0 and spread[start - 1] <= BLANK:
        while first + 1 < stop and first - start < longest and _grows(spread, first, first + 1):
            first += 1
    if stop < len(spread) and spread[stop] <= BLANK:
        while last - 1 > first and stop - last < longest and _grows(spread, last - 1, last - 2):
            last -= 1
    return first, last


def _grows(spread: Sequence[float], one: int, next_one: int) -> bool:
    return spread[next_one] > spread[one] + max(0.3, 0.01 * spread[one])


def _flashes(light: Sequence[float], start: int, stop: int) -> tuple[int, ...]:
    found = []
    for number in range(start, stop):
        around_it = light[
            max(start, number - _FLASH_WITHIN) : min(stop, number + _FLASH_WITHIN + 1)
        ]
        if abs(light[number] - float(np.median(around_it))) > FLASH:
            found.append(number)
    return tuple(found)


def _small(frame: np.ndarray) -> tuple[int, int]:
    return SMALL, max(1, round(frame.shape[0] * SMALL / frame.shape[1]))
