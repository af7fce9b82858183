"""The denoiser: a picture UNet made to see time (ToonCrafter, arXiv 2405.17933; after DynamiCrafter, arXiv 2310.12190).

Every residual block ends in a temporal convolution, every attention level has a transformer over each frame's pixels and
one along time. A clip enters as noisy latents beside the latents of its two keys and leaves as the predicted velocity.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float, Int
from torch import Tensor, nn

from toontween.errors import InputError, ShapeError
from toontween.models.blocks.attention import Context, TemporalTransformer
from toontween.models.blocks.layers import (
    EmbeddingMLP,
    GroupNorm,
    TemporalConvolution,
    zero_init,
)
from toontween.models.blocks.stages import DownStage, InputStage, MiddleStage, StageParts, UpStage


class ToonUNet(ModelMixin, ConfigMixin):
    """Predicts the velocity of a clip's noisy latents, given its keys, a context and a motion rate.

    Args:
        in_channels: Channels of noisy and key latents together.
        out_channels: Channels of the prediction.
        base_channels: Channels at the finest level.
        channel_mult: Channels of each level as multiples of the base, finest first.
        num_res_blocks: Residual blocks of each level on the way down; one more on the way up.
        attention_factors: Down-sampling factors at which frames have attention. The middle always has.
        head_dim: Width of an attention head; the temporal attention at the input has eight heads.
        context_dim: Width of a context token.
        norm_groups: Groups of the group norms.
        num_frames: Frames the network was trained on; other numbers run too.
        text_tokens: Leading context tokens that are text.
        queries_per_frame: Image tokens of a frame when the context has some for every frame.
        default_motion_fps: Motion rate when none is given.
        dropout: In training, in residual blocks and temporal convolutions.

    Raises:
        InputError: Heads or groups do not divide the channels of a level.
    """

    _supports_gradient_checkpointing = True
    _gradient_checkpointing_func: Callable[..., Tensor]

    @register_to_config
    def __init__(
        self,
        *,
        in_channels: int = 8,
        out_channels: int = 4,
        base_channels: int = 320,
        channel_mult: tuple[int, ...] | list[int] = (1, 2, 4, 4),
        num_res_blocks: int = 2,
        attention_factors: tuple[int, ...] | list[int] = (1, 2, 4),
        head_dim: int = 64,
        context_dim: int = 1024,
        norm_groups: int = 32,
        num_frames: int = 16,
        text_tokens: int = 77,
        queries_per_frame: int = 16,
        default_motion_fps: int = 24,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        del num_frames, text_tokens, queries_per_frame, default_motion_fps  # read from the config
        self.gradient_checkpointing = False
        widths = [base_channels * mult for mult in channel_mult]
        has_attention = [2**level in attention_factors for level in range(len(widths))]
        attended = [width for width, has in zip(widths, has_attention, strict=True) if has]
        _check_divides("head_dim", head_dim, [*attended, widths[-1]])
        _check_divides("norm_groups", norm_groups, [base_channels, *widths])

        embedding_dim = 4 * base_channels
        self.time_embedding = EmbeddingMLP(base_channels, embedding_dim)
        self.motion_embedding = EmbeddingMLP(base_channels, embedding_dim)
        zero_init(self.motion_embedding.linear_2)
        parts = StageParts(
            head_dim=head_dim,
            context_dim=context_dim,
            norm_groups=norm_groups,
            embedding_dim=embedding_dim,
            dropout=dropout,
        )
        first = InputStage(in_channels, base_channels, head_dim=head_dim, norm_groups=norm_groups)
        down, skips = _down_stages(parts, base_channels, widths, has_attention, num_res_blocks)
        self.down_blocks = nn.ModuleList([first, *down])
        self.mid_block = MiddleStage(parts, widths[-1])
        self.up_blocks = nn.ModuleList(
            _up_stages(parts, skips, widths, has_attention, num_res_blocks)
        )
        self.norm_out = GroupNorm(norm_groups, widths[0])
        self.conv_out = zero_init(nn.Conv2d(widths[0], out_channels, kernel_size=3, padding=1))

    @property
    def spatial_multiple(self) -> int:
        """Latent cells that height and width must be multiples of: 8 with four levels."""
        return 2 ** (len(self.config["channel_mult"]) - 1)

    def temporal_parameter_names(self) -> list[str]:
        """Names of the parameters that mix frames; toon rectification leaves them as they are."""
        return [
            f"{prefix}.{name}"
            for prefix, module in self.named_modules()
            if isinstance(module, (TemporalTransformer, TemporalConvolution))
            for name, _ in module.named_parameters()
        ]

    def split_context(self, tokens: Float[Tensor, "b n d"], num_frames: int) -> Context:
        """Text tokens, and image tokens by frame where there are `queries_per_frame` for each, else by clip."""
        text_tokens = self.config["text_tokens"]
        per_frame = self.config["queries_per_frame"]
        text, image = tokens[:, :text_tokens], tokens[:, text_tokens:]
        if image.shape[1] == per_frame * num_frames:
            image = image.unflatten(1, (num_frames, per_frame)).flatten(0, 1)
        return Context(text, image)

    def forward(
        self,
        sample: Float[Tensor, "b c t h w"],
        timestep: Int[Tensor, " b"],
        encoder_hidden_states: Float[Tensor, "b n d"],
        motion_fps: Int[Tensor, " b"] | None = None,
        sketch_residuals: tuple[Float[Tensor, "_ _ _ _"], ...] | None = None,
    ) -> Float[Tensor, "b o t h w"]:
        """Predict the velocity.

        Args:
            sample: Noisy latents and key latents, joined along the channels.
            timestep: Diffusion timestep of each clip, 0…999.
            encoder_hidden_states: Text tokens, then image tokens. `queries_per_frame` image tokens for each of the t
                frames go frame by frame, in order; any other number is shown whole to every frame.
            motion_fps: Frames per second at which each clip's motion is to look natural; smaller means more motion.
            sketch_residuals: What to add to each skip connection in the order of the way down, then to the middle's
                output; each (b·t, c, h, w), already scaled.

        Raises:
            ShapeError: A size does not fit the network.
        """
        self._check(sample, encoder_hidden_states)
        batch, _, frames, _, _ = sample.shape
        context = self.split_context(encoder_hidden_states, frames)
        embedding = self._embed(timestep, motion_fps)
        hidden = sample.transpose(1, 2).flatten(0, 1)
        hidden = hidden.contiguous(memory_format=torch.channels_last)

        hidden = self._call(self.down_blocks[0], hidden, frames)
        skips = [hidden]
        for block in self.down_blocks[1:]:
            if isinstance(block, DownStage):
                hidden = self._call(block, hidden, embedding, context, frames)
            else:
                hidden = block(hidden)
            skips.append(hidden)
        hidden = self._call(self.mid_block, hidden, embedding, context, frames)
        if sketch_residuals is not None:
            _check_residuals(sketch_residuals, [*skips, hidden])
            *skip_residuals, middle_residual = sketch_residuals
            skips = [skip + extra for skip, extra in zip(skips, skip_residuals, strict=True)]
            hidden = hidden + middle_residual
        for block in self.up_blocks:
            joined = torch.cat([hidden, skips.pop()], dim=1)
            hidden = self._call(block, joined, embedding, context, frames)
        velocity = self.conv_out(F.silu(self.norm_out(hidden)))
        return velocity.unflatten(0, (batch, frames)).transpose(1, 2)

    def _call(self, block: nn.Module, *inputs: Any) -> Tensor:
        if self.gradient_checkpointing and torch.is_grad_enabled():
            return self._gradient_checkpointing_func(block, *inputs)
        return block(*inputs)

    def _embed(
        self, timestep: Int[Tensor, " b"], motion_fps: Int[Tensor, " b"] | None
    ) -> Float[Tensor, "b e"]:
        if motion_fps is None:
            motion_fps = torch.full_like(timestep, self.config["default_motion_fps"])
        # every residual block starts by activating the embedding: once for all
        return F.silu(self.time_embedding(timestep) + self.motion_embedding(motion_fps))

    def _check(self, sample: Tensor, tokens: Tensor) -> None:
        _, channels, _, height, width = sample.shape
        in_channels, context_dim = self.config["in_channels"], self.config["context_dim"]
        text_tokens, multiple = self.config["text_tokens"], self.spatial_multiple
        if channels != in_channels:
            raise ShapeError(f"the sample has {channels} channels, the network reads {in_channels}")
        if height % multiple or width % multiple:
            raise ShapeError(
                f"latents of {width}×{height} do not fit the network",
                hint=f"width and height must be multiples of {multiple} latent cells",
            )
        if tokens.shape[2] != context_dim:
            raise ShapeError(
                f"context tokens are {tokens.shape[2]} wide, the network reads {context_dim}"
            )
        if tokens.shape[1] <= text_tokens:
            raise ShapeError(
                f"the context has {tokens.shape[1]} tokens",
                hint=f"{text_tokens} text tokens must be followed by image tokens",
            )


def _down_stages(
    parts: StageParts,
    base_channels: int,
    widths: list[int],
    has_attention: list[bool],
    num_res_blocks: int,
) -> tuple[list[nn.Module], list[int]]:
    """Stages of the way down after the input, and the channels of every skip connection."""
    stages: list[nn.Module] = []
    channels = base_channels
    skips = [channels]
    for level, width in enumerate(widths):
        for _ in range(num_res_blocks):
            stages.append(DownStage(parts, channels, width, attention=has_attention[level]))
            channels = width
            skips.append(channels)
        if level + 1 < len(widths):
            stages.append(nn.Conv2d(channels, channels, kernel_size=3, stride=2, padding=1))
            skips.append(channels)
    return stages, skips


def _up_stages(
    parts: StageParts,
    skips: list[int],
    widths: list[int],
    has_attention: list[bool],
    num_res_blocks: int,
) -> Iterator[UpStage]:
    """Stages of the way up; each takes the latest skip connection that is left."""
    left = list(skips)
    channels = widths[-1]
    for level in reversed(range(len(widths))):
        for index in range(num_res_blocks + 1):
            yield UpStage(
                parts,
                channels + left.pop(),
                widths[level],
                attention=has_attention[level],
                enlarge=level > 0 and index == num_res_blocks,
            )
            channels = widths[level]


def _check_divides(name: str, value: int, widths: list[int]) -> None:
    for width in widths:
        if width % value:
            raise InputError(f"{name} {value} does not divide the {width} channels of a level")


def _check_residuals(residuals: tuple[Tensor, ...], targets: list[Tensor]) -> None:
    given = [tuple(residual.shape) for residual in residuals]
    wanted = [tuple(target.shape) for target in targets]
    if given != wanted:
        raise ShapeError(
            f"sketch residuals of shapes {given} do not fit the network", hint=f"expected {wanted}"
        )
