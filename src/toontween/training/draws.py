"""Random numbers of training that belong to samples, not to processes.

Every sample of a run has a number: the how-manieth it is since the first step. What is drawn for it depends on the run's
seed, its number and the name of the draw alone. So a run that was killed and goes on, and one that is spread over other
processes or micro-batches, draw exactly the same.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor


def seed_of(*parts: int | str) -> int:
    """A seed within 0…2⁶³ − 1 that depends on all parts and their order."""
    text = "/".join(str(part) for part in parts)
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def seed_layers(*parts: int | str) -> None:
    """Seed what cannot be given a generator: the making of new weights, and dropout inside networks."""
    torch.manual_seed(seed_of(*parts))  # noqa: TID251  layers draw from the global state only


class Draws:
    """The random numbers of some samples.

    Args:
        seed: Of the run.
        numbers: Of the samples, in the order of the batch.
        device: Where tensors are wanted; they are drawn on the CPU, so that every device gets the same.
    """

    def __init__(
        self, seed: int, numbers: Sequence[int], *, device: torch.device | str = "cpu"
    ) -> None:
        self._seed = seed
        self.numbers = tuple(numbers)
        self._device = device

    def normal(self, shape: Sequence[int], name: str) -> Float[Tensor, "b ..."]:
        """Unit Gaussian noise of a shape for each sample."""
        drawn = [torch.randn(tuple(shape), generator=self._torch(n, name)) for n in self.numbers]
        return torch.stack(drawn).to(self._device)

    def uniform(self, name: str) -> Float[Tensor, " b"]:
        """A number in 0…1 (1 excluded) for each sample."""
        drawn = [torch.rand((), generator=self._torch(n, name)) for n in self.numbers]
        return torch.stack(drawn).to(self._device)

    def integers(self, below: int, name: str) -> Int[Tensor, " b"]:
        """A whole number in 0…below − 1 for each sample."""
        drawn = [torch.randint(below, (), generator=self._torch(n, name)) for n in self.numbers]
        return torch.stack(drawn).to(self._device)

    def rng(self, index: int, name: str) -> np.random.Generator:
        """A NumPy generator for one sample, counted within the batch."""
        return np.random.default_rng(seed_of(self._seed, self.numbers[index], name))

    def _torch(self, number: int, name: str) -> torch.Generator:
        return torch.Generator().manual_seed(seed_of(self._seed, number, name))
