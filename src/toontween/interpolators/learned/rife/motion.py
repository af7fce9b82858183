"""What all RIFE networks share: both pictures carried to one time along one estimate of flow, and how they are blended."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from toontween.errors import ShapeError
from toontween.interpolators.ops.warp import backwarp


@dataclass(frozen=True, kw_only=True, eq=False)
class Motion:
    """An estimate of how a drawing at one time comes from the pictures."""

    flow: Float[Tensor, "b 4 h w"]
    """Where each pixel of the drawing is in the first picture and in the last one, relative to itself: pixels,
    (right, down, right, down)."""

    mask: Float[Tensor, "b 1 h w"]
    """Share of the first picture, as a logit."""

    first: Float[Tensor, "b c h w"]
    """The first picture, and what is known of it beyond colours, fetched along the flow."""

    last: Float[Tensor, "b c h w"]
    """The last one."""

    carried: Float[Tensor, "b d h w"] | None = None
    """What the network hands on to its next block beyond flow and mask, where it does that."""

    def blend(self) -> Float[Tensor, "b 3 h w"]:
        """The colours of both pictures, mixed by the mask."""
        share = self.mask.sigmoid()
        return self.first[:, :3] * share + self.last[:, :3] * (1 - share)


def fetch(
    first: Float[Tensor, "b c h w"], last: Float[Tensor, "b c h w"], flow: Float[Tensor, "b 4 h w"]
) -> tuple[Float[Tensor, "b c h w"], Float[Tensor, "b c h w"]]:
    """Both pictures at the time of the flow."""
    return backwarp(first, flow[:, :2]), backwarp(last, flow[:, 2:])


def resize(maps: Float[Tensor, "b c _ _"], factor: float) -> Float[Tensor, "b c _ _"]:
    """Bilinear, without smoothing before."""
    if factor == 1:
        return maps
    return F.interpolate(maps, scale_factor=factor, mode="bilinear", align_corners=False)


def plane(pictures: Float[Tensor, "b _ h w"], value: float) -> Float[Tensor, "b 1 h w"]:
    """One value everywhere."""
    return torch.full_like(pictures[:, :1], value)


def check_pair(first: Tensor, last: Tensor, *, multiple: int) -> None:
    """Refuse what a network cannot draw between.

    Raises:
        ShapeError: The pictures differ in shape, are not RGB, or a side is not a multiple of `multiple`.
    """
    _, channels, height, width = first.shape
    if first.shape != last.shape or channels != 3:
        raise ShapeError(
            f"RIFE draws between RGB pictures of one size, not {tuple(first.shape)} and {tuple(last.shape)}"
        )
    if not height or not width or height % multiple or width % multiple:
        raise ShapeError(
            f"RIFE cannot draw pictures of {width}×{height} pixels",
            hint=f"both sides must be multiples of {multiple}",
        )
