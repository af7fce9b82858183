"""The first stages of ResNet-50, whose features are warped beside the pictures (He et al., CVPR 2016)."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

SHORT_SIDE_PX = 256
"""Pictures are resized to this shorter side before the stem sees them."""

MEAN = (0.485, 0.456, 0.406)
"""Mean of ImageNet's pictures, RGB in 0…1."""

STD = (0.229, 0.224, 0.225)
"""Their standard deviation."""


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolutions beside a skip; the 3×3 one carries the stride.

    Args:
        source: Channels in.
        width: Channels within; four times as many come out.
        stride: 2 halves the size.
        project: Whether the skip is a 1×1 convolution, which it must be where size or channels change.
    """

    def __init__(self, source: int, width: int, *, stride: int = 1, project: bool = False) -> None:
        super().__init__()
        wide = 4 * width
        self.conv1 = nn.Conv2d(source, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, wide, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(wide)
        self.downsample = (
            nn.Sequential(
                nn.Conv2d(source, wide, 1, stride=stride, bias=False), nn.BatchNorm2d(wide)
            )
            if project
            else nn.Identity()
        )

    def forward(self, values: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d i j"]:
        """Features of four times the inner width."""
        hidden = F.relu(self.bn1(self.conv1(values)))
        hidden = F.relu(self.bn2(self.conv2(hidden)))
        return F.relu(self.bn3(self.conv3(hidden)) + self.downsample(values))


class ResNetStem(nn.Module):
    """ResNet-50 up to its second stage, under the names torchvision gives the layers.

    The published EISAI weights hold these layers too, so no other file is needed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(
            Bottleneck(64, 64, project=True), Bottleneck(256, 64), Bottleneck(256, 64)
        )
        self.layer2 = nn.Sequential(
            Bottleneck(256, 128, stride=2, project=True),
            Bottleneck(512, 128),
            Bottleneck(512, 128),
            Bottleneck(512, 128),
        )

    def forward(
        self, pictures: Float[Tensor, "b 3 h w"]
    ) -> tuple[Float[Tensor, "b 64 _ _"], Float[Tensor, "b 256 _ _"], Float[Tensor, "b 512 _ _"]]:
        """Features at a half, a quarter and an eighth of the size at which the shorter side is `SHORT_SIDE_PX`.

        Args:
            pictures: RGB in 0…1, any size. They are resized bilinearly without anti-aliasing; the longer side is cut
                to whole pixels.
        """
        height, width = pictures.shape[2:]
        short = min(height, width)
        size = (SHORT_SIDE_PX * height // short, SHORT_SIDE_PX * width // short)
        resized = F.interpolate(pictures, size, mode="bilinear", align_corners=False)
        mean = pictures.new_tensor(MEAN)[:, None, None]
        std = pictures.new_tensor(STD)[:, None, None]
        half = F.relu(self.bn1(self.conv1((resized - mean) / std)))
        quarter = self.layer1(F.max_pool2d(half, 3, stride=2, padding=1))
        return half, quarter, self.layer2(quarter)
