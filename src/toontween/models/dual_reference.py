"""The dual-reference decoder: latents of a clip → pictures, with the detail of both keys carried over.

ToonCrafter, section 3.3 "Dual-reference-based 3D decoder". Two things are added to an image decoder:
`TemporalMixing` (pseudo-3D convolutions after every residual block) lets frames see their neighbours, and the encoder's
features of the two keys enter level by level: `ReferenceAttention` at the coarse levels (every frame looks
at both keys), `ReferenceInjection` at the fine ones (the two end frames receive their own key's features).

For small networks there is another way at the fine levels, `KeyMatching`: they see each frame alone, and at the end pixels
of the keys are put into the pictures. Such a decoder draws one frame after the other; when temporal layers, too, take their
statistics frame by frame, it holds no more of a clip than the frames within their reach, see `draw_one_by_one`.

Between layers a clip is kept as frames, `n` = batch · frames, sample by sample.
"""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from toontween.models.blocks.block_codec import BlockSynthesis
from toontween.models.blocks.key_matching import KeyMatching
from toontween.models.blocks.references import ReferenceAttention, ReferenceInjection
from toontween.models.blocks.temporal_mixing import (
    TemporalNorm,
    convolve_in_time,
    each_passing,
    reach_of,
)
from toontween.models.blocks.vae_decoder import (
    DecoderBlock,
    DecoderLevel,
    DecoderMiddle,
    attend_passing,
)
from toontween.models.blocks.vae_layers import (
    NORM_EPSILON,
    Upsample,
    by_frames,
    set_to_identity,
    set_to_zero,
    silu,
)
from toontween.registry import choice_called

DecoderVariant = Literal["full", "no-p3d", "no-har-no-p3d"]
"""The paper's ablation: everything; references but no temporal mixing; the plain image decoder (neither)."""

FIRST_ATTENTION_LEVEL = 2
"""Levels from here on (0 is full size) attend to the references; finer ones have them injected."""

_FRAMES_AT_ONCE = 1
"""Frames that enter together where a clip passes by; more take more memory and, on a CPU, hardly less time."""

_KEPT_REACHES = 4
"""Coarse features of clips of up to so many reaches are kept: seeing the last frame's surroundings first would take longer."""


def variant_called(name: str) -> DecoderVariant:
    """The variant of that name.

    Raises:
        UnknownNameError: There is none.
    """
    return choice_called("decoder variant", name, get_args(DecoderVariant))


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
        temporal_norm: Where the norms of temporal layers take their statistics.
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
        temporal_norm: TemporalNorm = "clip",
        finest_attention_level: int = FIRST_ATTENTION_LEVEL,
        match_keys: bool = False,
    ) -> None:
        super().__init__()
        self.gradient_checkpointing = False
        self.apply_post_quant_conv = apply_post_quant_conv
        self.patch_size = patch_size
        temporal = variant == "full"
        self.first_clip_level = (
            min(finest_temporal_level, finest_attention_level) if match_keys else 0
        )
        self.post_quant_conv = nn.Conv2d(latent_channels, latent_channels, 1)
        self.conv_in = nn.Conv2d(latent_channels, channels[-1], 3, padding=1)
        self.mid = DecoderMiddle(
            channels[-1],
            groups=groups,
            temporal_norm=temporal_norm if temporal else None,
            attends=middle_attention,
        )
        self.up = nn.ModuleList()
        for level, width in enumerate(channels):
            entering = channels[min(level + 1, len(channels) - 1)]
            norm = temporal_norm if temporal and level >= finest_temporal_level else None
            blocks = [
                DecoderBlock(source, width, groups=groups, temporal_norm=norm)
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
            set_to_identity(self.time_mix)

    @property
    def draws_one_by_one(self) -> bool:
        """Whether the finer levels see each frame alone, see `draw_one_by_one`."""
        return self.first_clip_level > 0

    def forward(
        self,
        latents: Float[Tensor, "b c t h w"],
        references: tuple[Float[Tensor, "b _ 2 _ _"], ...] | None,
    ) -> Float[Tensor, "b 3 t _ _"]:
        """Pictures in −1…1 (not clipped); the references are in the encoder's order."""
        num_frames = latents.shape[2]
        frames = rearrange(latents, "b c t h w -> (b t) c h w")
        hidden = self._see_clip(frames, references, num_frames)
        pictures, fine = self._draw(hidden, frames, references, num_frames)
        if references is not None and self.matching is not None:
            ends = pictures.unflatten(0, (-1, num_frames))[:, [0, -1]].transpose(1, 2)
            pictures = self.matching(pictures, fine, references[-1], ends)
        pictures = pictures.unflatten(0, (-1, num_frames))
        if self.time_mix is not None:
            pictures = convolve_in_time(self.time_mix, pictures)
        return rearrange(pictures, "b t c h w -> b c t h w")

    def draw_one_by_one(
        self,
        latents: Float[Tensor, "b c t h w"],
        references: tuple[Float[Tensor, "b _ 2 _ _"], ...] | None,
    ) -> Iterator[Float[Tensor, "b 3 _ _"]]:
        """The pictures of `forward` in order, for decoders with `draws_one_by_one` where no gradients are recorded.

        Finer levels never hold more than one frame, or two for the ends that `KeyMatching` compares with. Coarser ones hold the
        clip unless all temporal layers take their statistics frame by frame; then they hold only frames within their reach.
        """
        coarse = self._coarse_frames(latents, references)
        own = latents.unbind(2)
        if references is None or self.matching is None:
            for hidden, latent in zip(coarse, own, strict=True):
                yield self._draw(hidden, latent, None, 1)[0]
            return
        reach = reach_of(self)
        if reach is None or len(own) <= _KEPT_REACHES * reach:
            kept = list(coarse)
            first, last, coarse = kept[0], kept[-1], iter(kept)
        else:
            first = next(coarse)
            coarse = chain([first], coarse)
            near_end = self._coarse_frames(latents[:, :, -reach - 1 :], references)
            last = deque(near_end, maxlen=1).pop()
        ends = [self._draw(*end, None, 1)[0] for end in ((first, own[0]), (last, own[-1]))]
        soft_keys = torch.stack(ends, dim=2)
        for hidden, latent in zip(coarse, own, strict=True):
            pictures, fine = self._draw(hidden, latent, None, 1)
            yield self.matching(pictures, fine, references[-1], soft_keys)

    def _coarse_frames(
        self, latents: Tensor, references: tuple[Tensor, ...] | None
    ) -> Iterator[Float[Tensor, "b c h w"]]:
        """What `_see_clip` gives, frame by frame, holding only those within reach where it is finite."""
        if reach_of(self) is None:
            frames = rearrange(latents, "b c t h w -> (b t) c h w")
            hidden = self._see_clip(frames, references, latents.shape[2])
            yield from hidden.unflatten(0, (-1, latents.shape[2])).unbind(1)
            return
        entering = (part.transpose(1, 2) for part in latents.split(_FRAMES_AT_ONCE, dim=2))
        parts = self.mid.pass_by(each_passing(self._enter, entering))
        for level in reversed(range(self.first_clip_level, len(self.up))):
            blocks: Any = self.up[level]
            parts = blocks.pass_by(parts)
            if references is not None and self._meets_keys(level):
                parts = attend_passing(self.references[level], references[level], parts)
            if level > self.first_clip_level:
                parts = each_passing(self.upsample[level], parts)
        for part in parts:
            yield from part.unbind(1)

    def _meets_keys(self, level: int) -> bool:
        return not isinstance(self.references[level], nn.Identity)

    def _enter(self, frames: Tensor) -> Tensor:
        return self.conv_in(self.post_quant_conv(frames) if self.apply_post_quant_conv else frames)

    def _see_clip(
        self, frames: Tensor, references: tuple[Tensor, ...] | None, num_frames: int
    ) -> Tensor:
        """Features of the latents, through the levels that see more than each frame alone."""
        hidden = self.mid(self._enter(frames), num_frames)
        for level in reversed(range(self.first_clip_level, len(self.up))):
            blocks: Any = self.up[level].blocks
            for block in blocks:
                hidden = self._call(block, hidden, num_frames)
            if references is not None and self._meets_keys(level):
                hidden = self._call(self.references[level], hidden, references[level], num_frames)
            if level > self.first_clip_level:
                hidden = by_frames(self.upsample[level], hidden)
        return hidden

    def _draw(
        self,
        hidden: Tensor,
        latents: Tensor,
        references: tuple[Tensor, ...] | None,
        num_frames: int,
    ) -> tuple[Tensor, Tensor]:
        """Pictures and the last features, through the levels that see each frame alone."""
        for level in reversed(range(self.first_clip_level)):
            hidden = by_frames(self.upsample[level + 1], hidden)
            blocks: Any = self.up[level].blocks
            for block in blocks:
                hidden = self._call(block, hidden, num_frames)
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
