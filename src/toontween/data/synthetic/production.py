"""Data sets from the studio: shards written by any number of processes, taken up again where an interruption left them."""

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from toontween.data.claims import claim_folder
from toontween.data.clips import Clip
from toontween.data.shards import CLIPS_PER_SHARD, write_shard
from toontween.data.synthetic.studio import StudioOptions, studio_clips
from toontween.errors import InputError
from toontween.media.files import disk_errors
from toontween.media.images import write_still

MANIFEST = "synth.json"
"""Name of the file that says what a folder of shards was made with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A data set to be made.

    Raises:
        InputError: A count is not positive.
    """

    seed: int
    num_clips: int
    options: StudioOptions
    clips_per_shard: int = CLIPS_PER_SHARD
    pictures: bool = False
    """Also write every clip as folders of numbered pictures, to look at."""

    def __post_init__(self) -> None:
        counts = {"clips": self.num_clips, "clips a shard": self.clips_per_shard}
        for name, count in counts.items():
            if count < 1:
                raise InputError(f"{count} {name} are too few", hint="one at least")
        if self.seed < 0:
            raise InputError(f"seed {self.seed} is negative", hint="take 0 or more")

    @property
    def num_shards(self) -> int:
        """How many shards there will be."""
        return -(-self.num_clips // self.clips_per_shard)

    def manifest(self) -> dict[str, Any]:
        """What decides the bytes of the shards."""
        options = self.options
        return {
            "made_by": "toontween data synth",
            "seed": self.seed,
            "clips": self.num_clips,
            "clips_per_shard": self.clips_per_shard,
            "frames": options.num_frames,
            "size": list(options.size),
            "look": str(options.look),
            "fps": options.fps,
        }

    def clips(self, shard: int) -> Iterator[Clip]:
        """The clips of a shard."""
        start = shard * self.clips_per_shard
        count = min(self.clips_per_shard, self.num_clips - start)
        return studio_clips(self.seed, count, self.options, start=start)


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A data set that is whole."""

    shards: tuple[Path, ...]
    num_written: int
    """How many of the shards were made just now; the others were there."""


def make_shards(
    order: Order,
    folder: Path,
    *,
    num_workers: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Made:
    """Write the shards of an order that are not there yet; same order, same bytes, however many processes.

    Args:
        order: What to make.
        folder: Where to; made when it is not there.
        num_workers: Processes at work.
        progress: Told the part done, 0…1.

    Raises:
        InputError: There are no workers.
        OutputError: The folder holds other shards, or cannot be written.
    """
    if num_workers < 1:
        raise InputError(f"{num_workers} workers cannot work", hint="one at least")
    claim_folder(folder, MANIFEST, order.manifest())
    shards = tuple(folder / f"{number:05d}.tar" for number in range(order.num_shards))
    missing = [number for number, path in enumerate(shards) if not path.exists()]
    for done, _ in enumerate(_produced(order, folder, missing, num_workers), start=1):
        if progress:
            progress(done / len(missing))
    return Made(shards=shards, num_written=len(missing))


def make_shard(order: Order, folder: Path, number: int) -> Path:
    """Draw the clips of one shard and write it, whole or not at all; pictures first."""
    clips = list(order.clips(number))
    if order.pictures:
        for clip in clips:
            write_pictures(clip, folder / "pictures" / clip.key)
    path = folder / f"{number:05d}.tar"
    write_shard(clips, path)
    return path


def write_pictures(clip: Clip, folder: Path) -> None:
    """Write a clip as `frames/0001.png`…, and `lines` and `alpha` likewise where they are known."""
    layers = {"frames": clip.frames, "lines": clip.lines, "alpha": clip.alpha}
    for name, layer in layers.items():
        if layer is None:
            continue
        with disk_errors(folder / name):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for index, picture in enumerate(layer, start=1):
            shown = 255 - picture if name == "lines" else picture
            colours = shown if shown.ndim == 3 else np.repeat(shown[..., None], 3, axis=2)
            write_still(folder / name / f"{index:04d}.png", colours, overwrite=True)


def _produced(order: Order, folder: Path, numbers: list[int], num_workers: int) -> Iterator[Path]:
    if min(num_workers, len(numbers)) <= 1:
        for number in numbers:
            yield make_shard(order, folder, number)
        return
    # spawn: forking a process that has threads (OpenMP, Skia) can hang
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    count = min(num_workers, len(numbers))
    with ProcessPoolExecutor(count, mp_context=context, initializer=_be_stoppable) as pool:
        jobs = [pool.submit(_work, order, folder, number) for number in numbers]
        try:
            for job in as_completed(jobs):
                yield job.result()
        except BaseException:
            for worker in set(multiprocessing.active_children()) - others:
                worker.terminate()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


_stopped = threading.Event()
"""Set in a worker that was told to stop."""


def _be_stoppable() -> None:
    """Have a worker end at once and clean up behind itself when it is interrupted or terminated."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)


def _stop(_signal: int, _frame: object) -> None:
    _stopped.set()
    raise SystemExit(130)


def _work(order: Order, folder: Path, number: int) -> Path:
    # the pool turns what ends a job into the job's result and hands out the next one
    if _stopped.is_set():
        raise SystemExit(130)
    return make_shard(order, folder, number)
