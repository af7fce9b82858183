"""Drawings along a flow: both keys carried by softmax splatting, holes filled by a crossfade.

Where the flow comes from is for the methods to say. A pixel weighs exp(−sharpness · |a − b at the flow's end|), the
photometric metric of softmax splatting (Niklaus and Liu, CVPR 2020, equation 8).
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from toontween.interpolators.base import InbetweenRequest, InbetweenResult, Interpolator, Picture
from toontween.interpolators.checks import check_memory, check_number, check_request, override
from toontween.interpolators.classical.premultiplied import to_layer, to_picture
from toontween.interpolators.ops.splat import softmax_splat
from toontween.interpolators.ops.warp import backwarp
from toontween.media.frames import composite_over

Flow = Float[Tensor, "1 2 h w"]
"""Where each pixel goes, pixels: (right, down)."""

HOLE_WEIGHT = 1e-3
"""Where the splatted weights sum to less, nothing worth showing landed and the crossfade shows."""

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowSettings:
    """Settings of the methods that follow a flow.

    Raises:
        InputError: A value is out of range.
    """

    sharpness: float = 20.0
    """How sharply pixels that do not match at the other end of their flow lose their weight, 0…80."""

    def __post_init__(self) -> None:
        check_number("sharpness", self.sharpness, at_least=0.0, at_most=80.0)


class AlongFlowInterpolator(Interpolator):
    """Moves both keys along their flow and blends what lands. Subclasses estimate the flow.

    Args:
        sharpness: See `FlowSettings`.

    Raises:
        InputError: A value is out of range.
    """

    bytes_per_pixel: int
    """Peak memory for each pixel, the drawings not counted."""

    def __init__(self, *, sharpness: float = 20.0) -> None:
        self._settings = FlowSettings(sharpness=sharpness)

    @abstractmethod
    def estimate(self, first: Picture, last: Picture) -> tuple[Flow, Flow]:
        """Flow from the first key to the last and back, on the CPU; keys are RGB or RGBA."""

    @abstractmethod
    def estimator_details(self) -> Mapping[str, Any]:
        """What provenance should say of the estimator."""

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """Splatted blends; the flow is estimated once and scaled to every time.

        Raises:
            InputError: An option is unknown or out of range, or the request has a prompt or sketches.
            UnavailableError: The pictures would not fit into memory.
        """
        check_request(self, request)
        check_memory(self.name, request, bytes_per_pixel=self.bytes_per_pixel)
        settings = override(self._settings, request.options, method=self.name)
        details = {"settings": asdict(settings), **self.estimator_details()}
        if not request.times:
            return InbetweenResult(drawings=[], details=details)
        first, last = to_layer(request.first)[None], to_layer(request.last)[None]
        forward, backward = self.estimate(request.first, request.last)
        first_metric = _photometric_metric(first, last, forward, settings.sharpness)
        last_metric = _photometric_metric(last, first, backward, settings.sharpness)
        drawings: list[Picture] = []
        for done, time in enumerate(request.times, start=1):
            sums, weights = softmax_splat(first, forward * time, first_metric)
            other_sums, other_weights = softmax_splat(last, backward * (1 - time), last_metric)
            weight = weights.lerp(other_weights, time)
            moved = sums.lerp(other_sums, time) / weight.clamp(min=HOLE_WEIGHT)
            drawing = torch.where(weight > HOLE_WEIGHT, moved, first.lerp(last, time))
            drawings.append(to_picture(drawing[0]))
            if request.progress is not None:
                request.progress(done, len(request.times))
        return InbetweenResult(drawings=drawings, details=details)


def on_ground(first: Picture, last: Picture) -> tuple[Picture, Picture]:
    """Both keys as RGB: transparent ones on black or white, whichever is further from what is drawn."""
    ground = 0.0
    if first.shape[2] == 4:
        alphas = [picture[..., 3] for picture in (first, last)]
        drawn = [picture[..., :3] @ LUMA for picture in (first, last)]
        bright = sum(float((luma * alpha).sum()) for luma, alpha in zip(drawn, alphas, strict=True))
        ground = 0.0 if bright > 0.5 * sum(float(alpha.sum()) for alpha in alphas) else 1.0
    colour = (ground, ground, ground)
    return composite_over(first, colour), composite_over(last, colour)


def _photometric_metric(
    here: Float[Tensor, "1 c h w"],
    there: Float[Tensor, "1 c h w"],
    flow: Flow,
    sharpness: float,
) -> Float[Tensor, "1 1 h w"]:
    mismatch = (here - backwarp(there, flow)).abs().mean(dim=1, keepdim=True)
    return -sharpness * mismatch
