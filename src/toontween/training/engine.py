"""An objective on accelerate's engine: processes, precision, sharding, the optimizer and the running means.

The objective's networks are wrapped as one module whose forward pass gives the losses, so that DDP and FSDP2 see every
forward pass; which of them is used is decided by `accelerate launch` alone.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from accelerate import Accelerator
from diffusers import ModelMixin
from diffusers.training_utils import EMAModel
from torch import Tensor, nn

from toontween.training.batches import Batch
from toontween.training.checkpoints import moments, whole
from toontween.training.config import LoopConfig, OptimizerConfig, RunConfig
from toontween.training.draws import Draws
from toontween.training.objectives.base import Losses, Objective


class LossModule(nn.Module):
    """All networks that are trained, with the losses as forward pass."""

    def __init__(self, objective: Objective) -> None:
        super().__init__()
        self.networks = nn.ModuleDict(dict(objective.networks))
        self._objective = [objective]  # in a list: not a part of this module

    def forward(
        self, batch: Batch, draws: Draws, step: int
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Losses by group, and what is worth recording."""
        losses: Losses = self._objective[0].losses(batch, draws, step=step)
        return losses.by_group, losses.logs


class Engine:
    """What takes the optimizer's steps.

    Args:
        objective: What is trained.
        config: Of the run.
    """

    def __init__(self, objective: Objective, config: RunConfig) -> None:
        self.config = config
        self.objective = objective
        self.accelerator = Accelerator(
            mixed_precision=config.loop.precision,
            step_scheduler_with_optimizer=False,
        )
        _prepare_networks(objective, config.loop, self.accelerator.device)
        groups = objective.trained()
        for parameter in (p for named in groups.values() for _, p in named):
            parameter.requires_grad = True
        optimizer = build_optimizer(groups, config.optimizer) if groups else None
        module = LossModule(objective).to(self.accelerator.device)
        if optimizer is None:
            self.module, self.optimizer = module, None
        else:
            self.module, self.optimizer = self.accelerator.prepare(module, optimizer)
        # sharding replaces parameters: ask again
        self.named = [one for named in objective.trained().values() for one in named]
        self.ema: EMAModel | None = None
        if config.loop.ema_decay and self.named:
            self.ema = EMAModel([p for _, p in self.named], decay=config.loop.ema_decay)

    @property
    def device(self) -> torch.device:
        """Where batches are wanted."""
        return self.accelerator.device

    def forward(self, batch: Batch, *, step: int) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Losses of a micro-batch; its draws belong to its samples."""
        draws = Draws(self.config.seed, batch.numbers, device=self.device)
        return self.module(batch.to(self.device), draws, step)

    def set_rate(self, step: int) -> float:
        """Give every group of parameters its learning rate for a step; returns the schedule's factor."""
        factor = rate_factor(step, self.config.optimizer, self.config.loop.steps)
        for group in self._inner().param_groups:
            group["lr"] = group["rate"] * factor
        return factor

    def step(self) -> float:
        """Clip the gradients and take an optimizer step; the gradients' length."""
        assert self.optimizer is not None  # noqa: S101  a run without parameters takes no steps
        clip = self.config.optimizer.clip_norm or math.inf
        length = self.accelerator.clip_grad_norm_([p for _, p in self.named], clip)
        norm = float(whole(length)) if isinstance(length, Tensor) else float(length or 0.0)
        if math.isfinite(norm) or self.accelerator.scaler is not None:
            self.optimizer.step()
            if self.ema is not None:
                self.ema.step([p for _, p in self.named])
        self.optimizer.zero_grad(set_to_none=True)
        return norm

    def total(self, value: Tensor) -> Tensor:
        """A sum over all processes."""
        return torch.as_tensor(self.accelerator.reduce(value, reduction="sum"))

    def forget_gradients(self) -> None:
        """Drop what has been accumulated."""
        if self.optimizer is not None:
            self.optimizer.zero_grad(set_to_none=True)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Put the running means of the weights in their places for a while, and networks into evaluation mode."""
        parameters = [p for _, p in self.named]
        if self.ema is not None:
            self.ema.store(parameters)
            self.ema.copy_to(parameters)
        self.module.eval()
        try:
            yield
        finally:
            self.module.train()
            if self.ema is not None:
                self.ema.restore(parameters)

    def targets(self) -> dict[str, dict[str, Tensor]]:
        """File stem → name → the tensors that a checkpoint holds, in place."""
        found: dict[str, dict[str, Tensor]] = {"weights": dict(self.named)}
        if self.optimizer is not None:
            found["optimizer"] = moments(self._inner(), self.named)
        if self.ema is not None:
            names = [name for name, _ in self.named]
            found["ema"] = dict(zip(names, self.ema.shadow_params, strict=True))
        return found

    def gathered(self) -> dict[str, dict[str, Tensor]]:
        """The same, copied to the CPU and whole; all processes must call this."""
        return {
            stem: {name: whole(tensor) for name, tensor in named.items()}
            for stem, named in self.targets().items()
        }

    def state(self) -> dict[str, Any]:
        """What else must be remembered."""
        scaler = self.accelerator.scaler
        return {
            "ema_step": 0 if self.ema is None else self.ema.optimization_step,
            "scaler": None if scaler is None else scaler.state_dict(),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take it up again."""
        if self.ema is not None:
            self.ema.optimization_step = int(state["ema_step"])
        if self.accelerator.scaler is not None and state["scaler"]:
            self.accelerator.scaler.load_state_dict(dict(state["scaler"]))

    def _inner(self) -> torch.optim.Optimizer:
        assert self.optimizer is not None  # noqa: S101  a run without parameters has no optimizer
        return getattr(self.optimizer, "optimizer", self.optimizer)


def build_optimizer(
    groups: Mapping[str, list[tuple[str, nn.Parameter]]], config: OptimizerConfig
) -> torch.optim.AdamW:
    """AdamW over groups of parameters, each with its own rate."""
    return torch.optim.AdamW(
        [
            {
                "params": [parameter for _, parameter in named],
                "rate": config.group_rates.get(group, config.learning_rate),
                "lr": config.group_rates.get(group, config.learning_rate),
            }
            for group, named in groups.items()
        ],
        betas=config.betas,
        eps=config.eps,
        weight_decay=config.weight_decay,
    )


def rate_factor(step: int, config: OptimizerConfig, steps: int) -> float:
    """Share of the learning rate at a step: a linear warm-up, then constant or a cosine down to a hundredth."""
    if step < config.warmup_steps:
        return (step + 1) / config.warmup_steps
    if config.decay == "constant":
        return 1.0
    done = (step - config.warmup_steps) / max(1, steps - config.warmup_steps)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def supports_checkpointing(network: nn.Module) -> bool:
    """Whether a network's activations can be computed again; diffusers' own switch refuses networks that cannot."""
    return isinstance(network, ModelMixin) and bool(network._supports_gradient_checkpointing)  # noqa: SLF001


def _prepare_networks(objective: Objective, loop: LoopConfig, device: torch.device) -> None:
    for network in (*objective.networks.values(), *objective.frozen.values()):
        network.requires_grad_(requires_grad=False).to(device)
        # gradients pass through the sketch encoder's denoiser, though it is frozen
        if loop.gradient_checkpointing and supports_checkpointing(network):
            enable: Any = network.enable_gradient_checkpointing
            enable()
    for network in objective.frozen.values():
        network.eval()
    for network in objective.networks.values():
        network.train()
        if loop.compile:
            network.compile()
