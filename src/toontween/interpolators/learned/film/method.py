"""Method `film`: FILM's network; other times than the half are reached by halves of halves, as its authors do it."""

from jaxtyping import Float
from torch import Tensor

from toontween.interpolators.base import Capabilities, Timing
from toontween.interpolators.learned.film.network import FilmNet
from toontween.interpolators.learned.pairs import PairInterpolator


class FilmInterpolator(PairInterpolator):
    """Draws half-way between two keys with FILM.

    Args:
        weights: A name of published weights, a folder, or "random" for an untrained network.
        device: `auto`, `cpu`, `cuda`, `cuda:1`.

    Raises:
        UnavailableError: The weights or the device are not here.
        UnknownNameError: The weights are neither a known name nor a folder.
        CheckpointError: The folder holds another network.
        InputError: `device` is not the name of a device.
    """

    name = "film"
    capabilities = Capabilities(timing=Timing.MIDPOINT, devices=("cpu", "cuda"))
    bytes_per_pixel = 6000
    placed = "centre"
    padding = "zeros"

    def __init__(self, *, weights: str = "film", device: str = "auto") -> None:
        super().__init__(device=device)
        self.network = self.load(FilmNet, weights)
        self.multiple = self.network.multiple

    def prepare(
        self, first: Float[Tensor, "1 3 h w"], last: Float[Tensor, "1 3 h w"]
    ) -> tuple[Tensor, Tensor]:
        """The pictures as they are: one drawing is all there is to make of them."""
        return first, last

    def draw(self, prepared: tuple[Tensor, Tensor], time: float) -> Float[Tensor, "1 3 h w"]:  # noqa: ARG002
        """The drawing half-way; the base has made sure that no other time is asked for."""
        first, last = prepared
        return self.network(first, last)
