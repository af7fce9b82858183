"""Measures of the held-out clips, shared out over the processes."""

import math

import torch
from torch import Tensor

from toontween.training.batches import SampleSet, collate
from toontween.training.draws import Draws
from toontween.training.engine import Engine

_AT_ONCE = 4
_SHOWN = 4


@torch.no_grad()
def validate(
    engine: Engine, samples: SampleSet, count: int
) -> tuple[dict[str, float], Tensor, Tensor]:
    """Mean and standard error of every measure, and the first clips as drawn and as they are (0…1).

    The same clips with the same noise at every call, whatever the number of processes.

    Args:
        engine: Of the run.
        samples: The held-out clips.
        count: How many of them, evenly spread over the set.
    """
    accelerator = engine.accelerator
    count = min(count, len(samples))
    chosen = [index * len(samples) // count for index in range(count)]
    world, rank = accelerator.num_processes, accelerator.process_index
    padded = chosen + [chosen[-1]] * (-len(chosen) % (world * _AT_ONCE) if world > 1 else 0)
    mine = padded[rank::world]
    found: list[dict[str, Tensor]] = []
    shown: tuple[Tensor, Tensor] | None = None
    for start in range(0, len(mine), _AT_ONCE):
        numbers = mine[start : start + _AT_ONCE]
        batch = collate([samples[number] for number in numbers]).to(engine.device)
        draws = Draws(engine.config.seed + 1, numbers, device=engine.device)
        with accelerator.autocast():
            found.append(engine.objective.measure(batch, draws))
            if shown is None:
                drawn = engine.objective.sample(batch, draws)
                shown = (drawn[:_SHOWN].cpu(), ((batch.frames + 1) / 2)[:_SHOWN].cpu())
    means: dict[str, float] = {}
    for name in found[0]:
        values = torch.cat([one[name].float().to(engine.device) for one in found])
        if world > 1:
            gathered = accelerator.gather(values)
            values = torch.as_tensor(gathered).unflatten(0, (world, -1)).T.flatten()
        means |= _summary(name, values[:count])
    assert shown is not None  # noqa: S101  there is at least one clip
    return means, *shown


def _summary(name: str, values: Tensor) -> dict[str, float]:
    values = values[torch.isfinite(values)]
    if not len(values):
        return {}
    error = float(values.std()) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return {name: float(values.mean()), f"{name}_error": error}
