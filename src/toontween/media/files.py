"""Files written whole or not at all, and what identifies a file that was read.

A write goes to a temporary file beside its target, is flushed to the disk and then renamed, so that a
crash, a full disk or Ctrl-C leaves either the old file or the new one.
"""

import errno
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from toontween.errors import MediaError, OutputError

_DISK_TROUBLE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file is larger than this disk allows",
    errno.EROFS: "the disk is read-only",
    errno.EIO: "the disk reports an error",
}
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}


def check_output(path: Path, *, overwrite: bool) -> Path:
    """Where a write to `path` really goes, if it may go there at all.

    Call it before long work, so that an existing file is noticed at the start and not at the end.

    Returns:
        The absolute path with symbolic links followed: a link is kept, its target is replaced.

    Raises:
        OutputError: The file exists and `overwrite` is off, it is not a regular file, or its folder
            is missing.
    """
    try:
        target = path.resolve()
        exists = target.exists()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links; a NUL in the name
        raise OutputError(f"cannot write to {str(path)!r}: {error}") from error
    if target.is_symlink():  # Python 3.13 resolves a loop to itself instead of raising
        raise OutputError(f"cannot write to {str(path)!r}: its links lead in a circle")
    if exists and not target.is_file():
        kind = "a folder" if target.is_dir() else "not a regular file"
        raise OutputError(f"cannot write to {path}: it is {kind}", hint="give the name of a file")
    if exists and not overwrite:
        raise OutputError(f"{path} exists already", hint="choose another name or ask to overwrite")
    if not target.parent.is_dir():
        raise OutputError(
            f"cannot write {path}: the folder {target.parent} does not exist",
            hint="create the folder first",
        )
    return target


@contextmanager
def atomic_output(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield a temporary file beside `path` that takes its place when the block ends well.

    The temporary name keeps the suffix of `path`, since many libraries go by it. If the block raises
    (Ctrl-C included), the temporary file is removed and `path` is as it was.

    Args:
        path: The file to make or replace; a symbolic link is followed.
        overwrite: Replace a file that is there already, keeping its permissions.

    Raises:
        OutputError: The file exists and `overwrite` is off, the folder is missing or cannot be
            written, or the disk is full.
    """
    target = check_output(path, overwrite=overwrite)
    temporary = target.with_name(f".toontween-{secrets.token_hex(8)}{target.suffix}")
    with disk_errors(path):
        try:
            _create(temporary, like=target)
            yield temporary
            _flush(temporary)
            _put_in_place(temporary, target, overwrite=overwrite)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        _flush_folder(target.parent)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's complaints about writing `path` into an `OutputError`.

    Raises:
        OutputError: The disk is full or broken, the folder is read-only, or the name is too long.
    """
    try:
        yield
    except OSError as error:
        trouble = _DISK_TROUBLE.get(error.errno or 0)
        if trouble:
            hint = "free some space or write elsewhere; nothing was left behind"
            raise OutputError(f"cannot write {path}: {trouble}", hint=hint) from error
        if isinstance(error, PermissionError) and _is_beside(error.filename, path):
            hint = "choose a folder you may write to"
            raise OutputError(f"no permission to write {path}", hint=hint) from error
        if error.errno == errno.ENAMETOOLONG:
            raise OutputError(f"cannot write {path}: the name is too long") from error
        raise


def write_json(path: Path, value: Any, *, overwrite: bool) -> None:
    """Write a value as indented UTF-8 JSON, whole or not at all.

    Raises:
        OutputError: As for `atomic_output`.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    with atomic_output(path, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits.

    Raises:
        MediaError: The file is missing or cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise MediaError(f"cannot read {path}: {error.strerror or error}") from error


def check_readable(path: Path, *, max_bytes: int) -> None:
    """Make sure that `path` is a file with something in it that may be read.

    Raises:
        MediaError: It is missing, a folder, not a regular file, empty, or larger than `max_bytes`.
    """
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise MediaError(f"there is no file {path}", hint="check the spelling") from error
    except PermissionError as error:
        raise no_permission(path) from error
    except (OSError, ValueError) as error:
        raise MediaError(f"cannot read {str(path)!r}: {error}") from error
    if stat.S_ISDIR(status.st_mode):
        raise MediaError(f"{path} is a folder, not a file", hint="name one file in it")
    if not stat.S_ISREG(status.st_mode):
        raise MediaError(f"{path} is not a regular file")
    if status.st_size == 0:
        raise MediaError(f"{path} is empty", hint="the file has 0 bytes; make or copy it again")
    if status.st_size > max_bytes:
        raise MediaError(
            f"{path} has {status.st_size} bytes, over the limit of {max_bytes}",
            hint="raise TOONTWEEN_MAX_BYTES if you trust the file",
        )


def no_permission(path: Path) -> MediaError:
    """The error for a file that this user may not read."""
    return MediaError(f"no permission to read {path}", hint="check the file's permissions")


def _is_beside(name: object, path: Path) -> bool:
    """Whether an error speaks of the folder being written to, and not of some input."""
    return isinstance(name, str) and Path(name).resolve().is_relative_to(path.resolve().parent)


def _create(temporary: Path, *, like: Path) -> None:
    """Make the temporary file: the umask's permissions, or those of the file it replaces."""
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    if like.exists():
        temporary.chmod(stat.S_IMODE(like.stat().st_mode))


def _flush(path: Path) -> None:
    """Have the disk keep the file's bytes before its name changes."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_folder(folder: Path) -> None:
    """Have the disk keep the new name; a folder cannot be flushed on every system."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _put_in_place(temporary: Path, target: Path, *, overwrite: bool) -> None:
    """Rename, and without `overwrite` never over a file that has appeared in the meantime."""
    if overwrite:
        temporary.replace(target)
        return
    try:
        os.link(temporary, target)  # unlike a rename, fails if the target exists
    except FileExistsError as error:
        raise OutputError(f"{target} was made by somebody else meanwhile") from error
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        check_output(target, overwrite=False)
        temporary.replace(target)
    else:
        temporary.unlink()
