"""The trained networks as a folder to draw with: there whole, or not at all."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from toontween.media.files import disk_errors
from toontween.training.checkpoints import whole
from toontween.training.engine import Engine


def export_model(engine: Engine, folder: Path, *, measures: Mapping[str, float]) -> Path:
    """Write the networks as they are now, replacing an earlier export.

    All processes must call this; one of them writes.

    Args:
        engine: Of the run.
        folder: Where to.
        measures: Of the held-out clips, as they were found last.

    Raises:
        OutputError: The disk is full; the earlier export is untouched.
    """
    accelerator = engine.accelerator
    sharded = accelerator.distributed_type.name == "FSDP"
    weights = _gathered(engine) if sharded else {}
    if accelerator.is_main_process:
        if sharded:
            _replace(engine, weights)
        part = folder.with_name(f".{folder.name}.part")
        with disk_errors(folder):
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            engine.objective.export(part, measures=measures)
            old = folder.with_name(f".{folder.name}.old")
            shutil.rmtree(old, ignore_errors=True)
            if folder.exists():
                folder.rename(old)
            part.rename(folder)
            shutil.rmtree(old, ignore_errors=True)
    accelerator.wait_for_everyone()
    return folder


def _gathered(engine: Engine) -> dict[str, Tensor]:
    return {
        f"{key}.{name}": whole(parameter)
        for key, network in engine.objective.networks.items()
        for name, parameter in network.named_parameters()
    }


def _replace(engine: Engine, weights: dict[str, Tensor]) -> None:
    """Put whole weights in the places of sharded ones; the run is over, so nothing needs the shards any more."""
    for key, network in engine.objective.networks.items():
        for name in [name for name, _ in network.named_parameters()]:
            place, _, leaf = name.rpartition(".")
            whole_value = nn.Parameter(weights[f"{key}.{name}"], requires_grad=False)
            setattr(network.get_submodule(place), leaf, whole_value)
