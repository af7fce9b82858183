"""GMFlow's transformer: features of both pictures look at their own picture and at the other one, window by window.

Xu et al., CVPR 2022, section 3.2. A map is cut into splits × splits windows; in every second layer the windows are
shifted by half of their size, as in Swin (Liu et al., ICCV 2021).
"""

import math

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

MLP_GROWTH = 4
APART = -100.0
"""Added to the scores of two pixels that share a shifted window only because it goes around the picture's edge."""

Tokens = Float[Tensor, "b h w c"]


def with_position(features: Float[Tensor, "b c h w"], splits: int) -> Float[Tensor, "b c h w"]:
    """Features that know their place in their window: sines and cosines of rows, then of columns, added.

    Args:
        features: Channels are a multiple of 4.
        splits: Windows along each side; both sides are multiples of it.
    """
    _, channels, height, width = features.shape
    rows, columns = height // splits, width // splits
    down = _waves(rows, channels // 2, like=features)[:, :, None].expand(-1, -1, columns)
    right = _waves(columns, channels // 2, like=features)[:, None, :].expand(-1, rows, -1)
    return features + torch.cat([down, right]).repeat(1, splits, splits)


def _waves(length: int, channels: int, *, like: Tensor) -> Float[Tensor, "{channels} {length}"]:
    """Positions 1 … n, scaled to 2π, in sines (even channels) and cosines (odd ones) of ever longer waves."""
    place = torch.arange(1, length + 1, dtype=torch.float32, device=like.device)
    place = place / (length + 1e-6) * (2 * math.pi)
    number = torch.arange(channels, dtype=torch.float32, device=like.device)
    lengths = 10000 ** (2 * torch.div(number, 2, rounding_mode="floor") / channels)
    angle = place / lengths[:, None]
    return torch.where(number[:, None] % 2 == 0, angle.sin(), angle.cos()).to(like.dtype)


class FeatureTransformer(nn.Module):
    """Layers in which both pictures look at themselves and at each other.

    Args:
        channels: Channels of the features.
        num_layers: Layers; the second, fourth, … have shifted windows.
    """

    def __init__(self, channels: int, num_layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TransformerLayer(channels) for _ in range(num_layers))

    def forward(
        self, first: Float[Tensor, "b c h w"], last: Float[Tensor, "b c h w"], splits: int
    ) -> tuple[Float[Tensor, "b c h w"], Float[Tensor, "b c h w"]]:
        """Features of both pictures, each knowing the other.

        Args:
            first: Of the first picture.
            last: Of the last one.
            splits: Windows along each side; both sides are multiples of it.
        """
        ours = rearrange(torch.cat([first, last]), "b c h w -> b h w c")
        mask = shift_mask(ours, splits)
        for number, layer in enumerate(self.layers):
            one, other = ours.chunk(2)
            ours = layer(
                ours, torch.cat([other, one]), splits=splits, mask=mask if number % 2 else None
            )
        one, other = rearrange(ours, "b h w c -> b c h w").chunk(2)
        return one, other


class TransformerLayer(nn.Module):
    """A look at the own picture, then one at the other picture."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.own = Attention(channels)
        self.other = Attention(channels)
        self.mlp_in = nn.Linear(2 * channels, 2 * channels * MLP_GROWTH, bias=False)
        self.mlp_out = nn.Linear(2 * channels * MLP_GROWTH, channels, bias=False)
        self.mlp_norm = nn.LayerNorm(channels)

    def forward(
        self, ours: Tokens, theirs: Tokens, *, splits: int, mask: Float[Tensor, "k n n"] | None
    ) -> Tokens:
        """The own features, with what was seen added."""
        ours = ours + self.own(ours, ours, splits=splits, mask=mask)
        seen = self.other(ours, theirs, splits=splits, mask=mask)
        seen = self.mlp_out(F.gelu(self.mlp_in(torch.cat([ours, seen], dim=-1))))
        return ours + self.mlp_norm(seen)


class Attention(nn.Module):
    """Attention of one head within windows."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.to_query = nn.Linear(channels, channels, bias=False)
        self.to_key = nn.Linear(channels, channels, bias=False)
        self.to_value = nn.Linear(channels, channels, bias=False)
        self.merge = nn.Linear(channels, channels, bias=False)
        self.norm = nn.LayerNorm(channels)

    def forward(
        self, ours: Tokens, theirs: Tokens, *, splits: int, mask: Float[Tensor, "k n n"] | None
    ) -> Tokens:
        """What each pixel sees in its window of the other map.

        Args:
            ours: Those who look.
            theirs: What is looked at.
            splits: Windows along each side.
            mask: Added to the scores of each window, which is then shifted; None for windows in place.
        """
        batch, height, width, _ = ours.shape
        shift = (0, 0) if mask is None else half_window(height, width, splits)
        query, key, value = (
            to_windows(tokens, splits, shift)
            for tokens in (self.to_query(ours), self.to_key(theirs), self.to_value(theirs))
        )
        added = None if mask is None else mask.repeat(batch, 1, 1)
        seen = F.scaled_dot_product_attention(query, key, value, attn_mask=added)
        return self.norm(self.merge(from_windows(seen, splits, (height, width), shift)))


def half_window(height: int, width: int, splits: int) -> tuple[int, int]:
    """How far windows are shifted, rows and columns."""
    return height // splits // 2, width // splits // 2


def to_windows(tokens: Tokens, splits: int, shift: tuple[int, int]) -> Float[Tensor, "_ n c"]:
    """Windows as a batch, row by row."""
    rolled = tokens.roll((-shift[0], -shift[1]), dims=(1, 2))
    return rearrange(rolled, "b (i h) (j w) c -> (b i j) (h w) c", i=splits, j=splits)


def from_windows(
    windows: Float[Tensor, "_ n c"], splits: int, size: tuple[int, int], shift: tuple[int, int]
) -> Tokens:
    """The inverse of `to_windows`."""
    tokens = rearrange(
        windows,
        "(b i j) (h w) c -> b (i h) (j w) c",
        i=splits,
        j=splits,
        h=size[0] // splits,
        w=size[1] // splits,
    )
    return tokens.roll(shift, dims=(1, 2))


def shift_mask(tokens: Tokens, splits: int) -> Float[Tensor, "k n n"]:
    """What is added to the scores of each shifted window: 0 for pixels that are neighbours in the picture, else −100."""
    _, height, width, _ = tokens.shape
    parts = [_parts(side, side // splits, tokens.device).long() for side in (height, width)]
    numbers = (3 * parts[0][:, None] + parts[1])[None, :, :, None].to(tokens.dtype)
    window = to_windows(numbers, splits, (0, 0))[..., 0]
    return torch.where(window[:, :, None] == window[:, None, :], 0.0, APART).to(tokens.dtype)


def _parts(side: int, window: int, device: torch.device) -> Tensor:
    """Along one side of the shifted map: what lies before the last window, in its first half, in its second half."""
    place = torch.arange(side, device=device)
    return (place >= side - window).int() + (place >= side - window // 2).int()
