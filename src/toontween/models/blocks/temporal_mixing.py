"""Mixing over time in the autoencoder's decoder, of whole clips or of clips that pass by.

A clip that passes by is an iterator of its parts, each a few frames of every sample, in order. Layers hand on what they have
as soon as it is known and hold no more than the frames that their convolutions still look at, so memory does not
grow with the clip and nothing is computed twice. Parts may come out longer or shorter than they went in.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from toontween.models.blocks.vae_layers import at_once, by_frames, set_to_zero, silu
from toontween.registry import choice_called

TEMPORAL_NORM_EPSILON = 1e-5
"""Of every GroupNorm of a temporal layer."""

TemporalNorm = Literal["clip", "frame"]
"""Where the GroupNorms of temporal layers take their statistics: over all frames together, as published, or frame by frame."""


def temporal_norm_called(name: str) -> TemporalNorm:
    """The way of taking statistics that has this name.

    Raises:
        UnknownNameError: There is none.
    """
    return choice_called("temporal norm", name, get_args(TemporalNorm))


class TemporalMixing(nn.Module):
    """Residual 3×1×1 convolutions over time, weighted by sigmoid(`mix_factor`).

    The published GroupNorm takes its statistics over time, height and width together, so the result depends on the whole clip;
    with statistics of each frame a frame depends on those within `reach` only, and clips may `pass_by`. The
    convolutions run as two-dimensional ones over (time, place). A new layer changes nothing: its last convolution is 0.
    """

    def __init__(self, channels: int, *, groups: int, temporal_norm: TemporalNorm = "clip") -> None:
        super().__init__()
        self.by_frame = temporal_norm == "frame"
        self.norm1 = nn.GroupNorm(groups, channels, eps=TEMPORAL_NORM_EPSILON)
        self.conv1 = nn.Conv2d(channels, channels, (3, 1), padding=(1, 0))
        self.norm2 = nn.GroupNorm(groups, channels, eps=TEMPORAL_NORM_EPSILON)
        self.conv2 = nn.Conv2d(channels, channels, (3, 1), padding=(1, 0))
        self.mix_factor = nn.Parameter(torch.zeros(1))
        set_to_zero(self.conv2)

    @property
    def reach(self) -> int | None:
        """How many frames away, either way, a frame's result still looks; None: at the whole clip."""
        return _reach(self.conv1) + _reach(self.conv2) if self.by_frame else None

    def forward(
        self, frames: Float[Tensor, "n c h w"], num_frames: int
    ) -> Float[Tensor, "n c h w"]:
        """The mixed frames; `frames` itself is overwritten unless gradients are recorded."""
        clip = frames.unflatten(0, (-1, num_frames))
        weight = self.mix_factor.sigmoid()
        if torch.is_grad_enabled():
            hidden = convolve_in_time(self.conv1, silu(self._normalised(self.norm1, clip)))
            hidden = convolve_in_time(self.conv2, silu(self._normalised(self.norm2, hidden)))
            return frames + weight * hidden.flatten(0, 1)
        hidden = torch.empty_like(clip)
        for rows, band in self._normalised_bands(self.norm1, clip):
            hidden[..., rows, :] = convolve_in_time(self.conv1, silu(band))
        for rows, band in self._normalised_bands(self.norm2, hidden):
            clip[..., rows, :] += weight * convolve_in_time(self.conv2, silu(band))
        return frames

    def pass_by(
        self, parts: Iterable[Float[Tensor, "b _ c h w"]]
    ) -> Iterator[Float[Tensor, "b _ c h w"]]:
        """What `forward` makes of a clip that passes by, where `reach` is known; frames come out that much later."""
        waiting: deque[Tensor] = deque()

        def entering() -> Iterator[Tensor]:
            for part in parts:
                waiting.extend(part.unbind(1))
                yield silu(self._normalised(self.norm1, part))

        once = _convolve_passing(self.conv1, entering())
        twice = _convolve_passing(
            self.conv2, (silu(self._normalised(self.norm2, part)) for part in once)
        )
        weight = self.mix_factor.sigmoid()
        for part in twice:
            frames = torch.stack([waiting.popleft() for _ in range(part.shape[1])], dim=1)
            yield torch.addcmul(frames, part, weight)

    def _normalised(self, norm: nn.GroupNorm, clip: Tensor) -> Tensor:
        """GroupNorm of a clip (b t c h w), a new tensor."""
        if self.by_frame:
            return norm(clip.flatten(0, 1)).unflatten(0, clip.shape[:2])
        return norm(clip.transpose(1, 2)).transpose(1, 2)

    def _normalised_bands(
        self, norm: nn.GroupNorm, clip: Float[Tensor, "b t c h w"]
    ) -> Iterator[tuple[slice, Float[Tensor, "b t c r w"]]]:
        """The same, handed out in bands of rows to save memory."""
        scale, shift = _scale_and_shift(norm, clip, by_frame=self.by_frame)
        height = clip.shape[-2]
        step = at_once(clip[..., 0, :].numel())
        for start in range(0, height, step):
            rows = slice(start, min(start + step, height))
            band = torch.addcmul(shift, clip[..., rows, :].float(), scale)
            yield rows, band.to(clip.dtype)


def reach_of(network: nn.Module) -> int | None:
    """How many frames away, either way, all temporal layers of a network in a row look; None: at the whole clip."""
    total = 0
    for layer in network.modules():
        if isinstance(layer, TemporalMixing):
            if layer.reach is None:
                return None
            total += layer.reach
    return total


def each_passing(
    layer: Callable[[Tensor], Tensor], parts: Iterable[Float[Tensor, "b _ c h w"]]
) -> Iterator[Float[Tensor, "b _ _ _ _"]]:
    """`layer`, which treats frames alone, on every part of a clip that passes by."""
    for part in parts:
        yield by_frames(layer, part.flatten(0, 1)).unflatten(0, part.shape[:2])


def convolve_in_time(
    conv: nn.Conv2d, clip: Float[Tensor, "b t c h w"]
) -> Float[Tensor, "b t o h w"]:
    """A (3, 1) convolution over (time, place): the published 3×1×1 one."""
    return _folded(conv, clip)


def _convolve_passing(conv: nn.Conv2d, parts: Iterable[Tensor]) -> Iterator[Tensor]:
    """`convolve_in_time` of a clip that passes by: zeros stand before its first and after its last frame."""
    held: Tensor | None = None
    reach = _reach(conv)

    def inner(folded: Tensor) -> Tensor:
        return F.conv2d(folded, conv.weight, conv.bias)

    for part in parts:
        if held is None:
            held = torch.zeros_like(part[:, :1]).repeat(1, reach, 1, 1, 1)
        seen = torch.cat([held, part], dim=1)
        held = seen[:, -2 * reach :]
        if seen.shape[1] > 2 * reach:
            yield _folded(inner, seen)
    if held is not None:
        seen = torch.cat([held, torch.zeros_like(held[:, :reach])], dim=1)
        yield _folded(inner, seen)


def _folded(layer: Callable[[Tensor], Tensor], clip: Tensor) -> Tensor:
    found = layer(rearrange(clip, "b t c h w -> b c t (h w)"))
    return rearrange(found, "b c t (h w) -> b t c h w", h=clip.shape[-2])


def _reach(conv: nn.Conv2d) -> int:
    return conv.kernel_size[0] // 2


def _scale_and_shift(
    norm: nn.GroupNorm, clip: Float[Tensor, "b t c h w"], *, by_frame: bool
) -> tuple[Float[Tensor, "b s c 1 1"], Float[Tensor, "b s c 1 1"]]:
    """What GroupNorm multiplies each channel by and adds, in fp32, for each frame (s = t) or all of a clip (s = 1)."""
    grouped = clip.unflatten(2, (norm.num_groups, -1)).flatten(3)
    # One frame at a time, so that a half-precision clip is never held in fp32 as a whole.
    moments = [torch.var_mean(frame.float(), dim=-1, correction=0) for frame in grouped.unbind(1)]
    variance = torch.stack([variance for variance, _ in moments], dim=1)
    mean = torch.stack([mean for _, mean in moments], dim=1)
    if not by_frame:
        # All frames have the same size, so the clip's variance is the mean of theirs plus that of their means.
        variance = variance.mean(1, keepdim=True) + mean.var(1, correction=0, keepdim=True)
        mean = mean.mean(1, keepdim=True)
    per_channel = norm.num_channels // norm.num_groups
    inverse = torch.rsqrt(variance + norm.eps).repeat_interleave(per_channel, dim=2)
    scale = norm.weight.float() * inverse
    shift = norm.bias.float() - mean.repeat_interleave(per_channel, dim=2) * scale
    return scale[..., None, None], shift[..., None, None]
