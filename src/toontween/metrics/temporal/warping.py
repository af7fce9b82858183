"""Whether colours stay with what moves: the error of frames carried along the optical flow.

Lai et al., "Learning blind video temporal consistency" (ECCV 2018), section 4. The flow is the truth's, so that a method
cannot gain by moving less; with a clip's own flow the error tells flicker alone, and a crossfade has little of it. Blur
lowers both below the truth's own value.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toontween.errors import InputError, ShapeError
from toontween.metrics.clips import check_frames
from toontween.metrics.temporal.flow import warp


def warping_error(
    frames: Float[Tensor, "t c h w"],
    forward: Float[Tensor, "_ 2 _ _"],
    visible: Bool[Tensor, "_ _ _"],
) -> float:
    """Mean over steps of the mean squared difference between a frame and the next one carried back to it.

    Protocol: the mean of (next at the flow's end − frame)² over channels and visible pixels, bilinear, values in 0…1;
    then the mean over steps. The truth's own value is not 0: report it beside.

    Args:
        frames: Frames in 0…1.
        forward: Flow from each frame to the next, in pixels: (right, down).
        visible: Which pixels count, such as those of `estimate_flows`; those whose flow leads outside the picture never do.

    Raises:
        ShapeError: Frames, flow and visible pixels do not fit one another.
        InputError: A frame holds a number that is not finite or out of range, or no pixel of a step is visible.
    """
    check_frames(frames, "the clip", at_least=2)
    steps, (height, width) = len(frames) - 1, frames.shape[2:]
    if forward.shape != (steps, 2, height, width) or visible.shape != (steps, height, width):
        raise ShapeError(
            f"flow {tuple(forward.shape)} and visible pixels {tuple(visible.shape)} do not fit "
            f"{steps} steps of {width}×{height} pixels"
        )
    carried, inside = warp(frames[1:], forward)
    counted = visible & inside
    num_counted = counted.sum(dim=(1, 2))
    if not num_counted.all():
        step = int((num_counted == 0).nonzero()[0])
        raise InputError(f"no pixel is visible from frame {step} to frame {step + 1}")
    error = (carried - frames[:-1].double()).square().mean(dim=1)
    error = torch.where(counted, error, 0).sum(dim=(1, 2)) / num_counted
    return float(error.mean())
