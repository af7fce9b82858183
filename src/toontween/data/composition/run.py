"""From a folder of material to shards: draw the figures once, then compose clips, or take clips plainly as they are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from toontween.data.clips import Clip
from toontween.data.composition.clips import compose_clip, open_cache
from toontween.data.composition.plain import plain_clips
from toontween.data.composition.settings import ComposeSettings
from toontween.data.composition.sprites import SPRITE_PX, fill_cache
from toontween.data.shards import write_shards
from toontween.data.workers import spread
from toontween.errors import MediaError, OutputError


@dataclass(frozen=True, kw_only=True, slots=True)
class Composed:
    """What was made."""

    shards: tuple[Path, ...]
    """The files, in order."""

    clips: int
    """How many clips they hold."""

    skipped: tuple[str, ...]
    """Clips of the material that could not be drawn: name and why."""

    licences: dict[str, int] = field(default_factory=dict)
    """Licence → how many of the clips use it."""


def compose_shards(
    folder: Path,
    out: Path,
    settings: ComposeSettings,
    *,
    cache: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Composed:
    """Turn a folder of animated material into shards.

    Args:
        folder: Holds `manifest.jsonl` and `render.py`; the latter is run.
        out: Where the shards go; must hold none.
        settings: What to make.
        cache: Where drawn figures are kept; None for `sprites` in `out`.
        progress: Told the part done, 0…1.

    Raises:
        MediaError: The folder is not such a folder, or nothing in it suits.
        OutputError: There are shards in `out` already.
        UnavailableError: The folder's renderer needs a library that is not installed.
    """
    if any(out.glob("*.tar")):
        raise OutputError(f"{out} holds shards already", hint="choose another folder")
    tell = progress or (lambda _part: None)
    licences: dict[str, int] = {}
    if settings.plain:
        skipped: list[str] = []
        clips = plain_clips(folder, settings, skipped, tell)
    else:
        cache = out / "sprites" if cache is None else cache
        skipped = fill_cache(
            folder,
            cache,
            split=settings.split,
            sprite_px=max(SPRITE_PX, settings.size[1], settings.size[0] * 3 // 4),
            workers=settings.workers,
            progress=lambda part: tell(part / 2),
        )
        clips = _composed_clips(cache, settings, lambda part: tell(0.5 + part / 2))
    num_clips = 0

    def counted() -> Iterator[Clip]:
        nonlocal num_clips
        for clip in clips:
            num_clips += 1
            for licence in sorted({part.get("licence", "unknown") for part in clip.about["parts"]}):
                licences[licence] = licences.get(licence, 0) + 1
            yield clip

    shards = tuple(write_shards(counted(), out))
    if not shards:
        raise MediaError(
            f"no clip of split {settings.split!r} could be made", hint="; ".join(skipped[:3])
        )
    return Composed(shards=shards, clips=num_clips, skipped=tuple(skipped), licences=licences)


def _composed_clips(
    cache: Path, settings: ComposeSettings, progress: Callable[[float], None]
) -> Iterator[Clip]:
    open_cache.cache_clear()
    total = settings.clips or 0
    jobs = ((cache, number, settings) for number in range(total))
    for done, clip in enumerate(spread(_compose_job, jobs, workers=settings.workers), start=1):
        progress(done / total)
        yield clip


def _compose_job(job: tuple[Path, int, ComposeSettings]) -> Clip:
    return compose_clip(*job)
