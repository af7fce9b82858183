"""The layers of the autoencoder: what its encoder and decoder do to each frame alone, and mixing over time.

Frames stand along the batch axis (`n` = batch · frames, sample by sample). Where no gradient is recorded, layers
change their own intermediate results in place and work on a few frames or rows at a time, which saves memory and
changes nothing beyond rounding.
"""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

NORM_EPSILON = 1e-6
"""Of every GroupNorm over one picture."""

TEMPORAL_NORM_EPSILON = 1e-5
"""Of every GroupNorm over a whole clip."""

_CHUNK_VALUES = 2**24
"""Input values worked on at a time when memory is saved: 64 MiB in fp32."""


def by_frames(
    layer: Callable[[Tensor], Tensor], frames: Float[Tensor, "n c h w"]
) -> Float[Tensor, "n _ _ _"]:
    """`layer(frames)`, a few frames at a time, so that the layer's intermediate results stay small.

    The layer must treat frames alone. While gradients are recorded everything is kept anyway, hence not cut.
    """
    step = max(1, _CHUNK_VALUES // frames[0].numel())
    if torch.is_grad_enabled() or step >= len(frames):
        return layer(frames)
    first = layer(frames[:step])
    result = first.new_empty((len(frames), *first.shape[1:]))
    result[:step] = first
    for start in range(step, len(frames), step):
        result[start : start + step] = layer(frames[start : start + step])
    return result


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


class TemporalMixing(nn.Module):
    """Residual 3×1×1 convolutions over time, weighted by sigmoid(`mix_factor`).

    GroupNorm takes its statistics over time, height and width together, so the result depends on the whole clip. The
    convolutions run as two-dimensional ones over (time, place). A new layer changes nothing: its last convolution is 0.
    """

    def __init__(self, channels: int, *, groups: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, channels, eps=TEMPORAL_NORM_EPSILON)
        self.conv1 = nn.Conv2d(channels, channels, (3, 1), padding=(1, 0))
        self.norm2 = nn.GroupNorm(groups, channels, eps=TEMPORAL_NORM_EPSILON)
        self.conv2 = nn.Conv2d(channels, channels, (3, 1), padding=(1, 0))
        self.mix_factor = nn.Parameter(torch.zeros(1))
        set_to_zero(self.conv2)

    def forward(
        self, frames: Float[Tensor, "n c h w"], num_frames: int
    ) -> Float[Tensor, "n c h w"]:
        """The mixed frames; `frames` itself is overwritten unless gradients are recorded."""
        clip = frames.unflatten(0, (-1, num_frames))
        weight = self.mix_factor.sigmoid()
        if torch.is_grad_enabled():
            hidden = rearrange(clip, "b t c h w -> b c t (h w)")
            hidden = self.conv1(silu(self.norm1(hidden)))
            hidden = self.conv2(silu(self.norm2(hidden)))
            mixed = rearrange(hidden, "b c t (h w) -> (b t) c h w", h=clip.shape[-2])
            return frames + weight * mixed
        hidden = torch.empty_like(clip)
        for rows, band in _normalised_bands(self.norm1, clip):
            hidden[..., rows, :] = convolve_in_time(self.conv1, silu(band))
        for rows, band in _normalised_bands(self.norm2, hidden):
            clip[..., rows, :] += weight * convolve_in_time(self.conv2, silu(band))
        return frames


def set_to_zero(layer: nn.Conv2d | nn.Linear) -> None:
    """Make a new layer return zeros."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def convolve_in_time(
    conv: nn.Conv2d, clip: Float[Tensor, "b t c h w"]
) -> Float[Tensor, "b t o h w"]:
    """A (3, 1) convolution over (time, place): the published 3×1×1 one."""
    folded = rearrange(clip, "b t c h w -> b c t (h w)")
    return rearrange(conv(folded), "b c t (h w) -> b t c h w", h=clip.shape[-2])


def _normalised_bands(
    norm: nn.GroupNorm, clip: Float[Tensor, "b t c h w"]
) -> Iterator[tuple[slice, Float[Tensor, "b t c r w"]]]:
    """GroupNorm with statistics over the whole clip, handed out in bands of rows to save memory."""
    scale, shift = _scale_and_shift(norm, clip)
    height = clip.shape[-2]
    step = max(1, _CHUNK_VALUES // max(1, clip[..., 0, :].numel()))
    for start in range(0, height, step):
        rows = slice(start, min(start + step, height))
        band = torch.addcmul(shift, clip[..., rows, :].float(), scale)
        yield rows, band.to(clip.dtype)


def _scale_and_shift(
    norm: nn.GroupNorm, clip: Float[Tensor, "b t c h w"]
) -> tuple[Float[Tensor, "b 1 c 1 1"], Float[Tensor, "b 1 c 1 1"]]:
    """What GroupNorm multiplies each channel of each sample by and adds, in fp32."""
    grouped = clip.unflatten(2, (norm.num_groups, -1)).flatten(3)
    # One frame at a time, so that a half-precision clip is never held in fp32 as a whole.
    moments = [torch.var_mean(frame.float(), dim=-1, correction=0) for frame in grouped.unbind(1)]
    variances = torch.stack([variance for variance, _ in moments])
    means = torch.stack([mean for _, mean in moments])
    # All frames have the same size, so the clip's variance is the mean of theirs plus that of their means.
    variance = variances.mean(0) + means.var(0, correction=0)
    per_channel = norm.num_channels // norm.num_groups
    inverse = torch.rsqrt(variance + norm.eps).repeat_interleave(per_channel, dim=1)
    scale = norm.weight.float() * inverse
    shift = norm.bias.float() - means.mean(0).repeat_interleave(per_channel, dim=1) * scale
    return scale[:, None, :, None, None], shift[:, None, :, None, None]
