"""Checkpoints of a run: folders of safetensors that are there whole or not at all.

    checkpoints/step-00002000/weights.safetensors     the trained parameters, by name
                              optimizer.safetensors   their moments
                              ema.safetensors         their running means
                              state.json              the step, and what else the loop must know

What is not trained is not stored: it comes from where the run started. Tensors are stored whole, so a run that was spread
over some processes may go on over others.
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor

from toontween.errors import CheckpointError
from toontween.media.files import disk_errors

_FOLDER = "checkpoints"


def save_checkpoint(
    run: Path, *, step: int, tensors: Mapping[str, Mapping[str, Tensor]], state: Mapping[str, Any]
) -> Path:
    """Write a checkpoint under a hidden name, flush it to the disk and give it its name.

    Args:
        run: The run's folder.
        step: Steps done.
        tensors: File stem → name → tensor, on the CPU.
        state: Ready for JSON.

    Raises:
        OutputError: The disk is full or cannot be written; older checkpoints are untouched.
    """
    target = run / _FOLDER / f"step-{step:08d}"
    part = target.with_name(f".{target.name}.part")
    with disk_errors(target):
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        try:
            for stem, named in tensors.items():
                _save_tensors(named, part / f"{stem}.safetensors", target)
            (part / "state.json").write_text(json.dumps(state, indent=2) + "\n", "utf-8")
            for file in part.iterdir():
                _flush(file)
            _flush(part)
            if target.exists():
                shutil.rmtree(target)
            part.rename(target)
            _flush(target.parent)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    return target


def latest_checkpoint(run: Path) -> Path | None:
    """The furthest checkpoint of a run, None when there is none."""
    found = sorted((run / _FOLDER).glob("step-*"))
    return found[-1] if found else None


def prune_checkpoints(run: Path, *, keep: int) -> None:
    """Remove all but the last few checkpoints, and what a killed run left of unfinished ones."""
    folder = run / _FOLDER
    for path in sorted(folder.glob("step-*"))[: -max(1, keep)]:
        shutil.rmtree(path)
    for path in folder.glob(".step-*.part"):
        shutil.rmtree(path, ignore_errors=True)


def read_state(checkpoint: Path) -> dict[str, Any]:
    """What `save_checkpoint` was given as state.

    Raises:
        CheckpointError: It cannot be read.
    """
    try:
        return json.loads((checkpoint / "state.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{checkpoint} has no readable state: {error}") from error


@torch.no_grad()
def load_tensors(checkpoint: Path, stem: str, targets: Mapping[str, Tensor]) -> None:
    """Copy stored tensors into those of the same names, one after the other.

    Raises:
        CheckpointError: The file is damaged, or names or shapes differ.
    """
    path = checkpoint / f"{stem}.safetensors"
    try:
        with safe_open(str(path), framework="pt") as file:
            stored = set(file.keys())
            if stored != set(targets):
                odd = sorted(stored ^ set(targets))[0]
                raise CheckpointError(
                    f"{path} does not belong to this run: {odd!r} is in one of them only",
                    hint="use the configuration the run was begun with, or another folder",
                )
            for name, target in targets.items():
                _copy(target, file.get_tensor(name), name, path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error


def whole(tensor: Tensor) -> Tensor:
    """A tensor on the CPU, gathered from all processes that hold parts of it; all of them must call this."""
    if isinstance(tensor, DTensor):
        tensor = tensor.full_tensor()
    return tensor.detach().to("cpu", copy=True).contiguous()


def moments(
    optimizer: torch.optim.Optimizer, named: list[tuple[str, nn.Parameter]]
) -> dict[str, Tensor]:
    """The optimizer's tensors, by the parameter's name and their own; made when no step has been taken yet."""
    found: dict[str, Tensor] = {}
    for name, parameter in named:
        state = optimizer.state[parameter]
        if not state:
            state["step"] = torch.tensor(0.0)
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        for kind in ("step", "exp_avg", "exp_avg_sq"):
            found[f"{name}/{kind}"] = state[kind]
    return found


def _copy(target: Tensor, value: Tensor, name: str, path: Path) -> None:
    if value.shape != target.shape:
        raise CheckpointError(
            f"{name!r} in {path} is {tuple(value.shape)}, the run's is {tuple(target.shape)}"
        )
    if isinstance(target, DTensor):
        value = distribute_tensor(value.to(target.device), target.device_mesh, target.placements)
    target.copy_(value)


def _save_tensors(named: Mapping[str, Tensor], path: Path, target: Path) -> None:
    try:
        save_file(dict(named), path)
    except SafetensorError as error:  # its own word for what the operating system said
        found = shutil.disk_usage(path.parent).free
        size = sum(t.numel() * t.element_size() for t in named.values())
        if found < size:
            raise OSError(28, os.strerror(28), str(path)) from error
        raise CheckpointError(f"{target} cannot be written: {error}") from error


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
