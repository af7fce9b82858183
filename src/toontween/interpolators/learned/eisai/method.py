"""Method `eisai`: both networks of EISAI behind AnimeInterp's optical flow, at the size they were trained for."""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from toontween.errors import InputError, UnavailableError
from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    InbetweenResult,
    Timing,
)
from toontween.interpolators.checks import check_whole_number
from toontween.interpolators.learned.animeinterp.network import AnimeInterp
from toontween.interpolators.learned.eisai.network import Pair, SoftsplatLite
from toontween.interpolators.learned.eisai.refinement import DistanceTransformModule
from toontween.interpolators.learned.pairs import PairInterpolator
from toontween.runtime import free_memory_bytes
from toontween.shapes import aspects_agree

PUBLISHED_SIZE_PX = (960, 540)
"""Width and height at which the published networks were trained, and at which they draw whatever the keys' size."""

ITERATIONS = 12
"""Updates of the flow, as published."""

SMALLEST_SIDE_PX, LARGEST_SIDE_PX = 64, 4096
"""The flow compares pictures down to a sixty-fourth of their size."""

WORKING_BYTES_PER_PIXEL = 1600
"""Memory for each pixel at which the networks work, correlations not counted; 1430 measured at the published size."""

FEATURE_BYTES = 200_000_000
"""Memory for features, which have one size whatever the working size."""

_CELL_PX = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """Two keys, ready to be drawn between."""

    pair: Pair
    """The keys at the working size, with their flow and features."""

    height: int
    """Height of the keys in pixels."""

    width: int
    """Width of the keys in pixels."""


class EisaiInterpolator(PairInterpolator):
    """Draws at any time between two keys with EISAI; the flow between them is computed once.

    Keys are resized to the working size (bilinearly, with anti-aliasing where they shrink) and the drawings back. Keys
    of another aspect ratio are stretched, as the published method does; the result's details say so.

    Args:
        ssl: Weights of the synthesis (published as `ssl.pt`): a name, a folder, or "random" for an untrained network.
        dtm: Weights of the refinement (published as `dtm.pt`), likewise.
        flow: Weights of AnimeInterp, of which the flow is used, likewise.
        device: `auto`, `cpu`, `cuda`, `cuda:1`.
        working_size: Width and height to work at in pixels, 64…4096 each.

    Raises:
        UnavailableError: Weights or the device are not here.
        UnknownNameError: Weights are neither a known name nor a folder.
        CheckpointError: A folder holds another network.
        InputError: The working size is not two whole numbers in range, or `device` is not the name of a device.
    """

    name = "eisai"
    capabilities = Capabilities(timing=Timing.ANY_TIME, devices=("cpu", "cuda"))
    bytes_per_pixel = 60

    def __init__(
        self,
        *,
        ssl: str = "eisai-ssl",
        dtm: str = "eisai-dtm",
        flow: str = "animeinterp",
        device: str = "auto",
        working_size: Sequence[int] = PUBLISHED_SIZE_PX,
    ) -> None:
        super().__init__(device=device)
        self._width, self._height = _check_size(working_size)
        self.look_for((AnimeInterp, flow), (SoftsplatLite, ssl), (DistanceTransformModule, dtm))
        self.flow = self.load(AnimeInterp, flow, named="flow").flownet
        self.synthesis = self.load(SoftsplatLite, ssl, named="ssl")
        self.refinement = self.load(DistanceTransformModule, dtm, named="dtm")

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """Draw the pictures at the request's times.

        `details` names the working size, and warns when the keys were stretched to it.

        Raises:
            InputError: The keys are transparent, or the request has options, a prompt or sketches.
            UnavailableError: The pictures would not fit into memory.
        """
        drawn = super().inbetween(request)
        details = {**drawn.details, "working_size": (self._width, self._height)}
        height, width, _ = request.first.shape
        if drawn.drawings and not aspects_agree((height, width), (self._height, self._width)):
            details["warnings"] = [
                f"keys of {width}×{height} were stretched to {self._width}×{self._height}, "
                "at which EISAI works, and the drawings back"
            ]
        return InbetweenResult(drawings=drawn.drawings, details=details)

    def prepare(self, first: Float[Tensor, "1 3 h w"], last: Float[Tensor, "1 3 h w"]) -> Prepared:
        """Resize the keys and compute all that does not depend on the time.

        Raises:
            UnavailableError: Not enough memory is free for work at the working size.
        """
        self._check_working_memory()
        height, width = first.shape[2:]
        first, last = (self._resize(key, self._height, self._width) for key in (first, last))
        # the published method gives the flow pictures in 0…1, although it was trained on −1…1
        pair = self.synthesis.describe(
            first,
            last,
            forward_flow=self.flow(first, last, iterations=ITERATIONS),
            backward_flow=self.flow(last, first, iterations=ITERATIONS),
        )
        return Prepared(pair=pair, height=height, width=width)

    def draw(self, prepared: Prepared, time: float) -> Float[Tensor, "1 3 h w"]:
        """The drawing at a time, resized to the keys' size."""
        picture, _ = self.refinement(self.synthesis(prepared.pair, time=time))
        return self._resize(picture, prepared.height, prepared.width)

    @staticmethod
    def _resize(pictures: Tensor, height: int, width: int) -> Tensor:
        if tuple(pictures.shape[2:]) == (height, width):
            return pictures
        return F.interpolate(
            pictures, (height, width), mode="bilinear", align_corners=False, antialias=True
        )

    def _check_working_memory(self) -> None:
        if self.device.type != "cpu":
            return
        pixels = self._width * self._height
        correlations = 2 * 4 * (pixels / _CELL_PX**2) ** 2
        needed = FEATURE_BYTES + pixels * WORKING_BYTES_PER_PIXEL + correlations
        free = free_memory_bytes()
        if needed > free:
            raise UnavailableError(
                f"method {self.name!r} needs about {needed / 1e9:.1f} GB to work at "
                f"{self._width}×{self._height}; {free / 1e9:.1f} GB are free",
                hint="give it a smaller working_size",
            )


def _check_size(size: Sequence[int]) -> tuple[int, int]:
    if isinstance(size, str) or len(size) != 2:
        raise InputError(
            f"working size {size!r} is not a width and a height", hint="for example [960, 540]"
        )
    width, height = size
    for name, side in (("width", width), ("height", height)):
        check_whole_number(
            f"working {name}", side, at_least=SMALLEST_SIDE_PX, at_most=LARGEST_SIDE_PX
        )
    return width, height
