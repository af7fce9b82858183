"""What every measure refuses to look at."""

import torch
from torch import Tensor

from toontween.errors import InputError

_ROUNDING = 1e-5
"""How far a value may be outside 0…1: what resampling in float32 adds, a hundredth of an eight-bit step at most."""


def check_unit_range(pictures: Tensor, *, named: str) -> None:
    """Refuse pictures that are not in 0…1, the range of all measures.

    Networks are fed other ranges; the conversion is inside each measure, because the wrong range gives a number that
    looks like a right one.

    Args:
        pictures: Values of any shape.
        named: What they are called in the message, such as `frame 3 of clip 5`.

    Raises:
        InputError: A value is not finite, or outside 0…1.
    """
    if not pictures.is_floating_point():
        raise InputError(
            f"{named} holds {pictures.dtype} values", hint="give floats in 0…1: divide by 255"
        )
    if not pictures.numel():
        raise InputError(f"{named} is empty")
    if not torch.isfinite(pictures).all():
        raise InputError(f"{named} holds a value that is not finite")
    least, most = float(pictures.min()), float(pictures.max())
    if least < -_ROUNDING or most > 1 + _ROUNDING:
        raise InputError(
            f"{named} holds values from {least:.4g} to {most:.4g}",
            hint="give 0…1; the measure brings them to the range of its network itself",
        )
