"""Drawings in order, read one at a time: one picture, a folder, a numbered sequence or a film."""

import itertools
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from toontween.errors import InputError, MediaError, ToonTweenError
from toontween.media.files import check_readable, sha256_of
from toontween.media.frames import Pixels
from toontween.media.images import STILL_SUFFIXES, read_still, still_size
from toontween.media.sequences import is_pattern, numbers_of, read_sequence
from toontween.media.video import VIDEO_SUFFIXES, VideoInfo, is_video, probe, read_video
from toontween.runtime import read_settings


class SourceKind(StrEnum):
    """What drawings are read from."""

    PICTURE = "picture"
    SEQUENCE = "sequence"
    FILM = "film"


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class GivenDrawing:
    """One drawing as it was read."""

    name: str
    """What messages call it: the file's name, or "frame 7" of the film."""

    pixels: Pixels
    """(h, w, 3|4) uint8 or uint16."""

    record: Mapping[str, Any] | None
    """What provenance says of a picture; None for a frame of a film."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class DrawingSource:
    """Where drawings come from, looked at but not yet read."""

    kind: SourceKind
    """One picture, several, or a film."""

    files: tuple[Path, ...]
    """The pictures in order, or the film."""

    first_number: int = 1
    """Number of the first drawing; another than 1 only where a pattern begins with it."""

    film: VideoInfo | None = None
    """What the film says about itself."""

    @property
    def num_drawings(self) -> int:
        """How many drawings there are."""
        return len(self.files) if self.film is None else self.film.num_frames or 0

    def read(self) -> Iterator[GivenDrawing]:
        """The drawings in order; at most one is held at a time.

        Raises:
            MediaError: A picture or frame cannot be read; the message names it.
        """
        if self.film is not None:
            yield from self._read_film()
            return
        for path in self.files:
            still = read_still(path)
            height, width = still.pixels.shape[:2]
            record = {"name": path.name, "width": width, "height": height}
            record |= {"bit_depth": still.bit_depth, "sha256": still.sha256}
            yield GivenDrawing(name=path.name, pixels=still.pixels, record=record)

    def _read_film(self) -> Iterator[GivenDrawing]:
        path = self.files[0]
        frames = read_video(path)
        for number in itertools.count(1):
            name = f"frame {number}"
            with naming(f"{name} of {path.name}"):
                pixels = next(frames, None)
            if pixels is None:
                return
            yield GivenDrawing(name=name, pixels=pixels, record=None)

    def film_record(self) -> dict[str, Any] | None:
        """What provenance says of the film; None for pictures, which speak for themselves."""
        if self.film is None:
            return None
        path, film = self.files[0], self.film
        return {
            "name": path.name,
            "width": film.width,
            "height": film.height,
            "num_frames": film.num_frames,
            "fps": str(film.fps),
            "sha256": sha256_of(path),
        }

    def check_one_size(self) -> None:
        """Make sure, from the headers alone, that all drawings can be frames of one film.

        Raises:
            InputError: Two pictures differ in size.
            MediaError: A file is no picture.
        """
        if self.film is not None:
            return
        sizes = ((path, still_size(path)) for path in self.files)
        first, (width, height) = next(sizes)
        for path, size in sizes:
            if size != (width, height):
                raise InputError(
                    f"{path.name} is {size[0]}×{size[1]}, {first.name} is {width}×{height}: "
                    "the frames of a film have one size",
                    hint="write pictures: a folder (out/) or a pattern (out/%04d.png)",
                )


def find_drawings(source: str | Path) -> DrawingSource:
    """Tell what drawings a path names: a picture, a film, a folder of pictures, or a pattern such as `in/%04d.png`.

    Raises:
        InputError: A pattern is malformed.
        MediaError: There is nothing, it cannot be read, or it is of a kind that is not known.
    """
    path = Path(source)
    if path.is_dir():
        return DrawingSource(kind=SourceKind.SEQUENCE, files=_readable(read_sequence(path)))
    if is_pattern(path) and not path.exists():
        files = _readable(read_sequence(path))
        first = numbers_of(path)[0]
        return DrawingSource(kind=SourceKind.SEQUENCE, files=files, first_number=first)
    if is_video(path):
        film = probe(path)
        if not film.num_frames:
            raise MediaError(f"{path} does not say how many frames it has")
        return DrawingSource(kind=SourceKind.FILM, files=(path,), film=film)
    if path.suffix.lower() not in STILL_SUFFIXES:
        known = ", ".join(sorted(STILL_SUFFIXES | VIDEO_SUFFIXES))
        raise MediaError(f"{path} is neither a picture nor a film", hint=f"known: {known}")
    return DrawingSource(kind=SourceKind.PICTURE, files=(path,))


def _readable(files: list[Path]) -> tuple[Path, ...]:
    """The files, once it is seen that every one has something in it: noticed before the first is worked on."""
    limit = read_settings().max_bytes
    for path in files:
        check_readable(path, max_bytes=limit)
    return tuple(files)


@contextmanager
def naming(name: str) -> Generator[None]:
    """Let an error that is raised in the block say of which drawing it speaks.

    Raises:
        ToonTweenError: What was raised, of the same class, its message beginning with the name.
    """
    try:
        yield
    except ToonTweenError as error:
        if name in error.message:
            raise
        raise type(error)(f"{name}: {error.message}", hint=error.hint) from error
