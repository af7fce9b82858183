"""Guidance: how the predictions with and without a condition become one.

Classifier-free guidance is arXiv 2207.12598; with two conditions it is equation 3 of InstructPix2Pix (2211.09800);
the rescale is equations 15 and 16 of arXiv 2305.08891.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from toontween.errors import InputError


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Guidance:
    """How strongly a run follows its conditions.

    Raises:
        InputError: A number is not finite, or the rescale is not within 0…1.
    """

    scale: float = 7.5
    """s; 1 follows the conditional prediction as it is."""

    image_scale: float | None = None
    """s_i of guidance by two conditions; None for plain guidance."""

    rescale: float = 0.7
    """φ; 0 turns the rescale off."""

    def __post_init__(self) -> None:
        for name, value in (
            ("guidance_scale", self.scale),
            ("image_guidance_scale", self.image_scale),
        ):
            if value is not None and not math.isfinite(value):
                raise InputError(f"{name}={value} is not a number to guide with")
        if not 0 <= self.rescale <= 1:
            raise InputError(f"guidance_rescale={self.rescale} is not within 0…1")

    @property
    def num_predictions(self) -> int:
        """Predictions of a step: conditional, unconditional, with the picture only."""
        if self.scale == 1:
            return 1
        return 2 if self.image_scale is None else 3

    def combine(self, predictions: Sequence[Float[Tensor, "b ..."]]) -> Float[Tensor, "b ..."]:
        """One prediction from those of a step, in the order of `num_predictions`."""
        conditional, *others = predictions
        if not others:
            return conditional
        if self.image_scale is None:
            guided = guide(others[0], conditional, scale=self.scale)
        else:
            guided = guide_twice(
                others[0], others[1], conditional, scale=self.scale, image_scale=self.image_scale
            )
        if self.rescale == 0:
            return guided
        return rescale_guidance(guided, conditional, rescale=self.rescale)
