"""A folder of animated material: a list of clips, and the program beside it that draws them.

The folder holds `manifest.jsonl`, a line per clip, and `render.py` with `render(entry, size, fps, start, n)` (frames with
straight alpha) and `composite(frames, background)`. `render.py` is run as it is: name only folders you trust.
"""

import importlib.util
import json
import re
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import UInt8

from toontween.errors import MediaError, UnavailableError

FPS = 24
"""Frames a second the material is drawn at."""

_TROUBLES = (
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
    ArithmeticError,
    TypeError,
    AssertionError,
    AttributeError,
    subprocess.SubprocessError,
)
_UNTOLD = {"background", "color", "colored", "uncolored", "empty", "bg"}


class DrawingError(Exception):
    """A clip cannot be drawn here; says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A clip of the manifest."""

    given: dict[str, Any]
    """The line of the manifest, for the renderer."""

    @property
    def id(self) -> str:
        """Its name in the manifest."""
        return str(self.given["id"])

    @property
    def split(self) -> str:
        """`train` or `val`."""
        return str(self.given.get("split", ""))

    @property
    def pop(self) -> float:
        """Largest step between neighbouring frames in mean steps; 1 when nobody measured it."""
        return float(self.given.get("motion_stats", {}).get("pop", 1.0))

    @property
    def still(self) -> float:
        """Share of frames that equal the one before; 0 when nobody measured it."""
        return float(self.given.get("motion_stats", {}).get("still", 0.0))

    @property
    def part(self) -> dict[str, str]:
        """Whose it is, and on what terms."""
        names = ("id", "licence", "attribution", "origin", "repo")
        return {name: str(self.given[name]) for name in names if name in self.given}

    @property
    def caption(self) -> str:
        """What it shows, in words made from the manifest."""
        if "caption" in self.given:
            return str(self.given["caption"])
        name = in_words(self.id.rpartition("/")[2])
        if self.given.get("kind") == "bvh_puppet":
            doing = name.partition(" ")[2] or name
            return f"a child's drawing of a character, {doing}"
        if self.given.get("kind") == "synfig_rig":
            style = {"walk": "walking", "act": "acting"}.get(self.given.get("style", ""), "moving")
            return f"a {name} figure {style}"
        return f"{article(name)} {name}"


class Material:
    """The clips of a folder and their renderer.

    Args:
        folder: Holds `manifest.jsonl` and `render.py`; the latter is run.

    Raises:
        MediaError: One of the two is missing or damaged.
        UnavailableError: `render.py` needs a library that is not installed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._renderer = _load_renderer(folder.resolve())
        self.entries = _read_manifest(folder / "manifest.jsonl")
        given = getattr(self._renderer, "backgrounds", list)()
        self.scenes = tuple(Path(path) for path in given)
        """Pictures that `scene:N` stands for."""

    def of_split(self, split: str) -> list[Entry]:
        """The clips of a split, sorted by name.

        Raises:
            MediaError: There are none.
        """
        chosen = sorted((e for e in self.entries if e.split == split), key=lambda e: e.id)
        if not chosen:
            known = ", ".join(sorted({e.split for e in self.entries}))
            raise MediaError(f"{self.folder} has no clips of split {split!r}", hint=f"has {known}")
        return chosen

    def draw(
        self, entry: Entry, size: tuple[int, int], *, start: int = 0, count: int | None = None
    ) -> UInt8[np.ndarray, "t h w 4"]:
        """Frames of a clip at 24 a second, straight alpha, letterboxed into width × height.

        Raises:
            DrawingError: A program is missing or the renderer failed on this clip.
            UnavailableError: A library is missing.
        """
        try:
            frames = self._renderer.render(entry.given, size=size, fps=FPS, start=start, n=count)
        except ImportError as error:
            raise _missing_library(self.folder, error) from error
        except FileNotFoundError as error:
            raise DrawingError(f"{error.filename} is not here; is it installed?") from error
        except _TROUBLES as error:
            raise DrawingError(f"{type(error).__name__}: {error}") from error
        return np.asarray(frames, np.uint8)

    def composite(
        self, frames: UInt8[np.ndarray, "t h w 4"], background: str
    ) -> UInt8[np.ndarray, "t h w 3"]:
        """Frames over a colour or `scene:N`, as the folder's renderer does it."""
        return np.asarray(self._renderer.composite(frames, background), np.uint8)

    def scene_part(self, number: int) -> dict[str, str]:
        """Whose a scene is: its file, and what the licence file above it says."""
        path = self.scenes[number]
        part = {"id": f"scene:{number}", "file": path.name}
        for folder in list(path.parents)[:3]:
            for licence in sorted(folder.glob("LICEN[SC]E*")):
                text = " ".join(licence.read_text("utf-8", errors="replace").split())
                zero = re.search(r"CC0|Creative Commons Zero", text)
                return {
                    **part,
                    "origin": folder.name,
                    "licence": "CC0-1.0" if zero else text[:120],
                    "attribution": text.partition(". ")[0][:120],
                }
        return {**part, "licence": "unknown"}

    def scene_caption(self, number: int) -> str:
        """What a scene shows, from its file's name; "" when the name does not say."""
        words = in_words(self.scenes[number].stem).split()
        return " ".join(word for word in words if word not in _UNTOLD)


def in_words(name: str) -> str:
    """`alarmClock-2` → `alarm clock`."""
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])|[-_]+|\d+", " ", name)
    return " ".join(parts.lower().split()) or name


def article(words: str) -> str:
    """`a` or `an`."""
    return "an" if words[:1] in "aeiou" else "a"


@lru_cache(maxsize=4)
def _load_renderer(folder: Path) -> ModuleType:
    path = folder / "render.py"
    if not path.is_file():
        hint = "name a folder that holds manifest.jsonl and render.py"
        raise MediaError(f"there is no render.py in {folder}", hint=hint)
    spec = importlib.util.spec_from_file_location(f"toontween_material_{abs(hash(path))}", path)
    if spec is None or spec.loader is None:
        raise MediaError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        raise _missing_library(folder, error) from error
    except SyntaxError as error:
        raise MediaError(f"{path} is not Python: {error}") from error
    if not (hasattr(module, "render") and hasattr(module, "composite")):
        raise MediaError(f"{path} lacks render() or composite()")
    return module


def _missing_library(folder: Path, error: ImportError) -> UnavailableError:
    name = (error.name or str(error)).replace("_", "-")
    listed = folder / "requirements.txt"
    hint = f"pip install {name}" + (f", or all of {listed}" if listed.is_file() else "")
    return UnavailableError(f"{folder / 'render.py'} needs {name}, not installed here", hint=hint)


def _read_manifest(path: Path) -> tuple[Entry, ...]:
    try:
        lines = path.read_text("utf-8").splitlines()
        entries = tuple(Entry(json.loads(line)) for line in lines if line.strip())
        names = [entry.id for entry in entries]
    except OSError as error:
        raise MediaError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise MediaError(f"{path} is not a list of clips: {error!r}") from error
    if len(set(names)) != len(names):
        raise MediaError(f"{path} names a clip twice")
    return entries
