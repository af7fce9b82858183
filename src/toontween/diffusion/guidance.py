"""Guidance: how the predictions with and without a condition become one.

Classifier-free guidance is arXiv 2207.12598; with two conditions it is equation 3 of InstructPix2Pix (2211.09800);
the rescale is equations 15 and 16 of arXiv 2305.08891.
"""

from jaxtyping import Float
from torch import Tensor


def guide(
    unconditional: Float[Tensor, "b ..."], conditional: Float[Tensor, "b ..."], *, scale: float
) -> Float[Tensor, "b ..."]:
    """Follow one condition: v = v_u + s (v_c − v_u)."""
    return unconditional + scale * (conditional - unconditional)


def guide_twice(
    unconditional: Float[Tensor, "b ..."],
    image_only: Float[Tensor, "b ..."],
    conditional: Float[Tensor, "b ..."],
    *,
    scale: float,
    image_scale: float,
) -> Float[Tensor, "b ..."]:
    """Follow picture and text by scales of their own: v = v_u + s_i (v_i − v_u) + s (v_c − v_i)."""
    with_image = image_scale * (image_only - unconditional)
    return unconditional + with_image + scale * (conditional - image_only)


def rescale_guidance(
    guided: Float[Tensor, "b ..."], conditional: Float[Tensor, "b ..."], *, rescale: float
) -> Float[Tensor, "b ..."]:
    """Give the guided prediction its spread back: v ← φ v σ(v_c)/σ(v) + (1 − φ) v.

    Strong guidance widens the prediction, which over-exposes. The deviations σ are unbiased and go over everything
    but the batch.
    """
    axes = tuple(range(1, guided.ndim))
    spread = guided.std(dim=axes, keepdim=True)
    matched = guided * (conditional.std(dim=axes, keepdim=True) / spread)
    return rescale * matched + (1 - rescale) * guided
