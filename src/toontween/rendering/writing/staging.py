"""Several files that appear together or not at all: written aside, then moved into place."""

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from toontween.errors import OutputError


@contextmanager
def all_or_nothing(folder: Path, *, overwrite: bool) -> Generator[Path, None, None]:
    """A scratch folder whose files are moved into `folder` when the block ends well.

    Whatever ends the block early, Ctrl-C included, leaves `folder` as it was: nothing new, old files
    untouched, and no folder that was not there before.

    Raises:
        OutputError: The folder cannot be made or written, or a file exists and `overwrite` is off.
    """
    made = _make_folders(folder)
    try:
        with _scratch_folder(folder) as scratch:
            yield scratch
            _publish(scratch, folder, overwrite=overwrite)
    except BaseException:
        for empty in reversed(made):
            with suppress(OSError):
                empty.rmdir()
        raise


@contextmanager
def _scratch_folder(folder: Path) -> Generator[Path, None, None]:
    try:
        scratch = Path(tempfile.mkdtemp(prefix=".toontween-", dir=folder))
    except OSError as error:
        raise OutputError(f"cannot write in {folder}: {error.strerror}") from error
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _make_folders(folder: Path) -> list[Path]:
    """Make the folder and its missing parents; the ones made, outermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()][::-1]
    made: list[Path] = []
    try:
        for path in missing:
            path.mkdir()
            made.append(path)
    except OSError as error:
        for path in reversed(made):
            path.rmdir()
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
    return made


def _publish(scratch: Path, folder: Path, *, overwrite: bool) -> None:
    """Move every file into place; undo all moves if one fails."""
    names = sorted(path.name for path in scratch.iterdir())
    replaced = scratch / ".replaced"
    replaced.mkdir()
    moved: list[Path] = []
    try:
        for name in names:
            target = folder / name
            if target.exists():
                _set_aside(target, replaced, allowed=overwrite)
            moved.append(target)
            (scratch / name).replace(target)
    except BaseException as error:
        for target in moved:
            target.unlink(missing_ok=True)
        for old in replaced.iterdir():
            old.replace(folder / old.name)
        if isinstance(error, OSError):
            raise OutputError(f"cannot write in {folder}: {error.strerror}") from error
        raise


def _set_aside(target: Path, replaced: Path, *, allowed: bool) -> None:
    if not allowed:
        raise OutputError(f"{target} exists already", hint="use --overwrite")
    target.replace(replaced / target.name)
