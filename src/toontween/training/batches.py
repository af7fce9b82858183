"""Clips → batches, in an order that depends on the seed and the step alone.

Sample n of a run is clip `order(n)`: epoch by epoch every clip comes once, each epoch in an order of its own. Which
drawings of the clip are taken, and whether they are mirrored or reversed, is drawn for the sample (see `draws`). So a run
can begin at any step, and any number of processes share its batches.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float16, Int, UInt8
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from toontween.data.clips import Clip
from toontween.data.shards import ShardSet
from toontween.drawing.extraction import extract_lines
from toontween.errors import InputError, MediaError
from toontween.media.frames import scale_and_crop
from toontween.training.config import DataConfig
from toontween.training.crops import busiest_window
from toontween.training.draws import seed_of
from toontween.training.latents import LatentSet

_MOST_DAMAGED_IN_A_ROW = 16


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """One training clip."""

    number: int
    """Of the sample in the run."""

    key: str
    """The clip's name."""

    frames: UInt8[np.ndarray, "t h w 3"]
    lines: UInt8[np.ndarray, "t h w"] | None
    moments: Float16[np.ndarray, "t c y x"] | None = None
    """Of the latents' posterior, when they are kept on disk: mean, then logarithm of the variance."""

    caption: str
    motion_fps: int
    damaged: tuple[str, ...]
    """What was wrong with clips that this one stands in for."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Some samples, as the networks want them."""

    numbers: tuple[int, ...]
    """Of the samples in the run."""

    keys: tuple[str, ...]
    """Names of the clips."""

    frames: Float[Tensor, "b t 3 h w"]
    """−1…1."""

    lines: Float[Tensor, "b t 1 h w"] | None
    """Ink, 0…1; None when no sketches are trained."""

    moments: Float[Tensor, "b t c y x"] | None = None
    """Of the latents' posterior, see `Sample`; None when they are to be computed."""

    captions: tuple[str, ...]
    motion_fps: Int[Tensor, " b"]
    """Frames a second of the drawings as they are shown here."""

    damaged: tuple[str, ...]
    """What was wrong with clips that were replaced by others."""

    def to(self, device: torch.device) -> "Batch":
        """The same on a device."""
        return Batch(
            numbers=self.numbers,
            keys=self.keys,
            frames=self.frames.to(device, non_blocking=True),
            lines=None if self.lines is None else self.lines.to(device, non_blocking=True),
            moments=None if self.moments is None else self.moments.to(device, non_blocking=True),
            captions=self.captions,
            motion_fps=self.motion_fps.to(device, non_blocking=True),
            damaged=self.damaged,
        )


class SampleSet(Dataset[Sample]):
    """Sample number → sample.

    Args:
        config: Which clips, and what is done to them.
        seed: Of the run.
        with_lines: Whether ink is wanted too; it is extracted from drawings whose shard has none.
        held_out: Read the validation shards, in order and unchanged.

    Raises:
        InputError: A value is impossible, or no clip is long enough.
        MediaError: There are no shards or one is damaged.
    """

    def __init__(
        self, config: DataConfig, *, seed: int, with_lines: bool = False, held_out: bool = False
    ) -> None:
        paths = config.validation if held_out else config.shards
        if not paths:
            name = "data.validation" if held_out else "data.shards"
            raise InputError("there is nothing to train on", hint=f"--set {name}=FOLDER")
        if config.num_frames < 1 or not config.strides or min(config.strides) < 1:
            raise InputError(f"clips of {config.num_frames} frames by strides {config.strides}")
        if config.crop is not None and (min(config.crop) < 1 or config.crop_tries < 1):
            raise InputError(f"windows of {config.crop} pixels, {config.crop_tries} tries")
        if config.crop is not None and config.latents is not None:
            raise InputError("latents of whole drawings cannot be cropped", hint="unset data.crop")
        self._clips = ShardSet([Path(path) for path in paths])
        self.latents: LatentSet | None = None
        if config.latents is not None and not held_out:
            self.latents = _matching_latents(config, self._clips)
        self._config = config
        self._seed = seed
        self._with_lines = with_lines
        self._held_out = held_out

    def __len__(self) -> int:
        """How many clips there are; samples go on for ever."""
        return len(self._clips)

    def __getitem__(self, number: int) -> Sample:
        """Make a sample.

        Raises:
            MediaError: Its clip is damaged and `on_damaged` says stop, or very many in a row are.
        """
        damaged: list[str] = []
        for attempt in range(_MOST_DAMAGED_IN_A_ROW):
            try:
                clip = self._clips[self._place(number + attempt)]
                return self._sample(number, clip, tuple(damaged))
            except MediaError as error:
                if self._config.on_damaged == "stop":
                    raise
                damaged.append(str(error))
        raise MediaError(f"{len(damaged)} clips in a row cannot be used; the last: {damaged[-1]}")

    def _place(self, number: int) -> int:
        count = len(self._clips)
        if self._held_out:
            return number % count
        epoch, position = divmod(number, count)
        return int(_order(self._seed, epoch, count)[position])

    def _sample(self, number: int, clip: Clip, damaged: tuple[str, ...]) -> Sample:
        config = self._config
        rng = np.random.default_rng(seed_of(self._seed, number, "window"))
        taken, stride = self._window(clip, rng)
        frames = clip.frames[taken]
        lines = clip.lines[taken] if clip.lines is not None and self._with_lines else None
        reverse = not self._held_out and rng.random() < config.reverse
        mirror = not self._held_out and rng.random() < config.mirror
        moments = None
        if self.latents is not None:
            moments = self.latents.read(clip.key, taken, mirrored=mirror)
        if reverse:
            frames, lines = frames[::-1], None if lines is None else lines[::-1]
            moments = None if moments is None else moments[::-1]
        if mirror:
            frames, lines = frames[:, :, ::-1], None if lines is None else lines[:, :, ::-1]
        if config.size is not None:
            frames = np.stack([scale_and_crop(frame, config.size) for frame in frames])
            lines = (
                None if lines is None else np.stack([scale_and_crop(x, config.size) for x in lines])
            )
        if config.crop is not None and not self._held_out:
            place = np.random.default_rng(seed_of(self._seed, number, "crop"))
            y, x = busiest_window(frames, config.crop, tries=config.crop_tries, rng=place)
            frames, lines = frames[:, y, x], None if lines is None else lines[:, y, x]
        if self._with_lines and lines is None:
            lines = np.stack([_extract(frame) for frame in frames])
        held = float(np.mean(np.asarray(clip.exposures)[taken])) if clip.exposures else 1.0
        return Sample(
            number=number,
            key=clip.key,
            frames=np.ascontiguousarray(frames),
            lines=None if lines is None else np.ascontiguousarray(lines),
            moments=None if moments is None else np.ascontiguousarray(moments),
            caption=clip.caption,
            motion_fps=max(1, round(clip.fps / held / stride)),
            damaged=damaged,
        )

    def _window(self, clip: Clip, rng: np.random.Generator) -> tuple[slice, int]:
        wanted = self._config.num_frames
        fitting = [s for s in self._config.strides if (wanted - 1) * s + 1 <= len(clip)]
        if not fitting:
            least = (wanted - 1) * min(self._config.strides) + 1
            raise MediaError(f"clip {clip.key!r} has {len(clip)} drawings, {least} are needed")
        stride = fitting[0] if self._held_out else int(rng.choice(fitting))
        span = (wanted - 1) * stride + 1
        start = 0 if self._held_out else int(rng.integers(len(clip) - span + 1))
        return slice(start, start + span, stride), stride


def loader(
    samples: SampleSet,
    *,
    first_step: int,
    last_step: int,
    batch_size: int,
    micro_batch_size: int,
    rank: int = 0,
    world_size: int = 1,
    workers: int = 0,
) -> DataLoader[Sample]:
    """Micro-batches of one process, from one step to another (the last excluded).

    Step s consists of samples s·B … (s + 1)·B − 1; process r of W takes the r-th W-th of them, micro-batch by
    micro-batch.

    Raises:
        InputError: The batch cannot be shared out evenly.
    """
    per_process = batch_size // world_size
    if batch_size % world_size or per_process % micro_batch_size:
        raise InputError(
            f"{batch_size} samples a step cannot be shared by {world_size} processes "
            f"in micro-batches of {micro_batch_size}",
            hint="set loop.batch_size to a multiple of processes × loop.micro_batch_size",
        )
    numbers = _micro_batches(first_step, last_step, batch_size, per_process, micro_batch_size, rank)
    return DataLoader(
        samples,
        batch_sampler=list(numbers) if last_step - first_step < 4096 else _Lazy(numbers),
        num_workers=workers,
        collate_fn=collate,
        persistent_workers=False,
        prefetch_factor=4 if workers else None,
        pin_memory=torch.cuda.is_available(),
    )


def collate(samples: Sequence[Sample]) -> Batch:
    """Samples of one size → a batch.

    Raises:
        InputError: They have different sizes.
    """
    sizes = {sample.frames.shape for sample in samples}
    if len(sizes) > 1:
        named = ", ".join(f"{s.key}: {s.frames.shape}" for s in samples)
        raise InputError(f"clips of different sizes: {named}", hint="set data.size=[W,H]")
    frames = torch.from_numpy(np.stack([sample.frames for sample in samples]))
    lines = [sample.lines for sample in samples if sample.lines is not None]
    moments = [sample.moments for sample in samples if sample.moments is not None]
    return Batch(
        numbers=tuple(sample.number for sample in samples),
        keys=tuple(sample.key for sample in samples),
        frames=frames.permute(0, 1, 4, 2, 3).float().div_(127.5).sub_(1.0),
        lines=torch.from_numpy(np.stack(lines)).unsqueeze(2).float().div_(255.0) if lines else None,
        moments=torch.from_numpy(np.stack(moments)).float() if moments else None,
        captions=tuple(sample.caption for sample in samples),
        motion_fps=torch.tensor([sample.motion_fps for sample in samples]),
        damaged=tuple(message for sample in samples for message in sample.damaged),
    )


class _Lazy:
    """Micro-batches that are made when they are asked for, once."""

    def __init__(self, numbers: Iterator[list[int]]) -> None:
        self._numbers = numbers

    def __iter__(self) -> Iterator[list[int]]:
        return self._numbers


def _micro_batches(
    first_step: int, last_step: int, batch_size: int, per_process: int, micro: int, rank: int
) -> Iterator[list[int]]:
    for step in range(first_step, last_step):
        begin = step * batch_size + rank * per_process
        for offset in range(0, per_process, micro):
            yield list(range(begin + offset, begin + offset + micro))


@functools.lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed_of(seed, epoch, "order")).permutation(count)


def _matching_latents(config: DataConfig, clips: ShardSet) -> LatentSet:
    latents = LatentSet(Path(config.latents or ""))
    if latents.size != config.size:
        raise InputError(
            f"the latents in {config.latents} are of pictures scaled to {latents.size}, "
            f"data.size is {config.size}",
            hint="encode the clips again, or set data.size to the same",
        )
    if config.mirror and not latents.mirrored:
        raise InputError(
            f"data.mirror is {config.mirror}, and {config.latents} has no mirrored drawings",
            hint="encode the clips again with --mirrored, or set data.mirror=0",
        )
    missing = [key for key in clips.keys if key not in latents]
    if missing:
        raise InputError(
            f"{config.latents} lacks the latents of {len(missing)} clips, such as {missing[0]!r}",
            hint="give toontween data encode the same shards",
        )
    return latents


def _extract(frame: np.ndarray) -> UInt8[np.ndarray, "h w"]:
    ink = extract_lines(frame.astype(np.float32) / 255).ink
    return np.rint(ink * 255).astype(np.uint8)
