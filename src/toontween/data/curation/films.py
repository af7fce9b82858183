"""What is curated: video files and folders of numbered frames, read one frame at a time."""

import dataclasses
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from toontween.errors import InputError, MediaError
from toontween.media.images import STILL_SUFFIXES, read_still
from toontween.media.sequences import read_sequence
from toontween.media.video import VIDEO_SUFFIXES, is_video, probe, read_video
from toontween.runtime import Settings, read_settings

FOLDER_FPS = 24.0
"""Frames a second of a folder of frames unless told otherwise."""

_ENDLESS = 1 << 62


@dataclass(frozen=True, kw_only=True, slots=True)
class Film:
    """One video file or folder of frames."""

    path: Path
    name: str
    """Its path from where it was looked for, with `/`."""

    fps: float
    """Of a folder of frames; a video says its own."""

    @property
    def key(self) -> str:
        """A name for files, unique among films of one run: from `name` alone."""
        plain = re.sub(r"[^A-Za-z0-9]+", "-", self.name).strip("-")[:40]
        return f"{plain or 'film'}-{hashlib.sha256(self.name.encode()).hexdigest()[:8]}"

    def rate(self) -> float:
        """Frames a second.

        Raises:
            MediaError: The file is unreadable.
        """
        return self.fps if self.path.is_dir() else float(probe(self.path, settings=_limits()).fps)

    def frames(self) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
        """All frames as 8-bit RGB, over white where they are transparent.

        Raises:
            MediaError: The film is damaged, or its frames have different sizes.
        """
        size: tuple[int, int] | None = None
        for number, pixels in enumerate(self._pixels()):
            frame = _as_rgb(pixels)
            found = (frame.shape[1], frame.shape[0])
            if size is None:
                size = found
            if found != size:
                told = f"{found[0]}×{found[1]}, the first {size[0]}×{size[1]}"
                raise MediaError(f"frame {number} of {self.name} has {told}")
            yield frame

    def _pixels(self) -> Iterator[np.ndarray]:
        if not self.path.is_dir():
            yield from read_video(self.path, settings=_limits())
            return
        for file in read_sequence(self.path):
            yield read_still(file).pixels


def find_films(sources: Sequence[Path], *, fps: float = FOLDER_FPS) -> list[Film]:
    """Films among files and folders; folders are searched for videos and for folders with pictures.

    Args:
        sources: Files and folders.
        fps: Frames a second of folders of frames.

    Raises:
        MediaError: A source does not exist, or there is no film at all.
        InputError: The rate is not positive, or two films have the same name.
    """
    if not 0 < fps < 1000:
        raise InputError(f"{fps} frames a second are impossible", hint="give --fps, such as 24")
    films: list[Film] = []
    for source in sources:
        if source.is_dir():
            films += _in_folder(source, source, fps)
        elif source.is_file():
            films.append(Film(path=source, name=source.name, fps=fps))
        else:
            raise MediaError(f"there is no file or folder {source}", hint="check the spelling")
    (twice, count), *_ = Counter(film.name for film in films).most_common(1) or [("", 0)]
    if count > 1:
        hint = "name a folder above both, so that their paths differ"
        raise InputError(f"two films are called {twice!r}", hint=hint)
    if not films:
        told = ", ".join(map(str, sources)) or "nothing"
        raise MediaError(f"there are no films in {told}", hint="videos, or folders of pictures")
    return films


def _in_folder(folder: Path, root: Path, fps: float) -> list[Film]:
    entries = sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    above = root.resolve().name
    within = folder.relative_to(root).as_posix()
    name = above if within == "." else f"{above}/{within}"
    found = [
        Film(path=entry, name=f"{name}/{entry.name}", fps=fps)
        for entry in entries
        if entry.is_file() and _is_film(entry)
    ]
    stills = [one for one in entries if one.is_file() and one.suffix.lower() in STILL_SUFFIXES]
    if len(stills) > 1 and not found:
        found.append(Film(path=folder, name=name, fps=fps))
    for entry in entries:
        if entry.is_dir():
            found += _in_folder(entry, root, fps)
    return found


def _is_film(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix not in VIDEO_SUFFIXES:
        return False
    return suffix not in STILL_SUFFIXES or is_video(path)


def _limits() -> Settings:
    """Without limits on length: frames are looked at one at a time and never held together."""
    return dataclasses.replace(read_settings(), max_frames=_ENDLESS, max_bytes=_ENDLESS)


def _as_rgb(pixels: np.ndarray) -> UInt8[np.ndarray, "h w 3"]:
    if pixels.dtype == np.uint16:
        pixels = (pixels // 257).astype(np.uint8)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    if pixels.shape[2] == 4:
        alpha = pixels[..., 3:].astype(np.uint16)
        pixels = ((pixels[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return np.ascontiguousarray(pixels[..., :3])
