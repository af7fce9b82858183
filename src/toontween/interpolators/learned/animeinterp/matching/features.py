"""What regions look like: features of VGG19 averaged over each of them.

AnimeInterp (Siyao et al., CVPR 2021, section 4.1) takes the activations relu1_1, relu2_1, relu3_1 and relu4_1 of VGG19
(Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015) as trained on
ImageNet.
"""

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float, Int
from torch import Tensor, nn

from toontween.errors import ShapeError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_SPREAD = (0.229, 0.224, 0.225)

SMALLEST_SIDE_PX = 8
"""The deepest activation is an eighth of the picture."""

FeatureMap = Float[Tensor, "b _ _ _"]


class Vgg19Features(ModelMixin, ConfigMixin):
    """VGG19 up to its fourth stage's first activation.

    Untrained, kernels are drawn so that activations keep their size from layer to layer (He et al., ICCV 2015), and
    biases are zero.

    Args:
        base_channels: Channels of the first stage; each further one has twice as many.
    """

    @register_to_config
    def __init__(self, *, base_channels: int = 64) -> None:
        super().__init__()
        one, two, three, four = (base_channels * factor for factor in (1, 2, 4, 8))
        self.conv1_1 = _convolution(3, one)
        self.conv1_2 = _convolution(one, one)
        self.conv2_1 = _convolution(one, two)
        self.conv2_2 = _convolution(two, two)
        self.conv3_1 = _convolution(two, three)
        self.conv3_2 = _convolution(three, three)
        self.conv3_3 = _convolution(three, three)
        self.conv3_4 = _convolution(three, three)
        self.conv4_1 = _convolution(three, four)

    def forward(
        self, pictures: Float[Tensor, "b 3 h w"]
    ) -> tuple[FeatureMap, FeatureMap, FeatureMap, FeatureMap]:
        """The activations relu1_1, relu2_1, relu3_1 and relu4_1, at 1, 1/2, 1/4 and 1/8 of the size, rounded down.

        Args:
            pictures: sRGB in 0…1; they are normalised here.

        Raises:
            ShapeError: A side is shorter than eight pixels.
        """
        height, width = pictures.shape[-2:]
        if min(height, width) < SMALLEST_SIDE_PX:
            raise ShapeError(
                f"a picture of {width}×{height} pixels is too small for VGG19's fourth stage",
                hint=f"both sides must be at least {SMALLEST_SIDE_PX} pixels",
            )
        mean = pictures.new_tensor(IMAGENET_MEAN)[:, None, None]
        spread = pictures.new_tensor(IMAGENET_SPREAD)[:, None, None]
        first = F.relu(self.conv1_1((pictures - mean) / spread))
        hidden = F.relu(self.conv1_2(first))
        second = F.relu(self.conv2_1(F.max_pool2d(hidden, 2)))
        hidden = F.relu(self.conv2_2(second))
        third = F.relu(self.conv3_1(F.max_pool2d(hidden, 2)))
        hidden = F.relu(self.conv3_2(third))
        hidden = F.relu(self.conv3_3(hidden))
        hidden = F.relu(self.conv3_4(hidden))
        fourth = F.relu(self.conv4_1(F.max_pool2d(hidden, 2)))
        return first, second, third, fourth


def _convolution(source: int, target: int) -> nn.Conv2d:
    layer = nn.Conv2d(source, target, 3, padding=1)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    nn.init.zeros_(layer.bias)  # pyright: ignore[reportArgumentType]
    return layer


def region_features(
    maps: tuple[FeatureMap, ...], regions: Int[Tensor, "h w"]
) -> Float[Tensor, "n d"]:
    """One distribution for each region: its mean features, shifted so that the least is 0, summing to 1.

    Args:
        maps: Feature maps of one picture, each half the size of the one before, rounded down.
        regions: Number of each pixel's region, 0 … n − 1; halved by taking every second row and column.

    Returns:
        Float64; zeros of a map in which a small region has no pixel left, zeros altogether where all features are equal.

    Raises:
        ShapeError: A map's size is not that of the regions at its level.
    """
    count = int(regions.max()) + 1
    level = regions.cpu().long()
    means: list[Tensor] = []
    for number, features in enumerate(maps):
        if features.shape[-2:] != level.shape:
            raise ShapeError(
                f"feature map {number} is {tuple(features.shape[-2:])}, its regions are {tuple(level.shape)}"
            )
        means.append(_means(features[0].cpu(), level, count))
        level = level[1::2, 1::2]
    features = torch.cat(means, dim=1)
    features = features - features.amin(dim=1, keepdim=True)
    total = features.sum(dim=1, keepdim=True)
    return features / torch.where(total > 0, total, 1.0)


def _means(
    features: Float[Tensor, "c h w"], regions: Int[Tensor, "h w"], count: int
) -> Float[Tensor, "n c"]:
    """Mean of each channel over each region, summed in float64 on the CPU, where the order of sums is fixed."""
    members = regions.flatten()
    values = features.flatten(1).T.double()
    sums = values.new_zeros(count, features.shape[0]).index_add_(0, members, values)
    return sums / members.bincount(minlength=count).clamp(min=1)[:, None]
