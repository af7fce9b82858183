"""Method `animeinterp`: AnimeInterp's network, with or without matched segments to begin the flow from."""

from jaxtyping import Float
from torch import Tensor

from toontween.errors import InputError
from toontween.interpolators.base import Capabilities, InbetweenRequest, InbetweenResult, Timing
from toontween.interpolators.learned.animeinterp.matching.features import Vgg19Features
from toontween.interpolators.learned.animeinterp.matching.guide import segment_guided_flow
from toontween.interpolators.learned.animeinterp.network import (
    MULTIPLE_PX,
    AnimeInterp,
    PreparedPair,
)
from toontween.interpolators.learned.pairs import PairInterpolator

MATCHINGS = ("none", "segments")
"""What the flow begins from: nothing, or the flow of matched segments, as in the paper."""


class AnimeInterpInterpolator(PairInterpolator):
    """Draws at any time between two keys with AnimeInterp; flow and features are computed once.

    Args:
        weights: A name of published weights, a folder, or "random" for an untrained network.
        device: `auto`, `cpu`, `cuda`, `cuda:1`.
        matching: `segments` begins the flow from matched segments of both drawings, as in the paper; `none` does not,
            is quicker and needs no `vgg`.
        vgg: Weights of the network that compares segments, likewise; not looked for without matching.

    Raises:
        UnavailableError: Weights or the device are not here.
        UnknownNameError: Weights are neither a known name nor a folder.
        CheckpointError: A folder holds another network.
        InputError: There is no such matching, or `device` is not the name of a device.
    """

    name = "animeinterp"
    capabilities = Capabilities(timing=Timing.ANY_TIME, devices=("cpu", "cuda"))
    bytes_per_pixel = 2900
    multiple = MULTIPLE_PX

    def __init__(
        self,
        *,
        weights: str = "animeinterp",
        device: str = "auto",
        matching: str = "segments",
        vgg: str = "vgg19",
    ) -> None:
        super().__init__(device=device)
        if matching not in MATCHINGS:
            raise InputError(f"matching {matching!r}", hint=f"it is {' or '.join(MATCHINGS)}")
        compares = ((Vgg19Features, vgg),) if matching == "segments" else ()
        self.look_for((AnimeInterp, weights), *compares)
        self.network = self.load(AnimeInterp, weights)
        self._segments = (
            self.load(Vgg19Features, vgg, named="vgg") if matching == "segments" else None
        )
        self._matching = matching

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """Draw the pictures at the request's times; `details` says whether segments were matched.

        Raises:
            InputError: The keys are transparent, or the request has options, a prompt or sketches.
            UnavailableError: The pictures would not fit into memory.
            ShapeError: Segments of keys are to be matched that are too small for it.
        """
        drawn = super().inbetween(request)
        details = {**drawn.details, "matching": self._matching}
        return InbetweenResult(drawings=drawn.drawings, details=details)

    def prepare(
        self, first: Float[Tensor, "1 3 h w"], last: Float[Tensor, "1 3 h w"]
    ) -> PreparedPair:
        """Match segments if wanted, estimate the flow both ways, extract features."""
        initial_flows = None
        if self._segments is not None:
            initial_flows = segment_guided_flow(first, last, self._segments)
        return self.network.prepare(first, last, initial_flows=initial_flows)

    def draw(self, prepared: PreparedPair, time: float) -> Float[Tensor, "1 3 h w"]:
        """The drawing at a time."""
        return self.network.draw(prepared, time)
