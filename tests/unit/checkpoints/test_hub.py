"""Weights by name: fetched once, checked ever after."""

import functools
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from safetensors.torch import save

from tests.unit.checkpoints.test_folder import LINES, SIZES
from toontween.checkpoints.fetching import Fetch, Fetched, fetch, fetch_from_hub
from toontween.checkpoints.hub import RECORDS_NAME, find_model, is_here, pull
from toontween.checkpoints.identify import Contents
from toontween.checkpoints.manifest import Progress, read_manifest
from toontween.checkpoints.published.catalogue import MODELS
from toontween.checkpoints.published.files import PublishedFile, PublishedModel
from toontween.errors import (
    CheckpointError,
    MediaError,
    OutputError,
    UnavailableError,
    UnknownNameError,
)
from toontween.runtime import Settings

FILE = PublishedFile(
    repo="somebody/lines",
    file="lines.safetensors",
    licence="MIT",
    about_bytes=1000,
    page="https://example.org/lines",
)
CATALOGUE = {
    "lines": PublishedModel(
        title="lines", contents=Contents.LINE_EXTRACTOR, weights=FILE, config=SIZES
    )
}
CONTENT = save(LINES)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Shelf:
    """Gives out one content and remembers what it was asked for."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[str | None] = []

    def __call__(
        self,
        file: PublishedFile,
        folder: Path,
        *,
        revision: str | None,
        progress: Progress | None,
    ) -> Fetched:
        """A fetch without a network."""
        self.asked.append(revision)
        (folder / file.file).write_bytes(self.content)
        if progress is not None:
            progress("downloading", len(self.content), len(self.content))
        return Fetched(path=folder / file.file, revision=COMMIT)


def test_the_catalogue_is_complete():
    for name, model in MODELS.items():
        for file in filter(None, [model.weights, model.merges, *model.others]):
            assert file.licence or name == "phasenet"
            assert file.page.startswith("https://")
            assert file.repo is None or file.page.endswith(file.repo)
            assert file.repo is None or file.url is None
            assert file.about_bytes > 0
            assert file.sha256 is None or len(file.sha256) in (8, 64)
    assert all(model.merges for model in MODELS.values() if model.contents is Contents.MODEL)


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="tooncrafter-521") as caught:
        find_model("tooncrafter-521")
    assert "tooncrafter-512" in str(caught.value.hint)


def test_offline_nothing_is_fetched(tmp_path):
    shelf = Shelf(b"")
    with pytest.raises(UnavailableError, match="TOONTWEEN_OFFLINE=1 forbids"):
        pull(
            "tooncrafter-512",
            settings=Settings(cache_dir=tmp_path, offline=True),
            get=shelf,
        )
    assert shelf.asked == []


def test_a_file_without_a_hub_is_named_with_page_and_licence(tmp_path):
    by_hand = {"lines": replace(CATALOGUE["lines"], weights=replace(FILE, repo=None))}
    with pytest.raises(UnavailableError, match=r"lines.safetensors \(MIT\) .* https://example.org"):
        pull("lines", settings=Settings(cache_dir=tmp_path), models=by_hand)


def test_a_disk_without_room_is_noticed_first(tmp_path):
    huge = {"lines": replace(CATALOGUE["lines"], weights=replace(FILE, about_bytes=10**18))}
    shelf = Shelf(b"")
    with pytest.raises(OutputError, match="GB are needed"):
        pull("lines", settings=Settings(cache_dir=tmp_path), models=huge, get=shelf)
    assert shelf.asked == []


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache_dir=tmp_path / "weights")


def test_pulled_weights_are_converted_and_the_download_removed(settings):
    assert not is_here("lines", settings)
    folder = pull("lines", settings=settings, models=CATALOGUE, get=Shelf(CONTENT))
    assert is_here("lines", settings)
    manifest = read_manifest(folder)
    assert (manifest.licence, manifest.page) == ("MIT", "https://example.org/lines")
    assert manifest.source_record.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert not list(settings.weights_dir().rglob("lines.safetensors"))


def test_what_is_here_is_not_fetched_again(settings):
    shelf = Shelf(CONTENT)
    pull("lines", settings=settings, models=CATALOGUE, get=shelf)
    pull("lines", settings=replace(settings, offline=True), models=CATALOGUE, get=shelf)
    assert shelf.asked == [None]


def test_the_first_download_is_recorded_and_later_ones_must_agree(settings):
    shelf = Shelf(CONTENT)
    pull("lines", settings=settings, models=CATALOGUE, get=shelf)
    book = json.loads((settings.weights_dir() / RECORDS_NAME).read_text())
    assert book["somebody/lines/lines.safetensors"] == {
        "revision": COMMIT,
        "size": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
    }
    shelf.content = CONTENT[:-4] + b"\0\0\0\0"
    with pytest.raises(CheckpointError, match=r"has SHA-256 .*, expected"):
        pull("lines", settings=settings, models=CATALOGUE, get=shelf, overwrite=True)
    assert shelf.asked == [None, COMMIT]
    assert is_here("lines", settings)
    assert not list(settings.weights_dir().rglob("lines.safetensors"))


def test_a_pinned_hash_is_believed_before_anything_else(settings):
    pinned = replace(FILE, revision="v1", sha256="0" * 64)
    catalogue = {"lines": replace(CATALOGUE["lines"], weights=pinned)}
    shelf = Shelf(CONTENT)
    with pytest.raises(CheckpointError, match="expected 0000"):
        pull("lines", settings=settings, models=catalogue, get=shelf)
    assert shelf.asked == ["v1"]
    assert not is_here("lines", settings)


def test_a_download_that_is_not_what_the_server_named_is_refused(settings):
    def fetch(
        file: PublishedFile, folder: Path, *, revision: str | None, progress: Progress | None
    ) -> Fetched:
        fetched = Shelf(CONTENT)(file, folder, revision=revision, progress=progress)
        return replace(fetched, sha256="f" * 64)

    with pytest.raises(CheckpointError, match="expected ffff"):
        pull("lines", settings=settings, models=CATALOGUE, get=fetch)


class Hub(BaseHTTPRequestHandler):
    """As much of Hugging Face as one download needs."""

    def do_HEAD(self) -> None:
        """Tell about the file."""
        found = self.path.startswith("/somebody/lines/resolve/")
        self.send_response(200 if found else 404)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", hashlib.sha256(CONTENT).hexdigest())
        self.send_header("Content-Length", str(len(CONTENT) if found else 0))
        self.end_headers()

    def do_GET(self) -> None:
        """Send it, or what is still wanted of it."""
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start:])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class's name
        """Say nothing."""


@pytest.fixture
def hub_fetch() -> Iterator[Fetch]:
    """The real downloader, with a server on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        yield functools.partial(fetch_from_hub, endpoint=endpoint)
        server.shutdown()
        thread.join()


def test_a_download_from_a_hub_brings_content_revision_and_progress(hub_fetch, tmp_path):
    told: list[tuple[str, int, int]] = []
    fetched = hub_fetch(FILE, tmp_path, revision=None, progress=lambda *news: told.append(news))
    assert fetched.path.read_bytes() == CONTENT
    assert fetched.revision == COMMIT
    assert fetched.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert told[-1] == ("downloading", len(CONTENT), len(CONTENT))


def test_a_file_the_hub_does_not_have_is_unavailable(hub_fetch, tmp_path):
    missing = replace(FILE, repo="nobody/lines")
    with pytest.raises(UnavailableError, match=r"cannot download lines\.safetensors"):
        hub_fetch(missing, tmp_path, revision=None, progress=None)


def test_a_hub_out_of_reach_is_unavailable(tmp_path):
    with pytest.raises(UnavailableError, match="cannot download") as caught:
        fetch_from_hub(FILE, tmp_path, revision=None, progress=None, endpoint="http://127.0.0.1:9")
    assert "run the same command again" in str(caught.value.hint)


@pytest.fixture
def elsewhere() -> Iterator[PublishedFile]:
    """A file at an address of its own, on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/lines.safetensors"
        yield replace(FILE, repo=None, url=url)
        server.shutdown()
        thread.join()


def test_a_file_elsewhere_is_fetched_from_its_address_and_a_part_of_it_is_continued(
    elsewhere, tmp_path
):
    (tmp_path / ".lines.safetensors.part").write_bytes(CONTENT[:100])
    told: list[tuple[str, int, int]] = []
    fetched = fetch(elsewhere, tmp_path, revision=None, progress=lambda *news: told.append(news))
    assert fetched.path.read_bytes() == CONTENT
    assert told[0][1] > 100
    assert told[-1] == ("downloading", len(CONTENT), len(CONTENT))
    assert [path.name for path in tmp_path.iterdir()] == ["lines.safetensors"]


def test_an_address_where_nobody_answers_is_unavailable(tmp_path):
    nowhere = replace(FILE, repo=None, url="http://127.0.0.1:9/lines.safetensors")
    with pytest.raises(UnavailableError, match="cannot download"):
        fetch(nowhere, tmp_path, revision=None, progress=None)


def test_a_file_that_only_people_can_fetch_is_named_with_its_page(tmp_path, settings):
    by_hand = replace(FILE, repo=None)
    with pytest.raises(UnavailableError, match=r"fetched by hand: https://example\.org/lines"):
        fetch(by_hand, tmp_path, revision=None, progress=None)
    catalogue = {"lines": replace(CATALOGUE["lines"], weights=by_hand)}
    with pytest.raises(UnavailableError, match="fetched by hand"):
        pull("lines", settings=settings, models=catalogue)


@pytest.mark.parametrize(("digits", "fits"), [(8, True), (64, True), (0, False)])
def test_the_first_digits_of_a_hash_are_enough_to_pin_it(settings, digits, fits):
    known = hashlib.sha256(CONTENT).hexdigest()[:digits] or "0000"
    pinned = {"lines": replace(CATALOGUE["lines"], weights=replace(FILE, sha256=known))}
    if fits:
        assert pull("lines", settings=settings, models=pinned, get=Shelf(CONTENT)).is_dir()
        return
    with pytest.raises(CheckpointError, match="expected 0000"):
        pull("lines", settings=settings, models=pinned, get=Shelf(CONTENT))


def test_files_for_other_libraries_are_kept_as_they_are_with_a_manifest(settings):
    def get(
        file: PublishedFile, folder: Path, *, revision: str | None, progress: Progress | None
    ) -> Fetched:
        (folder / file.file).parent.mkdir(exist_ok=True)
        (folder / file.file).write_text(file.file)
        return Fetched(path=folder / file.file, revision=COMMIT)

    others = (replace(FILE, file="vae/config.json"), replace(FILE, file="merges.txt"))
    model = PublishedModel(title="kept", contents=Contents.AS_IT_IS, weights=FILE, others=others)
    folder = pull("kept", settings=settings, models={"kept": model}, get=get)
    assert (folder / "vae/config.json").read_text() == "vae/config.json"
    assert set(read_manifest(folder).files) == {
        "lines.safetensors",
        "vae/config.json",
        "merges.txt",
    }
    assert read_manifest(folder).licence == "MIT"
    assert not list(settings.weights_dir().rglob(".*part"))


def test_a_file_that_is_here_already_is_taken_instead_of_a_download(settings, tmp_path):
    by_hand = {"lines": replace(CATALOGUE["lines"], weights=replace(FILE, repo=None))}
    mine = tmp_path / "downloaded.safetensors"
    mine.write_bytes(CONTENT)
    folder = pull("lines", settings=replace(settings, offline=True), models=by_hand, file=mine)
    assert is_here("lines", settings)
    assert read_manifest(folder).page == FILE.page
    assert mine.read_bytes() == CONTENT


def test_a_file_of_another_network_is_not_taken_for_the_one_named(settings, tmp_path):
    mine = tmp_path / "downloaded.safetensors"
    mine.write_bytes(CONTENT)
    other = {"film": replace(CATALOGUE["lines"], contents=Contents.FILM)}
    with pytest.raises(CheckpointError, match="is 'line_extractor', not 'film'"):
        pull("film", settings=settings, models=other, file=mine)
    with pytest.raises(MediaError, match="there is no file"):
        pull("film", settings=settings, models=other, file=tmp_path / "nothing.pt")
