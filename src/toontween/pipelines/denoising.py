"""One step of a run: what the networks are told beside the noisy latents → the guided velocity."""

from dataclasses import dataclass

import torch
from diffusers import ControlNetModel
from jaxtyping import Float, Int
from torch import Tensor

from toontween.diffusion.guidance import Guidance
from toontween.models.sketch_encoder import sketch_residuals
from toontween.models.unet import ToonUNet


@dataclass(frozen=True, kw_only=True, eq=False)
class Conditions:
    """What every step of a run is told beside the noisy latents."""

    contexts: tuple[Float[Tensor, "b n d"], ...]
    """Context of each prediction of a step, in the order of `Guidance.num_predictions`."""

    key_latents: Float[Tensor, "b c t h w"]
    """The keys' latents in the first and last frame, zeros between."""

    motion_fps: Int[Tensor, " b"]
    """Motion rate of each sample."""

    hints: Float[Tensor, "b t 1 y x"] | None
    """Sketches, white on black, when there are any."""

    sketch_scale: float
    """Factor on what the sketches add."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Denoiser:
    """The denoiser and the sketch encoder of a pipeline, under the conditions of one run."""

    unet: ToonUNet
    """Predicts the velocity."""

    sketch_encoder: ControlNetModel | None
    """Reads the hints."""

    conditions: Conditions
    """What the run is told."""

    guidance: Guidance
    """How strongly it follows them."""

    def velocity(
        self, noisy: Float[Tensor, "b c t h w"], *, timestep: int
    ) -> Float[Tensor, "b c t h w"]:
        """The guided velocity in float32; predictions are made one after the other to save memory."""
        told, dtype = self.conditions, self.unet.dtype
        sample = torch.cat([noisy, told.key_latents], dim=1).to(dtype)
        steps = torch.full((noisy.shape[0],), timestep, device=noisy.device)
        velocities: list[Tensor] = []
        for context in told.contexts:
            velocity = self.unet(
                sample,
                steps,
                context,
                motion_fps=told.motion_fps,
                sketch_residuals=self._residuals(noisy, steps, context),
            )
            velocities.append(velocity.float())
        return self.guidance.combine(velocities)

    def _residuals(
        self, noisy: Tensor, steps: Tensor, context: Tensor
    ) -> tuple[Tensor, ...] | None:
        """What sketches add; every frame is shown the whole context, as the community's use of the weights does."""
        if self.conditions.hints is None or self.sketch_encoder is None:
            return None
        dtype = self.sketch_encoder.dtype
        residuals = sketch_residuals(
            self.sketch_encoder,
            noisy.to(dtype),
            timestep=steps,
            context=context.to(dtype),
            hints=self.conditions.hints.to(dtype),
            scale=self.conditions.sketch_scale,
        )
        return tuple(residual.to(self.unet.dtype) for residual in residuals)
