"""Numbered drawings on disk: `shot/%04d.png`, read as a whole and written as a whole."""

import re
import secrets
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from toontween.errors import InputError, MediaError, OutputError
from toontween.media.files import disk_errors
from toontween.media.images import STILL_SUFFIXES, check_still_suffix, write_still

_NUMBER = re.compile(r"%(0[1-9]\d?)?d")


def is_pattern(path: Path) -> bool:
    """Whether the file name has a place for a number, like `%04d` or `%d`."""
    return _NUMBER.search(path.name.replace("%%", "")) is not None


def frame_path(pattern: Path, number: int) -> Path:
    """The file of one number: `shot/%04d.png` and 7 give `shot/0007.png`.

    Raises:
        InputError: The pattern has not exactly one number, or `number` is negative.
    """
    bare = pattern.name.replace("%%", "")
    if len(_NUMBER.findall(bare)) != 1 or "%" in _NUMBER.sub("", bare):
        raise InputError(
            f"{pattern.name!r} is not a pattern for numbered files",
            hint="write one %04d (or %d) for the number, and %% for a percent sign",
        )
    if number < 0:
        raise InputError(f"a frame cannot have the number {number}")
    return pattern.with_name(pattern.name % number)


def numbers_of(pattern: Path) -> list[int]:
    """The numbers for which a file of the pattern exists, ascending.

    Raises:
        InputError: The pattern is malformed.
    """
    frame_path(pattern, 0)
    if not pattern.parent.is_dir():
        return []
    head, tail = _NUMBER.sub("\0", pattern.name.replace("%%", "%\1")).split("\0")
    literal = [re.escape(part.replace("%\1", "%")) for part in (head, tail)]
    matcher = re.compile(f"{literal[0]}(\\d+){literal[1]}")
    found = [matcher.fullmatch(file.name) for file in pattern.parent.iterdir()]
    numbers = [int(match[1]) for match in found if match]
    # `%04d` makes 0012 but not 012: only names that the pattern itself would give belong to it.
    return sorted(n for n in set(numbers) if frame_path(pattern, n).is_file())


def read_sequence(pattern_or_dir: Path) -> list[Path]:
    """The files of a numbered sequence, or all stills of a folder that are not hidden, in order.

    Numbers inside the names of a folder's files are compared as numbers: `a2.png` before `a10.png`.

    Raises:
        InputError: The pattern is malformed.
        MediaError: Nothing matches, or numbers are missing in the middle.
    """
    if pattern_or_dir.is_dir():
        # hidden files are macOS's shadows of pictures, or pictures that are just being written
        found = [f for f in pattern_or_dir.iterdir() if not f.name.startswith(".")]
        files = [f for f in found if f.suffix.lower() in STILL_SUFFIXES]
        if not files:
            known = ", ".join(sorted(STILL_SUFFIXES))
            raise MediaError(f"there are no pictures in {pattern_or_dir}", hint=f"known: {known}")
        return sorted(files, key=lambda file: _natural(file.name))
    numbers = numbers_of(pattern_or_dir)
    if not numbers:
        first = frame_path(pattern_or_dir, 1)
        raise MediaError(f"no file matches {pattern_or_dir}", hint=f"looked for names like {first}")
    missing = sorted(set(range(numbers[0], numbers[-1])) - set(numbers))
    if missing:
        listed = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
        raise MediaError(
            f"{pattern_or_dir} runs from {numbers[0]} to {numbers[-1]}, but lacks {listed}",
            hint="add the missing files or renumber",
        )
    return [frame_path(pattern_or_dir, number) for number in numbers]


def check_sequence_output(pattern: Path, *, overwrite: bool) -> None:
    """Make sure that a sequence may be written, before the work that makes it.

    Raises:
        InputError: The pattern is malformed.
        OutputError: The folder that shall hold the sequence's folder is missing, files of the
            sequence exist and `overwrite` is off, or pictures cannot be written with this suffix.
    """
    frame_path(pattern, 0)
    check_still_suffix(pattern)
    folder = pattern.parent
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"cannot write {pattern}: {folder} is not a folder")
    if not folder.exists() and not folder.parent.is_dir():
        raise OutputError(
            f"cannot write {pattern}: the folder {folder.parent} does not exist",
            hint="create the folder first",
        )
    existing = numbers_of(pattern)
    if existing and not overwrite:
        raise OutputError(
            f"{frame_path(pattern, existing[0])} exists already",
            hint="choose another folder or ask to overwrite",
        )


def write_sequence(
    pattern: Path,
    frames: Iterable[np.ndarray],
    *,
    start: int = 1,
    overwrite: bool = False,
    text: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write numbered stills; either all of them appear or none.

    The folder that holds the files is made if only it is missing. The frames are written to a hidden
    folder beside them first, so a failure (of `frames` too) leaves what was there before.

    Args:
        pattern: Where to write, like `shot/%04d.png`; the suffix says the format.
        frames: Pixels, consumed one at a time.
        start: Number of the first file.
        overwrite: Replace files of the same names.
        text: Metadata, as for `write_still`.

    Returns:
        The files, in order.

    Raises:
        InputError: The pattern is malformed, or there are no frames.
        OutputError: As for `check_sequence_output`; or an older, longer sequence would be left mixed
            with the new one; or the disk is full.
    """
    check_sequence_output(pattern, overwrite=overwrite)
    folder = pattern.parent.resolve()
    made_folder = not folder.exists()
    staging = folder / f".toontween-{secrets.token_hex(8)}"
    with disk_errors(pattern):
        try:
            staging.mkdir(parents=made_folder)
            count = _write_staged(staging, pattern, frames, start=start, text=text)
            targets = [frame_path(pattern, start + index) for index in range(count)]
            check_sequence_output(pattern, overwrite=overwrite)  # others may have written meanwhile
            _refuse_leftovers(pattern, targets)
            _move_all(staging, targets)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            if made_folder:
                with suppress(OSError):
                    folder.rmdir()
            raise
        shutil.rmtree(staging, ignore_errors=True)
    return targets


def _write_staged(
    staging: Path,
    pattern: Path,
    frames: Iterable[np.ndarray],
    *,
    start: int,
    text: Mapping[str, str] | None,
) -> int:
    count = 0
    for pixels in frames:
        name = frame_path(pattern, start + count).name
        write_still(staging / name, pixels, text=text)
        count += 1
    if count == 0:
        raise InputError(f"there are no frames to write to {pattern}")
    return count


def _refuse_leftovers(pattern: Path, targets: list[Path]) -> None:
    """Frames of an older sequence among the new ones would play as if they belonged to it."""
    names = {target.name for target in targets}
    existing = [frame_path(pattern, number) for number in numbers_of(pattern)]
    leftovers = [file for file in existing if file.name not in names]
    if leftovers:
        raise OutputError(
            f"{len(leftovers)} file(s) of an older sequence would stay beside the new one, "
            f"first {leftovers[0]}",
            hint="delete the older sequence or write to another folder",
        )


def _move_all(staging: Path, targets: list[Path]) -> None:
    """Rename all files into place; if one cannot be, put everything back."""
    replaced = staging / "replaced"
    replaced.mkdir()
    try:
        for target in targets:
            if target.exists():
                target.rename(replaced / target.name)
            (staging / target.name).rename(target)
    except BaseException:
        for target in targets:
            if (replaced / target.name).exists():
                (replaced / target.name).replace(target)
            elif not (staging / target.name).exists():
                target.unlink(missing_ok=True)
        raise


def _natural(name: str) -> list[tuple[int, str]]:
    """A sorting key in which runs of digits count as numbers."""
    parts = re.findall(r"\d+|\D+", name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
