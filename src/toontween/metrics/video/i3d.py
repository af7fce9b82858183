"""I3D, whose logits FVD and KVD compare: Inception-v1 with its filters inflated to three dimensions (arXiv 1705.07750).

The modules have the names of the published PyTorch port, so that its files load as they are.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from toontween.errors import ShapeError

SIDE_PX = 224
"""Height and width of the frames that the network was trained on."""

LEAST_FRAMES = 9
"""Three halvings of the time axis have to leave two steps for the last average: 9 frames → 5 → 3 → 2."""

GRAPH_EPS = 1e-3
"""What the published graph adds to variances. The PyTorch port that VideoGPT, TATS and LVDM share adds 1e-5, with which
the logits of the graph's own weights are 1.3 % off."""


class ConvUnit(nn.Module):
    """Convolution padded as TensorFlow pads, batch normalisation without a trained scale, ReLU."""

    def __init__(
        self, in_channels: int, channels: int, kernel: int = 1, *, stride: int = 1, eps: float
    ) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(in_channels, channels, kernel, stride=stride, bias=False)
        self.bn = nn.BatchNorm3d(channels, eps=eps)
        self.kernel, self.stride = (kernel, kernel, kernel), (stride, stride, stride)

    def forward(self, x: Float[Tensor, "n c t h w"]) -> Float[Tensor, "n d _ _ _"]:
        """Sides and frames divided by the stride, rounded up."""
        x = pad_same(x, self.kernel, self.stride)
        return F.relu(self.bn(self.conv3d(x)))


class Logits(nn.Module):
    """The last convolution: a bias, no normalisation, no ReLU."""

    def __init__(self, in_channels: int, classes: int) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(in_channels, classes, 1)

    def forward(self, x: Float[Tensor, "n c t h w"]) -> Float[Tensor, "n k t h w"]:
        """One map a class."""
        return self.conv3d(x)


class Mixed(nn.Module):
    """Four branches side by side: 1×1×1; 1×1×1 and 3×3×3; the same narrower; a max-pool and 1×1×1.

    Args:
        in_channels: Channels that come in.
        widths: Channels of `b0`, `b1a`, `b1b`, `b2a`, `b2b`, `b3b`.
        eps: Added to variances.
    """

    def __init__(
        self, in_channels: int, widths: tuple[int, int, int, int, int, int], *, eps: float
    ) -> None:
        super().__init__()
        self.b0 = ConvUnit(in_channels, widths[0], eps=eps)
        self.b1a = ConvUnit(in_channels, widths[1], eps=eps)
        self.b1b = ConvUnit(widths[1], widths[2], 3, eps=eps)
        self.b2a = ConvUnit(in_channels, widths[3], eps=eps)
        self.b2b = ConvUnit(widths[3], widths[4], 3, eps=eps)
        self.b3b = ConvUnit(in_channels, widths[5], eps=eps)

    def forward(self, x: Float[Tensor, "n c t h w"]) -> Float[Tensor, "n d t h w"]:
        """The branches' channels one after the other."""
        branches = [
            self.b0(x),
            self.b1b(self.b1a(x)),
            self.b2b(self.b2a(x)),
            self.b3b(max_pool(x, (3, 3, 3), (1, 1, 1))),
        ]
        return torch.cat(branches, dim=1)


class I3D(nn.Module):
    """The network up to its logits, averaged over what is left of the time axis.

    Args:
        eps: Added to variances; `GRAPH_EPS` for weights as TensorFlow trained them.
        classes: Logits; 400 for Kinetics-400.
        weights: What the weights are called beside a number; `acceptance.load_i3d` finds the name.
    """

    def __init__(
        self, *, eps: float = GRAPH_EPS, classes: int = 400, weights: str = "untrained"
    ) -> None:
        super().__init__()
        self.eps, self.weights = eps, weights
        self.Conv3d_1a_7x7 = ConvUnit(3, 64, 7, stride=2, eps=eps)
        self.Conv3d_2b_1x1 = ConvUnit(64, 64, eps=eps)
        self.Conv3d_2c_3x3 = ConvUnit(64, 192, 3, eps=eps)
        self.Mixed_3b = Mixed(192, (64, 96, 128, 16, 32, 32), eps=eps)
        self.Mixed_3c = Mixed(256, (128, 128, 192, 32, 96, 64), eps=eps)
        self.Mixed_4b = Mixed(480, (192, 96, 208, 16, 48, 64), eps=eps)
        self.Mixed_4c = Mixed(512, (160, 112, 224, 24, 64, 64), eps=eps)
        self.Mixed_4d = Mixed(512, (128, 128, 256, 24, 64, 64), eps=eps)
        self.Mixed_4e = Mixed(512, (112, 144, 288, 32, 64, 64), eps=eps)
        self.Mixed_4f = Mixed(528, (256, 160, 320, 32, 128, 128), eps=eps)
        self.Mixed_5b = Mixed(832, (256, 160, 320, 32, 128, 128), eps=eps)
        self.Mixed_5c = Mixed(832, (384, 192, 384, 48, 128, 128), eps=eps)
        self.logits = Logits(1024, classes)

    def forward(self, clips: Float[Tensor, "n c t h w"]) -> Float[Tensor, "n k"]:
        """Logits of clips, before any softmax.

        16 frames leave one time step to average, 17 to 24 leave two.

        Args:
            clips: RGB in −1…1, 224×224 pixels, nine frames or more.

        Raises:
            ShapeError: The clips are too short, of another size or not RGB.
        """
        _, channels, frames, height, width = clips.shape
        check_length(frames)
        if (channels, height, width) != (3, SIDE_PX, SIDE_PX):
            raise ShapeError(
                f"I3D sees 3 channels of {SIDE_PX}×{SIDE_PX} pixels, not {channels} of {width}×{height}"
            )
        x = max_pool(self.Conv3d_1a_7x7(clips), (1, 3, 3), (1, 2, 2))
        x = max_pool(self.Conv3d_2c_3x3(self.Conv3d_2b_1x1(x)), (1, 3, 3), (1, 2, 2))
        x = max_pool(self.Mixed_3c(self.Mixed_3b(x)), (3, 3, 3), (2, 2, 2))
        x = self.Mixed_4d(self.Mixed_4c(self.Mixed_4b(x)))
        x = max_pool(self.Mixed_4f(self.Mixed_4e(x)), (2, 2, 2), (2, 2, 2))
        x = self.Mixed_5c(self.Mixed_5b(x))
        x = self.logits(F.avg_pool3d(x, (2, 7, 7), stride=1))
        return x.mean(dim=(2, 3, 4))


def check_length(frames: int, *, named: str = "a clip") -> None:
    """Refuse clips of which no time step would be left; TensorFlow gives NaN for them without a word.

    Raises:
        ShapeError: There are fewer than nine frames.
    """
    if frames < LEAST_FRAMES:
        raise ShapeError(
            f"{named} has {frames} frames; I3D needs {LEAST_FRAMES} or more",
            hint="measure longer clips, frame by frame measures take any length",
        )


def pad_same(
    x: Float[Tensor, "n c t h w"], kernel: tuple[int, int, int], stride: tuple[int, int, int]
) -> Float[Tensor, "n c _ _ _"]:
    """Zeros as TensorFlow's SAME padding adds them: just enough, the odd one at the end."""
    sides: list[int] = []
    for size, reach, step in zip(x.shape[2:], kernel, stride, strict=True):
        total = max((-(-size // step) - 1) * step + reach - size, 0)
        sides = [total // 2, total - total // 2, *sides]
    return F.pad(x, sides) if any(sides) else x


def max_pool(
    x: Float[Tensor, "n c t h w"], kernel: tuple[int, int, int], stride: tuple[int, int, int]
) -> Float[Tensor, "n c _ _ _"]:
    """Greatest of each window; zeros around it change nothing, what comes in is never negative."""
    return F.max_pool3d(pad_same(x, kernel, stride), kernel, stride)
