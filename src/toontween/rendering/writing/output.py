"""What `-o` means: a video, one picture, a numbered sequence of frames, or a folder of drawings.

| given | written | sidecar |
|---|---|---|
| `cut.mp4`, `.mov`, `.webm`, `.gif`, … | a video, every drawing exposed for `on` frames | `cut.mp4.json` |
| `half.png` (one in-between of two keys) | that one drawing | `half.png.json` |
| `out/A_%04d.png` | every frame of the output, exposures repeated | `out/A.toontween.json` |
| `out/%04d.png` | the same | `out/toontween.json` |
| `out/` or an existing folder | each drawing once: `0001.png`, … | `out/toontween.json` |
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from toontween.errors import OutputError
from toontween.media.files import disk_errors
from toontween.media.images import STILL_SUFFIXES
from toontween.media.sequences import frame_path, is_pattern
from toontween.media.video import VIDEO_SUFFIXES

SIDECAR = "toontween.json"

_NUMBER = re.compile(r"%(0[1-9]\d?)?d")


class OutputKind(StrEnum):
    """The four things that can be written."""

    VIDEO = "video"
    STILL = "still"
    FRAMES = "frames"
    DRAWINGS = "drawings"


@dataclass(frozen=True, slots=True)
class Output:
    """A place to write to, understood but not yet looked at."""

    kind: OutputKind
    path: Path
    """The file, or the pattern of a sequence."""

    @property
    def folder(self) -> Path:
        """Where all files of the output go."""
        return self.path.parent

    @property
    def sidecar(self) -> Path:
        """The provenance file."""
        if self.kind in (OutputKind.VIDEO, OutputKind.STILL):
            return self.path.with_name(self.path.name + ".json")
        stem = _NUMBER.split(self.path.name)[0].replace("%%", "%").rstrip(" ._-")
        return self.path.with_name(f"{stem}.{SIDECAR}" if stem else SIDECAR)

    def num_files(self, num_drawings: int, *, on: int) -> int:
        """How many media files a take of so many drawings becomes."""
        if self.kind in (OutputKind.VIDEO, OutputKind.STILL):
            return 1
        return num_drawings * on if self.kind is OutputKind.FRAMES else num_drawings

    def files(self, num_pictures: int) -> list[Path]:
        """The media files, `num_pictures` of them for a sequence."""
        if self.kind in (OutputKind.VIDEO, OutputKind.STILL):
            return [self.path]
        return [frame_path(self.path, number) for number in range(1, num_pictures + 1)]


def understand_output(out: str | Path) -> Output:
    """Tell from its name what an output is to be.

    Raises:
        OutputError: The name has no ending, or one that cannot be written.
    """
    text = os.fspath(out)
    path = Path(text)
    with disk_errors(path):
        is_folder = not path.name or text.endswith(("/", os.sep)) or path.is_dir()
    if is_folder:
        return Output(OutputKind.DRAWINGS, path / "%04d.png")
    suffix = path.suffix.lower()
    if is_pattern(path):
        if suffix in STILL_SUFFIXES:
            return Output(OutputKind.FRAMES, path)
        raise OutputError(f"cannot number files of kind {suffix!r}", hint=_known(STILL_SUFFIXES))
    # .png and .webp can also hold animations; a plain .png is one picture, .apng the animation
    if suffix in STILL_SUFFIXES and (suffix == ".png" or suffix not in VIDEO_SUFFIXES):
        return Output(OutputKind.STILL, path)
    if suffix in VIDEO_SUFFIXES:
        return Output(OutputKind.VIDEO, path)
    if not suffix:
        hint = f"end it with / for a folder ({text}/), or with .mp4, .mov, .webm, .gif"
        raise OutputError(f"{text} does not say what to write", hint=hint)
    raise OutputError(f"cannot write {suffix} files", hint=_known(VIDEO_SUFFIXES | STILL_SUFFIXES))


def check_output(
    output: Output, *, num_pictures: int, inputs: Sequence[Path], overwrite: bool
) -> None:
    """Refuse an output before any work is spent on it.

    Args:
        output: Where to write.
        num_pictures: Files of a sequence; 1 for anything else.
        inputs: Files that must not be written over, whatever `overwrite` says.
        overwrite: Whether files that exist may be replaced.

    Raises:
        OutputError: A file exists already or is an input, the folder cannot be written, or frames of
            an older, longer sequence would stay among the new ones.
    """
    files = [*output.files(num_pictures), output.sidecar]
    check_files(files, inputs=inputs, overwrite=overwrite)
    if output.kind in (OutputKind.FRAMES, OutputKind.DRAWINGS):
        before, after = around_the_number(output.path)
        refuse_leftovers(files, before=before, after=after)


def check_files(files: Sequence[Path], *, inputs: Sequence[Path], overwrite: bool) -> None:
    """Refuse files of one folder before any work is spent on them.

    Raises:
        OutputError: A file exists already or is an input, or the folder cannot be written.
    """
    read = {path.resolve() for path in inputs}
    with disk_errors(files[0]):
        for path in files:
            _check_file(path, read=read, overwrite=overwrite)
        _check_folder(files[0].parent)


def refuse_leftovers(files: Sequence[Path], *, before: str, after: str) -> None:
    """Refuse to write a sequence among frames of an older, longer one, which would be played after it.

    Args:
        files: What is to be written, all in one folder.
        before: What stands before the number in the names of the sequence.
        after: What stands after it.

    Raises:
        OutputError: There are such frames.
    """
    folder = files[0].parent
    numbered = re.compile(re.escape(before) + r"\d+" + re.escape(after))
    ours = {path.name for path in files}
    with disk_errors(files[0]):
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    left = sorted(name for name in names if numbered.fullmatch(name) and name not in ours)
    if left:
        span = left[0] if len(left) == 1 else f"{left[0]} … {left[-1]}"
        hint = "delete them, or write to another folder"
        raise OutputError(f"{folder} holds {span} of another sequence", hint=hint)


def around_the_number(pattern: Path) -> tuple[str, str]:
    """What stands before and after the number in the names of a pattern's files."""
    before, _, after = _NUMBER.sub("\0", pattern.name.replace("%%", "\1")).partition("\0")
    return before.replace("\1", "%"), after.replace("\1", "%")


def _check_file(path: Path, *, read: set[Path], overwrite: bool) -> None:
    if path.resolve() in read:
        raise OutputError(f"{path} is one of the inputs", hint="write somewhere else")
    if path.is_dir():
        raise OutputError(f"{path} is a folder")
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists already", hint="use --overwrite, or another name")


def _check_folder(folder: Path) -> None:
    """The nearest existing parent must be a folder that can be written in."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise OutputError(f"{existing} is a file, not a folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise OutputError(f"the folder {existing} cannot be written", hint="check its permissions")


def _known(suffixes: frozenset[str] | set[str]) -> str:
    return f"it can write {', '.join(sorted(suffixes))}"
