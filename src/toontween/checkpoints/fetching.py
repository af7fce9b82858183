"""Downloads: from Hugging Face, from any other address; what has arrived is kept and continued.

Files that their authors put where only people can fetch them are named with their page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from toontween.checkpoints.manifest import Progress
from toontween.checkpoints.published.files import PublishedFile
from toontween.errors import UnavailableError

_SHA256_LENGTH = 64
_BLOCK_BYTES = 2**18
_PARTIAL_CONTENT, _RANGE_NOT_SATISFIABLE = 206, 416


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
class Fetch(Protocol):
    """How a file is downloaded; `fetch`, or something else in tests."""

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


def fetch(
    file: PublishedFile, folder: Path, *, revision: str | None, progress: Progress | None
) -> Fetched:
    """Download a file from wherever it is.

    Args:
        file: What to fetch.
        folder: Where to put it.
        revision: Commit on Hugging Face, or None for the newest.
        progress: Told about bytes.

    Raises:
        UnavailableError: The server cannot be reached or does not have the file, or only people can fetch it.
    """
    if file.repo is not None:
        return fetch_from_hub(file, folder, revision=revision, progress=progress)
    if file.url is not None:
        return fetch_from_url(file, folder, progress=progress)
    raise by_hand(file)


def fetch_from_url(file: PublishedFile, folder: Path, *, progress: Progress | None) -> Fetched:
    """Download a file from its address; a part that is there is continued where the server can.

    Raises:
        UnavailableError: The server cannot be reached or does not have the file.
    """
    # imported here: a download is rare, and huggingface_hub takes time to import
    from huggingface_hub.errors import HTTPError  # noqa: PLC0415
    from huggingface_hub.utils import get_session  # noqa: PLC0415

    if file.url is None:
        raise by_hand(file)
    target = folder / file.file
    part = target.with_name(f".{target.name}.part")
    have = part.stat().st_size if part.is_file() else 0
    wanted: Mapping[str, str] = {"Range": f"bytes={have}-"} if have else {}
    try:
        with get_session().stream("GET", file.url, headers=wanted, follow_redirects=True) as answer:
            if answer.status_code != _RANGE_NOT_SATISFIABLE:  # the whole of it is here already
                answer.raise_for_status()
                goes_on = answer.status_code == _PARTIAL_CONTENT
                done = have if goes_on else 0
                total = done + int(answer.headers.get("content-length", 0))
                with part.open("ab" if goes_on else "wb") as out:
                    for block in answer.iter_bytes(_BLOCK_BYTES):
                        out.write(block)
                        done += len(block)
                        if progress is not None:
                            progress("downloading", done, max(total, done))
    except (HTTPError, OSError) as error:
        raise _unreachable(file, error) from error
    part.rename(target)
    return Fetched(path=target, revision=None)


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
        raise by_hand(file)
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
        raise _unreachable(file, error) from error
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


def by_hand(file: PublishedFile) -> UnavailableError:
    """What to say of a file that no program may fetch."""
    return UnavailableError(
        f"{file.file} ({file.licence or 'no licence named'}) has to be fetched by hand: {file.page}",
        hint=f"then: toontween weights pull NAME --file {file.file}",
    )


def _unreachable(file: PublishedFile, error: Exception) -> UnavailableError:
    told = (str(error).splitlines() or [type(error).__name__])[0]
    return UnavailableError(
        f"cannot download {file.file} from {file.page}: {told}",
        hint="what has arrived is kept: run the same command again",
    )
