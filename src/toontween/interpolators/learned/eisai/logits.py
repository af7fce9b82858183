"""Brightness as a logarithm of odds, in which the networks add what they have to say."""

from jaxtyping import Float
from torch import Tensor


def to_logit(values: Float[Tensor, "*b"]) -> Float[Tensor, "*b"]:
    """Logarithm of the odds of values in 0…1, which are first moved into 1/255…254/255, so that it is finite."""
    return ((values * 253 + 1) / 255).logit()
