"""The clips that methods are compared on: shards, or a folder of films and of folders with frames."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from toontween.data.clips import Clip
from toontween.data.curation.films import Film, find_films
from toontween.data.shards import ShardSet, check_key
from toontween.errors import InputError, MediaError
from toontween.media.frames import scale_and_crop

FEWEST_FRAMES = 3
"""Two keys and one drawing between them."""

MOST_FRAMES = 1000
"""A clip is read whole; what is longer is a film and has to be cut first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """Which part of every clip is looked at, and at which size.

    Raises:
        InputError: There are too few frames, or a side has no pixels.
    """

    frames: int | None = None
    """How many frames from the first one on, both keys counted; None takes clips whole."""

    size: tuple[int, int] | None = None
    """Width and height in pixels; frames are scaled by the side that needs it more and cropped. None leaves them."""

    def __post_init__(self) -> None:
        if self.frames is not None and not FEWEST_FRAMES <= self.frames <= MOST_FRAMES:
            hint = f"{FEWEST_FRAMES} (two keys and one drawing) to {MOST_FRAMES}"
            raise InputError(f"clips of {self.frames} frames cannot be measured", hint=hint)
        if self.size is not None and min(self.size) < 1:
            raise InputError(f"frames of {self.size[0]}×{self.size[1]} pixels")

    def apply(self, clip: Clip) -> Clip:
        """The part of a clip.

        Raises:
            InputError: The clip is shorter; the message names it.
        """
        wanted = self.frames or len(clip)
        if len(clip) < max(wanted, FEWEST_FRAMES):
            raise InputError(
                f"clip {clip.key!r} has {len(clip)} frames; {max(wanted, FEWEST_FRAMES)} are needed",
                hint="give fewer --frames, or leave the clip out",
            )
        return Clip(
            key=clip.key,
            frames=self._scaled(clip.frames[:wanted]),
            fps=clip.fps,
            exposures=clip.exposures[:wanted],
            caption=clip.caption,
            lines=None if clip.lines is None else self._scaled(clip.lines[:wanted]),
            about=clip.about,
        )

    def _scaled(self, frames: np.ndarray) -> np.ndarray:
        if self.size is None:
            return frames
        return np.stack([scale_and_crop(frame, self.size) for frame in frames])


class Suite(ABC):
    """Clips by number, cut alike. Objects can be sent to other processes."""

    source: Path
    """Where the clips are."""

    cut: Cut
    """Which part of them is looked at."""

    @property
    @abstractmethod
    def keys(self) -> list[str]:
        """Names of the clips, in order; unique and fit for files."""

    @abstractmethod
    def _read(self, number: int) -> Clip:
        """A clip as it is."""

    def __len__(self) -> int:
        """How many clips there are."""
        return len(self.keys)

    def __getitem__(self, number: int) -> Clip:
        """Read one clip and cut it.

        Raises:
            MediaError: It is damaged.
            InputError: It is too short.
        """
        return self.cut.apply(self._read(number))


class ShardSuite(Suite):
    """Clips of shards.

    Args:
        source: A shard, or a folder of them.
        cut: Which part of them is looked at.

    Raises:
        MediaError: There are no shards, or one is damaged.
        InputError: The name of a clip cannot be that of a file.
    """

    def __init__(self, source: Path, cut: Cut) -> None:
        self.source, self.cut = source, cut
        self._shards = ShardSet([source])
        for key in self._shards.keys:  # shards of other programs may hold any name
            check_key(key)

    @property
    def keys(self) -> list[str]:
        """Names of the clips."""
        return self._shards.keys

    def _read(self, number: int) -> Clip:
        return self._shards[number]


class FilmSuite(Suite):
    """One clip for each film, or folder of frames, in a folder.

    Clips are called by their paths within the folder, so that equal films in two folders have equal names.

    Args:
        source: A folder, or one film.
        cut: Which part of them is looked at.

    Raises:
        MediaError: Nothing in it can be read.
    """

    def __init__(self, source: Path, cut: Cut) -> None:
        self.source, self.cut = source, cut
        above = f"{source.resolve().name}/"
        self._films: list[Film] = [
            replace(film, name=film.name.removeprefix(above)) for film in find_films([source])
        ]

    @property
    def keys(self) -> list[str]:
        """Names of the films."""
        return [film.key for film in self._films]

    def _read(self, number: int) -> Clip:
        film = self._films[number]
        frames = list(islice(film.frames(), self.cut.frames or MOST_FRAMES + 1))
        if len(frames) > MOST_FRAMES:
            hint = "give --frames, or cut it with toontween data curate"
            raise InputError(f"{film.name} has more than {MOST_FRAMES} frames", hint=hint)
        return Clip(key=film.key, frames=np.stack(frames), fps=film.rate())


def open_suite(source: Path, cut: Cut | None = None) -> Suite:
    """The clips of a path.

    Args:
        source: A shard, a folder of shards, or a folder of films and of folders with frames.
        cut: Which part of every clip is looked at; whole clips when None.

    Raises:
        MediaError: There are no clips.
    """
    cut = cut or Cut()
    if not source.exists():
        raise MediaError(f"{source} does not exist")
    is_shards = any(source.glob("[!.]*.tar")) if source.is_dir() else source.suffix == ".tar"
    return ShardSuite(source, cut) if is_shards else FilmSuite(source, cut)


def common_shape(suite: Suite, numbers: Sequence[int]) -> tuple[int, int, int]:
    """Frames, height and width of clips that are all alike; each is read once, one at a time.

    A mean over clips of several sizes or lengths has no meaning: most measures grow or shrink with both.

    Args:
        suite: The clips.
        numbers: Which of them, at least one.

    Raises:
        InputError: Two clips differ, or one is too short; the message names them.
        MediaError: A clip is damaged.
    """
    first, *others = numbers
    begun, wanted = suite.keys[first], suite[first].frames.shape[:3]
    for number in others:
        found = suite[number].frames.shape[:3]
        if found != wanted:
            hint = "scale and crop all with --size" if found[1:] != wanted[1:] else ""
            hint += " and " if hint and found[0] != wanted[0] else ""
            hint += "cut all with --frames" if found[0] != wanted[0] else ""
            told = f"clip {begun!r} is {_told(wanted)}, clip {suite.keys[number]!r} {_told(found)}"
            raise InputError(f"clips that differ cannot be compared: {told}", hint=hint)
    return wanted


def _told(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} frames of {shape[2]}×{shape[1]}"


def fingerprint(clip: Clip) -> str:
    """A hash of all that a method or a measure sees of a clip."""
    digest = hashlib.sha256(repr((clip.frames.shape, clip.caption)).encode())
    digest.update(np.ascontiguousarray(clip.frames).data)
    if clip.lines is not None:
        digest.update(np.ascontiguousarray(clip.lines).data)
    return digest.hexdigest()


def describe(suite: Suite) -> dict[str, Any]:
    """What decides which frames are looked at, ready for JSON."""
    names = "\n".join(suite.keys)
    return {
        "source": suite.source.resolve().name,
        "clips": len(suite),
        "names": hashlib.sha256(names.encode()).hexdigest()[:16],
        "frames": suite.cut.frames or "whole clips",
        "size": list(suite.cut.size) if suite.cut.size else "as they are",
    }
