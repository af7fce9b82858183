"""SEINE's noise schedule and its two samplers: ancestral (DDPM, arXiv 2006.11239) and DDIM (arXiv 2010.02502, η = 0).

Betas rise linearly over 1000 timesteps. A run of S steps keeps S of them, evenly spread from 0 to 999 and rounded, and
computes betas again from the ᾱ that are kept (arXiv 2102.09672, section 4). The schedulers of diffusers do not serve
here: DDIM's takes the timestep 1000/S below for the next one (799 after 999 when S = 5, not 749), and DDPM's, which would
do, works from ᾱ in float32, which puts single betas of long runs off by 5·10⁻⁴. One table in float64 serves both.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from toontween.errors import InputError

NUM_TRAIN_TIMESTEPS = 1000
"""Timesteps of training."""

_BETA_START, _BETA_END = 1e-4, 2e-2
_FEWEST = 2


class Sampler(StrEnum):
    """How a run goes from one timestep to the next."""

    DDPM = "ddpm"
    """With fresh noise at every step but the last, its variance β (the larger of the two in use)."""

    DDIM = "ddim"
    """Without fresh noise."""


Table = Float[np.ndarray, " s"]


@dataclass(frozen=True, kw_only=True, eq=False)
class RespacedSchedule:
    """The numbers of a run in float64, one for each of its s steps; index 0 is the cleanest."""

    timesteps: Int[np.ndarray, " s"]
    """Which of the 1000 timesteps of training are kept, rising."""

    betas: Table
    """β from one kept timestep to the next."""

    alphas_cumprod: Table
    """ᾱ, the share of signal in the variance."""

    alphas_cumprod_prev: Table
    """ᾱ of the next cleaner step; 1 after the last."""

    sqrt_recip_alphas_cumprod: Table
    """√(1/ᾱ), the weight of x in the prediction of x₀."""

    sqrt_recipm1_alphas_cumprod: Table
    """√(1/ᾱ − 1), the weight of the predicted noise in it."""

    posterior_mean_coef1: Table
    """Weight of x₀ in the mean of the next x (equation 7 of 2006.11239)."""

    posterior_mean_coef2: Table
    """Weight of x in that mean."""

    posterior_log_variance: Table
    """Logarithm of the true posterior variance (the smaller one); at index 0, where it is nothing, that of index 1."""

    model_log_variance: Table
    """Logarithm of the variance of fresh noise: β; at index 0, where none is added, the posterior's of index 1."""

    @classmethod
    def for_steps(cls, num_inference_steps: int) -> "RespacedSchedule":
        """The schedule of a run.

        Raises:
            InputError: The number of steps is not within 2…1000.
        """
        timesteps = spread_timesteps(num_inference_steps)
        train_betas = np.linspace(_BETA_START, _BETA_END, NUM_TRAIN_TIMESTEPS)
        kept = np.cumprod(1.0 - train_betas)[timesteps]
        betas = 1.0 - kept / np.concatenate([[1.0], kept[:-1]])
        alphas = np.cumprod(1.0 - betas)
        prev = np.concatenate([[1.0], alphas[:-1]])
        posterior = betas * (1.0 - prev) / (1.0 - alphas)
        return cls(
            timesteps=timesteps,
            betas=betas,
            alphas_cumprod=alphas,
            alphas_cumprod_prev=prev,
            sqrt_recip_alphas_cumprod=np.sqrt(1.0 / alphas),
            sqrt_recipm1_alphas_cumprod=np.sqrt(1.0 / alphas - 1.0),
            posterior_mean_coef1=betas * np.sqrt(prev) / (1.0 - alphas),
            posterior_mean_coef2=(1.0 - prev) * np.sqrt(1.0 - betas) / (1.0 - alphas),
            posterior_log_variance=np.log(np.concatenate([posterior[1:2], posterior[1:]])),
            model_log_variance=np.log(np.concatenate([posterior[1:2], betas[1:]])),
        )

    def ddpm_step(
        self,
        index: int,
        sample: Float[Tensor, "b c t h w"],
        noise: Float[Tensor, "b c t h w"],
        fresh: Float[Tensor, "b c t h w"],
    ) -> Float[Tensor, "b c t h w"]:
        """Go to the next cleaner x, drawn around the posterior's mean.

        Args:
            index: Which step is left; 0 is the last of a run.
            sample: x before it.
            noise: The noise predicted in x.
            fresh: Normal noise; of no account in the last step.
        """
        start = self._predict_start(index, sample, noise)
        of_start = float(self.posterior_mean_coef1[index])
        of_sample = float(self.posterior_mean_coef2[index])
        mean = start * of_start + sample * of_sample
        if index == 0:
            return mean
        return mean + fresh * float(np.exp(0.5 * self.model_log_variance[index]))

    def ddim_step(
        self, index: int, sample: Float[Tensor, "b c t h w"], noise: Float[Tensor, "b c t h w"]
    ) -> Float[Tensor, "b c t h w"]:
        """Go to the next cleaner x, x₀ √ᾱ_prev + ε √(1 − ᾱ_prev); arguments as for `ddpm_step`."""
        start = self._predict_start(index, sample, noise)
        alpha_prev = self.alphas_cumprod_prev[index]
        return start * float(np.sqrt(alpha_prev)) + noise * float(np.sqrt(1.0 - alpha_prev))

    def _predict_start(self, index: int, sample: Tensor, noise: Tensor) -> Tensor:
        """x₀ = x √(1/ᾱ) − ε √(1/ᾱ − 1)."""
        of_sample = float(self.sqrt_recip_alphas_cumprod[index])
        of_noise = float(self.sqrt_recipm1_alphas_cumprod[index])
        return sample * of_sample - noise * of_noise


def spread_timesteps(num_inference_steps: int) -> Int[np.ndarray, " s"]:
    """Timesteps from 0 to 999 in equal strides, each rounded, half to even.

    Raises:
        InputError: There are fewer than two, which would not reach the noisiest, or more than in training.
    """
    if not _FEWEST <= num_inference_steps <= NUM_TRAIN_TIMESTEPS:
        raise InputError(
            f"num_inference_steps {num_inference_steps} is not within {_FEWEST}…{NUM_TRAIN_TIMESTEPS}"
        )
    stride = (NUM_TRAIN_TIMESTEPS - 1) / (num_inference_steps - 1)
    # stride after stride is added as published: products round otherwise for 278 of the possible numbers of steps
    marks = np.concatenate([[0.0], np.cumsum(np.full(num_inference_steps - 1, stride))])
    return np.round(marks).astype(np.int64)
