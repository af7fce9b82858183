"""Films → shards, a manifest that says of every clip why it was kept or dropped, and a page to look at.

Each film is judged by itself, in any process; its clips and verdicts wait in `OUT/unfinished/`. When all are there, clips
are compared with those of other films, in the order of the films, and written into shards. An interrupted run goes on with
the films that are missing. The result does not depend on the number of processes.
"""

import functools
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import torch

from toontween.data.claims import claim_folder
from toontween.data.clips import Clip
from toontween.data.curation.duplicates import SeenClips
from toontween.data.curation.films import Film, find_films
from toontween.data.curation.judging import judge_film
from toontween.data.curation.settings import CurateSettings
from toontween.data.curation.summary import Samples, write_summary
from toontween.data.curation.verdicts import Check, Outcome, Verdict, verdict_of
from toontween.data.shards import CLIPS_PER_SHARD, ShardSet, write_shard
from toontween.data.workers import spread
from toontween.errors import InputError, MediaError
from toontween.media.files import atomic_output, disk_errors, write_json

MANIFEST = "manifest.jsonl"
SETTINGS = "curate.json"
SUMMARY = "summary.html"
_UNFINISHED = "unfinished"


@dataclass(frozen=True, kw_only=True)
class Curated:
    """What came of it."""

    shards: tuple[Path, ...]
    kept: int
    dropped: dict[str, int]
    """Check that dropped them → clips."""

    not_applied: dict[str, str]
    """Check that could not be applied → why."""

    broken: dict[str, str]
    """Film that cannot be read → why."""

    manifest: Path
    summary: Path


def curate(
    sources: Sequence[Path],
    folder: Path,
    settings: CurateSettings,
    *,
    workers: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Curated:
    """Curate films.

    Args:
        sources: Video files and folders.
        folder: Where to; made when it is not there.
        settings: How clips are cut and judged.
        workers: Processes; their number changes no byte.
        progress: Told the part done, 0…1.

    Raises:
        MediaError: A source does not exist, or there is no film.
        InputError: The folder holds another curation, or a scorer cannot be used.
        OutputError: The folder cannot be written.
    """
    if workers < 1:
        raise InputError(f"{workers} workers cannot work", hint="one at least")
    films = find_films(sources, fps=settings.fps)
    claim_folder(folder, SETTINGS, _order(films, settings))
    if not (folder / MANIFEST).exists():
        unfinished = folder / _UNFINISHED
        with disk_errors(unfinished):
            unfinished.mkdir(exist_ok=True)
        missing = [film for film in films if not _told(unfinished, film).exists()]
        work = functools.partial(_one_film, settings=settings, folder=unfinished)
        for count, _ in enumerate(spread(work, missing, workers=workers), start=1):
            if progress is not None:
                progress(0.9 * count / len(missing))
        _finish(folder, films, settings)
    shutil.rmtree(folder / _UNFINISHED, ignore_errors=True)
    if progress is not None:
        progress(1.0)
    return _result(folder)


def _one_film(film: Film, *, settings: CurateSettings, folder: Path) -> None:
    """Write a film's clips and verdicts; one that cannot be read is remembered with the reason."""
    shard, told = folder / f"{film.key}.tar", _told(folder, film)
    shard.unlink(missing_ok=True)
    verdicts: list[dict[str, Any]] = []
    samples = Samples()
    broken = None
    # one thread each: the sums of scorers must not depend on how many processes share the cores
    threads, cv_threads = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)

    def kept() -> Iterator[Clip]:
        for candidate in judge_film(film, settings):
            verdict = candidate.verdict
            verdicts.append(verdict.record())
            samples.add(verdict, candidate.clip)
            if verdict.dropped_by is None:
                yield _with_source(candidate.clip, verdict)

    try:
        write_shard(kept(), shard)
    except MediaError as error:
        broken, verdicts, samples = error.message, [], Samples()
        shard.unlink(missing_ok=True)
    finally:
        torch.set_num_threads(threads)
        cv2.setNumThreads(cv_threads)
    samples.write(folder / f"{film.key}.npz")
    write_json(told, {"broken": broken, "verdicts": verdicts}, overwrite=True)


def _with_source(clip: Clip, verdict: Verdict) -> Clip:
    about = {
        "film": verdict.film,
        "start": verdict.start,
        "stop": verdict.stop,
        "scores": {c.name: c.value for c in verdict.checks if c.value is not None},
        "not_applied": [c.name for c in verdict.checks if c.outcome is Outcome.NOT_APPLIED],
    }
    return Clip(
        key=clip.key,
        frames=clip.frames,
        fps=clip.fps,
        exposures=clip.exposures,
        caption=clip.caption,
        about=about,
    )


def _finish(folder: Path, films: Sequence[Film], settings: CurateSettings) -> None:
    """Drop what was seen before, write the shards, the page and at last the manifest."""
    unfinished = folder / _UNFINISHED
    records: list[dict[str, Any]] = []
    chosen: list[tuple[Film, str]] = []
    samples, seen = Samples(), SeenClips()
    for film in films:
        told = json.loads(_told(unfinished, film).read_text("utf-8"))
        if told["broken"] is not None:
            records.append({"film": film.name, "kept": False, "broken": told["broken"]})
            continue
        shown = Samples.read(unfinished / f"{film.key}.npz")
        for record in told["verdicts"]:
            verdict = verdict_of(record)
            if verdict.dropped_by is None:
                before = seen.find(verdict.hashes)
                why = f"much like {before}" if before else ""
                outcome = Outcome.FAILED if before else Outcome.PASSED
                verdict.add(Check("duplicate", outcome, None, why))
            if verdict.dropped_by is None:
                seen.add(verdict.key, verdict.hashes)
                chosen.append((film, verdict.key))
            samples.take(verdict, shown)
            records.append(verdict.record())
    for number in range(-(-len(chosen) // CLIPS_PER_SHARD)):
        path = folder / f"{number:05d}.tar"
        if not path.exists():
            some = chosen[number * CLIPS_PER_SHARD : (number + 1) * CLIPS_PER_SHARD]
            write_shard(_clips(unfinished, some), path)
    write_summary(folder / SUMMARY, records, samples, settings=settings.record())
    with atomic_output(folder / MANIFEST, overwrite=False) as temporary:
        lines = (json.dumps(one, ensure_ascii=False, allow_nan=False) for one in records)
        temporary.write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="\n")


def _clips(unfinished: Path, chosen: Sequence[tuple[Film, str]]) -> Iterator[Clip]:
    opened: tuple[Film, ShardSet, dict[str, int]] | None = None
    for film, key in chosen:
        if opened is None or opened[0] != film:
            clips = ShardSet([unfinished / f"{film.key}.tar"])
            opened = film, clips, {name: number for number, name in enumerate(clips.keys)}
        yield opened[1][opened[2][key]]


def _result(folder: Path) -> Curated:
    kept, dropped, not_applied, broken = 0, dict[str, int](), dict[str, str](), dict[str, str]()
    for line in (folder / MANIFEST).read_text("utf-8").splitlines():
        record = json.loads(line)
        if "broken" in record:
            broken[record["film"]] = record["broken"]
            continue
        kept += record["kept"]
        if not record["kept"]:
            dropped[record["dropped_by"]] = dropped.get(record["dropped_by"], 0) + 1
        for check in record["checks"]:
            if check["outcome"] == Outcome.NOT_APPLIED:
                not_applied.setdefault(check["name"], check["why"])
    return Curated(
        shards=tuple(sorted(folder.glob("[!.]*.tar"))),
        kept=kept,
        dropped=dropped,
        not_applied=not_applied,
        broken=broken,
        manifest=folder / MANIFEST,
        summary=folder / SUMMARY,
    )


def _order(films: Sequence[Film], settings: CurateSettings) -> dict[str, Any]:
    """All that decides the result."""
    return {
        "made_by": "toontween data curate",
        "films": [{"name": film.name, "bytes": _bytes_of(film)} for film in films],
        **settings.record(),
    }


def _bytes_of(film: Film) -> int:
    if film.path.is_dir():
        return sum(file.stat().st_size for file in film.path.iterdir() if file.is_file())
    return film.path.stat().st_size


def _told(folder: Path, film: Film) -> Path:
    return folder / f"{film.key}.json"
