"""How near drawn clips are to the true ones, clip by clip, while a model trains."""

import torch
from jaxtyping import Float
from torch import Tensor

from toontween.errors import InputError
from toontween.metrics.frame import EIGHT_BIT_MSE_FLOOR, psnr
from toontween.metrics.motion import share_of_true_motion


def clip_measures(
    drawn: Float[Tensor, "b t 3 h w"], frames: Float[Tensor, "b t 3 h w"]
) -> dict[str, Float[Tensor, " b"]]:
    """Signal-to-noise ratio of the in-betweens in dB, and share of the true motion (NaN where nothing moves).

    Args:
        drawn: Clips in 0…1.
        frames: The true clips in −1…1, of at least three frames.
    """
    truth = (frames.float() + 1) / 2
    ratios, shares = [], []
    for ours, true in zip(drawn.float(), truth, strict=True):
        ratios.append(psnr(ours[1:-1], true[1:-1], mse_floor=EIGHT_BIT_MSE_FLOOR).mean())
        shares.append(_share(ours, true))
    return {"psnr": torch.stack(ratios), "motion": torch.tensor(shares, device=frames.device)}


def _share(ours: Tensor, true: Tensor) -> float:
    try:
        return share_of_true_motion(ours, true)
    except InputError:
        return float("nan")
