"""SEINE's denoiser (arXiv 2310.20700): the UNet of Stable Diffusion 1.4 with an attention along time in every transformer.

A clip enters as noisy latents, a mask of the frames to be made, and the latents of the frames that are given; it leaves
as the predicted noise.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float, Int
from torch import Tensor, nn

from toontween.errors import InputError, ShapeError
from toontween.interpolators.learned.seine.attention import ROTARY_DIM
from toontween.interpolators.learned.seine.stages import (
    ClipGroupNorm,
    DownBlock,
    MiddleBlock,
    Sizes,
    UpBlock,
)
from toontween.models.blocks.layers import EmbeddingMLP


class SeineUNet(ModelMixin, ConfigMixin):
    """Predicts the noise in a clip's latents, given some of its frames and a prompt.

    Args:
        in_channels: Channels of the noisy latents, the mask and the given latents together.
        out_channels: Channels of the prediction.
        block_out_channels: Channels of each level, finest first. All levels but the coarsest have attention.
        layers_per_block: Residual blocks of each level on the way down; one more on the way up.
        num_heads: Heads of every attention.
        context_dim: Width of a prompt's token.
        norm_groups: Groups of the group norms.

    Raises:
        InputError: Heads or groups do not divide the channels of a level, or a head is too narrow for its positions.
    """

    @register_to_config
    def __init__(
        self,
        *,
        in_channels: int = 9,
        out_channels: int = 4,
        block_out_channels: tuple[int, ...] | list[int] = (320, 640, 1280, 1280),
        layers_per_block: int = 2,
        num_heads: int = 8,
        context_dim: int = 768,
        norm_groups: int = 32,
    ) -> None:
        super().__init__()
        widths = list(block_out_channels)
        _check_widths(widths, num_heads=num_heads, norm_groups=norm_groups)
        sizes = Sizes(
            num_heads=num_heads,
            context_dim=context_dim,
            norm_groups=norm_groups,
            embedding_dim=4 * widths[0],
        )
        self.time_embedding = EmbeddingMLP(widths[0], sizes.embedding_dim)
        self.conv_in = nn.Conv2d(in_channels, widths[0], kernel_size=3, padding=1)
        self.down_blocks = _down_blocks(widths, sizes, layers_per_block)
        self.mid_block = MiddleBlock(widths[-1], sizes)
        self.up_blocks = _up_blocks(widths, sizes, layers_per_block)
        self.conv_norm_out = ClipGroupNorm(norm_groups, widths[0])
        self.conv_out = nn.Conv2d(widths[0], out_channels, kernel_size=3, padding=1)

    def forward(
        self,
        sample: Float[Tensor, "b c t h w"],
        timestep: Int[Tensor, " b"],
        encoder_hidden_states: Float[Tensor, "b m d"],
    ) -> Float[Tensor, "b o t h w"]:
        """Predict the noise.

        Args:
            sample: Noisy latents, mask (1 for frames to be made) and given latents, joined along the channels; any
                number of frames, though the published network was trained on 16.
            timestep: Diffusion timestep of each clip, 0…999.
            encoder_hidden_states: Tokens of each clip's prompt.

        Raises:
            ShapeError: The channels or the width of the tokens are not the network's.
        """
        self._check(sample, encoder_hidden_states)
        batch, _, frames, _, _ = sample.shape
        text = encoder_hidden_states
        # every residual block starts by activating the embedding: once for all
        embedding = F.silu(self.time_embedding(timestep))
        hidden = sample.transpose(1, 2).flatten(0, 1)
        hidden = hidden.contiguous(memory_format=torch.channels_last)

        hidden = self.conv_in(hidden)
        skips: list[Tensor] = [hidden]
        for block in self.down_blocks:
            skips += block(skips[-1], embedding, text, frames)
        hidden = self.mid_block(skips[-1], embedding, text, frames)
        for block in self.up_blocks:
            shown = [skips.pop() for _ in range(self.config["layers_per_block"] + 1)]
            # halving rounds odd sizes up, so doubling alone would not lead back to them
            above = skips[-1] if skips else hidden
            size = (above.shape[-2], above.shape[-1])
            hidden = block(hidden, shown, embedding, text, frames, size)
        noise = self.conv_out(F.silu(self.conv_norm_out.over_clips(hidden, frames)))
        return noise.unflatten(0, (batch, frames)).transpose(1, 2)

    def _check(self, sample: Tensor, text: Tensor) -> None:
        in_channels, context_dim = self.config["in_channels"], self.config["context_dim"]
        if sample.shape[1] != in_channels:
            raise ShapeError(
                f"the sample has {sample.shape[1]} channels, the network reads {in_channels}"
            )
        if text.shape[2] != context_dim:
            raise ShapeError(
                f"prompt tokens are {text.shape[2]} wide, the network reads {context_dim}"
            )


def _down_blocks(widths: list[int], sizes: Sizes, num_layers: int) -> nn.ModuleList:
    deepest = len(widths) - 1
    return nn.ModuleList(
        DownBlock(
            source,
            width,
            sizes,
            num_layers=num_layers,
            attention=level != deepest,
            shrink=level != deepest,
        )
        for level, (source, width) in enumerate(pairwise([widths[0], *widths]))
    )


def _up_blocks(widths: list[int], sizes: Sizes, num_layers: int) -> nn.ModuleList:
    deepest = len(widths) - 1
    skips = [widths[0]]
    for level, width in enumerate(widths):
        skips += [width] * (num_layers + (level != deepest))
    blocks = nn.ModuleList()
    below = widths[-1]
    for level in reversed(range(len(widths))):
        shown = [skips.pop() for _ in range(num_layers + 1)]
        block = UpBlock(
            below, widths[level], shown, sizes, attention=level != deepest, enlarge=level != 0
        )
        blocks.append(block)
        below = widths[level]
    return blocks


def _check_widths(widths: list[int], *, num_heads: int, norm_groups: int) -> None:
    for width in widths:
        for name, number in (("num_heads", num_heads), ("norm_groups", norm_groups)):
            if width % number:
                raise InputError(f"{name} {number} does not divide the {width} channels of a level")
        if width // num_heads < ROTARY_DIM:
            raise InputError(
                f"{width} channels in {num_heads} heads leave {width // num_heads} for each",
                hint=f"positions along time take {ROTARY_DIM}: use fewer heads or more channels",
            )
