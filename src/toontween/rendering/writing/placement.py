"""Where each of the drawings of an input goes: one output drawing for one input drawing, names and numbers kept.

| from | `-o x.png` | `-o out/` | `-o out/B_%04d.png` | `-o x.mp4` |
|---|---|---|---|---|
| a picture `A.png` | `x.png` | `out/A.png` | `out/B_0001.png` | one frame |
| a folder | – | names kept | counted from 1 | a frame each |
| a pattern `in/A_%04d.png` | – | names kept | numbers kept | a frame each |
| a film | – | `0001.png`, … | counted from 1 | a frame each |

Kept names end in `.png`, whatever the input was.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toontween.errors import OutputError
from toontween.media.sequences import frame_path
from toontween.rendering.inputs.drawings import DrawingSource, SourceKind
from toontween.rendering.writing.output import (
    Output,
    OutputKind,
    around_the_number,
    check_files,
    refuse_leftovers,
    understand_output,
)


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Placement:
    """Where drawings go."""

    output: Output
    """What is written, and where its sidecar stands."""

    paths: tuple[Path, ...]
    """The file of every drawing in order; of a film, the film."""

    series: tuple[str, str] | None = None
    """What stands before and after the number in the files' names, if they are numbered."""

    def files(self, parts: Sequence[str] = ()) -> list[Path]:
        """All media files; with parts, one for every drawing and part."""
        return [part_of(path, part) for path in self.paths for part in parts or ("",)]

    def check(self, *, inputs: Sequence[Path], overwrite: bool, parts: Sequence[str] = ()) -> None:
        """Refuse the placement before any work is spent on it.

        Args:
            inputs: Files that must not be written over, whatever `overwrite` says.
            overwrite: Whether files that exist may be replaced.
            parts: Parts into which every drawing may be taken apart.

        Raises:
            OutputError: A file exists already or is an input, the folder cannot be written, or frames
                of an older, longer sequence would stay among the new ones.
        """
        files = self.files(parts)
        check_files([*files, self.output.sidecar], inputs=inputs, overwrite=overwrite)
        if self.series is not None:
            before, after = self.series
            for part in parts or ("",):
                stem, dot, suffix = after.rpartition(".")
                ending = f"{stem}.{part}{dot}{suffix}" if part else after
                refuse_leftovers(files, before=before, after=ending)


def part_of(path: Path, part: str) -> Path:
    """The file of one part of a drawing: `A_0001.png` and `red` give `A_0001.red.png`."""
    return path.with_name(f"{path.stem}.{part}{path.suffix}") if part else path


def place_drawings(source: DrawingSource, out: str) -> Placement:
    """Give every drawing its file, after the table above.

    Raises:
        OutputError: The output is of no known kind, holds fewer drawings than there are, or two
            drawings would have the same name.
    """
    output, count = understand_output(out), source.num_drawings
    if output.kind is OutputKind.DRAWINGS and source.kind is not SourceKind.FILM:
        return _named(source, output.folder)
    if output.kind is OutputKind.VIDEO:
        return Placement(output=output, paths=(output.path,))
    if output.kind is OutputKind.STILL:
        if count != 1:
            hint = "write a folder (out/), a pattern (out/%04d.png) or a film (out.mp4)"
            raise OutputError(f"{out} holds one drawing; there are {count}", hint=hint)
        return Placement(output=output, paths=(output.path,))
    numbers = range(source.first_number, source.first_number + count)
    return Placement(
        output=output,
        paths=tuple(frame_path(output.path, number) for number in numbers),
        series=around_the_number(output.path),
    )


def _named(source: DrawingSource, folder: Path) -> Placement:
    names: dict[str, Path] = {}
    for path in source.files:
        name = f"{path.stem}.png"
        twin = names.setdefault(name.casefold(), path)
        if twin is not path:
            raise OutputError(
                f"{twin.name} and {path.name} would both become {folder / name}",
                hint="rename one of them, or number the output: out/%04d.png",
            )
    paths = tuple(folder / f"{path.stem}.png" for path in source.files)
    if source.kind is SourceKind.PICTURE:
        return Placement(output=Output(OutputKind.STILL, paths[0]), paths=paths)
    output = Output(OutputKind.DRAWINGS, folder / "%04d.png")
    return Placement(output=output, paths=paths, series=_series([path.name for path in paths]))


def _series(names: Sequence[str]) -> tuple[str, str] | None:
    """What stands before and after the only number in which the names differ; None if it is not so."""
    split = [re.split(r"(\d+)", name) for name in names]
    if len({len(pieces) for pieces in split}) != 1:
        return None
    differing = [i for i, column in enumerate(zip(*split, strict=True)) if len(set(column)) > 1]
    if len(differing) != 1 or not split[0][differing[0]].isdecimal():
        return None
    return "".join(split[0][: differing[0]]), "".join(split[0][differing[0] + 1 :])
