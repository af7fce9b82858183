"""Published weights that are known by name, and how they get onto this machine.

A download is checked against the hash in the catalogue; where none is known, the hash and revision of the first
download are recorded in the weights folder and every later download must agree. Nothing is opened over the network
unless `pull` is called.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from toontween.checkpoints.convert import open_checkpoint
from toontween.checkpoints.fetching import Fetch, Fetched, by_hand, fetch
from toontween.checkpoints.folder import convert_file, keep_files
from toontween.checkpoints.identify import MANIFEST_NAME, Contents, contents_of
from toontween.checkpoints.manifest import FileRecord, Origin, Progress, record_of
from toontween.checkpoints.published.catalogue import MODELS
from toontween.checkpoints.published.files import PublishedFile, PublishedModel
from toontween.errors import (
    CheckpointError,
    InputError,
    MediaError,
    OutputError,
    UnavailableError,
)
from toontween.media.files import write_json
from toontween.registry import Registry
from toontween.runtime import Settings, read_settings

RECORDS_NAME = "downloads.json"
"""In the weights folder: file → revision, size and hash of the first download."""


def find_model(name: str, models: Mapping[str, PublishedModel] = MODELS) -> PublishedModel:
    """What a name stands for.

    Raises:
        UnknownNameError: There is no such name.
    """
    Registry("model", dict.fromkeys(models, ""))[name]
    return models[name]


def model_folder(name: str, settings: Settings) -> Path:
    """Where the converted weights of a name are, or would be."""
    return settings.weights_dir() / name


def is_here(name: str, settings: Settings) -> bool:
    """Whether the converted weights of a name are on this machine."""
    return (model_folder(name, settings) / MANIFEST_NAME).is_file()


def pull(
    name: str,
    *,
    settings: Settings | None = None,
    dtype: str | None = None,
    overwrite: bool = False,
    get: Fetch = fetch,
    file: Path | None = None,
    models: Mapping[str, PublishedModel] = MODELS,
    progress: Progress | None = None,
) -> Path:
    """Download published weights, check them, convert them and remove the download.

    An interrupted download is continued the next time.

    Args:
        name: One of `models`.
        settings: Where weights are kept and whether the network may be used; the environment's when None.
        dtype: As for `convert_file`.
        overwrite: Whether to fetch and convert again what is here.
        get: How to download.
        file: The published file, when it is on this machine already; nothing is downloaded then.
        models: The catalogue.
        progress: Told about bytes downloaded, read and written.

    Returns:
        The folder of the converted weights.

    Raises:
        UnknownNameError: There is no such name.
        UnavailableError: Offline, unreachable, or the file has to be fetched by hand.
        CheckpointError: The file is not the one known.
        OutputError: It does not fit on the disk.
    """
    settings = settings or read_settings()
    model, target = find_model(name, models), model_folder(name, settings)
    if is_here(name, settings) and not overwrite:
        return target
    if file is not None:
        get = _from_disk(file, name, model)
    else:
        _require_network(name, model.weights, settings)
    place = target.parent / "downloads" / name
    _make_room(place, model)
    source, record = _fetch_checked(model.weights, place, get=get, progress=progress)
    merges = None
    if model.merges is not None:
        merges, _ = _fetch_checked(model.merges, place, get=get, progress=progress)
    origin = Origin(licence=model.weights.licence, page=model.weights.page, record=record)
    if model.contents is Contents.AS_IT_IS:
        for other in model.others:
            _fetch_checked(other, place, get=get, progress=progress)
        names = [file.file for file in (model.weights, *model.others)]
        keep_files(place, names, target, origin=origin, overwrite=overwrite)
        shutil.rmtree(place, ignore_errors=True)
        return target
    convert_file(
        source,
        target,
        config=model.config,
        dtype=dtype,
        merges=merges,
        origin=origin,
        overwrite=overwrite,
        progress=progress,
    )
    shutil.rmtree(place, ignore_errors=True)
    return target


def _from_disk(path: Path, name: str, model: PublishedModel) -> Fetch:
    """A download that takes a file of this machine."""
    if model.merges is not None or model.others:
        raise InputError(
            f"{name!r} is more than one file", hint="toontween weights convert FILE --out FOLDER"
        )
    if not path.is_file():
        raise MediaError(f"there is no file {path}")
    if model.contents is not Contents.AS_IT_IS:
        found = contents_of({key: tuple(t.shape) for key, t in open_checkpoint(path).items()})
        if found is not model.contents:
            raise CheckpointError(f"{path.name} is {found.value!r}, not {model.contents.value!r}")

    def take(
        file: PublishedFile, folder: Path, *, revision: str | None, progress: Progress | None
    ) -> Fetched:
        shutil.copyfile(path, folder / file.file)
        if progress is not None:
            progress("copying", path.stat().st_size, path.stat().st_size)
        return Fetched(path=folder / file.file, revision=revision)

    return take


def _require_network(name: str, file: PublishedFile, settings: Settings) -> None:
    if file.repo is None and file.url is None:
        raise by_hand(file)
    if settings.offline:
        raise UnavailableError(
            f"the weights {name!r} are not here, and TOONTWEEN_OFFLINE=1 forbids downloading them",
            hint=f"fetch {file.file} from {file.page} elsewhere, then: toontween weights convert {file.file} --out FOLDER",
        )


def _make_room(place: Path, model: PublishedModel) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make {place}: {error.strerror}") from error
    have = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    files = (model.weights, *model.others)
    needed = 2 * sum(file.about_bytes for file in files) - have
    free = shutil.disk_usage(place).free
    if needed > free:
        raise OutputError(
            f"{needed / 1e9:.1f} GB are needed in {place.parent.parent}, {free / 1e9:.1f} GB are free",
            hint="TOONTWEEN_CACHE_DIR names another folder",
        )


def _fetch_checked(
    file: PublishedFile, place: Path, *, get: Fetch, progress: Progress | None
) -> tuple[Path, FileRecord]:
    """Download a file and compare it with the catalogue, or with the first download."""
    book = place.parent.parent / RECORDS_NAME
    records: dict[str, Any] = json.loads(book.read_text("utf-8")) if book.is_file() else {}
    key = f"{file.repo}/{file.file}" if file.repo else str(file.url)
    first = records.get(key, {})
    revision = file.revision or first.get("revision")
    fetched = get(file, place, revision=revision, progress=progress)
    record = record_of(fetched.path, progress=progress)
    known = file.sha256 or first.get("sha256")
    expected = known or fetched.sha256 or record.sha256
    if not record.sha256.startswith(expected):  # some publishers tell the first digits only
        fetched.path.unlink()
        raise CheckpointError(
            f"{file.file} from {file.page} has SHA-256 {record.sha256}, expected {expected}",
            hint="it was changed there or on the way; the download was deleted",
        )
    if known is None:
        records[key] = {"revision": fetched.revision, **asdict(record)}
        write_json(book, records, overwrite=True)
    return fetched.path, record
