"""The dual-reference decoder: latents of a clip → pictures, with the detail of both keys carried over.

ToonCrafter, section 3.3 "Dual-reference-based 3D decoder". Two things are added to an image decoder:
`TemporalMixing` (pseudo-3D convolutions after every residual block) lets frames see their neighbours, and the encoder's
features of the two keys enter level by level: `ReferenceAttention` at the coarse levels (every frame looks
at both keys), `ReferenceInjection` at the fine ones (the two end frames receive their own key's features).

Between layers a clip is kept as frames, `n` = batch · frames, sample by sample.
"""

from collections.abc import Callable
from typing import Any, Literal

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from toontween.models.blocks.vae_layers import (
    NORM_EPSILON,
    ImageAttention,
    ImageResidualBlock,
    TemporalMixing,
    Upsample,
    by_frames,
    convolve_in_time,
    set_to_zero,
    silu,
)

DecoderVariant = Literal["full", "no-p3d", "no-har-no-p3d"]
"""The paper's ablation: everything; references but no temporal mixing; the plain image decoder (neither)."""

FIRST_ATTENTION_LEVEL = 2
"""Levels from here on (0 is full size) attend to the references; finer ones have them injected."""

_SCORES_AT_ONCE = 2**30


class ReferenceInjection(nn.Module):
    """A 1×1 convolution of both keys' features, added to the first and to the last frame; 0 when new."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)
        set_to_zero(self.conv)

    def forward(
        self,
        frames: Float[Tensor, "n c h w"],
        reference: Float[Tensor, "b c k h w"],
        num_frames: int,
    ) -> Float[Tensor, "n c h w"]:
        """The frames with changed ends; `frames` itself is changed unless gradients are recorded."""
        added = self.conv(rearrange(reference, "b c k h w -> (b k) c h w"))
        first, last = rearrange(added, "(b k) c h w -> k b c h w", k=2)
        if torch.is_grad_enabled():
            frames = frames.clone()
        clip = frames.unflatten(0, (-1, num_frames))
        clip[:, 0] += first
        clip[:, -1] += last
        return frames


class ReferenceAttention(nn.Module):
    """Cross-attention from every place of every frame to all places of both keys; 0 when new.

    The paper's G_out = softmax(Q·Kᵀ/√d)·V + G_in. Keys and values come from the raw encoder features, are projected
    once and shared by all frames of the sample: the frames are folded into the query axis.
    """

    def __init__(self, channels: int, *, heads: int, head_dim: int, groups: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(groups, channels, eps=NORM_EPSILON)
        self.to_q = nn.Linear(channels, heads * head_dim, bias=False)
        self.to_k = nn.Linear(channels, heads * head_dim, bias=False)
        self.to_v = nn.Linear(channels, heads * head_dim, bias=False)
        self.to_out = nn.Linear(heads * head_dim, channels)
        set_to_zero(self.to_out)

    def forward(
        self,
        frames: Float[Tensor, "n c h w"],
        reference: Float[Tensor, "b c k h w"],
        num_frames: int,
    ) -> Float[Tensor, "n c h w"]:
        """The frames plus what they found in the references."""
        source = rearrange(reference, "b c k h w -> b (k h w) c")
        tokens = rearrange(self.norm(frames), "(b t) c h w -> b (t h w) c", t=num_frames)
        query, key, value = (
            rearrange(projected, "b n (heads d) -> b heads n d", heads=self.heads)
            for projected in (self.to_q(tokens), self.to_k(source), self.to_v(source))
        )
        # A kernel that is not fused holds one score for each query, key and head; this bounds them.
        step = max(1, _SCORES_AT_ONCE // (key.shape[0] * self.heads * key.shape[2]))
        found = torch.cat(
            [F.scaled_dot_product_attention(part, key, value) for part in query.split(step, 2)], 2
        )
        added = self.to_out(rearrange(found, "b heads n d -> b n (heads d)"))
        height = frames.shape[-2]
        return frames + rearrange(added, "b (t h w) c -> (b t) c h w", t=num_frames, h=height)


class DecoderBlock(nn.Module):
    """A residual block on each frame, then, when temporal, mixing over time."""

    def __init__(
        self, in_channels: int, out_channels: int, *, groups: int, is_temporal: bool
    ) -> None:
        super().__init__()
        self.image = ImageResidualBlock(in_channels, out_channels, groups=groups)
        self.temporal = TemporalMixing(out_channels, groups=groups) if is_temporal else None

    def forward(
        self, frames: Float[Tensor, "n c h w"], num_frames: int
    ) -> Float[Tensor, "n o h w"]:
        """The block's result, a new tensor."""
        hidden = by_frames(self.image, frames)
        return hidden if self.temporal is None else self.temporal(hidden, num_frames)


class DecoderMiddle(nn.Module):
    """Block, attention within each frame, block, at the latent's own size."""

    def __init__(self, channels: int, *, groups: int, is_temporal: bool) -> None:
        super().__init__()
        self.block1 = DecoderBlock(channels, channels, groups=groups, is_temporal=is_temporal)
        self.attention = ImageAttention(channels, groups=groups)
        self.block2 = DecoderBlock(channels, channels, groups=groups, is_temporal=is_temporal)

    def forward(
        self, frames: Float[Tensor, "n c h w"], num_frames: int
    ) -> Float[Tensor, "n c h w"]:
        """The frames after the three layers."""
        hidden = self.block1(frames, num_frames)
        hidden = by_frames(self.attention, hidden)
        return self.block2(hidden, num_frames)


class DecoderLevel(nn.Module):
    """The blocks of one resolution."""

    def __init__(self, blocks: list[DecoderBlock]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)


class DualReferenceDecoder(nn.Module):
    """Latents of whole clips → pictures, with or without the two keys' encoder features.

    Args:
        channels: Of each level, finest first.
        num_blocks: Residual blocks a level.
        latent_channels: Of the latents.
        groups: Of every GroupNorm.
        reference_heads: Attention heads at the coarse levels.
        reference_head_dim: Width of one head.
        variant: Which of the two additions are there.
        apply_post_quant_conv: Whether latents first pass the 1×1 convolution that the image decoder was trained with.
            Its weights are there in any case, because every published checkpoint carries them.
    """

    _gradient_checkpointing_func: Callable[..., Tensor]

    def __init__(
        self,
        *,
        channels: tuple[int, ...],
        num_blocks: int,
        latent_channels: int,
        groups: int,
        reference_heads: int,
        reference_head_dim: int,
        variant: DecoderVariant,
        apply_post_quant_conv: bool,
    ) -> None:
        super().__init__()
        self.gradient_checkpointing = False
        self.apply_post_quant_conv = apply_post_quant_conv
        temporal = variant == "full"
        self.post_quant_conv = nn.Conv2d(latent_channels, latent_channels, 1)
        self.conv_in = nn.Conv2d(latent_channels, channels[-1], 3, padding=1)
        self.mid = DecoderMiddle(channels[-1], groups=groups, is_temporal=temporal)
        self.up = nn.ModuleList()
        for level, width in enumerate(channels):
            entering = channels[min(level + 1, len(channels) - 1)]
            blocks = [
                DecoderBlock(source, width, groups=groups, is_temporal=temporal)
                for source in [entering] + [width] * (num_blocks - 1)
            ]
            self.up.append(DecoderLevel(blocks))
        self.upsample = nn.ModuleList(
            Upsample(width) if level else nn.Identity() for level, width in enumerate(channels)
        )
        self.references = nn.ModuleList()
        if variant != "no-har-no-p3d":
            for level, width in enumerate(channels):
                self.references.append(
                    ReferenceInjection(width)
                    if level < FIRST_ATTENTION_LEVEL
                    else ReferenceAttention(
                        width, heads=reference_heads, head_dim=reference_head_dim, groups=groups
                    )
                )
            self.references.append(ReferenceInjection(channels[0]))
        self.norm_out = nn.GroupNorm(groups, channels[0], eps=NORM_EPSILON)
        self.conv_out = nn.Conv2d(channels[0], 3, 3, padding=1)
        self.time_mix = nn.Conv2d(3, 3, (3, 1), padding=(1, 0)) if temporal else None
        if self.time_mix is not None:
            _set_to_identity(self.time_mix)

    def forward(
        self,
        latents: Float[Tensor, "b c t h w"],
        references: tuple[Float[Tensor, "b _ 2 _ _"], ...] | None,
    ) -> Float[Tensor, "b 3 t _ _"]:
        """Pictures in −1…1 (not clipped); the references are in the encoder's order."""
        num_frames = latents.shape[2]
        hidden = rearrange(latents, "b c t h w -> (b t) c h w")
        if self.apply_post_quant_conv:
            hidden = self.post_quant_conv(hidden)
        hidden = self.mid(self.conv_in(hidden), num_frames)
        for level in reversed(range(len(self.up))):
            blocks: Any = self.up[level].blocks
            for block in blocks:
                hidden = self._call(block, hidden, num_frames)
            if references is not None:
                attended = self.references[level]
                hidden = self._call(attended, hidden, references[level], num_frames)
            hidden = by_frames(self.upsample[level], hidden)
        hidden = by_frames(lambda frames: silu(self.norm_out(frames)), hidden)
        if references is not None:
            hidden = self.references[-1](hidden, references[-1], num_frames)
        pictures = by_frames(self.conv_out, hidden).unflatten(0, (-1, num_frames))
        if self.time_mix is not None:
            pictures = convolve_in_time(self.time_mix, pictures)
        return rearrange(pictures, "b t c h w -> b c t h w")

    def _call(self, layer: nn.Module, *inputs: Any) -> Tensor:
        if self.gradient_checkpointing and torch.is_grad_enabled():
            return self._gradient_checkpointing_func(layer, *inputs)
        return layer(*inputs)


def _set_to_identity(layer: nn.Conv2d) -> None:
    set_to_zero(layer)
    with torch.no_grad():
        middle = layer.kernel_size[0] // 2
        layer.weight[:, :, middle, 0].fill_diagonal_(1.0)
