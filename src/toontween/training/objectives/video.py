"""The denoiser's objective: base models and toon rectification (ToonCrafter, section 3.2, table 3)."""

from collections.abc import Mapping
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from toontween.drawing.lines import Lines
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline
from toontween.training.batches import Batch
from toontween.training.config import VideoConfig
from toontween.training.draws import Draws
from toontween.training.measures import clip_measures
from toontween.training.networks import Networks
from toontween.training.objectives.base import Losses
from toontween.training.objectives.conditioning import Noised, noised, velocity_loss
from toontween.training.selection import Named, prefixed, rectified, without_temporal_layers


class VideoObjective:
    """Predict the velocity of noisy clips from their keys.

    Args:
        networks: The model.
        config: Which layers are trained, and how.
    """

    def __init__(self, networks: Networks, config: VideoConfig) -> None:
        self.parts = networks
        self.config = config
        trained: dict[str, nn.Module] = {
            "unet": networks.unet,
            "image_projector": networks.image_projector,
        }
        frozen: dict[str, nn.Module] = {"vae": networks.vae}
        (trained if config.train_image_encoder else frozen)["image_encoder"] = (
            networks.image_encoder
        )
        if networks.text_encoder is not None:
            frozen["text_encoder"] = networks.text_encoder
        self.networks: Mapping[str, nn.Module] = trained
        self.frozen: Mapping[str, nn.Module] = frozen

    def trained(self) -> dict[str, Named]:
        """What the variant trains."""
        groups = rectified(self.parts.unet, self.parts.image_projector, self.config.variant)
        if self.config.train_image_encoder and groups:
            tower = prefixed("image_encoder", self.parts.image_encoder)
            # tokens are taken before the tower's last norm
            groups["generator"] += [one for one in tower if "post_layernorm" not in one[0]]
        return groups

    def losses(self, batch: Batch, draws: Draws, *, step: int) -> Losses:
        """Mean squared error of the velocity."""
        del step
        target = self._noised(batch, draws, dropout=self.config.dropout)
        with without_temporal_layers(
            self.parts.unet, active=self.config.variant == "bypass-temporal"
        ):
            loss, errors = velocity_loss(self._predict(target, batch), target)
        return Losses(by_group={"generator": loss}, logs={"velocity": errors.mean()})

    @torch.no_grad()
    def measure(self, batch: Batch, draws: Draws) -> dict[str, Float[Tensor, " b"]]:
        """Error of the velocity over evenly spread timesteps, and how near the drawn frames are to the true ones."""
        count = self.parts.scheduler.config["num_train_timesteps"]
        total: list[Tensor] = []
        for index in range(4):
            at = torch.full((len(batch.numbers),), (2 * index + 1) * count // 8)
            target = self._noised(batch, draws, dropout=0.0, timesteps=at.to(batch.frames.device))
            total.append(velocity_loss(self._predict(target, batch), target)[1])
        drawn = self.sample(batch, draws)
        return {"velocity": torch.stack(total).mean(dim=0), **clip_measures(drawn, batch.frames)}

    @torch.no_grad()
    def sample(self, batch: Batch, draws: Draws) -> Float[Tensor, "b t 3 h w"]:
        """Clips drawn by the pipeline from the end frames, 0…1."""
        return draw_clips(self.parts, batch, draws, num_steps=self.config.sample_steps)

    def export(self, folder: Path, *, measures: Mapping[str, float]) -> None:
        """Write the pipeline."""
        del measures
        build_pipeline(self.parts).save_pretrained(str(folder))

    def _noised(
        self, batch: Batch, draws: Draws, *, dropout: float, timesteps: Tensor | None = None
    ) -> Noised:
        return noised(
            self.parts,
            batch,
            draws,
            conditioning=self.config.conditioning,
            dropout=dropout,
            loss_weighting=self.config.loss_weighting,
            timesteps=timesteps,
        )

    def _predict(self, target: Noised, batch: Batch) -> Tensor:
        return self.parts.unet(
            torch.cat([target.noisy, target.key_latents], dim=1),
            target.timesteps,
            target.context,
            motion_fps=batch.motion_fps,
        )


def build_pipeline(networks: Networks) -> ToonInterpolationPipeline:
    """The pipeline of some networks; its second decode of the middle belongs to the published decoder alone."""
    pipe = ToonInterpolationPipeline(
        unet=networks.unet,
        vae=networks.vae,
        image_encoder=networks.image_encoder,
        image_projector=networks.image_projector,
        scheduler=networks.scheduler,
        text_encoder=networks.text_encoder,
        tokenizer=networks.tokenizer,  # pyright: ignore[reportArgumentType]
        sketch_encoder=networks.sketch_encoder,
        double_decode=False,
        without_text=networks.text_encoder is None,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


@torch.no_grad()
def draw_clips(
    networks: Networks,
    batch: Batch,
    draws: Draws,
    *,
    num_steps: int,
    sketches: list[dict[int, Lines]] | None = None,
) -> Float[Tensor, "b t 3 h w"]:
    """Clips between the end frames of a batch, drawn without guidance by the pipeline itself."""
    frames = (batch.frames.float() + 1) / 2
    num_frames = frames.shape[1]
    height, width = frames.shape[-2:]
    factor = networks.vae.downsampling
    shape = (networks.vae.latent_channels, num_frames, height // factor, width // factor)
    result = build_pipeline(networks)(
        list(frames[:, 0].cpu()),
        list(frames[:, -1].cpu()),
        num_frames=num_frames,
        num_inference_steps=num_steps,
        guidance_scale=1.0,
        eta=0.0,
        motion_fps=batch.motion_fps.tolist(),
        latents=draws.normal(shape, "sample"),
        sketches=sketches,
        sketch_strokes="keep",
        output_type="pt",
    )
    return torch.as_tensor(result.frames).to(batch.frames.device)
