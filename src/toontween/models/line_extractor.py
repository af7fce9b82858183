"""Lines from a coloured picture: the pix2pix U-Net of Anime2Sketch, with which ToonCrafter made its sketches.

Dark lines on white. The sketch encoder wants the opposite, 1 − lines.
"""

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor, nn

from toontween.errors import InputError, ShapeError

PUBLISHED_SIDE_PX = 512
"""Every picture is squashed to a square of this side before the published network sees it."""

_WIDEST = 8
_SLOPE = 0.2


class LineExtractor(ModelMixin, ConfigMixin):
    """U-Net of strided 4×4 convolutions; every level halves the size, down to one cell at 2^num_downs pixels.

    Instance normalisation without weights stands after every convolution but the first, the deepest and the last one.

    Args:
        base_channels: Channels after the first convolution; they double up to eight times as many.
        num_downs: Levels.

    Raises:
        InputError: There are fewer than two levels.
    """

    @register_to_config
    def __init__(self, *, base_channels: int = 64, num_downs: int = 8) -> None:
        super().__init__()
        if num_downs < 2:
            raise InputError(f"a line extractor of {num_downs} levels is not a U-Net")
        self.multiple = 2**num_downs
        widths = [base_channels * min(2**level, _WIDEST) for level in range(num_downs)]
        self.down = nn.ModuleList(
            nn.Conv2d(source, width, 4, stride=2, padding=1)
            for source, width in zip([3, *widths], widths, strict=False)
        )
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(
                # all but the deepest level see what comes from below beside their own skip
                width if level == num_downs - 1 else 2 * width,
                target,
                4,
                stride=2,
                padding=1,
            )
            for level, (width, target) in enumerate(zip(widths, [1, *widths], strict=False))
        )

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 1 h w"]:
        """Drawings in −1 (line) … 1 (paper) of pictures in −1…1.

        Raises:
            ShapeError: Not RGB, or a side is not a multiple of 2^num_downs (256 for the published network).
        """
        _, channels, height, width = pictures.shape
        if channels != 3:
            raise ShapeError(f"pictures have {channels} channels; lines are extracted from RGB")
        if not height or not width or height % self.multiple or width % self.multiple:
            raise ShapeError(
                f"lines cannot be extracted from a picture of {width}×{height} pixels",
                hint=f"both sides must be multiples of {self.multiple}",
            )
        deepest = len(self.down) - 1
        hidden = self.down[0](pictures)
        skips: list[Tensor] = [hidden]
        for level in range(1, len(self.down)):
            hidden = self.down[level](F.leaky_relu(hidden, _SLOPE))
            if level != deepest:
                hidden = F.instance_norm(hidden)
                skips.append(hidden)
        for level in reversed(range(len(self.up))):
            hidden = self.up[level](F.relu(hidden))
            if level:
                hidden = torch.cat([skips[level - 1], F.instance_norm(hidden)], dim=1)
        return hidden.tanh()

    def extract(
        self, pictures: Float[Tensor, "b 3 h w"], *, side_px: int = PUBLISHED_SIDE_PX
    ) -> Float[Tensor, "b 1 h w"]:
        """Lines of pictures of any size, both in 0…1 (0 is a line), the way the published tool does it.

        The picture is resized to a square without regard to its aspect ratio, and the lines back, both bicubic with
        anti-aliasing.

        Raises:
            ShapeError: `side_px` is not a multiple of 2^num_downs.
        """
        square = _resize(pictures, side_px, side_px)
        lines = (self(square.to(self.dtype) * 2 - 1) + 1) / 2
        return _resize(lines.to(pictures.dtype), pictures.shape[-2], pictures.shape[-1])


def _resize(
    pictures: Float[Tensor, "b c _ _"], height: int, width: int
) -> Float[Tensor, "b c {height} {width}"]:
    """Bicubic with anti-aliasing, clipped to 0…1 because the filter overshoots at edges."""
    if pictures.shape[-2:] == (height, width):
        return pictures
    resized = F.interpolate(
        pictures, (height, width), mode="bicubic", antialias=True, align_corners=False
    )
    return resized.clamp(0.0, 1.0)
