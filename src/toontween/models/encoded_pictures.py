"""What the autoencoder's encoder takes and gives, and what its decoder takes of the keys."""

from dataclasses import dataclass

import torch
from diffusers.utils.torch_utils import randn_tensor
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from toontween.errors import ShapeError
from toontween.models.blocks.vae_encoder import ReferenceFeatures

References = tuple[Float[Tensor, "_ _ 2 _ _"], ...]
"""Reference features of the first and the last key, stacked along the third axis."""


@dataclass(frozen=True)
class EncoderOutput:
    """The posterior of some pictures and their reference features."""

    mean: Float[Tensor, "n c h w"]
    """Of the posterior; not yet multiplied by the scaling factor."""

    logvar: Float[Tensor, "n c h w"]
    """Logarithm of the posterior's variance, within −30…20."""

    reference_features: ReferenceFeatures
    """In the order the decoder wants; `pair_references` turns those of keys into references."""

    def sample(self, generator: torch.Generator | None = None) -> Float[Tensor, "n c h w"]:
        """Latents drawn from the posterior."""
        device, dtype = self.mean.device, self.mean.dtype
        noise = randn_tensor(self.mean.shape, generator=generator, device=device, dtype=dtype)
        return self.mean + torch.exp(0.5 * self.logvar) * noise


def pair_references(features: ReferenceFeatures) -> References:
    """References from the features of keys encoded in the order first, last, first, last, … sample by sample.

    Raises:
        ShapeError: The number of pictures is odd.
    """
    if features[0].shape[0] % 2:
        raise ShapeError(f"{features[0].shape[0]} pictures do not make pairs of first and last key")
    return tuple(rearrange(feature, "(b k) c h w -> b c k h w", k=2) for feature in features)


def check_pictures(pixels: Float[Tensor, "n c h w"], *, downsampling: int) -> None:
    """Refuse what cannot be encoded.

    Raises:
        ShapeError: There is no picture, it is not RGB, or a side is not a multiple of the down-sampling.
    """
    count, channels, height, width = pixels.shape
    if channels != 3 or not count:
        raise ShapeError(f"pictures of shape {tuple(pixels.shape)} are not (n, 3, height, width)")
    if not height or not width or height % downsampling or width % downsampling:
        raise ShapeError(
            f"a picture of {width}×{height} pixels cannot be encoded",
            hint=f"both sides must be multiples of {downsampling}",
        )


def check_references(
    references: References,
    latents: Float[Tensor, "b c t h w"],
    *,
    channels: tuple[int, ...],
    patch_size: int,
    ends_with_keys: bool,
) -> None:
    """Refuse references that do not belong to the latents.

    Args:
        references: What was given.
        latents: The clip they are given for.
        channels: Of each level of the network, finest first.
        patch_size: Side of the squares of pixels that the finest level sees as one place.
        ends_with_keys: Whether the last reference is the keys themselves.

    Raises:
        ShapeError: Their shapes are others than those of the keys' features would be.
    """
    batch, _, _, height, width = latents.shape
    coarsest = len(channels) - 1
    expected = [
        (batch, count, 2, height * 2 ** (coarsest - level), width * 2 ** (coarsest - level))
        for level, count in enumerate(channels)
    ]
    patches = expected[0]
    keys = (batch, 3, 2, patches[3] * patch_size, patches[4] * patch_size)
    expected.append(keys if ends_with_keys else patches)
    found = [tuple(reference.shape) for reference in references]
    if found != expected:
        raise ShapeError(
            f"references of shapes {found} do not fit latents of shape {tuple(latents.shape)}",
            hint=f"expected {expected}",
        )
