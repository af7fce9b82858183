"""The loop: batches in, steps taken, measures and checkpoints out. One loop for every objective.

A run lives in a folder and goes on where its last checkpoint was made. Everything random belongs to a sample (see `draws`),
so a run that was killed and one that was not give the same losses.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from toontween.errors import InputError, TrainingError
from toontween.media.files import write_json
from toontween.training.batches import Batch, SampleSet, loader
from toontween.training.checkpoints import (
    latest_checkpoint,
    load_tensors,
    prune_checkpoints,
    read_state,
    save_checkpoint,
)
from toontween.training.config import RunConfig, config_to_dict, read_config
from toontween.training.draws import seed_layers
from toontween.training.engine import Engine
from toontween.training.export import export_model
from toontween.training.objectives.build import build_objective, check_latents, needs_lines
from toontween.training.pace import Pace
from toontween.training.records import Record, read_record
from toontween.training.validation import validate

_FREE_TO_CHANGE = ("loop", "data.workers", "data.validation", "data.on_damaged")
"""Parts of a run that may differ when it goes on."""

Tell = Callable[[str], None]
"""Told what people should know."""


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """How far a run has come."""

    folder: Path
    steps: int
    """Steps done in all."""

    finished: bool
    """Whether all steps are done, and the model exported."""

    model: Path | None
    """The exported model, when finished."""

    measures: dict[str, float]
    """Of the held-out clips at the end; empty when there are none."""

    speaks: bool
    """Whether this process is the one of several that tells people."""


def train(
    config: RunConfig,
    folder: Path,
    *,
    tell: Tell | None = None,
    progress: Callable[[float], None] | None = None,
) -> RunResult:
    """Begin a run, or go on with the one in the folder.

    Args:
        config: What the run is.
        folder: Where its results are; made when it is not there.
        tell: Told what people should know: where it goes on, clips that were skipped.
        progress: Told the part done, 0…1.

    Raises:
        InputError: The folder holds another run, or the configuration is impossible.
        TrainingError: A loss is not finite and the run is to stop then.
        OutputError: The disk is full; the last checkpoint is whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _claim(config, folder)
    run = _Run(config, folder, tell)
    try:
        run.loop(progress)
        return run.finish()
    finally:
        run.close()


class _Run:
    """A run while it lasts."""

    def __init__(self, config: RunConfig, folder: Path, tell: Tell | None) -> None:
        self._config = config
        self._folder = folder
        self._tell_anyone = tell
        self._began = time.monotonic()
        lines = needs_lines(config)
        self._samples = SampleSet(config.data, seed=config.seed, with_lines=lines)
        self._held_out = None
        if config.data.validation:
            self._held_out = SampleSet(
                config.data, seed=config.seed, with_lines=lines, held_out=True
            )
        objective = build_objective(config)
        if self._samples.latents is not None:
            check_latents(objective, self._samples.latents)
        self._engine = Engine(objective, config)
        self._main = self._engine.accelerator.is_main_process
        self._step = self._resume()
        if self._main:
            write_json(folder / "config.json", config_to_dict(config), overwrite=True)
        self._record = Record(folder, first_step=self._step) if self._main else None
        self._saved_at = time.monotonic()
        self._pace = Pace()
        self._was_finished = self._step >= config.loop.steps
        self._measured_at = -1
        self._measures: dict[str, float] = {}
        if self._was_finished and (folder / "record.jsonl").exists():
            self._measures = _last_measures(folder)

    def loop(self, progress: Callable[[float], None] | None) -> None:
        """Take the steps that are left, or as many as there is time for."""
        loop = self._config.loop
        if self._engine.optimizer is None:
            self._step = loop.steps
            return
        batches = iter(self._batches())
        self._pace.begin()
        while self._step < loop.steps and not self._time_is_up():
            values = self._one_step(batches)
            self._step += 1
            self._pace.step_done(loop.batch_size)
            if self._step % loop.log_every == 0 or self._step == loop.steps:
                self._note("train", {**values, **self._pace.values()})
                self._pace.begin()
                if progress is not None:
                    progress(self._step / loop.steps)
            if loop.validate_every and self._step % loop.validate_every == 0:
                self._validate()
                self._pace.begin()
            if self._save_is_due():
                self._save()
        self._save()

    def finish(self) -> RunResult:
        """Measure and export once all steps are done."""
        finished = self._step >= self._config.loop.steps
        model = self._folder / "model"
        if finished and not (self._was_finished and model.is_dir()):
            if self._measured_at != self._step:
                self._validate()
            with self._engine.averaged():
                export_model(self._engine, model, measures=self._measures)
        return RunResult(
            folder=self._folder,
            steps=self._step,
            finished=finished,
            model=model if finished else None,
            measures=self._measures,
            speaks=self._main,
        )

    def close(self) -> None:
        """Close the record and leave the processes' group."""
        if self._record is not None:
            self._record.close()
        self._engine.accelerator.end_training()

    def _one_step(self, batches: Iterator[Batch]) -> dict[str, Any]:
        engine, config = self._engine, self._config
        factor = engine.set_rate(self._step)
        accelerator = engine.accelerator
        parts = self._micro_batches_per_step()
        seed_layers(config.seed, self._step, accelerator.process_index, "layers")
        sums: dict[str, Tensor] = {}
        for part in range(parts):
            batch = self._pace.next_of(batches)
            for message in batch.damaged:
                self._tell(f"skipped: {message}")
                self._note("skipped", {"reason": message})
            with accelerator.no_sync(engine.module) if part + 1 < parts else nullcontext():
                losses, logs = engine.forward(batch, step=self._step)
                total = torch.stack(list(losses.values())).sum()
                if not self._is_finite(total, batch):
                    for _ in range(parts - part - 1):
                        next(batches)
                    engine.forget_gradients()
                    return {"rate": factor}
                accelerator.backward(total / parts)
            for name, value in {**{f"loss/{k}": v for k, v in losses.items()}, **logs}.items():
                sums[name] = sums.get(name, torch.zeros_like(value.detach())) + value.detach()
        norm = engine.step()
        if not math.isfinite(norm) and accelerator.scaler is None:
            self._give_up_or_go_on("a gradient", [])
        values = self._mean(sums, parts)
        return {**values, "gradient": norm, "rate": factor}

    def _mean(self, sums: dict[str, Tensor], parts: int) -> dict[str, float]:
        if (
            self._step + 1
        ) % self._config.loop.log_every and self._step + 1 < self._config.loop.steps:
            return {}
        stacked = torch.stack([value.float() / parts for value in sums.values()])
        mean = self._engine.total(stacked) / self._engine.accelerator.num_processes
        return dict(zip(sums, mean.tolist(), strict=True))

    def _is_finite(self, total: Tensor, batch: Batch) -> bool:
        bad = (~torch.isfinite(total.detach())).float()
        if not float(self._engine.total(bad)):
            return True
        self._give_up_or_go_on("the loss", list(batch.keys) if bad else [])
        return False

    def _give_up_or_go_on(self, what: str, keys: list[str]) -> None:
        clips = f" of clips {', '.join(keys)}" if keys else ""
        message = f"{what}{clips} in step {self._step} is not a finite number"
        if self._config.loop.on_nan == "stop":
            raise TrainingError(
                message,
                hint="lower optimizer.learning_rate, look at those clips, or set loop.on_nan=skip",
            )
        self._tell(f"left out: {message}")
        self._note("skipped", {"reason": message})

    def _batches(self) -> Iterator[Batch]:
        loop, accelerator = self._config.loop, self._engine.accelerator
        return iter(
            loader(  # pyright: ignore[reportReturnType]  batches, made by its collate function
                self._samples,
                first_step=self._step,
                last_step=loop.steps,
                batch_size=loop.batch_size,
                micro_batch_size=self._micro_batch_size(),
                rank=accelerator.process_index,
                world_size=accelerator.num_processes,
                workers=self._config.data.workers,
            )
        )

    def _micro_batch_size(self) -> int:
        per_process = max(1, self._config.loop.batch_size // self._engine.accelerator.num_processes)
        return min(self._config.loop.micro_batch_size or per_process, per_process)

    def _micro_batches_per_step(self) -> int:
        per_process = self._config.loop.batch_size // self._engine.accelerator.num_processes
        return per_process // self._micro_batch_size()

    def _validate(self) -> None:
        if self._held_out is None:
            return
        with self._engine.averaged():
            found, drawn, truth = validate(
                self._engine, self._held_out, self._config.loop.validation_clips
            )
        self._measures, self._measured_at = found, self._step
        self._note("validation", found)
        if self._record is not None:
            self._record.strips(self._step, drawn, truth)

    def _tell(self, message: str) -> None:
        if self._main and self._tell_anyone is not None:
            self._tell_anyone(message)

    def _note(self, kind: str, values: dict[str, Any]) -> None:
        if self._record is not None:
            self._record.add(self._step, kind, values)

    def _resume(self) -> int:
        checkpoint = latest_checkpoint(self._folder)
        self._engine.accelerator.wait_for_everyone()
        if checkpoint is None:
            return 0
        state = read_state(checkpoint)
        for stem, targets in self._engine.targets().items():
            load_tensors(checkpoint, stem, targets)
        self._engine.load_state(state)
        step = int(state["step"])
        self._tell(f"going on after step {step}")
        return step

    def _save_is_due(self) -> bool:
        loop = self._config.loop
        late = time.monotonic() - self._saved_at > 60 * loop.save_minutes
        due = self._step % loop.save_every == 0 or late
        # clocks of processes differ: all do what one of them says
        return self._agreed(due)

    def _time_is_up(self) -> bool:
        minutes = self._config.loop.max_minutes
        return bool(minutes) and self._agreed(time.monotonic() - self._began > 60 * minutes)

    def _agreed(self, value: bool) -> bool:  # noqa: FBT001  one flag is all it is about
        accelerator = self._engine.accelerator
        if accelerator.num_processes == 1:
            return value
        flag = torch.tensor(float(value), device=accelerator.device)
        return bool(float(self._engine.total(flag)))

    def _save(self) -> None:
        tensors = self._engine.gathered()
        if self._main:
            state = {"step": self._step, **self._engine.state()}
            save_checkpoint(self._folder, step=self._step, tensors=tensors, state=state)
            prune_checkpoints(self._folder, keep=self._config.loop.keep)
        self._engine.accelerator.wait_for_everyone()
        self._saved_at = time.monotonic()


def _last_measures(folder: Path) -> dict[str, float]:
    lines = read_record(folder, "validation")
    return {k: v for k, v in lines[-1].items() if k not in ("step", "kind")} if lines else {}


def _claim(config: RunConfig, folder: Path) -> None:
    """Refuse to go on with another run than the folder's."""
    path = folder / "config.json"
    if not path.exists():
        if latest_checkpoint(folder) is not None:
            raise InputError(
                f"{folder} holds checkpoints but no config.json", hint="use another folder"
            )
        return
    before, now = config_to_dict(read_config(path)), config_to_dict(config)
    for name in _FREE_TO_CHANGE:
        for tree in (before, now):
            place, *rest = name.split(".")
            if rest:
                tree[place].pop(rest[0])
            else:
                tree.pop(place)
    if before != now:
        different = next(k for k in now if before.get(k) != now[k])
        raise InputError(
            f"{folder} holds another run: {different!r} differs",
            hint="use another folder, or the same settings; loop.* may change",
        )
