"""The noise schedule and the DDIM sampler of ToonCrafter, as a configured scheduler of diffusers.

Equation numbers are those of DDIM (arXiv 2010.02502); v-prediction is that of arXiv 2202.00512; the zero terminal
signal is algorithm 1 of arXiv 2305.08891; the dynamic rescale is DynamiCrafter's (arXiv 2310.12190). Two habits of
the published sampler are kept because its weights were judged with them: noise is added at the last step too, and
the result is x, never the prediction of x₀. A third is mended: rounding could make √(1 − ᾱ − σ²) of the first step
the root of a negative number, which spoilt whole runs at 7, 11, 14, 15, 20, 25, … steps.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import DDIMScheduler, SchedulerMixin
from diffusers.configuration_utils import register_to_config
from diffusers.schedulers.scheduling_ddim import DDIMSchedulerOutput
from diffusers.utils.torch_utils import randn_tensor
from jaxtyping import Float, Int
from torch import Tensor

from toontween.errors import InputError

__all__ = ["SchedulerMixin", "StepCoefficients", "ToonDDIMScheduler", "scale_schedule"]
# diffusers looks up the base class beside a component's class when it loads a pipeline


def zero_terminal_alphas(num_timesteps: int, beta_start: float, beta_end: float) -> np.ndarray:
    """ᾱ of every timestep in float64: √β linear, then √ᾱ shifted and stretched so that ᾱ ends at exactly 0."""
    betas = np.linspace(math.sqrt(beta_start), math.sqrt(beta_end), num_timesteps) ** 2
    roots = np.sqrt(np.cumprod(1.0 - betas))
    first, last = roots[0], roots[-1]
    return ((roots - last) * first / (first - last)) ** 2


def scale_schedule(num_timesteps: int, final_scale: float, ramp: int = 400) -> np.ndarray:
    """By how much x₀ is scaled at every timestep: 1 falling linearly to a final scale, which then stays."""
    falling = np.linspace(1.0, final_scale, ramp)
    return np.concatenate([falling, np.full(num_timesteps, final_scale)])[:num_timesteps]


def trailing_timesteps(num_timesteps: int, num_inference_steps: int) -> np.ndarray:
    """Timesteps of a run, noisiest first: the last training timestep, then every 1000/S-th, rounded half to even."""
    stride = num_timesteps / num_inference_steps
    marks = np.round(np.arange(num_timesteps, 0, -stride)).astype(np.int64)
    return marks[:num_inference_steps] - 1


@dataclass(frozen=True, kw_only=True, eq=False)
class StepCoefficients:
    """The numbers of one DDIM step, each a scalar tensor in float32."""

    sqrt_alpha: Tensor
    """√ᾱ of this timestep."""

    sqrt_one_minus_alpha: Tensor
    """√(1 − ᾱ) of this timestep."""

    sqrt_alpha_prev: Tensor
    """√ᾱ of the next, less noisy timestep."""

    direction: Tensor
    """√(1 − ᾱ_prev − σ²), the weight of the predicted noise."""

    sigma: Tensor
    """σ, the weight of fresh noise."""

    rescale: Tensor
    """Scale of x₀ at the next timestep over that at this one."""


class ToonDDIMScheduler(DDIMScheduler):
    """DDIM with a zero terminal signal, v-prediction, trailing timesteps and the dynamic rescale.

    Args:
        num_train_timesteps: Timesteps of training.
        beta_start: First β before the rescale to a zero terminal signal.
        beta_end: Last β before that rescale.
        final_scale: What the dynamic rescale of x₀ ends at; 1 turns it off.
    """

    @register_to_config
    def __init__(
        self,
        num_train_timesteps: int = 1000,
        beta_start: float = 0.00085,
        beta_end: float = 0.012,
        final_scale: float = 0.7,
    ) -> None:
        alphas = zero_terminal_alphas(num_train_timesteps, beta_start, beta_end)
        steps = np.concatenate([alphas[:1], alphas[1:] / alphas[:-1]])
        self.alphas = torch.from_numpy(steps.astype(np.float32))
        self.betas = torch.from_numpy((1.0 - steps).astype(np.float32))
        self.alphas_cumprod = torch.from_numpy(alphas.astype(np.float32))
        self.final_alpha_cumprod = self.alphas_cumprod[0]
        self.sqrt_alphas = torch.from_numpy(np.sqrt(alphas).astype(np.float32))
        self.sqrt_one_minus_alphas = torch.from_numpy(np.sqrt(1.0 - alphas).astype(np.float32))
        scales = scale_schedule(num_train_timesteps, final_scale)
        self.scales = torch.from_numpy(scales.astype(np.float32))
        self.init_noise_sigma = 1.0
        self.num_inference_steps = None
        self.timesteps = torch.arange(num_train_timesteps - 1, -1, -1)

    def set_timesteps(
        self, num_inference_steps: int, device: str | torch.device | None = None
    ) -> None:
        """Choose the timesteps of a run.

        Raises:
            InputError: The number of steps is not within 1…the timesteps of training.
        """
        most = self.config["num_train_timesteps"]
        if not 1 <= num_inference_steps <= most:
            raise InputError(f"num_inference_steps={num_inference_steps} is not within 1…{most}")
        self.num_inference_steps = num_inference_steps
        timesteps = trailing_timesteps(most, num_inference_steps)
        self.timesteps = torch.from_numpy(timesteps).to(device)

    def previous_timestep(self, timestep: int) -> int | None:
        """The timestep after this one in the run; None after the last.

        Raises:
            InputError: The timestep is not one of the run's.
        """
        run = self.timesteps.tolist()
        if timestep not in run:
            raise InputError(f"timestep {timestep} is not one of this run: {run}")
        following = run.index(timestep) + 1
        return run[following] if following < len(run) else None

    def coefficients(self, timestep: int, *, eta: float) -> StepCoefficients:
        """The numbers of the step that leaves a timestep (equations 12 and 16).

        σ is computed in float64 from the float32 schedule, as published; the rest in float32.
        """
        prev = self.previous_timestep(timestep)
        alpha = self.alphas_cumprod[timestep].double()
        alpha_prev = self.alphas_cumprod[0 if prev is None else prev].double()
        sigma = eta * ((1 - alpha_prev) / (1 - alpha) * (1 - alpha / alpha_prev)).sqrt()
        sigma, alpha_prev = sigma.float(), alpha_prev.float()
        scale = self.scales[timestep]
        return StepCoefficients(
            sqrt_alpha=self.sqrt_alphas[timestep],
            sqrt_one_minus_alpha=self.sqrt_one_minus_alphas[timestep],
            sqrt_alpha_prev=alpha_prev.sqrt(),
            direction=(1.0 - alpha_prev - sigma.square()).clamp(min=0.0).sqrt(),
            sigma=sigma,
            rescale=(scale if prev is None else self.scales[prev]) / scale,
        )

    def step(
        self,
        model_output: Tensor,
        timestep: int,
        sample: Tensor,
        eta: float = 0.0,
        use_clipped_model_output: bool = False,  # noqa: FBT001, FBT002
        generator: torch.Generator | list[torch.Generator] | None = None,
        variance_noise: Tensor | None = None,
        return_dict: bool = True,  # noqa: FBT001, FBT002
    ) -> DDIMSchedulerOutput | tuple[Tensor, Tensor]:
        """One step towards the drawing, in float32.

        Args:
            model_output: Predicted v, the sample's shape.
            timestep: Timestep of this step, one of the run's.
            sample: x at that timestep.
            eta: Weight of fresh noise, 0 (none) … 1.
            use_clipped_model_output: Must stay False; nothing is clipped here.
            generator: Where fresh noise comes from.
            variance_noise: Fresh noise, given instead of drawn.
            return_dict: Whether to wrap the result.

        Raises:
            InputError: The timestep is not part of the run, or clipping is asked for.
        """
        if use_clipped_model_output:
            raise InputError("use_clipped_model_output=True: this scheduler does not clip")
        numbers = self.coefficients(int(timestep), eta=eta)
        sample, velocity = sample.float(), model_output.float()
        noise = predicted_noise(sample, velocity, numbers)
        start = predicted_start(sample, velocity, numbers) * numbers.rescale
        if variance_noise is None:
            variance_noise = randn_tensor(
                tuple(sample.shape), generator=generator, device=sample.device, dtype=sample.dtype
            )
        moved = numbers.sqrt_alpha_prev * start + numbers.direction * noise
        moved = moved + numbers.sigma * variance_noise.float()
        if not return_dict:
            return moved, start
        return DDIMSchedulerOutput(prev_sample=moved, pred_original_sample=start)

    def add_noise(
        self,
        original_samples: Float[Tensor, "b ..."],
        noise: Float[Tensor, "b ..."],
        timesteps: Int[Tensor, " b"],
    ) -> Float[Tensor, "b ..."]:
        """Noise samples: x_t = √ᾱ x₀ + √(1 − ᾱ) ε. For training, x₀ must have been multiplied by `scale_of`."""
        keep, spread = self._roots(timesteps, original_samples)
        return keep * original_samples + spread * noise

    def get_velocity(
        self,
        sample: Float[Tensor, "b ..."],
        noise: Float[Tensor, "b ..."],
        timesteps: Int[Tensor, " b"],
    ) -> Float[Tensor, "b ..."]:
        """What the network learns to predict: v = √ᾱ ε − √(1 − ᾱ) x₀."""
        keep, spread = self._roots(timesteps, sample)
        return keep * noise - spread * sample

    def scale_of(
        self, timesteps: Int[Tensor, " b"], like: Float[Tensor, "b ..."]
    ) -> Float[Tensor, "b ..."]:
        """The dynamic rescale of x₀ at some timesteps, ready to be multiplied with samples."""
        return _beside(self.scales, timesteps, like)

    def _roots(self, timesteps: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        return (
            _beside(self.sqrt_alphas, timesteps, like),
            _beside(self.sqrt_one_minus_alphas, timesteps, like),
        )


def predicted_start(sample: Tensor, velocity: Tensor, numbers: StepCoefficients) -> Tensor:
    """x₀ = √ᾱ x − √(1 − ᾱ) v."""
    return numbers.sqrt_alpha * sample - numbers.sqrt_one_minus_alpha * velocity


def predicted_noise(sample: Tensor, velocity: Tensor, numbers: StepCoefficients) -> Tensor:
    """ε = √ᾱ v + √(1 − ᾱ) x."""
    return numbers.sqrt_alpha * velocity + numbers.sqrt_one_minus_alpha * sample


def _beside(table: Tensor, timesteps: Tensor, like: Tensor) -> Tensor:
    """Entries of a table, shaped and placed to be multiplied with samples."""
    entries = table.to(device=like.device, dtype=like.dtype)[timesteps.to(like.device)]
    return entries.view(-1, *[1] * (like.ndim - 1))
