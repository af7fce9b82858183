"""How much of the true motion is there, at the right time and place."""

from jaxtyping import Float
from torch import Tensor

from toontween.errors import InputError
from toontween.metrics.frame import check_alike


def share_of_true_motion(ours: Float[Tensor, "t c h w"], truth: Float[Tensor, "_ _ _ _"]) -> float:
    """Slope of our frame-to-frame differences on the truth's: Σ Δours·Δtruth / Σ Δtruth².

    Protocol: all frames in order, both keys included, all pixels and channels. 1 is all of the motion; a still, or
    flicker unrelated to the truth, gives 0. It does not depend on the range of the values.

    Args:
        ours: Frames with the keys at both ends.
        truth: The true frames.

    Raises:
        ShapeError: The two differ in shape.
        InputError: Nothing moves in the truth, so no share can be told.
    """
    check_alike(ours, truth)
    ours_change = ours.double().diff(dim=0)
    true_change = truth.double().diff(dim=0)
    power = true_change.square().sum()
    if power == 0:
        raise InputError("nothing moves in the true frames", hint="leave still clips out")
    return float((ours_change * true_change).sum() / power)
