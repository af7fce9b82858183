"""The axis alphabet and the size rules that follow from the networks' down-sampling.

Axis letters used in every annotation and einops pattern:
b batch, t frames, c channels, h height, w width, n tokens, d features, k references (the two keys).
"""

from dataclasses import dataclass

LATENT_DOWNSAMPLING = 8
"""Pixels per latent cell along each side: the autoencoder halves the picture three times."""


@dataclass(frozen=True, slots=True)
class Padding:
    """Pixels added on each side of a picture; `crop` undoes what `pad` did."""

    left: int
    top: int
    right: int
    bottom: int


def aspects_agree(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether one of two sizes (height and width) is the other at some scale, rounded to whole pixels.

    Rounding is at most half a pixel of one side, in whichever of the two sizes it happened.
    """
    difference = abs(size[0] * other[1] - size[1] * other[0])
    return 2 * difference <= max(*size, *other)


def round_up(value: int, multiple: int) -> int:
    """The smallest multiple of `multiple` that is at least `value`."""
    return -(-value // multiple) * multiple


def pixel_multiple(num_levels: int, latent_downsampling: int = LATENT_DOWNSAMPLING) -> int:
    """Pixels that each side must be a multiple of: 8·2^(levels − 1), 64 at the published size."""
    return latent_downsampling * 2 ** (num_levels - 1)


def centred_padding(width_px: int, height_px: int, multiple: int) -> Padding:
    """Padding that brings both sides up to a multiple, the picture staying in the middle."""
    extra_x = round_up(width_px, multiple) - width_px
    extra_y = round_up(height_px, multiple) - height_px
    return Padding(extra_x // 2, extra_y // 2, extra_x - extra_x // 2, extra_y - extra_y // 2)
