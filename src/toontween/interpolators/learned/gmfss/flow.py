"""GMFlow with one refinement, as GMFSS uses it: optical flow by global matching (Xu et al., CVPR 2022)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor, nn

from toontween.errors import ShapeError
from toontween.interpolators.learned.gmfss.attention import FeatureTransformer, with_position
from toontween.interpolators.learned.gmfss.encoder import PictureEncoder
from toontween.interpolators.learned.gmfss.matching import (
    FlowPropagation,
    fetch,
    match_everywhere,
    match_nearby,
)

MULTIPLE_PX = 32
"""Both sides are multiples of this: features of a quarter of the size are cut into eight windows a side."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_SPREAD = (0.229, 0.224, 0.225)

COARSE_SPLITS, FINE_SPLITS = 2, 8
"""Windows along each side at an eighth and at a quarter of the size."""

MATCHING_RADIUS, PROPAGATION_RADIUS = 4, 1
"""At a quarter of the size, in pixels there."""

ENLARGED = 4


class GmFlow(ModelMixin, ConfigMixin):
    """Flow from one picture to another.

    Args:
        widths: Channels of the encoder at a half of the size, and of its two stages at a quarter.
        channels: Channels of the features, a multiple of 4.
        num_layers: Layers of the transformer.
        upsampler_channels: Channels within the layer that enlarges the flow.
    """

    @register_to_config
    def __init__(
        self,
        *,
        widths: Sequence[int] = (64, 96, 128),
        channels: int = 128,
        num_layers: int = 6,
        upsampler_channels: int = 256,
    ) -> None:
        super().__init__()
        self.encoder = PictureEncoder(widths=widths, channels=channels)
        self.transformer = FeatureTransformer(channels, num_layers)
        self.propagation = FlowPropagation(channels)
        self.upsampler_in = nn.Conv2d(2 + channels, upsampler_channels, 3, padding=1)
        self.upsampler_out = nn.Conv2d(upsampler_channels, ENLARGED**2 * 9, 1)

    def forward(
        self, first: Float[Tensor, "b 3 h w"], last: Float[Tensor, "b 3 _ _"]
    ) -> Float[Tensor, "b 2 h w"]:
        """Flow from the first picture to the last, in pixels (right, down).

        Args:
            first: sRGB in 0…1.
            last: The same size.

        Raises:
            ShapeError: The pictures differ in size, or a side is not a multiple of 32.
        """
        _check(first, last)
        coarse, fine = self.encoder(_normalised(torch.cat([first, last])))
        ours, theirs = coarse.chunk(2)
        ours, theirs = self.transformer(
            with_position(ours, COARSE_SPLITS), with_position(theirs, COARSE_SPLITS), COARSE_SPLITS
        )
        flow = self.propagation.everywhere(ours, match_everywhere(ours, theirs))
        flow = 2 * F.interpolate(flow, scale_factor=2, mode="bilinear", align_corners=True)
        ours, theirs = fine.chunk(2)
        theirs = fetch(theirs, flow)
        ours, theirs = self.transformer(
            with_position(ours, FINE_SPLITS), with_position(theirs, FINE_SPLITS), FINE_SPLITS
        )
        flow = flow + match_nearby(ours, theirs, MATCHING_RADIUS)
        flow = self.propagation.nearby(ours, flow, PROPAGATION_RADIUS)
        weights = self.upsampler_out(F.relu(self.upsampler_in(torch.cat([flow, ours], dim=1))))
        return enlarge(flow, weights)


def enlarge(
    flow: Float[Tensor, "b 2 h w"], weights: Float[Tensor, "b _ h w"]
) -> Float[Tensor, "b 2 _ _"]:
    """Flow at four times the size, in pixels there.

    Each pixel mixes the nine coarse ones around it by learned weights (Teed and Deng, "RAFT", ECCV 2020, section 3.3).

    Args:
        flow: In pixels of its own size.
        weights: Logits, 9 for each of the 16 fine pixels in a coarse one, the nine outermost.
    """
    shares = weights.unflatten(1, (1, 9, ENLARGED, ENLARGED)).softmax(dim=2)
    around = F.unfold(ENLARGED * flow, 3, padding=1).unflatten(1, (2, 9, 1, 1))
    around = around.unflatten(-1, flow.shape[-2:])
    fine = (shares * around).sum(dim=2)
    return fine.permute(0, 1, 4, 2, 5, 3).flatten(4, 5).flatten(2, 3)


def _normalised(pictures: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    mean = pictures.new_tensor(IMAGENET_MEAN)[:, None, None]
    return (pictures - mean) / pictures.new_tensor(IMAGENET_SPREAD)[:, None, None]


def _check(first: Tensor, last: Tensor) -> None:
    height, width = first.shape[-2:]
    if first.shape != last.shape:
        raise ShapeError(f"the pictures differ: {tuple(first.shape)} and {tuple(last.shape)}")
    if not height or not width or height % MULTIPLE_PX or width % MULTIPLE_PX:
        raise ShapeError(
            f"GMFlow cannot compare pictures of {width}×{height} pixels",
            hint=f"both sides must be multiples of {MULTIPLE_PX}",
        )
