"""Flow: dense optical flow both ways, both keys carried along it by softmax splatting, holes filled by a crossfade.

The flow is OpenCV's DIS (Kroeger et al., ECCV 2016) on grey pictures; DIS splits its work into a fixed number of
stripes, so the number of threads does not change it. A pixel weighs exp(−sharpness · |a − b at the flow's end|), the
photometric metric of softmax splatting (Niklaus and Liu, CVPR 2020, equation 8).
"""

from dataclasses import asdict, dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Picture,
    Timing,
)
from toontween.interpolators.checks import check_memory, check_number, check_request, override
from toontween.interpolators.classical.premultiplied import to_layer, to_picture
from toontween.interpolators.ops.splat import softmax_splat
from toontween.interpolators.ops.warp import backwarp
from toontween.media.frames import composite_over

BYTES_PER_PIXEL = 330
"""Peak memory measured at 1920×1080, the drawings not counted."""

SMALLEST_SIDE_PX = 16
"""DIS refuses pictures below its patch size; smaller ones are continued by their border."""

HOLE_WEIGHT = 1e-3
"""Where the splatted weights sum to less, nothing worth showing landed and the crossfade shows."""

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowSettings:
    """Settings of method `flow`.

    Raises:
        InputError: A value is out of range.
    """

    sharpness: float = 20.0
    """How sharply pixels that do not match at the other end of their flow lose their weight, 0…80."""

    def __post_init__(self) -> None:
        check_number("sharpness", self.sharpness, at_least=0.0, at_most=80.0)


class FlowInterpolator(Interpolator):
    """Moves both keys along their optical flow and blends what lands.

    Args:
        sharpness: See `FlowSettings`.

    Raises:
        InputError: A value is out of range.
    """

    name = "flow"
    capabilities = Capabilities(timing=Timing.ANY_TIME, alpha=True)

    def __init__(self, *, sharpness: float = 20.0) -> None:
        self._settings = FlowSettings(sharpness=sharpness)

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        """Splatted blends; the flow is estimated once and scaled to every time.

        Raises:
            InputError: An option is unknown or out of range, or the request has a prompt or sketches.
        """
        check_request(self, request)
        check_memory(self.name, request, bytes_per_pixel=BYTES_PER_PIXEL)
        settings = override(self._settings, request.options, method=self.name)
        details = {"settings": asdict(settings), "opencv": cv2.__version__}
        if not request.times:
            return InbetweenResult(drawings=[], details=details)
        first, last = to_layer(request.first)[None], to_layer(request.last)[None]
        forward, backward = estimate_flow(request.first, request.last)
        first_metric = _photometric_metric(first, last, forward, settings.sharpness)
        last_metric = _photometric_metric(last, first, backward, settings.sharpness)
        drawings = []
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


def estimate_flow(
    first: Picture, last: Picture
) -> tuple[Float[Tensor, "1 2 h w"], Float[Tensor, "1 2 h w"]]:
    """Optical flow from the first picture to the last and back, in pixels (right, down).

    Transparent pictures are put on black or white, whichever is further from what is drawn.
    """
    first_grey, last_grey = _to_grey(first, last)
    return _dis(first_grey, last_grey), _dis(last_grey, first_grey)


def _to_grey(*pictures: Picture) -> list[Float[np.ndarray, "h w"]]:
    ground = 0.0
    if pictures[0].shape[2] == 4:
        alphas = [picture[..., 3] for picture in pictures]
        drawn = [picture[..., :3] @ LUMA for picture in pictures]
        bright = sum(float((luma * alpha).sum()) for luma, alpha in zip(drawn, alphas, strict=True))
        ground = 0.0 if bright > 0.5 * sum(float(alpha.sum()) for alpha in alphas) else 1.0
    return [composite_over(picture, (ground, ground, ground)) @ LUMA for picture in pictures]


def _dis(first: Float[np.ndarray, "h w"], last: Float[np.ndarray, "h w"]) -> Tensor:
    height, width = first.shape
    missing = ((0, max(0, SMALLEST_SIDE_PX - height)), (0, max(0, SMALLEST_SIDE_PX - width)))
    levels = [
        np.pad(np.rint(grey * 255).clip(0, 255).astype(np.uint8), missing, mode="edge")
        for grey in (first, last)
    ]
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = estimator.calc(levels[0], levels[1], None)  # pyright: ignore[reportCallIssue, reportArgumentType]
    flow = np.ascontiguousarray(flow[:height, :width].transpose(2, 0, 1))
    return torch.from_numpy(flow)[None]


def _photometric_metric(
    here: Float[Tensor, "1 c h w"],
    there: Float[Tensor, "1 c h w"],
    flow: Float[Tensor, "1 2 h w"],
    sharpness: float,
) -> Float[Tensor, "1 1 h w"]:
    mismatch = (here - backwarp(there, flow)).abs().mean(dim=1, keepdim=True)
    return -sharpness * mismatch
