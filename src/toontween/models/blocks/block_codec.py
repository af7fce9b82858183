"""A linear codec of square blocks beside the autoencoder's layers: what a new network does before it has learned anything.

Latents at 1/8 that start as lowest frequencies of 8×8 blocks (the discrete cosine transform of JPEG, ITU-T T.81, annex A.3.3) already
hold the picture as well as eight principal components do; the layers beside it only learn what is missing. The idea of a
shortcut from blocks of pixels to channels and back is DC-AE's residual autoencoding (arXiv 2410.10733, section 3.2), here
once around the whole network and with frequencies in place of averages.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

_OPPONENTS = ((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (1.0, -2.0, 1.0))
"""Lightness and two colour differences; made orthonormal below."""

_LEVEL_SPREAD = (8.0, 2.5, 2.5)
"""Standard deviation of the mean of a block of drawings in −1…1, per opponent colour."""

_WAVE_SPREAD = (1.0, 0.4, 0.4)
"""That of the lowest wave; those of higher ones fall with their frequency."""


class BlockAnalysis(nn.Conv2d):
    """Picture → lowest frequencies of its blocks, each of about unit variance on drawings when new."""

    def __init__(self, latent_channels: int, *, block: int) -> None:
        super().__init__(3, latent_channels, block, stride=block, bias=False)
        waves, spreads = lowest_waves(latent_channels, block=block)
        with torch.no_grad():
            self.weight.copy_(waves / spreads[:, None, None, None])


class BlockSynthesis(nn.ConvTranspose2d):
    """Latents → the picture of those frequencies; undoes `BlockAnalysis` as far as it can when new."""

    def __init__(self, latent_channels: int, *, block: int) -> None:
        super().__init__(latent_channels, 3, block, stride=block, bias=False)
        waves, spreads = lowest_waves(latent_channels, block=block)
        with torch.no_grad():
            self.weight.copy_(waves * spreads[:, None, None, None])


def lowest_waves(
    count: int, *, block: int
) -> tuple[Float[Tensor, "n 3 block block"], Float[Tensor, " n"]]:
    """Orthonormal waves, lowest first, and how strong each is in drawings.

    Colour differences come later than lightness of the same frequency, as eyes and JPEG have it.
    """
    sample = torch.arange(block, dtype=torch.float64) + 0.5
    basis = torch.stack([torch.cos(math.pi * sample * wave / block) for wave in range(block)])
    basis = basis / basis.norm(dim=1, keepdim=True)
    colours = torch.tensor(_OPPONENTS, dtype=torch.float64)
    colours = colours / colours.norm(dim=1, keepdim=True)
    places = sorted(
        (_rank(colour, y + x), colour, y, x)
        for colour in range(3)
        for y in range(block)
        for x in range(block)
    )[:count]
    waves = [
        colours[c][:, None, None] * basis[y][None, :, None] * basis[x][None, None, :]
        for _, c, y, x in places
    ]
    spreads = [_spread(colour, y + x, block=block) for _, colour, y, x in places]
    return torch.stack(waves).float(), torch.tensor(spreads)


def _rank(colour: int, frequency: int) -> float:
    return float(frequency) if colour == 0 else 1.5 * frequency + 0.75


def _spread(colour: int, frequency: int, *, block: int) -> float:
    at_eight = _WAVE_SPREAD[colour] / frequency if frequency else _LEVEL_SPREAD[colour]
    return at_eight * block / 8
