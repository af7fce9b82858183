"""FILM, frame interpolation for large motion (Reda et al., ECCV 2022, arXiv 2202.04901).

Both pictures are reduced to pyramids and described by one set of convolutions, so that large motion at a fine level looks
like small motion at a coarse one (section 3.1); flow is refined from coarse to fine as residuals (section 3.2); both
pictures and their features are carried half-way and fused (section 3.3). The published network knows no time but the
half.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor, nn

from toontween.errors import InputError, ShapeError
from toontween.interpolators.ops.warp import backwarp

Pyramid = list[Any]
"""Maps from the finest level to the coarsest, each half the size of the one before."""

_SLOPE = 0.2
_HALF_WAY = 0.5


class FilmNet(ModelMixin, ConfigMixin):
    """Draws the picture half-way between two.

    Args:
        pyramid_levels: Levels at which flow is estimated.
        fusion_levels: Levels at which pictures are fused, from the finest on.
        sub_levels: Levels of which a feature is put together.
        base_channels: Channels of the finest features; they double from level to level.
        flow_channels: Channels of the flow predictors, from the finest level on; all coarser levels share the last one.

    Raises:
        InputError: There are not enough levels: `fusion_levels`, `sub_levels` or the predictors exceed the pyramid.
    """

    @register_to_config
    def __init__(
        self,
        *,
        pyramid_levels: int = 7,
        fusion_levels: int = 5,
        sub_levels: int = 4,
        base_channels: int = 64,
        flow_channels: Sequence[int] = (32, 64, 128, 256),
    ) -> None:
        super().__init__()
        most = max(fusion_levels, sub_levels, len(flow_channels))
        if min(fusion_levels, sub_levels, len(flow_channels)) < 1 or most > pyramid_levels:
            raise InputError(
                f"a pyramid of {pyramid_levels} levels with {fusion_levels} of fusion, "
                f"{sub_levels} sub-levels and {len(flow_channels)} predictors"
            )
        self.pyramid_levels, self.fusion_levels = pyramid_levels, fusion_levels
        self.multiple = 2 ** (pyramid_levels - 1)
        widths = [base_channels * 2**level for level in range(max(fusion_levels - 1, sub_levels))]
        features = [sum(widths[: min(i + 1, sub_levels)]) for i in range(pyramid_levels)]
        self.describe = nn.ModuleList(
            DoubleConvolution(source, width)
            for source, width in zip([3, *widths], widths[:sub_levels], strict=False)
        )
        self.predict_flow = nn.ModuleList(
            FlowPredictor(2 * features[level], width) for level, width in enumerate(flow_channels)
        )
        aligned = [2 * (3 + count) + 4 for count in features[:fusion_levels]]
        sources = [*widths[1 : fusion_levels - 1], aligned[-1]]
        self.fuse = nn.ModuleList(
            FusionStage(sources[level], aligned[level], widths[level])
            for level in range(fusion_levels - 1)
        )
        self.to_rgb = nn.Conv2d(widths[0] if fusion_levels > 1 else aligned[0], 3, 1)

    def forward(
        self, first: Float[Tensor, "b c h w"], last: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, "b c h w"]:
        """The picture half-way, not clamped, of two pictures in 0…1.

        Raises:
            ShapeError: The pictures differ, are not RGB, or a side is not a multiple of 2^(pyramid_levels − 1) (64 for the published network).
        """
        self._check(first, last)
        pictures, other_pictures = self.shrink(first), self.shrink(last)
        features, other_features = self.extract(pictures), self.extract(other_pictures)
        forward_flow = self.estimate(features, other_features)
        backward_flow = self.estimate(other_features, features)
        aligned: Pyramid = []
        for level in range(self.fusion_levels):
            from_first = _HALF_WAY * backward_flow[level]
            from_last = _HALF_WAY * forward_flow[level]
            described = torch.cat([pictures[level], features[level]], dim=1)
            other_described = torch.cat([other_pictures[level], other_features[level]], dim=1)
            carried = [backwarp(described, from_first), backwarp(other_described, from_last)]
            aligned.append(torch.cat([*carried, from_first, from_last], dim=1))
        hidden = aligned[-1]
        for level in reversed(range(self.fusion_levels - 1)):
            hidden = self.fuse[level](hidden, aligned[level])
        return self.to_rgb(hidden)

    def shrink(self, picture: Float[Tensor, "b 3 h w"]) -> Pyramid:
        """The picture at every level, halved by averaging 2×2 pixels."""
        pyramid = [picture]
        for _ in range(self.pyramid_levels - 1):
            pyramid.append(F.avg_pool2d(pyramid[-1], 2))
        return pyramid

    def extract(self, pictures: Pyramid) -> Pyramid:
        """Features of every level, (b, c, h, w): those of all pictures that were reduced to its size, finest last."""
        reduced: list[Pyramid] = []
        for picture in pictures:
            hidden, columns = picture, []
            for depth, describe in enumerate(self.describe):
                if len(reduced) + depth == self.pyramid_levels:
                    break
                hidden = describe(hidden if depth == 0 else F.avg_pool2d(hidden, 2))
                columns.append(hidden)
            reduced.append(columns)
        return [
            torch.cat([reduced[level - d][d] for d in range(min(level + 1, len(self.describe)))], 1)
            for level in range(self.pyramid_levels)
        ]

    def estimate(self, features: Pyramid, other_features: Pyramid) -> Pyramid:
        """Flow at every level, (b, 2, h, w): from where each pixel of the first picture is to where it is in the other.

        In pixels of the level, (right, down).
        """
        flows: Pyramid = []
        for level in reversed(range(self.pyramid_levels)):
            predict = self.predict_flow[min(level, len(self.predict_flow) - 1)]
            there = other_features[level]
            if not flows:
                flows.append(predict(torch.cat([features[level], there], dim=1)))
                continue
            flow = upsample_flow(flows[-1])
            seen = torch.cat([features[level], backwarp(there, flow)], dim=1)
            flows.append(flow + predict(seen))
        return flows[::-1]

    def _check(self, first: Tensor, last: Tensor) -> None:
        _, channels, height, width = first.shape
        if first.shape != last.shape or channels != 3:
            raise ShapeError(
                f"FILM draws between RGB pictures of one size, not {tuple(first.shape)} and {tuple(last.shape)}"
            )
        if not height or not width or height % self.multiple or width % self.multiple:
            raise ShapeError(
                f"FILM cannot draw pictures of {width}×{height} pixels",
                hint=f"both sides must be multiples of {self.multiple}",
            )


def upsample_flow(flow: Float[Tensor, "b 2 _ _"]) -> Float[Tensor, "b 2 _ _"]:
    """The same motion at the next finer level, in its pixels."""
    return F.interpolate(2 * flow, scale_factor=2, mode="bilinear", align_corners=False)


class DoubleConvolution(nn.Module):
    """Two 3×3 convolutions, each followed by a leaky ReLU.

    Args:
        source: Channels that come in.
        width: Channels that go out.
    """

    def __init__(self, source: int, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(source, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, hidden: Float[Tensor, "b _ h w"]) -> Float[Tensor, "b _ h w"]:
        """As described."""
        hidden = F.leaky_relu(self.first(hidden), _SLOPE)
        return F.leaky_relu(self.second(hidden), _SLOPE)


class FlowPredictor(nn.Module):
    """The residual flow of one level, from the features of one picture and those of the other carried onto it.

    Args:
        source: Channels of both features together.
        width: Channels within.
    """

    def __init__(self, source: int, width: int) -> None:
        super().__init__()
        widths = [source, width, width, width]
        self.see = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(widths))
        self.reduce = nn.Conv2d(width, width // 2, 1)
        self.to_flow = nn.Conv2d(width // 2, 2, 1)

    def forward(self, seen: Float[Tensor, "b _ h w"]) -> Float[Tensor, "b 2 h w"]:
        """Pixels of this level, (right, down)."""
        for see in self.see:
            seen = F.leaky_relu(see(seen), _SLOPE)
        return self.to_flow(F.leaky_relu(self.reduce(seen), _SLOPE))


class FusionStage(nn.Module):
    """One level of the fusion: what was fused so far at double size, then what was carried to this level beside it.

    Args:
        source: Channels from the coarser level.
        aligned: Channels of what was carried half-way.
        width: Channels that go out.
    """

    def __init__(self, source: int, aligned: int, width: int) -> None:
        super().__init__()
        self.enlarge = nn.Conv2d(source, width, 2)
        self.mix = DoubleConvolution(aligned + width, width)

    def forward(
        self, coarse: Float[Tensor, "b _ _ _"], aligned: Float[Tensor, "b _ h w"]
    ) -> Float[Tensor, "b _ h w"]:
        """As described."""
        hidden = F.interpolate(coarse, scale_factor=2, mode="nearest")
        # a 2×2 kernel keeps the size when one row and column are added below and to the right, as TensorFlow does it
        hidden = self.enlarge(F.pad(hidden, (0, 1, 0, 1)))
        return self.mix(torch.cat([aligned, hidden], dim=1))
