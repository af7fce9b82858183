"""One step of a run: what the networks are told beside the noisy latents → the guided velocity.

Sketches are read by an encoder of their own, which takes turns with the denoiser: what it gives for a frame is added
to the denoiser's skip connections and middle (ToonCrafter, section 3.4).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from diffusers import ControlNetModel
from jaxtyping import Float, Int
from torch import Tensor

from toontween.diffusion.guidance import Guidance
from toontween.errors import InputError
from toontween.models.sketch_encoder import sketch_residuals
from toontween.models.unet import ToonUNet

CONTEXTS = ("full", "per-frame", "text")
STROKES = ("auto", "keep")


@dataclass(frozen=True, kw_only=True, slots=True)
class SketchGuidance:
    """How sketches steer a run.

    The published encoder came without code, so only the form of its input is known. The community's re-creation
    shows every frame the full context, adds to both predictions and uses a scale of 0.6; the paper's equations imply
    a scale of 1. What the authors did was never published: the defaults are the paper's where it speaks and the
    community's elsewhere.

    Raises:
        InputError: A value is impossible; it is named as the pipeline's argument.
    """

    scale: float | int = 1.0
    """Factor on what sketches add, 0 or more; 0 turns them off."""

    start: float | int = 0.0
    """Part of the denoising before which they do nothing, 0…1."""

    end: float | int = 1.0
    """Part of the denoising after which they do nothing, above the start."""

    context: str = "full"
    """What the encoder is shown beside a frame: "full" is the whole context, "per-frame" the text and the frame's own
    image tokens (which exist only in clips of the trained length; in others it is the full context), "text" the text
    alone."""

    unconditional: bool = True
    """Whether they are added to every prediction of a step, or to the fully conditional one only."""

    strokes: str = "auto"
    """"auto" redraws strokes that would be too thin or too thick for the encoder, "keep" leaves them."""

    def __post_init__(self) -> None:
        check_number("sketch_scale", self.scale)
        check_number("sketch_guidance_start", self.start, at_most=1.0)
        check_number("sketch_guidance_end", self.end, at_most=1.0)
        if self.start >= self.end:
            raise InputError(
                f"sketch_guidance_start={self.start} is not before sketch_guidance_end={self.end}",
                hint="they are parts of the denoising: 0 is its first step, 1 the end of its last",
            )
        check_choice("sketch_context", self.context, CONTEXTS)
        check_choice("sketch_strokes", self.strokes, STROKES)
        check_flag("sketch_unconditional", self.unconditional)

    def acts_in(self, step: int, *, num_steps: int) -> bool:
        """Whether a step, counted from 0, lies wholly between start and end: the rule of diffusers' ControlNets."""
        return step / num_steps >= self.start and (step + 1) / num_steps <= self.end

    def check_steps(self, num_steps: int) -> None:
        """Refuse a run of which no step would be guided.

        Raises:
            InputError: No step lies wholly between start and end.
        """
        if not any(self.acts_in(step, num_steps=num_steps) for step in range(num_steps)):
            raise InputError(
                f"sketch_guidance_start={self.start} and sketch_guidance_end={self.end} hold none of the "
                f"{num_steps} steps whole, so sketches would do nothing",
                hint="widen them, take more steps, or leave the sketches out",
            )


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
    """Sketches, white on black, when there are any; frames without one are zeros."""

    @cached_property
    def sketched(self) -> list[int]:
        """Samples that have a sketch."""
        if self.hints is None:
            return []
        return self.hints.flatten(1).any(dim=1).nonzero().flatten().tolist()


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
    """How strongly it follows prompt and keys."""

    sketch_guidance: SketchGuidance
    """How it follows sketches."""

    num_steps: int
    """Steps of the run."""

    def velocity(
        self, noisy: Float[Tensor, "b c t h w"], *, step: int, timestep: int
    ) -> Float[Tensor, "b c t h w"]:
        """The guided velocity in float32; predictions are made one after the other to save memory."""
        told, dtype = self.conditions, self.unet.dtype
        sample = torch.cat([noisy, told.key_latents], dim=1).to(dtype)
        timesteps = torch.full((noisy.shape[0],), timestep, device=noisy.device)
        sketched = self._num_sketched(step)
        velocities: list[Tensor] = []
        for number, context in enumerate(told.contexts):
            residuals = None
            if number < sketched:
                residuals = self._residuals(noisy, timesteps, context)
            velocity = self.unet(
                sample, timesteps, context, motion_fps=told.motion_fps, sketch_residuals=residuals
            )
            velocities.append(velocity.float())
        return self.guidance.combine(velocities)

    def _num_sketched(self, step: int) -> int:
        """To how many of a step's predictions sketches are added; the first is the fully conditional one."""
        follow, told = self.sketch_guidance, self.conditions
        if not (told.sketched and follow.scale and follow.acts_in(step, num_steps=self.num_steps)):
            return 0
        return len(told.contexts) if follow.unconditional else 1

    def _residuals(
        self, noisy: Tensor, timesteps: Tensor, context: Tensor
    ) -> tuple[Tensor, ...] | None:
        """What sketches add; nothing to the samples of a batch that have none, which are then what they are alone."""
        hints, encoder = self.conditions.hints, self.sketch_encoder
        if hints is None or encoder is None:
            return None
        batch, _, frames, _, _ = noisy.shape
        drawn = self.conditions.sketched
        residuals = sketch_residuals(
            encoder,
            noisy[drawn].to(encoder.dtype),
            timestep=timesteps[drawn],
            context=self._sketch_context(context[drawn], frames).to(encoder.dtype),
            hints=hints[drawn].to(encoder.dtype),
            scale=float(self.sketch_guidance.scale),
        )
        if len(drawn) == batch:
            return tuple(residual.to(self.unet.dtype) for residual in residuals)
        return tuple(_spread(r.to(self.unet.dtype), drawn, batch=batch) for r in residuals)

    def _sketch_context(self, context: Tensor, num_frames: int) -> Tensor:
        """What the sketch encoder is shown: tokens by clip, or by frame (b·t, n, d)."""
        mode = self.sketch_guidance.context
        text, image = self.unet.split_context(context, num_frames)
        if mode == "text":
            return text
        if mode == "full" or image.shape[0] == context.shape[0]:
            return context
        return torch.cat([text.repeat_interleave(num_frames, dim=0), image], dim=1)


def _spread(residual: Tensor, samples: list[int], *, batch: int) -> Tensor:
    """Residuals of some samples' frames → of all samples' frames, zeros for the others."""
    by_clip = residual.unflatten(0, (len(samples), -1))
    whole = by_clip.new_zeros(batch, *by_clip.shape[1:])
    whole[samples] = by_clip
    return whole.flatten(0, 1)


def check_number(name: str, value: object, *, at_most: float = math.inf) -> None:
    """Refuse what is not a finite number from 0 on.

    Raises:
        InputError: The value is none.
    """
    number = float(value) if isinstance(value, int | float) else math.nan
    if isinstance(value, bool) or not (math.isfinite(number) and 0 <= number <= at_most):
        wanted = "a number from 0 on" if at_most == math.inf else f"a number within 0…{at_most:g}"
        raise InputError(f"{name}={value!r} is not {wanted}")


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Refuse what is not one of some words.

    Raises:
        InputError: The value is none of them.
    """
    if value not in choices:
        raise InputError(f"{name}={value!r}", hint=f"use one of {', '.join(choices)}")


def check_flag(name: str, value: object) -> None:
    """Refuse what is neither True nor False.

    Raises:
        InputError: The value is something else, such as a word.
    """
    if not isinstance(value, bool):
        raise InputError(f"{name}={value!r} is neither true nor false")
