"""Clips of a few small drawings, in shards and in folders of frames, and what is to be done with them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.unit.metrics.toon_frames import toon_clip
from toontween.data.clips import Clip
from toontween.data.shards import write_shards
from toontween.evaluation.bench import Bench
from toontween.evaluation.methods import MethodSpec
from toontween.evaluation.suite import Cut, Suite, open_suite
from toontween.media.images import write_still

WIDTH, HEIGHT, FRAMES = 48, 32, 5


def small_clip(
    key: str = "a",
    *,
    seed: int = 0,
    frames: int = FRAMES,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    speed: float = 1.0,
    **more: Any,
) -> Clip:
    """A disc and a rectangle that move."""
    width, height = size
    drawn = toon_clip(frames, height, width, seed=seed, speed=speed)
    return Clip(key=key, frames=drawn, fps=24.0, **more)


def inked(clip: Clip) -> Clip:
    """The clip with its dark pixels as lines."""
    dark = clip.frames.max(axis=3) < 60
    return replace(clip, lines=(255 * dark).astype(np.uint8))


def small_clips(count: int = 3, **more: Any) -> list[Clip]:
    """Clips `a`, `b`, …, each with other colours and faster than the one before."""
    return [small_clip("abcdefghij"[n], seed=n, speed=1.0 + n / 2, **more) for n in range(count)]


def in_shards(folder: Path, clips: Sequence[Clip]) -> Path:
    """Clips as shards."""
    write_shards(clips, folder)
    return folder


def in_folders(folder: Path, clips: Sequence[Clip]) -> Path:
    """Each clip a folder of numbered PNG files, called by its key."""
    for clip in clips:
        (folder / clip.key).mkdir(parents=True)
        for number, frame in enumerate(clip.frames):
            write_still(folder / clip.key / f"{number:04d}.png", frame)
    return folder


def small_suite(folder: Path, count: int = 3, *, cut: Cut | None = None, **more: Any) -> Suite:
    """A suite of `small_clips`."""
    return open_suite(in_shards(folder, small_clips(count, **more)), cut)


def methods(*names: str) -> list[MethodSpec]:
    """Rows of methods without options."""
    return [MethodSpec(method=name) for name in names]


def small_bench(
    suite: Suite,
    rows: Sequence[str] = ("hold", "crossfade"),
    measures: Sequence[str] = ("psnr", "motion"),
    **more: Any,
) -> Bench:
    """Quick methods and quick measures on a suite."""
    return Bench(suite=suite, methods=methods(*rows), measures=measures, **more)
