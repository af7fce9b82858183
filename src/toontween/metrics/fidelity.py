"""Whether a method that draws its first and last frame anew gives the keys back: the dual-reference decoder's promise."""

from jaxtyping import Float
from torch import Tensor

from toontween.errors import ShapeError
from toontween.metrics.clips import check_frames
from toontween.metrics.frame import psnr


def end_frame_fidelity(
    ours: Float[Tensor, "t c h w"], keys: Float[Tensor, "_ _ _ _"], *, mse_floor: float = 0.0
) -> tuple[float, float]:
    """PSNR in dB of a clip's first and last frame against the keys.

    Protocol: `toontween.metrics.frame.psnr`. Measure the frames a method drew, before keys are put in their places:
    keys that were copied give infinity, which says nothing about the method.

    Args:
        ours: Frames in 0…1 as they were drawn, both ends included.
        keys: The first and the last key.
        mse_floor: Smallest mean squared error counted; with 0 identical pictures give infinity.

    Raises:
        ShapeError: There are not two keys, or frames and keys differ in size.
        InputError: A frame holds a number that is not finite or out of range, or there are fewer than two.
    """
    check_frames(ours, "ours", at_least=2)
    check_frames(keys, "keys", at_least=2)
    if len(keys) != 2:
        raise ShapeError(f"{len(keys)} keys", hint="give the first and the last")
    first, last = psnr(ours[[0, -1]], keys, mse_floor=mse_floor).tolist()
    return first, last
