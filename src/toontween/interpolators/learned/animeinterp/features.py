"""AnimeInterp's feature pyramid (Siyao et al., CVPR 2021, section 3.3): six convolutions, three scales."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn


class FeaturePyramid(nn.Module):
    """Features at the picture's size, at a half and at a quarter of it.

    Args:
        widths: Channels at the three scales.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        whole, half, quarter = widths
        self.conv1 = nn.Conv2d(3, whole, 3, padding=1)
        self.conv2 = nn.Conv2d(whole, whole, 3, padding=1)
        self.conv3 = nn.Conv2d(whole, half, 3, stride=2, padding=1)
        self.conv4 = nn.Conv2d(half, half, 3, padding=1)
        self.conv5 = nn.Conv2d(half, quarter, 3, stride=2, padding=1)
        self.conv6 = nn.Conv2d(quarter, quarter, 3, padding=1)
        self.activation1 = nn.PReLU()
        self.activation2 = nn.PReLU()
        self.activation3 = nn.PReLU()
        self.activation4 = nn.PReLU()
        self.activation5 = nn.PReLU()
        self.activation6 = nn.PReLU()

    def forward(
        self, pictures: Float[Tensor, "b 3 h w"]
    ) -> tuple[Float[Tensor, "b _ h w"], Float[Tensor, "b _ _ _"], Float[Tensor, "b _ _ _"]]:
        """Features of pictures in −1…1, from fine to coarse."""
        whole = self.activation1(self.conv1(pictures))
        whole = self.activation2(self.conv2(whole))
        half = self.activation3(self.conv3(whole))
        half = self.activation4(self.conv4(half))
        quarter = self.activation5(self.conv5(half))
        quarter = self.activation6(self.conv6(quarter))
        return whole, half, quarter
