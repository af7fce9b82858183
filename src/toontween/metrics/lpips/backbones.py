"""The three networks whose feature maps LPIPS compares, up to the last map, under torchvision's names (`features.N.…`)."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from toontween.errors import UnknownNameError

NETS = ("alex", "vgg", "squeeze")
"""AlexNet ("one weird trick"), VGG-16 and SqueezeNet 1.1."""

TAPS: dict[str, tuple[int, ...]] = {
    "alex": (1, 4, 7, 9, 11),
    "vgg": (3, 8, 15, 22, 29),
    "squeeze": (1, 4, 7, 9, 10, 11, 12),
}
"""Layers, by torchvision's numbers, after which a map is taken: always after a ReLU."""

CHANNELS: dict[str, tuple[int, ...]] = {
    "alex": (64, 192, 384, 256, 256),
    "vgg": (64, 128, 256, 512, 512),
    "squeeze": (64, 128, 256, 384, 384, 512, 512),
}
"""Channels of those maps."""

SMALLEST_SIDE_PX: dict[str, int] = {"alex": 31, "vgg": 16, "squeeze": 17}
"""Below this the last map has no pixel."""


class Fire(nn.Module):
    """A 1×1 squeeze followed by 1×1 and 3×3 expansions side by side (arXiv 1602.07360, figure 2)."""

    def __init__(self, in_channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(in_channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d h w"]:
        """Twice `expanded` channels of the same size."""
        x = F.relu(self.squeeze(x))
        return F.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], dim=1))


def alexnet() -> nn.Sequential:
    """AlexNet's convolutions; the numbers of the layers are torchvision's."""
    return nn.Sequential(
        *(nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),
        *(nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),
        *(nn.Conv2d(192, 384, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(384, 256, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(256, 256, 3, padding=1), nn.ReLU()),
    )


def vgg16() -> nn.Sequential:
    """VGG-16's convolutions; the numbers of the layers are torchvision's."""
    layers: list[nn.Module] = []
    channels = 3
    for repeats, width in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        if layers:
            layers.append(nn.MaxPool2d(2))
        for _ in range(repeats):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
    return nn.Sequential(*layers)


def squeezenet1_1() -> nn.Sequential:
    """SqueezeNet 1.1 without its classifier; the numbers of the layers are torchvision's."""
    return nn.Sequential(
        *(nn.Conv2d(3, 64, 3, stride=2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(Fire(64, 16, 64), Fire(128, 16, 64), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(Fire(128, 32, 128), Fire(256, 32, 128), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256)),
    )


def build_backbone(net: str) -> nn.Sequential:
    """The convolutions of a net.

    Raises:
        UnknownNameError: There is no such net.
    """
    check_net(net)
    return {"alex": alexnet, "vgg": vgg16, "squeeze": squeezenet1_1}[net]()


def check_net(net: str) -> None:
    """Refuse a backbone that LPIPS does not know.

    Raises:
        UnknownNameError: There is no such net.
    """
    if net not in NETS:
        raise UnknownNameError(f"there is no LPIPS-{net}", hint=f"use {', '.join(NETS)}")
