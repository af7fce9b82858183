"""Layers that the synthesis and the refinement are built of: activation first, then convolution, then batch norm."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class ActivatedConv(nn.Module):
    """Parametric ReLU with a slope for each channel, convolution, batch normalisation.

    Args:
        source: Channels in.
        width: Channels out.
        kernel: Side of the convolution's kernel, odd.
        stride: Pixels from one place of the kernel to the next.
    """

    def __init__(self, source: int, width: int, *, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.activation = nn.PReLU(source)
        self.conv = nn.Conv2d(source, width, kernel, stride=stride, padding=kernel // 2)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, values: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d i j"]:
        """Features of `width` channels, each side divided by the stride and rounded up."""
        return self.norm(self.conv(self.activation(values)))


class PlainConv(nn.Module):
    """Parametric ReLU and a convolution, the end of every network here.

    Args:
        source: Channels in.
        width: Channels out.
    """

    def __init__(self, source: int, width: int) -> None:
        super().__init__()
        self.activation = nn.PReLU(source)
        self.conv = nn.Conv2d(source, width, 3, padding=1)

    def forward(self, values: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        """Unbounded values of `width` channels."""
        return self.conv(self.activation(values))


class Residual(nn.Module):
    """Two convolutions whose result is added to what came in.

    Args:
        width: Channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = ActivatedConv(width, width)
        self.second = ActivatedConv(width, width)

    def forward(self, values: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The features and what two convolutions add to them."""
        return values + self.second(self.first(values))


class Down(nn.Module):
    """Halves the size in its first convolution and changes the width in its second.

    Args:
        source: Channels in.
        width: Channels out.
    """

    def __init__(self, source: int, width: int) -> None:
        super().__init__()
        self.first = ActivatedConv(source, source, stride=2)
        self.second = ActivatedConv(source, width)

    def forward(self, values: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d i j"]:
        """Features of half the size, rounded up."""
        return self.second(self.first(values))


class Up(nn.Module):
    """Repeats pixels up to a size, then changes the width.

    Args:
        source: Channels in.
        width: Channels out.
    """

    def __init__(self, source: int, width: int) -> None:
        super().__init__()
        self.first = ActivatedConv(source, width)
        self.second = ActivatedConv(width, width)

    def forward(
        self, values: Float[Tensor, "b c _ _"], *, size: tuple[int, int]
    ) -> Float[Tensor, "b d {size[0]} {size[1]}"]:
        """Features of a size, (height, width); twice the size of the values in the published network."""
        return self.second(self.first(F.interpolate(values, size, mode="nearest")))
