"""PhaseNet as a method: half-way drawings by predicted phases and amplitudes."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from toontween.interpolators.base import Capabilities, InbetweenRequest, InbetweenResult, Timing
from toontween.interpolators.checks import check_memory
from toontween.interpolators.learned.pairs import PairInterpolator
from toontween.interpolators.learned.phasenet.network import Decomposition, PhaseNet
from toontween.interpolators.learned.phasenet.pyramid import HalfOctavePyramid, square_side
from toontween.interpolators.ops.lab import lab_to_rgb, rgb_to_lab

BYTES_PER_SQUARE_PIXEL = 2600
"""Peak memory measured for each pixel of the square the pictures are put into."""

_OFFSETS, _SPANS = (0.0, 128.0, 128.0), (100.0, 255.0, 255.0)


class PhaseNetInterpolator(PairInterpolator):
    """Draws with a PhaseNet network.

    Pictures are put into a square with black to the right and below, its side in half-octaves; the planes of L*a*b* are
    drawn one by one. The finest details, those of the pyramid's high-pass, are not drawn at all.

    Args:
        weights: `phasenet`, a folder, or `random` for an untrained network.
        device: `auto`, `cpu`, `cuda`, `cuda:1`.

    Raises:
        UnavailableError: The weights or the device are not here.
        UnknownNameError: There are no such weights.
        CheckpointError: The folder holds another network.
    """

    name = "phasenet"
    capabilities = Capabilities(timing=Timing.MIDPOINT, devices=("cpu", "cuda"))
    padding = "zeros"

    def __init__(self, *, weights: str = "phasenet", device: str = "auto") -> None:
        super().__init__(device=device)
        self.network = self.load(PhaseNet, weights)

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """As for all networks that draw between a pair.

        Raises:
            InputError: As for `PairInterpolator`.
            UnavailableError: The square around the pictures would not fit into memory.
        """
        height, width, _ = request.first.shape
        if self.device.type == "cpu":
            square = square_side(max(height, width)) ** 2
            needed = math.ceil(BYTES_PER_SQUARE_PIXEL * square / (height * width))
            check_memory(self.name, request, bytes_per_pixel=needed)
        return super().inbetween(request)

    def prepare(
        self, first: Float[Tensor, "1 3 s s"], last: Float[Tensor, "1 3 s s"]
    ) -> tuple[HalfOctavePyramid, list[Decomposition], list[Decomposition]]:
        """The pyramid, and what it finds in each plane of both pictures."""
        pyramid = HalfOctavePyramid(first.shape[-1])
        planes, other_planes = to_planes(first), to_planes(last)
        return (
            pyramid,
            [pyramid.decompose(plane) for plane in planes],
            [pyramid.decompose(plane) for plane in other_planes],
        )

    def draw(
        self,
        prepared: tuple[HalfOctavePyramid, list[Decomposition], list[Decomposition]],
        time: float,  # noqa: ARG002
    ) -> Float[Tensor, "1 3 s s"]:
        """The drawing half-way, one plane after another to keep the features of one only."""
        pyramid, first, last = prepared
        drawn = [
            pyramid.recompose(self.network(one, other))
            for one, other in zip(first, last, strict=True)
        ]
        return from_planes(torch.stack(drawn))

    def _margins(self, height: int, width: int) -> tuple[int, int, int, int]:
        side = square_side(max(height, width))
        return 0, side - width, 0, side - height


def to_planes(picture: Float[Tensor, "1 3 h w"]) -> Float[Tensor, "3 1 h w"]:
    """L*a*b* of a picture in 0…1, each plane brought into about 0…1: L* / 100, (a* + 128) / 255, (b* + 128) / 255."""
    lab = rgb_to_lab(picture)
    offsets, spans = (lab.new_tensor(values)[:, None, None] for values in (_OFFSETS, _SPANS))
    return ((lab + offsets) / spans).transpose(0, 1)


def from_planes(planes: Float[Tensor, "3 1 h w"]) -> Float[Tensor, "1 3 h w"]:
    """The picture in 0…1 of such planes; colours outside the gamut are clipped."""
    lab = planes.transpose(0, 1)
    offsets, spans = (lab.new_tensor(values)[:, None, None] for values in (_OFFSETS, _SPANS))
    return lab_to_rgb(lab * spans - offsets)
