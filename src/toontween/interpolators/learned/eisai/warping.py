"""Carrying both keys to a time between them and filling the holes of one from the other."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from toontween.interpolators.ops.splat import softmax_splat

OPENING_PX = 5
"""Side of the square by which specks are removed from the masks."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Motion:
    """Optical flow between two keys and how far it can be trusted."""

    forward: Float[Tensor, "b 2 h w"]
    """From the first key to the last, on the first key's pixels: (right, down) in pixels."""

    backward: Float[Tensor, "b 2 h w"]
    """From the last key to the first, on the last key's pixels."""

    forward_metric: Float[Tensor, "b 1 h w"]
    """Splatting metric of the first key's pixels."""

    backward_metric: Float[Tensor, "b 1 h w"]
    """Splatting metric of the last key's pixels."""

    def resized(self, height: int, width: int) -> "Motion":
        """The same motion on another grid, bilinearly, the flow in that grid's pixels."""
        return Motion(
            forward=_resize_flow(self.forward, height, width),
            backward=_resize_flow(self.backward, height, width),
            forward_metric=_resize(self.forward_metric, height, width),
            backward_metric=_resize(self.backward_metric, height, width),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class HalfWarp:
    """Two keys at one time between them."""

    from_first: Float[Tensor, "b c h w"]
    """The first key carried forward, its holes filled from the last key."""

    from_last: Float[Tensor, "b c h w"]
    """The last key carried backward, its holes filled from the first key."""

    first: Float[Tensor, "b c h w"]
    """The first key carried forward, zero in its holes."""

    last: Float[Tensor, "b c h w"]
    """The last key carried backward, zero in its holes."""

    first_mask: Float[Tensor, "b 1 h w"]
    """1 where the first key landed, 0 in its holes; specks narrower than five pixels count as holes."""

    last_mask: Float[Tensor, "b 1 h w"]
    """The same for the last key."""

    def mean(self) -> Float[Tensor, "b c h w"]:
        """Both filled keys, averaged."""
        return (self.from_first + self.from_last) / 2


def half_warp(
    first: Float[Tensor, "b c h w"],
    last: Float[Tensor, "b c h w"],
    motion: Motion,
    *,
    time: float,
) -> HalfWarp:
    """Carry both keys to a time between them.

    Args:
        first: Picture or features of the first key.
        last: The same of the last key.
        motion: On the same grid.
        time: 0 (first key) … 1 (last key).
    """
    splat_first, landed_first = _splat(first, time * motion.forward, motion.forward_metric)
    splat_last, landed_last = _splat(last, (1 - time) * motion.backward, motion.backward_metric)
    first_mask, last_mask = _remove_specks(landed_first), _remove_specks(landed_last)
    return HalfWarp(
        from_first=first_mask * splat_first + (1 - first_mask) * splat_last,
        from_last=last_mask * splat_last + (1 - last_mask) * splat_first,
        first=splat_first,
        last=splat_last,
        first_mask=first_mask,
        last_mask=last_mask,
    )


def _splat(values: Tensor, flow: Tensor, metric: Tensor) -> tuple[Tensor, Tensor]:
    """Softmax splatting, and where anything at all landed (1, else 0)."""
    sums, weights = softmax_splat(values, flow, metric)
    landed = (weights != 0).to(values.dtype)
    return sums / (weights + (1 - landed)), landed


def _remove_specks(mask: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b 1 h w"]:
    """Morphological opening by a square; outside the picture nothing counts."""
    margin = OPENING_PX // 2
    eroded = -F.max_pool2d(-mask, OPENING_PX, stride=1, padding=margin)
    return F.max_pool2d(eroded, OPENING_PX, stride=1, padding=margin)


def _resize(values: Tensor, height: int, width: int) -> Tensor:
    return F.interpolate(values, (height, width), mode="bilinear", align_corners=False)


def _resize_flow(flow: Tensor, height: int, width: int) -> Tensor:
    scale = flow.new_tensor([width / flow.shape[3], height / flow.shape[2]])[:, None, None]
    return _resize(flow, height, width) * scale
