"""Flow: dense optical flow both ways, both keys carried along it.

The flow is OpenCV's DIS (Kroeger et al., ECCV 2016) on grey pictures; DIS splits its work into a fixed number of
stripes, so the number of threads does not change it.
"""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from toontween.interpolators.base import Capabilities, Picture, Timing
from toontween.interpolators.classical.along_flow import (
    LUMA,
    AlongFlowInterpolator,
    Flow,
    on_ground,
)

SMALLEST_SIDE_PX = 16
"""DIS refuses pictures below its patch size; smaller ones are continued by their border."""


class FlowInterpolator(AlongFlowInterpolator):
    """Moves both keys along their optical flow and blends what lands.

    Args:
        sharpness: See `FlowSettings`.

    Raises:
        InputError: A value is out of range.
    """

    name = "flow"
    capabilities = Capabilities(timing=Timing.ANY_TIME, alpha=True)
    bytes_per_pixel = 330  # measured at 1920×1080

    def estimate(self, first: Picture, last: Picture) -> tuple[Flow, Flow]:
        """DIS both ways."""
        return estimate_flow(first, last)

    def estimator_details(self) -> Mapping[str, Any]:
        """The version of the library."""
        return {"opencv": cv2.__version__}


def estimate_flow(
    first: Picture, last: Picture
) -> tuple[Float[Tensor, "1 2 h w"], Float[Tensor, "1 2 h w"]]:
    """Optical flow from the first picture to the last and back, in pixels (right, down).

    Transparent pictures are put on black or white, whichever is further from what is drawn.
    """
    first_grey, last_grey = (picture @ LUMA for picture in on_ground(first, last))
    return _dis(first_grey, last_grey), _dis(last_grey, first_grey)


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
