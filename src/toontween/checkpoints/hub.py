"""Published weights that are known by name, and how they get onto this machine.

A download is checked against the hash in the catalogue; where none is known, the hash and revision of the first
download are recorded in the weights folder and every later download must agree. Nothing is opened over the network
unless `pull` is called.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from toontween.checkpoints.folder import convert_file
from toontween.checkpoints.identify import MANIFEST_NAME, Contents
from toontween.checkpoints.manifest import FileRecord, Origin, Progress, record_of
from toontween.errors import CheckpointError, OutputError, UnavailableError
from toontween.media.files import write_json
from toontween.registry import Registry
from toontween.runtime import Settings, read_settings

RECORDS_NAME = "downloads.json"
"""In the weights folder: file → revision, size and hash of the first download."""

_SHA256_LENGTH = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedFile:
    """One file somebody else published."""

    page: str
    """Where people find it."""

    file: str
    """Its name there."""

    licence: str | None
    """SPDX name of its licence; None when the publisher names none."""

    about_bytes: int
    """Size to expect, rounded."""

    repo: str | None = None
    """Repository on Hugging Face; None for a file that has to be fetched by hand."""

    revision: str | None = None
    """Commit to fetch; None until one is pinned."""

    sha256: str | None = None
    """Hash of the file; None until one is pinned."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedModel:
    """What a name stands for."""

    title: str
    """One line for people."""

    contents: Contents
    """What it is converted to."""

    weights: PublishedFile
    """The checkpoint."""

    merges: PublishedFile | None = None
    """CLIP's table of byte-pair merges, for models that read prompts."""

    config: Mapping[str, Any] | None = None
    """Sections that describe a model of another size than the published 512 one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """A file that was downloaded."""

    path: Path
    """Where it lies."""

    revision: str | None
    """The commit it came from."""

    sha256: str | None = None
    """Hash that the server named before sending it."""


@runtime_checkable
@runtime_checkable
class Fetch(Protocol):
    """How a file is downloaded; `fetch_from_hub`, or something else in tests."""

    def __call__(
        self,
        file: PublishedFile,
        folder: Path,
        *,
        revision: str | None,
        progress: Progress | None,
    ) -> Fetched:
        """Download a file into a folder, at a revision or the newest one."""
        ...


_TOONCRAFTER, _DYNAMICRAFTER = "Doubiiu/ToonCrafter", "Doubiiu/DynamiCrafter_512_Interp"
_CLIP = "laion/CLIP-ViT-H-14-laion2B-s32B-b79K"
_HUB = "https://huggingface.co"
_MERGES = PublishedFile(
    repo=_CLIP,
    file="merges.txt",
    licence="MIT",
    about_bytes=525_000,
    page=f"{_HUB}/{_CLIP}",
)

MODELS: Mapping[str, PublishedModel] = {
    "tooncrafter-512": PublishedModel(
        title="ToonCrafter, 16 drawings of 512×320 pixels",
        contents=Contents.MODEL,
        weights=PublishedFile(
            repo=_TOONCRAFTER,
            file="model.ckpt",
            licence="Apache-2.0",
            about_bytes=10_500_000_000,
            page=f"{_HUB}/{_TOONCRAFTER}",
        ),
        merges=_MERGES,
    ),
    "tooncrafter-sketch": PublishedModel(
        title="ToonCrafter's sketch encoder, for in-betweens that follow roughs",
        contents=Contents.SKETCH_ENCODER,
        weights=PublishedFile(
            repo=_TOONCRAFTER,
            file="sketch_encoder.ckpt",
            licence="Apache-2.0",
            about_bytes=1_460_000_000,
            page=f"{_HUB}/{_TOONCRAFTER}",
        ),
    ),
    "anime2sketch": PublishedModel(
        title="Anime2Sketch, lines from coloured drawings",
        contents=Contents.LINE_EXTRACTOR,
        weights=PublishedFile(
            repo=_TOONCRAFTER,
            file="sketch_extractor.pth",
            licence="MIT",
            about_bytes=218_000_000,
            page=f"{_HUB}/{_TOONCRAFTER}",
        ),
    ),
    "dynamicrafter-512-interp": PublishedModel(
        title="DynamiCrafter for interpolation, which ToonCrafter was made from; plain decoder",
        contents=Contents.MODEL,
        weights=PublishedFile(
            repo=_DYNAMICRAFTER,
            file="model.ckpt",
            licence="Apache-2.0",
            about_bytes=10_400_000_000,
            page=f"{_HUB}/{_DYNAMICRAFTER}",
        ),
        merges=_MERGES,
    ),
}
"""Names of published weights. A revision or hash of None is recorded at the first download."""


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
    fetch: Fetch | None = None,
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
        fetch: How to download; from Hugging Face when None.
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
    _require_network(name, model.weights, settings)
    place = target.parent / "downloads" / name
    _make_room(place, model)
    get = fetch or fetch_from_hub
    source, record = _fetch_checked(model.weights, place, get=get, progress=progress)
    merges = None
    if model.merges is not None:
        merges, _ = _fetch_checked(model.merges, place, get=get, progress=progress)
    origin = Origin(licence=model.weights.licence, page=model.weights.page, record=record)
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


def fetch_from_hub(
    file: PublishedFile,
    folder: Path,
    *,
    revision: str | None,
    progress: Progress | None,
    endpoint: str | None = None,
) -> Fetched:
    """Download a file from Hugging Face; what was there of it already is not fetched again.

    Args:
        file: What to fetch.
        folder: Where to put it.
        revision: Commit, or None for the newest.
        progress: Told about bytes.
        endpoint: Another server than Hugging Face's.

    Raises:
        UnavailableError: The server cannot be reached or does not have the file.
    """
    # imported here: a download is rare, and huggingface_hub takes time to import
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url  # noqa: PLC0415
    from huggingface_hub.errors import HTTPError  # noqa: PLC0415

    if file.repo is None:
        raise _by_hand(file)
    try:
        url = hf_hub_url(file.repo, file.file, revision=revision, endpoint=endpoint)
        metadata = get_hf_file_metadata(url, endpoint=endpoint)
        commit, named = metadata.commit_hash, metadata.etag or ""
        path = hf_hub_download(
            file.repo,
            file.file,
            revision=commit or revision,
            local_dir=folder,
            endpoint=endpoint,
            tqdm_class=_bar_class(progress),
        )
    except (HTTPError, OSError) as error:
        raise UnavailableError(
            f"cannot download {file.file} from {file.page}: {str(error).splitlines()[0]}",
            hint="what has arrived is kept: run the same command again",
        ) from error
    # large files are tagged with their SHA-256, small ones with git's hash
    sha256 = named if len(named) == _SHA256_LENGTH else None
    return Fetched(path=Path(path), revision=commit, sha256=sha256)


def _bar_class(progress: Progress | None) -> type[Any]:
    """A stand-in for tqdm that draws nothing and passes numbers on."""
    from tqdm.std import tqdm  # noqa: PLC0415

    class Reporter(tqdm):
        """Counts bytes."""

        def __init__(self, *_: Any, **options: Any) -> None:
            options.pop("name", None)
            super().__init__(**{**options, "disable": True})
            self.done, self.of = options.get("initial") or 0, options.get("total") or 0

        def update(self, n: Any = 1) -> bool | None:
            self.done += int(n or 0)
            if progress is not None:
                progress("downloading", self.done, max(self.of, self.done))
            return None

    return Reporter


def _require_network(name: str, file: PublishedFile, settings: Settings) -> None:
    if file.repo is None:
        raise _by_hand(file)
    if settings.offline:
        raise UnavailableError(
            f"the weights {name!r} are not here, and TOONTWEEN_OFFLINE=1 forbids downloading them",
            hint=f"fetch {file.file} from {file.page} elsewhere, then: toontween weights convert {file.file} --out FOLDER",
        )


def _by_hand(file: PublishedFile) -> UnavailableError:
    return UnavailableError(
        f"{file.file} ({file.licence or 'no licence named'}) has to be fetched by hand: {file.page}",
        hint=f"then: toontween weights convert {file.file} --out FOLDER",
    )


def _make_room(place: Path, model: PublishedModel) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make {place}: {error.strerror}") from error
    have = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    needed = 2 * model.weights.about_bytes - have
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
    key = f"{file.repo}/{file.file}"
    first = records.get(key, {})
    revision = file.revision or first.get("revision")
    fetched = get(file, place, revision=revision, progress=progress)
    record = record_of(fetched.path, progress=progress)
    known = file.sha256 or first.get("sha256")
    expected = known or fetched.sha256 or record.sha256
    if record.sha256 != expected:
        fetched.path.unlink()
        raise CheckpointError(
            f"{file.file} from {file.page} has SHA-256 {record.sha256}, expected {expected}",
            hint="it was changed there or on the way; the download was deleted",
        )
    if known is None:
        records[key] = {"revision": fetched.revision, **asdict(record)}
        write_json(book, records, overwrite=True)
    return fetched.path, record
