"""The sketch encoder's objective (ToonCrafter, section 3.4): learn to steer a frozen denoiser.

Of the sketches of all frames only those of a pattern are shown; frames without one get the empty image. The paper's rival,
ZeroGate, is trained with all sketches and silenced at frames without one when drawing.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from toontween.data.sketch_patterns import sketch_pattern
from toontween.drawing.lines import Lines
from toontween.errors import InputError
from toontween.models.sketch_encoder import sketch_residuals
from toontween.training.batches import Batch
from toontween.training.config import SketchConfig
from toontween.training.denoiser_copy import copy_denoiser, encoder_for
from toontween.training.draws import Draws
from toontween.training.measures import clip_measures
from toontween.training.networks import Networks
from toontween.training.objectives.base import Losses
from toontween.training.objectives.conditioning import Noised, noised, velocity_loss
from toontween.training.objectives.video import build_pipeline, draw_clips
from toontween.training.selection import Named, prefixed


class SketchObjective:
    """Predict the velocity of noisy clips from their keys and the sketches of some frames.

    Args:
        networks: The model; a sketch encoder is added when it has none.
        config: How it is trained.
    """

    def __init__(self, networks: Networks, config: SketchConfig) -> None:
        if networks.sketch_encoder is None:
            networks.sketch_encoder = encoder_for(
                networks.unet, downsampling=networks.vae.downsampling
            )
            if config.start_from_denoiser:
                copy_denoiser(networks.unet, networks.sketch_encoder)
        self.parts = networks
        self.config = config
        self._encoder = networks.sketch_encoder
        self.networks: Mapping[str, nn.Module] = {"sketch_encoder": self._encoder}
        frozen: dict[str, nn.Module] = {
            "unet": networks.unet,
            "vae": networks.vae,
            "image_encoder": networks.image_encoder,
            "image_projector": networks.image_projector,
        }
        if networks.text_encoder is not None:
            frozen["text_encoder"] = networks.text_encoder
        self.frozen: Mapping[str, nn.Module] = frozen

    def trained(self) -> dict[str, Named]:
        """The whole sketch encoder."""
        return {"generator": prefixed("sketch_encoder", self._encoder)}

    def losses(self, batch: Batch, draws: Draws, *, step: int) -> Losses:
        """Mean squared error of the velocity with the sketches of a pattern."""
        del step
        shown = [self._pattern(batch, draws, index) for index in range(len(batch.numbers))]
        target = self._noised(batch, draws, dropout=self.config.dropout)
        loss, errors = velocity_loss(self._predict(target, batch, shown), target)
        return Losses(by_group={"generator": loss}, logs={"velocity": errors.mean()})

    @torch.no_grad()
    def measure(self, batch: Batch, draws: Draws) -> dict[str, Float[Tensor, " b"]]:
        """Error of the velocity with the middle sketch and without any, and what is drawn with it."""
        middle = [[(batch.frames.shape[1] - 1) // 2]] * len(batch.numbers)
        count = self.parts.scheduler.config["num_train_timesteps"]
        errors: dict[str, list[Tensor]] = {"velocity": [], "velocity_unguided": []}
        for index in range(4):
            at = torch.full((len(batch.numbers),), (2 * index + 1) * count // 8)
            at = at.to(batch.frames.device)
            target = self._noised(batch, draws, dropout=0.0, timesteps=at)
            for name, shown in (("velocity", middle), ("velocity_unguided", None)):
                predicted = self._predict(target, batch, shown)
                errors[name].append(velocity_loss(predicted, target)[1])
        drawn = self.sample(batch, draws)
        means = {name: torch.stack(values).mean(dim=0) for name, values in errors.items()}
        return {**means, **clip_measures(drawn, batch.frames)}

    @torch.no_grad()
    def sample(self, batch: Batch, draws: Draws) -> Float[Tensor, "b t 3 h w"]:
        """Clips drawn with the middle sketch, 0…1."""
        lines = _lines(batch)
        middle = (lines.shape[1] - 1) // 2
        sketches = [{middle: Lines(clip[middle, 0].float().cpu().numpy())} for clip in lines]
        steps = self.config.sample_steps
        return draw_clips(self.parts, batch, draws, num_steps=steps, sketches=sketches)

    def export(self, folder: Path, *, measures: Mapping[str, float]) -> None:
        """Write the pipeline with its sketch encoder."""
        del measures
        build_pipeline(self.parts).save_pretrained(str(folder))

    def _pattern(self, batch: Batch, draws: Draws, index: int) -> Sequence[int]:
        frames = batch.frames.shape[1]
        if self.config.patterns == "all":
            return range(frames)
        return sketch_pattern(frames, draws.rng(index, "sketches"))

    def _noised(
        self, batch: Batch, draws: Draws, *, dropout: float, timesteps: Tensor | None = None
    ) -> Noised:
        with torch.no_grad():
            return noised(
                self.parts,
                batch,
                draws,
                conditioning="interpolation",
                dropout=dropout,
                loss_weighting=self.config.loss_weighting,
                timesteps=timesteps,
            )

    def _predict(
        self, target: Noised, batch: Batch, shown: Sequence[Sequence[int]] | None
    ) -> Tensor:
        residuals = None
        if shown is not None:
            residuals = sketch_residuals(
                self._encoder,
                target.noisy,
                timestep=target.timesteps,
                context=self._context(target),
                hints=_hints(_lines(batch), shown),
            )
        return self.parts.unet(
            torch.cat([target.noisy, target.key_latents], dim=1),
            target.timesteps,
            target.context,
            motion_fps=batch.motion_fps,
            sketch_residuals=residuals,
        )

    def _context(self, target: Noised) -> Tensor:
        frames = target.noisy.shape[2]
        text, image = self.parts.unet.split_context(target.context, frames)
        if self.config.context == "text":
            return text
        if self.config.context == "full" or len(image) == len(text):
            return target.context
        return torch.cat([text.repeat_interleave(frames, dim=0), image], dim=1)


def _lines(batch: Batch) -> Tensor:
    if batch.lines is None:
        raise InputError("the clips have no lines to learn sketches from")
    return batch.lines


def _hints(lines: Tensor, shown: Sequence[Sequence[int]]) -> Tensor:
    hints = torch.zeros_like(lines)
    for clip, frames in enumerate(shown):
        hints[clip, list(frames)] = lines[clip, list(frames)]
    return hints
