"""SepConv as a method: half-way drawings by adaptive separable convolution."""

from jaxtyping import Float
from torch import Tensor

from toontween.interpolators.base import Capabilities, Timing
from toontween.interpolators.learned.pairs import PairInterpolator
from toontween.interpolators.learned.sepconv.network import SepConvNet


class SepConvInterpolator(PairInterpolator):
    """Draws with a SepConv network.

    As in the published script, pictures are continued by their border to multiples of 128 pixels and given to the
    network with their channels in the order blue, green, red.

    Args:
        weights: `sepconv-l1`, `sepconv-lf`, a folder, or `random` for an untrained network.
        device: `auto`, `cpu`, `cuda`, `cuda:1`.

    Raises:
        UnavailableError: The weights or the device are not here.
        UnknownNameError: There are no such weights.
        CheckpointError: The folder holds another network.
    """

    name = "sepconv"
    capabilities = Capabilities(timing=Timing.MIDPOINT, devices=("cpu", "cuda"))
    bytes_per_pixel = 1600
    multiple = 128

    def __init__(self, *, weights: str = "sepconv-l1", device: str = "auto") -> None:
        super().__init__(device=device)
        self.network = self.load(SepConvNet, weights)

    def prepare(
        self, first: Float[Tensor, "1 3 h w"], last: Float[Tensor, "1 3 h w"]
    ) -> tuple[Tensor, Tensor]:
        """Both pictures, their channels reversed."""
        return first.flip(1), last.flip(1)

    def draw(self, prepared: tuple[Tensor, Tensor], time: float) -> Float[Tensor, "1 3 h w"]:  # noqa: ARG002
        """The drawing half-way."""
        return self.network(*prepared).flip(1)
