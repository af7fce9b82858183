"""LPIPS v0.1: distances in feature maps of a trained network, weighted by people's judgements (arXiv 1801.03924)."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from toontween.errors import ShapeError
from toontween.metrics.checks import check_unit_range
from toontween.metrics.frame import check_alike
from toontween.metrics.lpips.backbones import CHANNELS, SMALLEST_SIDE_PX, TAPS, build_backbone

SHIFT = (-0.030, -0.088, -0.188)
"""Subtracted from red, green and blue in −1…1."""

SCALE = (0.458, 0.448, 0.450)
"""By which they are then divided."""

_NORM_EPS = 1e-10


class Lpips(nn.Module):
    """Backbone, the heads that weight its channels, and the scaling in front.

    Pictures are in 0…1, as everywhere here; the conversion to the −1…1 of the published network is inside. Fed the wrong
    range it would give a fifth of the right number, so the range is checked.

    Protocol: each pixel's feature vector is divided by (its norm + 1e-10); squared differences are weighted by the head,
    summed over channels, averaged over pixels and summed over the maps. Report the net: distances of two nets are two
    measures. The usual one for evaluation is `alex`, for training `vgg`.

    Args:
        net: Which backbone: `alex`, `vgg` or `squeeze`.
        weights: What the weights are called beside a number; `weights.load_lpips` finds the name.

    Raises:
        UnknownNameError: There is no such net.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, net: str, *, weights: str = "untrained") -> None:
        super().__init__()
        self.net, self.weights = net, weights
        self.features = build_backbone(net)
        self.heads = nn.ModuleList(nn.Conv2d(width, 1, 1, bias=False) for width in CHANNELS[net])
        for name, values in (("shift", SHIFT), ("scale", SCALE)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    def forward(
        self, ours: Float[Tensor, "n c h w"], truth: Float[Tensor, "_ _ _ _"]
    ) -> Float[Tensor, " n"]:
        """Distance of each pair of pictures; 0 for equal ones.

        Args:
            ours: RGB in 0…1, at least `SMALLEST_SIDE_PX` a side.
            truth: What they should be.

        Raises:
            ShapeError: The two differ in shape, are too small or not RGB.
            InputError: A value is not finite or outside 0…1.
        """
        return self.per_layer(ours, truth).sum(dim=1)

    def per_layer(
        self, ours: Float[Tensor, "n c h w"], truth: Float[Tensor, "_ _ _ _"]
    ) -> Float[Tensor, "n layers"]:
        """What every feature map adds to the distance.

        Raises:
            ShapeError, InputError: As for `forward`.
        """
        maps = self._weighted_differences(ours, truth)
        return torch.stack([difference.mean(dim=(1, 2, 3)) for difference in maps], dim=1)

    def loss(
        self, ours: Float[Tensor, "n c h w"], truth: Float[Tensor, "_ _ _ _"]
    ) -> Float[Tensor, " n"]:
        """The distance of pictures that may leave 0…1, as what a network draws does while it learns; not to be reported."""
        maps = self._differences(ours, truth)
        return torch.stack([difference.mean(dim=(1, 2, 3)) for difference in maps]).sum(dim=0)

    def spatial(
        self, ours: Float[Tensor, "n c h w"], truth: Float[Tensor, "_ _ _ _"]
    ) -> Float[Tensor, "n h w"]:
        """Where the pictures differ: the maps brought to the pictures' size, bilinear, and summed.

        Its mean is the "spatial" LPIPS of some tools, equal to the distance but for the resizing.

        Raises:
            ShapeError, InputError: As for `forward`.
        """
        size = (ours.shape[2], ours.shape[3])
        maps = [
            F.interpolate(difference, size, mode="bilinear", align_corners=False)[:, 0]
            for difference in self._weighted_differences(ours, truth)
        ]
        return torch.stack(maps).sum(dim=0)

    def _weighted_differences(self, ours: Tensor, truth: Tensor) -> list[Float[Tensor, "n 1 _ _"]]:
        """One map a tap, finest first."""
        check_pictures(self.net, ours, truth)
        return self._differences(ours, truth)

    def _differences(self, ours: Tensor, truth: Tensor) -> list[Float[Tensor, "n 1 _ _"]]:
        pairs = zip(self._maps(ours), self._maps(truth), self.heads, strict=True)
        return [head((_unit(x) - _unit(y)).square()) for x, y, head in pairs]

    def _maps(self, pictures: Float[Tensor, "n 3 h w"]) -> list[Tensor]:
        x = (pictures.to(self.shift) * 2 - 1 - self.shift) / self.scale
        maps = []
        for number, layer in enumerate(self.features):
            x = layer(x)
            if number in TAPS[self.net]:
                maps.append(x)
        return maps


def check_pictures(net: str, ours: Tensor, truth: Tensor) -> None:
    """Refuse pictures that a net cannot compare.

    Raises:
        ShapeError: The two differ in shape, are too small or not RGB.
        InputError: A value is not finite or outside 0…1.
    """
    check_alike(ours, truth)
    channels, height, width = ours.shape[1:]
    if channels != 3:
        raise ShapeError(f"LPIPS compares RGB, not {channels} channels")
    if min(height, width) < SMALLEST_SIDE_PX[net]:
        smallest = SMALLEST_SIDE_PX[net]
        raise ShapeError(f"LPIPS-{net} needs {smallest} pixels a side, not {width}×{height}")
    for whose, pictures in (("ours", ours), ("truth", truth)):
        for number, picture in enumerate(pictures):
            check_unit_range(picture, named=f"picture {number} of {whose}")


def _unit(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    # a norm, not a root of squares: its gradient is 0 where all features are
    return x / (torch.linalg.vector_norm(x, dim=1, keepdim=True) + _NORM_EPS)
