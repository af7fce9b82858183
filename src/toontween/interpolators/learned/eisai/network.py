"""SoftsplatLite, the first network of EISAI: both keys and their features carried along the flow, and put together.

Chen and Zwicker, "Improving the Perceptual Quality of 2D Animation Interpolation", ECCV 2022 ("SSL"). Pictures
carry the distance to the nearest line as a fourth channel, which is splatted with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from toontween.interpolators.learned.eisai.blocks import ActivatedConv, PlainConv, Residual
from toontween.interpolators.learned.eisai.grid import ROWS, Converter, GridNet
from toontween.interpolators.learned.eisai.line_distance import line_distance
from toontween.interpolators.learned.eisai.logits import to_logit
from toontween.interpolators.learned.eisai.photometry import agreement
from toontween.interpolators.learned.eisai.stem import ResNetStem
from toontween.interpolators.learned.eisai.warping import HalfWarp, Motion, half_warp

RESIDUAL_SCALE = 0.5
"""Factor of what the synthesis adds to the logit of the blended keys."""

_GIVEN = 5 * 3 + 2 + 2 + ROWS[0]


@dataclass(frozen=True, kw_only=True, eq=False)
class Pair:
    """What is known of two keys before a time is asked for."""

    first: Float[Tensor, "b 4 h w"]
    """The first key: RGB in 0…1 and the normalised distance to its lines."""

    last: Float[Tensor, "b 4 h w"]
    """The last key, likewise."""

    first_features: Sequence[Tensor]
    """Features of the first key, (b, c, h, w) at three sizes from fine to coarse."""

    last_features: Sequence[Tensor]
    """Features of the last key."""

    motion: Motion
    """Flow between the keys, on their own grid."""

    feature_motions: Sequence[Motion]
    """The same flow on the grids of the features."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Synthesis:
    """A drawing between two keys and what it was made from."""

    picture: Float[Tensor, "b 3 h w"]
    """RGB in 0…1."""

    warped: HalfWarp
    """The keys at its time, four channels."""


class Synthesizer(nn.Module):
    """Adds to the logit of the blended keys what their disagreement and the grid's features call for."""

    def __init__(self) -> None:
        super().__init__()
        self.entry = nn.Conv2d(_GIVEN, 64, 1)
        self.residual = nn.ModuleList([Residual(64), Residual(32), Residual(16)])
        self.narrow = nn.ModuleList([ActivatedConv(64, 32), ActivatedConv(32, 16)])
        self.last = PlainConv(16, 3)

    def forward(
        self,
        warped: HalfWarp,
        magnitudes: Float[Tensor, "b 2 h w"],
        features: Float[Tensor, "b 32 _ _"],
    ) -> Float[Tensor, "b 3 h w"]:
        """The drawing, RGB in 0…1.

        Args:
            warped: The keys at the drawing's time; the channels after the third are left aside.
            magnitudes: Length of both flows up to that time, in diagonals of the picture.
            features: From the grid, any size.
        """
        blend = warped.mean()[:, :3]
        pictures = [blend, warped.from_first, warped.from_last, warped.first, warped.last]
        colours = to_logit(torch.cat([picture[:, :3] for picture in pictures], dim=1))
        features = F.interpolate(features, blend.shape[2:], mode="bilinear", align_corners=False)
        given = [colours, magnitudes, warped.first_mask, warped.last_mask, features]
        hidden = self.residual[0](self.entry(torch.cat(given, dim=1)))
        hidden = self.residual[1](self.narrow[0](hidden))
        hidden = self.residual[2](self.narrow[1](hidden))
        return (to_logit(blend) + RESIDUAL_SCALE * self.last(hidden)).sigmoid()


class SoftsplatLite(ModelMixin, ConfigMixin):
    """Features of both keys, carried to a time with the keys themselves, and a drawing from all of it.

    The published network was trained at 960×540 and is fed pictures of that size; others work too, but line widths and
    features then have another scale.
    """

    @register_to_config
    def __init__(self) -> None:
        super().__init__()
        self.stem = ResNetStem()
        self.converter = Converter()
        self.grid = GridNet()
        self.synthesizer = Synthesizer()

    def describe(
        self,
        first: Float[Tensor, "b 3 h w"],
        last: Float[Tensor, "b 3 h w"],
        *,
        forward_flow: Float[Tensor, "b 2 h w"],
        backward_flow: Float[Tensor, "b 2 h w"],
    ) -> Pair:
        """What does not depend on the time: features, distances to lines, how far the flow can be trusted.

        Args:
            first: RGB in 0…1.
            last: RGB in 0…1.
            forward_flow: From the first key to the last, in pixels: (right, down).
            backward_flow: From the last key to the first.
        """
        motion = Motion(
            forward=forward_flow,
            backward=backward_flow,
            forward_metric=agreement(first, last, forward_flow),
            backward_metric=agreement(last, first, backward_flow),
        )
        first_features, last_features = self.stem(first), self.stem(last)
        return Pair(
            first=torch.cat([first, line_distance(first)], dim=1),
            last=torch.cat([last, line_distance(last)], dim=1),
            first_features=first_features,
            last_features=last_features,
            motion=motion,
            feature_motions=[motion.resized(*level.shape[2:]) for level in first_features],
        )

    def forward(self, pair: Pair, *, time: float) -> Synthesis:
        """Draw at one time.

        Args:
            pair: From `describe`.
            time: Strictly between 0 (first key) and 1 (last key).
        """
        warped = half_warp(pair.first, pair.last, pair.motion, time=time)
        features = [
            half_warp(first, last, motion, time=time).mean()
            for first, last, motion in zip(
                pair.first_features, pair.last_features, pair.feature_motions, strict=True
            )
        ]
        height, width = pair.first.shape[2:]
        flows = [time * pair.motion.forward, (1 - time) * pair.motion.backward]
        lengths = torch.cat([flow.norm(dim=1, keepdim=True) for flow in flows], dim=1)
        picture = self.synthesizer(
            warped,
            lengths / (height**2 + width**2) ** 0.5,
            self.grid(self.converter(features)),
        )
        return Synthesis(picture=picture, warped=warped)
