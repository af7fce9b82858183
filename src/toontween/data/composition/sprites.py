"""Clips of a folder of material, drawn once and kept: a file of cropped drawings with alpha for each.

A cache holds `ENTRY.npz` for each clip (distinct drawings, one member each, so that a window is read without the rest)
and `scenes/NNN.npz` for each background. What is there already is not drawn again.
"""

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float32, Int, UInt8

from toontween.data.composition.material import DrawingError, Entry, Material
from toontween.data.workers import spread
from toontween.errors import InputError, MediaError
from toontween.media.files import atomic_output

SPRITE_PX = 256
"""Canvas a clip is drawn on, unless scenes are so large that it would be stretched."""

_THUMB_PX = 24
_VERSION = 1
_SCENES = "scenes"


@dataclass(frozen=True, slots=True)
class Sprite:
    """A drawn clip of the cache, without its drawings."""

    path: Path
    """Its file."""

    about: dict[str, Any]
    """`id`, `caption`, `split`, `part`, `pop`, `still`, `canvas_px`, `size`, `cut`."""

    order: Int[np.ndarray, " t"]
    """Which distinct drawing each frame shows."""

    thumbs: Float32[np.ndarray, "t n c"]
    """Frames made very small, premultiplied 0…1, to tell how far two of them differ."""

    def __len__(self) -> int:
        """How many frames there are at 24 a second."""
        return len(self.order)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the crop, in pixels of the cache."""
        width, height = self.about["size"]
        return width, height

    def drawings(self, frames: Sequence[int]) -> dict[int, UInt8[np.ndarray, "h w 4"]]:
        """Drawings that some frames show, straight alpha, by frame.

        Raises:
            MediaError: The cache's file is damaged.
        """
        with _reading(self.path), np.load(self.path, allow_pickle=False) as file:
            needed = {int(self.order[frame]) for frame in frames}
            read = {number: file[f"f{number:04d}"] for number in needed}
        return {frame: read[int(self.order[frame])] for frame in frames}


@dataclass(frozen=True, slots=True)
class Scene:
    """A background of the cache."""

    picture: UInt8[np.ndarray, "h w 3"]
    """What it looks like."""

    about: dict[str, Any]
    """`id`, `caption`, `part`."""


def fill_cache(
    folder: Path,
    cache: Path,
    *,
    split: str,
    sprite_px: int = SPRITE_PX,
    workers: int = 1,
    progress: Callable[[float], None] | None = None,
) -> list[str]:
    """Draw the clips of a split, and all scenes, that the cache lacks.

    Returns:
        A line for each clip that could not be drawn: its name and why.

    Raises:
        InputError: The cache was drawn smaller than asked for.
        UnavailableError: The renderer needs a library that is not installed.
    """
    material = Material(folder)
    entries = material.of_split(split)
    (cache / _SCENES).mkdir(parents=True, exist_ok=True)
    drawn_px = _check_cache(cache, sprite_px)
    for number in range(len(material.scenes)):
        _cache_scene(material, number, cache, (2 * drawn_px, drawn_px * 5 // 4))
    missing = [entry for entry in entries if not sprite_path(cache, entry.id).is_file()]
    jobs = [(folder, entry, cache, drawn_px) for entry in missing]
    failures: list[str] = []
    for done, failure in enumerate(spread(_cache_entry, jobs, workers=workers), start=1):
        if failure:
            failures.append(failure)
        if progress:
            progress(done / len(jobs))
    return failures


def sprite_path(cache: Path, name: str) -> Path:
    """Where a clip's drawings are kept."""
    return cache / (re.sub(r"[^\w-]", "_", name.replace("/", "__")) + ".npz")


def read_sprites(cache: Path, split: str) -> list[Sprite]:
    """The drawn clips of a split that the cache holds, sorted by name; without their drawings.

    Raises:
        MediaError: A file is damaged.
    """
    found: list[Sprite] = []
    for path in sorted(cache.glob("[!.]*.npz")):
        with _reading(path), np.load(path, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            if about["split"] == split:
                thumbs = file["thumbs"].astype(np.float32) / 255
                found.append(Sprite(path, about, file["order"], thumbs))
    return sorted(found, key=lambda sprite: sprite.about["id"])


def read_scenes(cache: Path) -> list[Scene]:
    """The backgrounds that the cache holds, in their order.

    Raises:
        MediaError: A file is damaged.
    """
    found: list[Scene] = []
    for path in sorted((cache / _SCENES).glob("[!.]*.npz")):
        with _reading(path), np.load(path, allow_pickle=False) as file:
            found.append(Scene(file["picture"], json.loads(str(file["about"]))))
    return found


def make_sprite(
    entry: Entry, frames: UInt8[np.ndarray, "t h w 4"]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What is kept of a drawn clip: words, and arrays ready for `savez`.

    Raises:
        DrawingError: Nothing is to be seen.
    """
    seen = frames[..., 3].max(axis=0) > 0
    if not seen.any():
        raise DrawingError("nothing is to be seen")
    frames = np.where(frames[..., 3:] > 0, frames, 0).astype(np.uint8)
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    crop = frames[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    distinct: dict[bytes, int] = {}
    arrays: dict[str, np.ndarray] = {}
    order: list[int] = []
    for frame in crop:
        number = distinct.setdefault(hashlib.sha256(frame.tobytes()).digest(), len(distinct))
        arrays[f"f{number:04d}"] = frame
        order.append(number)
    thumbs = np.stack([_thumb(arrays[f"f{number:04d}"]) for number in order])
    about = {
        "id": entry.id,
        "caption": entry.caption,
        "split": entry.split,
        "part": entry.part,
        "pop": entry.pop,
        "still": entry.still,
        "size": [crop.shape[2], crop.shape[1]],
        "cut": _cut_sides(frames),
    }
    return about, {"order": np.array(order, np.int32), "thumbs": thumbs, **arrays}


def _cache_entry(job: tuple[Path, Entry, Path, int]) -> str:
    """Draw a clip into the cache; why not, or ""."""
    folder, entry, cache, drawn_px = job
    try:
        frames = Material(folder).draw(entry, (drawn_px, drawn_px))
        about, arrays = make_sprite(entry, frames)
    except DrawingError as error:
        return f"{entry.id}: {error}"
    about["canvas_px"] = drawn_px
    _save(sprite_path(cache, entry.id), about, arrays)
    return ""


def _cache_scene(material: Material, number: int, cache: Path, size: tuple[int, int]) -> None:
    path = cache / _SCENES / f"{number:03d}.npz"
    if path.is_file():
        return
    nothing = np.zeros((1, size[1], size[0], 4), np.uint8)
    picture = material.composite(nothing, f"scene:{number}")[0]
    about = {
        "id": f"scene:{number}",
        "caption": material.scene_caption(number),
        "part": material.scene_part(number),
    }
    _save(path, about, {"picture": picture})


def _check_cache(cache: Path, sprite_px: int) -> int:
    """The canvas that a cache is drawn at; a new one takes what is asked for."""
    path = cache / "cache.json"
    if not path.is_file():
        with atomic_output(path, overwrite=True) as temporary:
            temporary.write_text(json.dumps({"version": _VERSION, "canvas_px": sprite_px}) + "\n")
        return sprite_px
    with _reading(path):
        known = json.loads(path.read_text("utf-8"))
        version, drawn_px = int(known["version"]), int(known["canvas_px"])
    if version != _VERSION or drawn_px < sprite_px:
        raise InputError(
            f"the cache {cache} was drawn at {drawn_px} px, these scenes need {sprite_px}",
            hint="name another folder with --cache, or make smaller clips",
        )
    return drawn_px


def _save(path: Path, about: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    words = np.array(json.dumps(about, ensure_ascii=False, sort_keys=True))
    with atomic_output(path, overwrite=True) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, about=words, **arrays)


def _thumb(frame: UInt8[np.ndarray, "h w 4"]) -> UInt8[np.ndarray, "n 4"]:
    seen = frame.astype(np.float32)
    seen[..., :3] *= seen[..., 3:] / 255
    small = cv2.resize(seen, (_THUMB_PX, _THUMB_PX), interpolation=cv2.INTER_AREA)
    return (small + 0.5).astype(np.uint8).reshape(-1, 4)


def _cut_sides(frames: UInt8[np.ndarray, "t h w 4"]) -> str:
    """Sides of the canvas where the figure goes on beyond: letters of `ltrb`, for a sixteenth of the side or more."""
    alpha = frames[..., 3] > 127
    sides = {
        "l": alpha[:, :, 0],
        "t": alpha[:, 0],
        "r": alpha[:, :, -1],
        "b": alpha[:, -1],
    }
    return "".join(name for name, side in sides.items() if side.mean(axis=1).max() >= 1 / 16)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what a damaged file of the cache raises into a `MediaError` naming it."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        hint = "delete the file; it will be drawn again"
        raise MediaError(f"{path} is damaged: {error}", hint=hint) from error
