"""The autoencoder's objectives: an image autoencoder from scratch, and the dual-reference decoder (ToonCrafter, section 3.3).

The decoder of clips starts exactly at the image decoder it grows out of: everything new contributes nothing yet. The
encoder stays as it is, since the denoiser knows its latents; the clip's own end frames are the references.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from toontween.errors import InputError
from toontween.metrics.frame import EIGHT_BIT_MSE_FLOOR, psnr, ssim
from toontween.models.blocks.enlarging import enlarged
from toontween.models.blocks.key_matching import KeyMatching
from toontween.models.discriminator import PatchDiscriminator
from toontween.models.dual_reference import DualReferenceDecoder
from toontween.models.vae import AutoencoderKLDualReference, References, pair_references
from toontween.training.batches import Batch
from toontween.training.config import DecoderConfig
from toontween.training.draws import Draws
from toontween.training.losses import (
    adaptive_weight,
    build_perceptual,
    discriminator_loss,
    generator_loss,
)
from toontween.training.objectives.base import Losses
from toontween.training.selection import Named, prefixed

_FRAMES_AT_ONCE = 4


class DecoderObjective:
    """Give back the frames that were encoded.

    Args:
        vae: With the image decoder, unless it has a decoder of the variant already.
        config: What is trained, and the losses.

    Raises:
        InputError: The autoencoder's decoder is of another variant.
    """

    def __init__(self, vae: AutoencoderKLDualReference, config: DecoderConfig) -> None:
        self.config = config
        self._single = config.train == "autoencoder"
        self._new_latents = config.train != "decoder"
        self.vae = vae if self._single else _grown(vae, config)
        if config.enlarged:
            self._matching()
            if min(config.enlarged) < 1:
                raise InputError(f"objective.enlarged={config.enlarged}: factors are 1 or more")
        self._perceptual = build_perceptual(config.perceptual, config.perceptual_weights)
        networks: dict[str, nn.Module] = {"vae": self.vae}
        self._discriminator: PatchDiscriminator | None = None
        if config.adversarial_weight:
            self._discriminator = PatchDiscriminator(base_channels=config.discriminator_channels)
            networks["discriminator"] = self._discriminator
        self.networks: Mapping[str, nn.Module] = networks
        self.frozen: Mapping[str, nn.Module] = (
            {} if self._perceptual is None else {"perceptual": self._perceptual}
        )

    def trained(self) -> dict[str, Named]:
        """The decoder (and the encoder, unless its latents have to stay), and the discriminator as a group of its own."""
        decoder = self.vae.decoder
        named = prefixed("vae.decoder", decoder)
        if not decoder.apply_post_quant_conv:
            named = [one for one in named if ".post_quant_conv." not in one[0]]
        if self._new_latents:
            named = prefixed("vae.encoder", self.vae.encoder) + named
        groups = {"generator": named}
        if self._discriminator is not None:
            groups["discriminator"] = prefixed("discriminator", self._discriminator)
        return groups

    def losses(self, batch: Batch, draws: Draws, *, step: int) -> Losses:
        """L1 + perceptual + adversarial (+ the posterior's divergence), and the discriminator's own."""
        large = batch.frames
        factors = self.config.enlarged
        frames = _smaller(large, factors[step % len(factors)]) if factors else large
        decoded, divergence = self._encode_and_decode(frames, draws)
        ours, truth = decoded.flatten(0, 1), frames.flatten(0, 1)
        loss, logs = self._difference(ours, truth)
        if factors:
            enlarging, enlarging_logs = self._difference(*self._enlarged(decoded, large, draws))
            loss = loss + enlarging
            logs |= {f"enlarged {name}": value for name, value in enlarging_logs.items()}
        groups: dict[str, Tensor] = {}
        if self._discriminator is not None:
            groups["discriminator"] = discriminator_loss(
                self._discriminator(truth), self._discriminator(ours.detach())
            )
            if step >= self.config.adversarial_start:
                fooled = generator_loss(_judged(self._discriminator, ours))
                balance = adaptive_weight(loss, fooled, last_layer(self.vae.decoder))
                logs |= {"adversarial": fooled.detach(), "adaptive_weight": balance}
                loss = loss + self.config.adversarial_weight * balance * fooled
        if divergence is not None:
            logs["divergence"] = divergence.detach()
            loss = loss + self.config.kl_weight * divergence
        return Losses(by_group={"generator": loss, **groups}, logs=logs)

    def _difference(self, ours: Tensor, truth: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        absolute = (ours - truth).abs().mean()
        logs = {"l1": absolute.detach()}
        if self._perceptual is None:
            return absolute, logs
        perceptual = self._perceptual(ours, truth).mean()
        logs["perceptual"] = perceptual.detach()
        return absolute + self.config.perceptual_weight * perceptual, logs

    def _enlarged(
        self,
        decoded: Float[Tensor, "b t 3 h w"],
        large: Float[Tensor, "b t 3 y x"],
        draws: Draws,
    ) -> tuple[Tensor, Tensor]:
        """One in-between of each sample, decoded and brought to the clips' size, and what it should be."""
        if large.shape[1] < 3:
            raise InputError(
                f"clips of {large.shape[1]} drawings have no in-between to enlarge",
                hint="--set data.num_frames=3 or more, or leave objective.enlarged empty",
            )
        inner = 1 + draws.integers(large.shape[1] - 2, "enlarged")
        samples = torch.arange(len(large), device=large.device)
        shape = large.shape[-2:]
        soft = enlarged(decoded.detach()[samples, inner], *shape)
        keys = large[:, [0, -1]]
        soft_keys = enlarged(_smaller(keys, shape[0] // decoded.shape[-2]).flatten(0, 1), *shape)
        paired = rearrange(soft_keys, "(b k) c h w -> b c k h w", k=2)
        ours = self._matching()(soft, None, keys.transpose(1, 2), paired)
        return ours, large[samples, inner]

    def _matching(self) -> KeyMatching:
        matching = self.vae.decoder.matching
        if matching is None:
            raise InputError(
                "objective.enlarged is for decoders that draw with the keys' pixels",
                hint="leave it empty, or use networks.vae_size.match_keys=true",
            )
        return matching

    @torch.no_grad()
    def measure(self, batch: Batch, draws: Draws) -> dict[str, Float[Tensor, " b"]]:
        """Ratio, similarity and perceptual distance of the in-betweens of each clip, and how wide its latents are."""
        drawn = self.sample(batch, draws)
        truth = (batch.frames.float() + 1) / 2
        inner = slice(None) if self._single else slice(1, -1)
        found: dict[str, list[Tensor]] = {"psnr": [], "ssim": []}
        perceptual = self._perceptual
        for ours, true in zip(drawn[:, inner], truth[:, inner], strict=True):
            found["psnr"].append(psnr(ours, true, mse_floor=EIGHT_BIT_MSE_FLOOR).mean())
            found["ssim"].append(ssim(ours, true).mean())
            if perceptual is not None:
                distance = perceptual(2 * ours - 1, 2 * true - 1)
                found.setdefault("perceptual", []).append(distance.mean())
        latents, _, _ = self._latents(batch.frames, None)
        found["latent_power"] = list(latents.square().mean(dim=(1, 2, 3, 4)))
        return {name: torch.stack(values) for name, values in found.items()}

    @torch.no_grad()
    def sample(self, batch: Batch, draws: Draws) -> Float[Tensor, "b t 3 h w"]:
        """The clips decoded from their posteriors' means, 0…1."""
        del draws
        decoded, _ = self._encode_and_decode(batch.frames, None)
        return ((decoded.float() + 1) / 2).clamp(0, 1)

    def export(self, folder: Path, *, measures: Mapping[str, float]) -> None:
        """Write the autoencoder; a new one is given the scaling that brings its latents to unit variance."""
        if self._new_latents and measures.get("latent_power"):
            factor = measures["latent_power"] ** -0.5
            self.vae.register_to_config(scaling_factor=factor)
            self.vae.scaling_factor = factor
        self.vae.save_pretrained(str(folder / "vae"))

    def _encode_and_decode(
        self, frames: Float[Tensor, "b t 3 h w"], draws: Draws | None
    ) -> tuple[Float[Tensor, "b t 3 h w"], Tensor | None]:
        if self._single:
            encoded = self.vae.encode(frames.flatten(0, 1))
            latents, divergence = encoded.mean, None
            if draws is not None:
                by_frame = (frames.shape[1], *latents.shape[1:])
                noise = draws.normal(by_frame, "posterior").flatten(0, 1)
                latents = latents + torch.exp(0.5 * encoded.logvar) * noise
                divergence = _divergence(encoded.mean, encoded.logvar)
            decoded = self.vae.decode(latents.unsqueeze(2)).squeeze(2)
            return decoded.unflatten(0, frames.shape[:2]), divergence
        with torch.set_grad_enabled(self._new_latents and torch.is_grad_enabled()):
            latents, references, divergence = self._latents(frames, draws)
        decoded = self.vae.decode(latents, references if self.vae.uses_references else None)
        return decoded.transpose(1, 2), divergence

    def _latents(
        self, frames: Float[Tensor, "b t 3 y x"], draws: Draws | None
    ) -> tuple[Float[Tensor, "b c t h w"], References, Tensor | None]:
        """Latents of all frames, features of the ends (those of other frames are not kept) and the posterior's divergence."""
        batch = len(frames)
        ends = self.vae.encode(frames[:, [0, -1]].flatten(0, 1))
        means, logvars = [], []
        for part in frames.flatten(0, 1).split(_FRAMES_AT_ONCE):
            encoded = self.vae.encode(part)
            means.append(encoded.mean)
            logvars.append(encoded.logvar)
        mean, logvar = torch.cat(means), torch.cat(logvars)
        latents = rearrange(mean, "(b t) c h w -> b c t h w", b=batch)
        if draws is not None:
            spread = rearrange(torch.exp(0.5 * logvar), "(b t) c h w -> b c t h w", b=batch)
            latents = latents + spread * draws.normal(latents.shape[1:], "posterior")
        if draws is not None and self.config.latent_noise:
            level = (
                draws.uniform("noise level") * self.config.latent_noise / self.vae.scaling_factor
            )
            noise = draws.normal(latents.shape[1:], "noise")
            latents = latents + rearrange(level, "b -> b 1 1 1 1") * noise
        divergence = _divergence(mean, logvar) if self._new_latents and draws is not None else None
        return latents, pair_references(ends.reference_features), divergence


def _divergence(
    mean: Float[Tensor, "n c h w"], logvar: Float[Tensor, "n c h w"]
) -> Float[Tensor, ""]:
    """Of the posterior from unit Gaussians, summed over a picture."""
    return 0.5 * (mean.square() + logvar.exp() - 1 - logvar).sum(dim=(1, 2, 3)).mean()


def _smaller(clips: Float[Tensor, "b t 3 y x"], factor: int) -> Float[Tensor, "b t 3 h w"]:
    flat = F.avg_pool2d(clips.flatten(0, 1), factor)
    return flat.unflatten(0, clips.shape[:2])


def last_layer(decoder: DualReferenceDecoder) -> nn.Parameter:
    """Where the adaptive weight compares gradients: the last convolution, over time where there is one."""
    last = decoder.conv_out if decoder.time_mix is None else decoder.time_mix
    return dict(last.named_parameters())["weight"]


def _grown(vae: AutoencoderKLDualReference, config: DecoderConfig) -> AutoencoderKLDualReference:
    found = vae.config["decoder_variant"]
    if found == config.variant:
        return vae
    if vae.uses_references:
        raise InputError(
            f"the autoencoder has a decoder of variant {found!r}, objective.variant is {config.variant!r}"
        )
    return AutoencoderKLDualReference.from_image_decoder(
        vae,
        decoder_variant=config.variant,
        reference_heads=config.reference_heads,
        reference_head_dim=config.reference_head_dim,
    )


def _judged(discriminator: PatchDiscriminator, frames: Tensor) -> Tensor:
    """Logits whose gradient reaches the frames but not the discriminator."""
    held = {name: value.detach() for name, value in discriminator.named_parameters()}
    return functional_call(discriminator, held, (frames,))
