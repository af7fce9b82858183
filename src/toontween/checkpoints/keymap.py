"""Published parameter names → ours, as immutable data.

A `KeyMap` is an ordered tuple of rules; the first rule whose pattern matches a whole source name decides where its
tensor goes. Every source name must be taken by a rule or listed as unused: nothing is dropped in silence, and no two
sources may land on one target. The maps themselves stand in `toontween.checkpoints.maps`, one module a component.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor

from toontween.errors import CheckpointError

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Rule:
    """Where the tensors whose names match a pattern go."""

    pattern: str
    """Regular expression for the whole source name."""

    targets: tuple[str, ...]
    """Templates of target names (`\\1` … for groups); several cut the tensor into equal parts along its first axis."""

    squeeze: int = 0
    """Trailing axes of length one to drop: a 1×1 convolution stored where we keep a linear layer."""

    unsqueeze: int = 0
    """Trailing axes of length one to add: a linear layer stored where we keep a 1×1 convolution."""


@dataclass(frozen=True, slots=True)
class Move:
    """One source tensor and the target names it becomes."""

    source: str
    targets: tuple[str, ...]
    squeeze: int
    unsqueeze: int

    def apply(self, tensor: Tensor) -> dict[str, Tensor]:
        """Cut and reshape a source tensor.

        Raises:
            CheckpointError: The tensor cannot be cut or squeezed as the rule says.
        """
        shape = tuple(tensor.shape)
        if self.squeeze:
            if shape[-self.squeeze :] != (1,) * self.squeeze:
                raise CheckpointError(f"{self.source} has shape {shape}; expected trailing ones")
            tensor = tensor.reshape(shape[: -self.squeeze])
        if self.unsqueeze:
            tensor = tensor.reshape(shape + (1,) * self.unsqueeze)
        if len(self.targets) == 1:
            return {self.targets[0]: tensor}
        if not shape or shape[0] % len(self.targets):
            raise CheckpointError(
                f"{self.source} of shape {shape} is not {len(self.targets)} parts"
            )
        return dict(zip(self.targets, tensor.chunk(len(self.targets)), strict=True))


@dataclass(frozen=True, slots=True)
class KeyMap:
    """Rules from the published names of one component to ours."""

    component: str
    """What the map is for, used in messages: "UNet", "autoencoder"."""

    rules: tuple[Rule, ...]
    """Tried in order; the first match wins."""

    unused: tuple[str, ...] = ()
    """Patterns of published names that the method does not need; they are listed, not loaded."""

    def plan(self, names: Iterable[str]) -> tuple[list[Move], list[str]]:
        """Decide where every source name goes.

        Returns:
            The moves, and the names that are known to be unused.

        Raises:
            CheckpointError: A name is unknown to the map, or two sources claim one target.
        """
        moves: list[Move] = []
        unused: list[str] = []
        unknown: list[str] = []
        for name in names:
            move = self._move(name)
            if move is not None:
                moves.append(move)
            elif any(re.fullmatch(pattern, name) for pattern in self.unused):
                unused.append(name)
            else:
                unknown.append(name)
        if unknown:
            raise CheckpointError(
                f"{len(unknown)} tensors are not part of the {self.component}: "
                + ", ".join(unknown[:_SHOWN])
                + (", …" if len(unknown) > _SHOWN else "")
            )
        self._refuse_collisions(moves)
        return moves, unused

    def convert(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Our names and shapes for all tensors of the component; nothing is copied that need not be.

        Raises:
            CheckpointError: As for `plan`, or a tensor has an impossible shape.
        """
        moves, _ = self.plan(tensors)
        converted: dict[str, Tensor] = {}
        for move in moves:
            converted.update(move.apply(tensors[move.source]))
        return converted

    def _move(self, name: str) -> Move | None:
        for rule in self.rules:
            match = re.fullmatch(rule.pattern, name)
            if match:
                targets = tuple(match.expand(target) for target in rule.targets)
                return Move(name, targets, rule.squeeze, rule.unsqueeze)
        return None

    def _refuse_collisions(self, moves: list[Move]) -> None:
        owner: dict[str, str] = {}
        for move in moves:
            for target in move.targets:
                if target in owner:
                    raise CheckpointError(
                        f"{owner[target]} and {move.source} both become {target} in the {self.component}"
                    )
                owner[target] = move.source
