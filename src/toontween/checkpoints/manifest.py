"""What a converted folder says about itself, and whether that is still true.

`toontween.json` lists every other file of the folder with its size and SHA-256, where the weights came from, under
which licence, and what was left out.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from toontween.checkpoints.identify import MANIFEST_NAME
from toontween.errors import CheckpointError

FORMAT = 1
"""Version of the manifest's form; a newer one is refused."""

_BLOCK_BYTES = 2**20

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many bytes of it are done, and how many there are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileRecord:
    """One file as it was written."""

    size: int
    """Bytes."""

    sha256: str
    """Of the whole file, hexadecimal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What is known about a published file beside its bytes."""

    licence: str | None = None
    """SPDX name of the weights' licence; None when nobody said."""

    page: str | None = None
    """Where it is published."""

    record: FileRecord | None = None
    """Its size and hash, when they have been taken already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """Where a folder's weights came from and what is in it."""

    contents: str
    """Which published file it was: "model", "sketch_encoder" or "line_extractor"."""

    source: str
    """Name of the published file."""

    source_record: FileRecord
    """Its size and hash."""

    licence: str | None
    """SPDX name of the weights' licence, None when nobody said."""

    page: str | None
    """Where the file is published."""

    dtype: str
    """What the weights are stored as: "float32", "float16", "bfloat16", or "mixed"."""

    unused: tuple[str, ...]
    """Names in the published file that the method does not need."""

    notes: tuple[str, ...] = ()
    """Anything odd that was found while converting."""

    files: dict[str, FileRecord] = field(default_factory=dict)
    """Path in the folder → record, for every file but the manifest."""

    versions: dict[str, str] = field(default_factory=dict)
    """Versions of the software that converted it."""

    format: int = FORMAT
    """Version of this form."""


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `toontween.json` into a folder that is not yet in its final place."""
    text = json.dumps(asdict(manifest), indent=2, ensure_ascii=False)
    (folder / MANIFEST_NAME).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a converted folder.

    Raises:
        CheckpointError: There is none, or it cannot be read.
    """
    path = folder / MANIFEST_NAME
    if not path.is_file():
        raise CheckpointError(
            f"{folder} has no {MANIFEST_NAME}",
            hint="it was not made by `toontween weights convert`",
        )
    try:
        return _from_json(json.loads(path.read_text(encoding="utf-8")), path)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(f"{path} is damaged: {error}") from error


def _from_json(values: Mapping[str, Any], path: Path) -> Manifest:
    if values["format"] > FORMAT:
        raise CheckpointError(
            f"{path} has format {values['format']}, written by a later version",
            hint="update toontween",
        )
    read = dict(values)
    read["source_record"] = FileRecord(**read["source_record"])
    read["files"] = {name: FileRecord(**record) for name, record in read["files"].items()}
    read["unused"], read["notes"] = tuple(read["unused"]), tuple(read["notes"])
    return Manifest(**read)


def record_of(path: Path, *, progress: Progress | None = None, doing: str = "") -> FileRecord:
    """Size and hash of a file, read in blocks."""
    size, done = path.stat().st_size, 0
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            if progress is not None:
                progress(doing or f"reading {path.name}", done, size)
    return FileRecord(size=size, sha256=digest.hexdigest())


def hash_of_folder(folder: Path) -> str:
    """One SHA-256 for all files of a model: that of the lines "hash  name" in the order of names.

    A converted folder is asked for its manifest; any other is read.

    Raises:
        CheckpointError: The manifest is damaged.
    """
    if (folder / MANIFEST_NAME).is_file():
        records = read_manifest(folder).files
    else:
        paths = [path for path in folder.rglob("*") if path.is_file()]
        records = {path.relative_to(folder).as_posix(): record_of(path) for path in paths}
    lines = [f"{records[name].sha256}  {name}\n" for name in sorted(records)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def verify_folder(folder: Path, *, progress: Progress | None = None) -> list[str]:
    """Read every file of a converted folder again.

    Returns:
        One sentence for each file that is missing, changed or not listed; empty when all is well.

    Raises:
        CheckpointError: The folder has no readable manifest.
    """
    manifest = read_manifest(folder)
    problems: list[str] = []
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file():
            problems.append(f"{name} is missing")
        elif path.stat().st_size != expected.size:
            problems.append(f"{name} has {path.stat().st_size} bytes, not {expected.size}")
        elif record_of(path, progress=progress).sha256 != expected.sha256:
            problems.append(f"{name} has been changed")
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    unlisted = sorted(present - set(manifest.files) - {MANIFEST_NAME})
    return problems + [f"{name} is not part of the model" for name in unlisted]
