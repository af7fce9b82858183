"""The dual-reference decoder: latents of a clip → pictures, with the detail of both keys carried over.

ToonCrafter, section 3.3 "Dual-reference-based 3D decoder". Two things are added to an image decoder:
`TemporalMixing` (pseudo-3D convolutions after every residual block) lets frames see their neighbours, and the encoder's
features of the two keys enter level by level: `ReferenceAttention` at the coarse levels (every frame looks
at both keys), `ReferenceInjection` at the fine ones (the two end frames receive their own key's features).

For small networks there is another way at the fine levels, `KeyMatching`: they see each frame alone, so that a clip's fine
features are never held together, and at the end pixels of the keys are put into the pictures.

Between layers a clip is kept as frames, `n` = batch · frames, sample by sample.
"""

from collections.abc import Callable
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from toontween.errors import UnknownNameError
from toontween.models.blocks.block_codec import BlockSynthesis
from toontween.models.blocks.key_matching import KeyMatching
from toontween.models.blocks.references import ReferenceAttention, ReferenceInjection
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


def variant_called(name: str) -> DecoderVariant:
    """The variant of that name.

    Raises:
        UnknownNameError: There is none.
    """
    for variant in get_args(DecoderVariant):
        if name == variant:
            return variant
    known = ", ".join(get_args(DecoderVariant))
    raise UnknownNameError(f"there is no decoder variant called {name!r}", hint=f"known: {known}")


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
    """Block, attention within each frame (or none), block, at the latent's own size."""

    def __init__(self, channels: int, *, groups: int, is_temporal: bool, attends: bool) -> None:
        super().__init__()
        self.block1 = DecoderBlock(channels, channels, groups=groups, is_temporal=is_temporal)
        self.attention = ImageAttention(channels, groups=groups) if attends else nn.Identity()
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
        patch_size: Side of the squares of pixels whose values the last convolution gives as channels.
        middle_attention: Whether every place of a frame looks at all others at the latents' own size.
        linear_codec: Whether a linear codec of blocks runs beside the layers, which then start at 0.
        finest_temporal_level: Levels from here on mix over time; finer ones see each frame alone.
        finest_attention_level: Levels from here on attend to the references.
        match_keys: Whether finer levels leave the references alone and `KeyMatching` puts pixels of the keys into
            the pictures at the end; the last reference is then the keys themselves.
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
        patch_size: int = 1,
        middle_attention: bool = True,
        linear_codec: bool = False,
        finest_temporal_level: int = 0,
        finest_attention_level: int = FIRST_ATTENTION_LEVEL,
        match_keys: bool = False,
    ) -> None:
        super().__init__()
        self.gradient_checkpointing = False
        self.apply_post_quant_conv = apply_post_quant_conv
        self.patch_size = patch_size
        temporal = variant == "full"
        self.first_clip_level = (
            max(finest_temporal_level, finest_attention_level) if match_keys else 0
        )
        self.post_quant_conv = nn.Conv2d(latent_channels, latent_channels, 1)
        self.conv_in = nn.Conv2d(latent_channels, channels[-1], 3, padding=1)
        self.mid = DecoderMiddle(
            channels[-1], groups=groups, is_temporal=temporal, attends=middle_attention
        )
        self.up = nn.ModuleList()
        for level, width in enumerate(channels):
            entering = channels[min(level + 1, len(channels) - 1)]
            mixes = temporal and level >= finest_temporal_level
            blocks = [
                DecoderBlock(source, width, groups=groups, is_temporal=mixes)
                for source in [entering] + [width] * (num_blocks - 1)
            ]
            self.up.append(DecoderLevel(blocks))
        self.upsample = nn.ModuleList(
            Upsample(width) if level else nn.Identity() for level, width in enumerate(channels)
        )
        self.references = nn.ModuleList()
        self.matching: KeyMatching | None = None
        if variant != "no-har-no-p3d":
            for level, width in enumerate(channels):
                if level >= finest_attention_level:
                    layer: nn.Module = ReferenceAttention(
                        width, heads=reference_heads, head_dim=reference_head_dim, groups=groups
                    )
                else:
                    layer = nn.Identity() if match_keys else ReferenceInjection(width)
                self.references.append(layer)
            if match_keys:
                self.matching = KeyMatching(channels[0])
            else:
                self.references.append(ReferenceInjection(channels[0]))
        self.norm_out = nn.GroupNorm(groups, channels[0], eps=NORM_EPSILON)
        self.conv_out = nn.Conv2d(channels[0], 3 * patch_size**2, 3, padding=1)
        self.synthesis: BlockSynthesis | None = None
        if linear_codec:
            block = patch_size * 2 ** (len(channels) - 1)
            self.synthesis = BlockSynthesis(latent_channels, block=block)
            set_to_zero(self.conv_out)
        mixes = temporal and not finest_temporal_level
        self.time_mix = nn.Conv2d(3, 3, (3, 1), padding=(1, 0)) if mixes else None
        if self.time_mix is not None:
            _set_to_identity(self.time_mix)

    def forward(
        self,
        latents: Float[Tensor, "b c t h w"],
        references: tuple[Float[Tensor, "b _ 2 _ _"], ...] | None,
    ) -> Float[Tensor, "b 3 t _ _"]:
        """Pictures in −1…1 (not clipped); the references are in the encoder's order."""
        num_frames = latents.shape[2]
        frames = rearrange(latents, "b c t h w -> (b t) c h w")
        hidden = self.post_quant_conv(frames) if self.apply_post_quant_conv else frames
        hidden = self.mid(self.conv_in(hidden), num_frames)
        for level in reversed(range(self.first_clip_level, len(self.up))):
            blocks: Any = self.up[level].blocks
            for block in blocks:
                hidden = self._call(block, hidden, num_frames)
            if references is not None:
                attended = self.references[level]
                hidden = self._call(attended, hidden, references[level], num_frames)
            hidden = by_frames(self.upsample[level], hidden)
        if self.first_clip_level and not torch.is_grad_enabled():
            pictures = self._draw_in_parts(hidden, frames, references, num_frames)
        else:
            pictures, fine = self._draw(hidden, frames, references, num_frames)
            if references is not None and self.matching is not None:
                ends = _ends(pictures, num_frames)
                pictures = self.matching(pictures, fine, references[-1], ends)
        pictures = pictures.unflatten(0, (-1, num_frames))
        if self.time_mix is not None:
            pictures = convolve_in_time(self.time_mix, pictures)
        return rearrange(pictures, "b t c h w -> b c t h w")

    def _draw_in_parts(
        self,
        hidden: Tensor,
        latents: Tensor,
        references: tuple[Tensor, ...] | None,
        num_frames: int,
    ) -> Tensor:
        """The rest of `forward`, frame by frame: the finer levels of a whole clip are never held."""
        parts = list(zip(hidden.split(1), latents.split(1), strict=True))
        if references is None or self.matching is None:
            return torch.cat([self._draw(*part, None, 1)[0] for part in parts])
        drawn = []
        for sample, keys in enumerate(references[-1].split(1)):
            clip = parts[sample * num_frames : (sample + 1) * num_frames]
            ends = torch.stack([self._draw(*clip[end], None, 1)[0] for end in (0, -1)], dim=2)
            for part in clip:
                pictures, fine = self._draw(*part, None, 1)
                drawn.append(self.matching(pictures, fine, keys, ends))
        return torch.cat(drawn)

    def _draw(
        self,
        hidden: Tensor,
        latents: Tensor,
        references: tuple[Tensor, ...] | None,
        num_frames: int,
    ) -> tuple[Tensor, Tensor]:
        """Pictures and the last features, through the levels that see each frame alone."""
        for level in reversed(range(self.first_clip_level)):
            blocks: Any = self.up[level].blocks
            for block in blocks:
                hidden = self._call(block, hidden, num_frames)
            hidden = self.upsample[level](hidden)
        hidden = by_frames(lambda frames: silu(self.norm_out(frames)), hidden)
        if references is not None and self.matching is None:
            hidden = self.references[-1](hidden, references[-1], num_frames)
        pictures = F.pixel_shuffle(by_frames(self.conv_out, hidden), self.patch_size)
        if self.synthesis is not None:
            pictures = pictures + self.synthesis(latents)
        return pictures, hidden

    def _call(self, layer: nn.Module, *inputs: Any) -> Tensor:
        if self.gradient_checkpointing and torch.is_grad_enabled():
            return self._gradient_checkpointing_func(layer, *inputs)
        return layer(*inputs)


def _ends(frames: Float[Tensor, "n c h w"], num_frames: int) -> Float[Tensor, "b c 2 h w"]:
    clip = frames.unflatten(0, (-1, num_frames))
    return clip[:, [0, -1]].transpose(1, 2)


def _set_to_identity(layer: nn.Conv2d) -> None:
    set_to_zero(layer)
    with torch.no_grad():
        middle = layer.kernel_size[0] // 2
        layer.weight[:, :, middle, 0].fill_diagonal_(1.0)
