"""Optical flow between neighbouring frames, warping along it, and where that can be trusted.

The flow is OpenCV's DIS (Kroeger et al., ECCV 2016), preset medium, on 8-bit grey: no weights, the same with any number of
threads, but not the same in every release of OpenCV (values differ by about 6e-4). Say the release beside the number.
"""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, UInt8
from torch import Tensor
from torch.nn import functional as F

from toontween.metrics.grey import to_grey_levels

SMALLEST_SIDE_PX = 16
"""DIS refuses pictures below its patch size; smaller ones are continued by their border."""

CONSISTENT_PART, CONSISTENT_PX2 = 0.01, 0.5
"""Forward and backward flow agree when |f + b|² < 0.01 (|f|² + |b|²) + 0.5 px² (Sundaram et al., ECCV 2010, equation 5)."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Flows:
    """The flow of a clip, step by step."""

    forward: Float[Tensor, "s 2 h w"]
    """From each frame to the next, in pixels: (right, down)."""

    visible: Bool[Tensor, "s h w"]
    """Where the flow stays inside the picture and the backward flow leads back; everywhere in a step where it nowhere does."""


def flow_to_next(frames: Float[Tensor, "t c h w"]) -> Float[Tensor, "s 2 h w"]:
    """DIS flow from each frame to the next, in pixels: (right, down).

    Args:
        frames: Grey or RGB in 0…1, two or more.
    """
    grey = to_grey_levels(frames)
    flows = [_dis(one, other) for one, other in pairwise(grey)]
    return torch.from_numpy(np.stack(flows)).to(frames.device)


def estimate_flows(frames: Float[Tensor, "t c h w"]) -> Flows:
    """DIS flow of a clip, and where it can be trusted.

    A step in which nothing can be matched (a clip that jumps) is trusted everywhere: left out, it would speak for the clip.

    Args:
        frames: Grey or RGB in 0…1, two or more.
    """
    forward, backward = flow_to_next(frames), flow_to_next(frames.flip(0)).flip(0)
    visible = consistent(forward, backward)
    lost = ~visible.flatten(1).any(dim=1)
    return Flows(forward=forward, visible=visible | lost[:, None, None])


def consistent(
    forward: Float[Tensor, "s 2 h w"], backward: Float[Tensor, "s 2 h w"]
) -> Bool[Tensor, "s h w"]:
    """Where a flow is met by the flow back from its end: neither hidden in the next frame nor outside of it.

    Args:
        forward: From a frame to the next, in pixels: (right, down).
        backward: From the next to the frame.
    """
    back, inside = warp(backward, forward)
    mismatch = (forward + back).square().sum(dim=1)
    length = forward.square().sum(dim=1) + back.square().sum(dim=1)
    return inside & (mismatch < CONSISTENT_PART * length + CONSISTENT_PX2)


def warp(
    values: Float[Tensor, "s c h w"], flow: Float[Tensor, "s 2 h w"]
) -> tuple[Float64[Tensor, "s c h w"], Bool[Tensor, "s h w"]]:
    """Values fetched from where the flow points, and where that is inside the picture.

    Args:
        values: Of the next frame.
        flow: From a frame to the next, in pixels: (right, down).
    """
    height, width = values.shape[2:]
    x = flow[:, 0].double() + torch.arange(width, device=flow.device)
    y = flow[:, 1].double() + torch.arange(height, device=flow.device)[:, None]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return fetch(values, torch.stack([x, y], dim=-1)), inside


def fetch(
    values: Float[Tensor, "s c h w"], places: Float64[Tensor, "s i j 2"]
) -> Float64[Tensor, "s c i j"]:
    """Values at places between pixels, bilinear; outside those of the border.

    Args:
        values: Some planes.
        places: In pixels: (right, down), (0, 0) the middle of the first.
    """
    size = torch.tensor(values.shape[:1:-1], dtype=torch.float64, device=places.device)
    relative = (2 * places + 1) / size - 1
    return F.grid_sample(values.double(), relative, padding_mode="border", align_corners=False)


def _dis(first: UInt8[np.ndarray, "h w"], last: UInt8[np.ndarray, "h w"]) -> np.ndarray:
    """Flow (2, h, w) from one grey picture to another."""
    height, width = first.shape
    missing = ((0, max(0, SMALLEST_SIDE_PX - height)), (0, max(0, SMALLEST_SIDE_PX - width)))
    grown = [np.pad(grey, missing, mode="edge") for grey in (first, last)]
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = estimator.calc(grown[0], grown[1], None)  # pyright: ignore[reportCallIssue, reportArgumentType]
    return np.ascontiguousarray(flow[:height, :width].transpose(2, 0, 1))
