"""Clips of the material as they are: the first listed window of each, over white or a scene."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from toontween.data.clips import Clip
from toontween.data.composition.material import FPS, DrawingError, Entry, Material
from toontween.data.composition.settings import ComposeSettings
from toontween.data.workers import spread
from toontween.errors import InputError, MediaError


def plain_clips(
    folder: Path,
    settings: ComposeSettings,
    skipped: list[str],
    progress: Callable[[float], None],
) -> Iterator[Clip]:
    """The first listed window of each clip; names of clips that cannot be drawn go to `skipped`."""
    material = Material(folder)
    starts = _read_windows(folder, settings.split)
    entries = {entry.id: entry for entry in material.of_split(settings.split)}
    jobs = [
        (folder, entries[name], start, index, settings)
        for index, (name, start) in enumerate(starts)
        if name in entries
    ][: settings.clips]
    for done, made in enumerate(spread(_plain_job, jobs, workers=settings.workers), start=1):
        progress(done / len(jobs))
        if isinstance(made, str):
            skipped.append(made)
        else:
            yield made


def _plain_job(job: tuple[Path, Entry, int, int, ComposeSettings]) -> Clip | str:
    """One window, odd ones over white and even ones over a scene; or why not."""
    folder, entry, start, index, settings = job
    material = Material(folder)
    num_scenes = len(material.scenes)
    scene = None if index % 2 or not num_scenes else index % 20 % num_scenes
    try:
        drawn = material.draw(entry, settings.size, start=start, count=settings.frames)
    except DrawingError as error:
        return f"{entry.id}: {error}"
    background = "white" if scene is None else f"scene:{scene}"
    parts = [entry.part] + ([] if scene is None else [material.scene_part(scene)])
    return Clip(
        key=f"{settings.split}-{index:03d}-" + "".join(c if c.isalnum() else "-" for c in entry.id),
        frames=material.composite(drawn, background),
        alpha=np.ascontiguousarray(drawn[..., 3]),
        fps=float(FPS),
        caption=entry.caption,
        about={"split": settings.split, "start": start, "background": background, "parts": parts},
    )


def _read_windows(folder: Path, split: str) -> list[tuple[str, int]]:
    path = folder / "eval_windows.json"
    try:
        listed = json.loads(path.read_text("utf-8"))
        if split not in listed:
            hint = f"it has {', '.join(listed)}; name one with --split"
            raise InputError(f"{path} lists no windows for split {split!r}", hint=hint)
        return [(name, int(found[0]["start"])) for name, found in sorted(listed[split].items())]
    except OSError as error:
        raise MediaError(f"cannot read {path}: {error.strerror or error}") from error
    except (KeyError, TypeError, IndexError, AttributeError, json.JSONDecodeError) as error:
        raise MediaError(f"{path} is not a list of windows: {error!r}") from error
