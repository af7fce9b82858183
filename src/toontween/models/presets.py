"""Named sizes of the denoiser and the image projector: the constructor arguments, as values.

`TOON_512` is the published model. `TINY` has the same structure at a size that runs in a fraction of a second.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class UNetSize:
    """Arguments of `ToonUNet` that differ between models."""

    base_channels: int
    """Channels at the finest level."""

    channel_mult: tuple[int, ...] = (1, 2, 4, 4)
    """Channels of each level as multiples of the base, finest first."""

    num_res_blocks: int = 2
    """Residual blocks of each level on the way down; one more on the way up."""

    attention_factors: tuple[int, ...] = (1, 2, 4)
    """Down-sampling factors at which frames have attention."""

    head_dim: int
    """Width of an attention head."""

    context_dim: int
    """Width of a context token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageProjectorSize:
    """Arguments of `ImageContextProjector` that differ between models."""

    input_dim: int
    """Width of an image encoder's token."""

    dim: int
    """Width inside."""

    output_dim: int
    """Width of a context token."""

    depth: int = 4
    """Layers."""

    num_heads: int = 12
    """Attention heads."""

    head_dim: int
    """Width of an attention head."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """One model's sizes; `dataclasses.asdict` of a part gives the constructor arguments."""

    unet: UNetSize
    image_projector: ImageProjectorSize


TOON_512 = Preset(
    unet=UNetSize(base_channels=320, head_dim=64, context_dim=1024),
    image_projector=ImageProjectorSize(input_dim=1280, dim=1024, output_dim=1024, head_dim=64),
)
"""The published ToonCrafter model for 512×320 pixels and 16 frames."""

TINY = Preset(
    unet=UNetSize(base_channels=32, head_dim=16, context_dim=64),
    image_projector=ImageProjectorSize(input_dim=80, dim=64, output_dim=64, head_dim=16),
)
"""The published structure, small enough for tests and documentation."""
