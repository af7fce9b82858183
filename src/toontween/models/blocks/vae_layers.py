"""The layers of the autoencoder: what its encoder and decoder do to each frame alone.

Frames stand along the batch axis (`n` = batch · frames, sample by sample). Where no gradient is recorded, layers
change their own intermediate results in place and work on a few frames at a time, which saves memory and changes
nothing beyond rounding.
"""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

NORM_EPSILON = 1e-6
"""Of every GroupNorm over one picture."""

_CHUNK_VALUES = 2**24
"""Input values worked on at a time when memory is saved: 64 MiB in fp32."""


def at_once(values: int) -> int:
    """How many pieces of so many values each to work on at a time: one or more."""
    return max(1, _CHUNK_VALUES // max(1, values))


def by_frames(
    layer: Callable[[Tensor], Tensor], frames: Float[Tensor, "n c h w"]
) -> Float[Tensor, "n _ _ _"]:
    """`layer(frames)`, a few frames at a time, so that the layer's intermediate results stay small.

    The layer must treat frames alone. While gradients are recorded everything is kept anyway, hence not cut.
    """
    step = at_once(frames[0].numel())
    if torch.is_grad_enabled() or step >= len(frames):
        return layer(frames)
    first = layer(frames[:step])
    result = first.new_empty((len(frames), *first.shape[1:]))
    result[:step] = first
    for start in range(step, len(frames), step):
        result[start : start + step] = layer(frames[start : start + step])
    return result


def without_gradients(frames: Iterator[Tensor]) -> Iterator[Tensor]:
    """The same frames, made while no gradients are recorded; between them whoever takes them may record."""
    while True:
        with torch.no_grad():
            frame = next(frames, None)
        if frame is None:
            return
        yield frame


def silu(hidden: Tensor) -> Tensor:
    """SiLU of a tensor that nobody else needs: in place unless gradients are recorded."""
    return F.silu(hidden, inplace=not torch.is_grad_enabled())


class ImageResidualBlock(nn.Module):
    """GroupNorm, SiLU, 3×3 convolution, twice, beside a shortcut."""

    def __init__(self, in_channels: int, out_channels: int, *, groups: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, in_channels, eps=NORM_EPSILON)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm2 = nn.GroupNorm(groups, out_channels, eps=NORM_EPSILON)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        same = in_channels == out_channels
        self.shortcut = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, frames: Float[Tensor, "n c h w"]) -> Float[Tensor, "n o h w"]:
        """The block's result, a new tensor."""
        hidden = self.conv1(silu(self.norm1(frames)))
        hidden = self.conv2(silu(self.norm2(hidden)))
        hidden += self.shortcut(frames)
        return hidden


class ImageAttention(nn.Module):
    """Self-attention with one head over all places of a picture, beside a shortcut."""

    def __init__(self, channels: int, *, groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels, eps=NORM_EPSILON)
        self.to_q = nn.Linear(channels, channels)
        self.to_k = nn.Linear(channels, channels)
        self.to_v = nn.Linear(channels, channels)
        self.to_out = nn.Linear(channels, channels)

    def forward(self, frames: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """The frames plus what each place gathered from the others."""
        tokens = rearrange(self.norm(frames), "n c h w -> n 1 (h w) c")
        gathered = F.scaled_dot_product_attention(
            self.to_q(tokens), self.to_k(tokens), self.to_v(tokens)
        )
        added = self.to_out(gathered)
        return frames + rearrange(added, "n 1 (h w) c -> n c h w", h=frames.shape[-2])


class Downsample(nn.Conv2d):
    """Halves height and width; pads on the right and at the bottom only, as the published encoder does."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, 3, stride=2)

    def forward(self, input: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c _ _"]:  # noqa: A002
        """Pictures of half the size."""
        return super().forward(F.pad(input, (0, 1, 0, 1)))


class Upsample(nn.Conv2d):
    """Doubles height and width by repeating pixels, then smooths with a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, 3, padding=1)

    def forward(self, input: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c _ _"]:  # noqa: A002
        """Pictures of twice the size."""
        return super().forward(F.interpolate(input, scale_factor=2.0, mode="nearest"))


def set_to_zero(layer: nn.Conv2d | nn.Linear) -> None:
    """Make a new layer return zeros."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def set_to_identity(layer: nn.Conv2d) -> None:
    """Make a new convolution over time give back each frame as it is."""
    set_to_zero(layer)
    with torch.no_grad():
        middle = layer.kernel_size[0] // 2
        layer.weight[:, :, middle, 0].fill_diagonal_(1.0)
