"""Keys → latents and reference features; latents → frames, with the published second decode of the middle.

The published decoder is steadier towards the middle of a clip when it is spared the frames next to the keys, so the
middle one or two frames are taken from a decode without them.
"""

from itertools import islice

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


def decode_clips(
    vae: AutoencoderKLDualReference,
    latents: Float[Tensor, "b c t h w"],
    references: References | None,
    *,
    double_decode: bool,
) -> Float[Tensor, "b t 3 y x"]:
    """Frames in 0…1 on the CPU, one sample and one frame after the other to save memory."""
    batch, _, num_frames, *sides = latents.shape
    frames = torch.empty(batch, num_frames, 3, *(side * vae.downsampling for side in sides))
    for sample in range(batch):
        one = slice(sample, sample + 1)
        own = (latents[one] / vae.scaling_factor).to(vae.dtype)
        refs = None if references is None else tuple(r[one] for r in references)
        for index, frame in enumerate(vae.decode_frames(own, refs)):
            frames[sample, index] = _shown(frame)
        if double_decode and num_frames >= _FEWEST_FOR_DOUBLE_DECODE:
            kept = [f for f in range(num_frames) if f not in (1, num_frames - 2)]
            middle = middle_frames(num_frames)
            again = vae.decode_frames(own[:, :, kept], refs)
            wanted = islice(again, middle.start - 1, middle.stop - 1)
            for index, frame in enumerate(wanted, start=middle.start):
                frames[sample, index] = _shown(frame)
    return frames


def _shown(frame: Float[Tensor, "1 3 y x"]) -> Float[Tensor, "3 y x"]:
    return (frame[0].float().cpu().clamp(-1, 1) + 1) / 2
