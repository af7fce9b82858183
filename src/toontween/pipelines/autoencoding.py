"""Keys → latents and reference features; latents → frames, with the published second decode of the middle.

The published decoder is steadier towards the middle of a clip when it is spared the frames next to the keys, so the
middle one or two frames are taken from a decode without them.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from toontween.models.vae import AutoencoderKLDualReference, References, pair_references
from toontween.pipelines.noise import Generators, draw
from toontween.pipelines.outputs import middle_frames

_FEWEST_FOR_DOUBLE_DECODE = 5


def encode_keys(
    vae: AutoencoderKLDualReference,
    pixels: Float[Tensor, "b k 3 y x"],
    *,
    num_frames: int,
    sample: bool,
    generator: Generators,
) -> tuple[Float[Tensor, "b c t h w"], References | None]:
    """Key latents in their frames, zeros between, and the references for the decoder if it uses any.

    Args:
        vae: The autoencoder, on the pixels' device.
        pixels: The first and the last key of each sample in −1…1, in the autoencoder's type.
        num_frames: Frames of the clip.
        sample: Draw from the posterior, not take its mean.
        generator: Where those random numbers come from.
    """
    batch = pixels.shape[0]
    encoded = vae.encode(pixels.flatten(0, 1))
    posterior = encoded.mean.float().unflatten(0, (batch, 2))
    if sample:
        spread = torch.exp(0.5 * encoded.logvar.float()).unflatten(0, (batch, 2))
        noise = draw(tuple(posterior.shape), generator=generator, device=posterior.device)
        posterior = posterior + spread * noise
    scaled = posterior * vae.scaling_factor
    _, _, channels, height, width = scaled.shape
    latents = scaled.new_zeros(batch, channels, num_frames, height, width)
    latents[:, :, 0], latents[:, :, -1] = scaled[:, 0], scaled[:, 1]
    references = pair_references(encoded.reference_features)
    return latents, references if vae.uses_references else None


def decode_frames(
    vae: AutoencoderKLDualReference,
    latents: Float[Tensor, "b c t h w"],
    references: References | None,
    *,
    double_decode: bool,
) -> Float[Tensor, "b t 3 y x"]:
    """Frames in 0…1 on the CPU, one sample after the other to save memory."""
    clips: list[Tensor] = []
    for sample in range(latents.shape[0]):
        own = slice(sample, sample + 1)
        refs = None if references is None else tuple(r[own] for r in references)
        clip = _decode_clip(vae, latents[own], refs)
        num_frames = clip.shape[2]
        if double_decode and num_frames >= _FEWEST_FOR_DOUBLE_DECODE:
            kept = [f for f in range(num_frames) if f not in (1, num_frames - 2)]
            again = _decode_clip(vae, latents[own][:, :, kept], refs)
            middle = middle_frames(num_frames)
            clip[:, :, middle] = again[:, :, middle.start - 1 : middle.stop - 1]
        clips.append(clip)
    frames = torch.cat(clips).clamp(-1, 1).transpose(1, 2)
    return (frames + 1) / 2


def _decode_clip(
    vae: AutoencoderKLDualReference, latents: Tensor, references: References | None
) -> Tensor:
    scaled = (latents / vae.scaling_factor).to(vae.dtype)
    return vae.decode(scaled, references).float().cpu()
