"""The sketch encoder: sketches of single frames → what the denoiser adds to its skip connections.

A ControlNet for pictures (arXiv 2302.05543) with one hint channel and no temporal layers (ToonCrafter, arXiv 2405.17933,
section 3.4): a frame's residuals depend on that frame alone. diffusers has the network; this knows how to build it and how
clips pass through it.
"""

from collections.abc import Sequence

from diffusers.models.controlnets.controlnet import ControlNetModel
from jaxtyping import Float, Int
from torch import Tensor

from toontween.errors import InputError, ShapeError
from toontween.shapes import LATENT_DOWNSAMPLING


def build_sketch_encoder(
    *,
    in_channels: int = 4,
    base_channels: int = 320,
    channel_mult: Sequence[int] = (1, 2, 4, 4),
    num_res_blocks: int = 2,
    attention_factors: Sequence[int] = (1, 2, 4),
    head_dim: int = 64,
    context_dim: int = 1024,
    norm_groups: int = 32,
    downsampling: int = LATENT_DOWNSAMPLING,
) -> ControlNetModel:
    """Make a sketch encoder whose residuals fit a `ToonUNet` of the same sizes.

    Args:
        in_channels: Channels of the noisy latents; key latents are not shown to it.
        base_channels: Channels at the finest level.
        channel_mult: Channels of each level as multiples of the base, finest first.
        num_res_blocks: Residual blocks of each level.
        attention_factors: Down-sampling factors at which there is attention.
        head_dim: Width of an attention head.
        context_dim: Width of a context token.
        norm_groups: Groups of the group norms.
        downsampling: Pixels of a sketch for each latent: 2, 4 or 8.

    Raises:
        InputError: Heads do not divide the channels of a level, or there is no way from pixels to latents.
    """
    if downsampling not in (2, 4, 8):
        raise InputError(f"{downsampling} pixels a latent: a sketch encoder knows 2, 4 and 8")
    widths = [base_channels * mult for mult in channel_mult]
    has_attention = [2**level in attention_factors for level in range(len(widths))]
    for width in (width for width, has in zip(widths, has_attention, strict=True) if has):
        if width % head_dim:
            raise InputError(f"head_dim {head_dim} does not divide the {width} channels of a level")
    return ControlNetModel(
        in_channels=in_channels,
        conditioning_channels=1,
        down_block_types=tuple(
            "CrossAttnDownBlock2D" if has else "DownBlock2D" for has in has_attention
        ),
        block_out_channels=tuple(widths),
        layers_per_block=num_res_blocks,
        cross_attention_dim=context_dim,
        # by its name a width, by its meaning a number of heads: diffusers keeps it so for old configurations
        attention_head_dim=tuple(max(1, width // head_dim) for width in widths),
        use_linear_projection=True,
        norm_num_groups=norm_groups,
        # every width after the first halves the sides
        conditioning_embedding_out_channels=(16, 32, 96, 256)[: downsampling.bit_length()],
    )


def sketch_residuals(
    encoder: ControlNetModel,
    latents: Float[Tensor, "b c t h w"],
    *,
    timestep: Int[Tensor, " b"],
    context: Float[Tensor, "g n d"],
    hints: Float[Tensor, "b s 1 y x"],
    scale: float = 1.0,
) -> tuple[Float[Tensor, "_ _ _ _"], ...]:
    """What the denoiser adds to each skip connection, in the order of the way down, then to its middle.

    Args:
        encoder: The sketch encoder.
        latents: Noisy latents, without those of the keys.
        timestep: Diffusion timestep of each clip.
        context: Tokens for each clip (b, n, d), shown to all of its frames, or for each frame (b·t, n, d).
        hints: A sketch for each frame, 0…1, white lines on black, as many times the latents' size as the
            encoder was built for (8 unless told otherwise); a frame without a sketch has all zeros.
        scale: Factor on all residuals.

    Raises:
        ShapeError: Sizes do not fit each other or the network.
    """
    batch, channels, frames, height, width = latents.shape
    multiple = 2 ** (len(encoder.config["block_out_channels"]) - 1)
    if height % multiple or width % multiple:
        raise ShapeError(
            f"latents of {width}×{height} do not fit the sketch encoder",
            hint=f"width and height must be multiples of {multiple} latent cells",
        )
    if channels != encoder.config["in_channels"]:
        raise ShapeError(
            f"latents have {channels} channels, the sketch encoder reads {encoder.config['in_channels']}"
        )
    factor = 2 ** (len(encoder.config["conditioning_embedding_out_channels"]) - 1)
    wanted = (batch, frames, 1, height * factor, width * factor)
    if tuple(hints.shape) != wanted:
        raise ShapeError(
            f"sketches of shape {tuple(hints.shape)} do not fit", hint=f"expected {wanted}"
        )
    if context.shape[0] == batch:
        context = context.repeat_interleave(frames, dim=0)
    if context.shape[0] != batch * frames:
        raise ShapeError(f"{context.shape[0]} contexts for {batch} clips of {frames} frames")
    down, middle = encoder(
        latents.transpose(1, 2).flatten(0, 1),
        timestep.repeat_interleave(frames),
        encoder_hidden_states=context,
        controlnet_cond=hints.flatten(0, 1),
        conditioning_scale=scale,
        return_dict=False,
    )
    return (*down, middle)
