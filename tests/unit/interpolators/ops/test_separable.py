import pytest
import torch
from torch import Tensor

from toontween.errors import ShapeError
from toontween.interpolators.ops import separable
from toontween.interpolators.ops.separable import separable_convolution


def loop(padded: Tensor, vertical: Tensor, horizontal: Tensor) -> Tensor:
    """The definition, pixel by pixel."""
    taps, height, width = vertical.shape[1:]
    result = torch.zeros(*padded.shape[:2], height, width, dtype=padded.dtype)
    for y in range(height):
        for x in range(width):
            seen = padded[:, :, y : y + taps, x : x + taps]
            kernel = vertical[:, :, None, y, x] * horizontal[:, None, :, y, x]
            result[:, :, y, x] = (seen * kernel[:, None]).sum(dim=(2, 3))
    return result


def factors(batch: int, channels: int, taps: int, size: tuple[int, int]) -> list[Tensor]:
    """Padded pictures, vertical and horizontal kernels."""
    generator = torch.Generator().manual_seed(taps)
    height, width = size
    shapes = [
        (batch, channels, height + taps - 1, width + taps - 1),
        (batch, taps, height, width),
        (batch, taps, height, width),
    ]
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]


@pytest.mark.parametrize(
    ("batch", "channels", "taps", "size"),
    [(1, 3, 51, (4, 6)), (2, 4, 5, (7, 3)), (1, 1, 1, (3, 3)), (2, 2, 4, (1, 5))],
)
def test_it_is_the_sum_over_each_pixels_own_kernel(batch, channels, taps, size):
    given = factors(batch, channels, taps, size)
    torch.testing.assert_close(separable_convolution(*given), loop(*given))


@pytest.mark.parametrize("at_once", [1, 200])
def test_working_on_a_few_rows_at_a_time_changes_nothing(monkeypatch, at_once):
    given = [factor.requires_grad_() for factor in factors(2, 3, 5, (9, 7))]
    whole = separable_convolution(*given)
    gradients = torch.autograd.grad(whole.square().sum(), given)
    monkeypatch.setattr(separable, "PRODUCTS_AT_ONCE", at_once)
    strips = separable_convolution(*given)
    torch.testing.assert_close(strips, whole)
    for few, all_at_once in zip(
        torch.autograd.grad(strips.square().sum(), given), gradients, strict=True
    ):
        torch.testing.assert_close(few, all_at_once)


def test_derivatives_are_those_of_the_definition():
    given = [factor.requires_grad_() for factor in factors(2, 2, 3, (4, 5))]
    weights = torch.randn(2, 2, 4, 5, dtype=torch.float64, generator=torch.Generator())
    found = torch.autograd.grad((separable_convolution(*given) * weights).sum(), given)
    wanted = torch.autograd.grad((loop(*given) * weights).sum(), given)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)


def test_kernels_can_be_trained_while_the_pictures_stay_as_they_are():
    padded, vertical, horizontal = factors(1, 3, 3, (4, 4))
    vertical.requires_grad_()
    separable_convolution(padded, vertical, horizontal).sum().backward()
    assert padded.grad is None
    assert vertical.grad is not None
    assert vertical.grad.any()


def test_kernels_of_one_tap_each_move_the_picture():
    picture = torch.rand(1, 3, 8, 10, generator=torch.Generator().manual_seed(0))
    vertical, horizontal = torch.zeros(1, 5, 4, 6), torch.zeros(1, 5, 4, 6)
    vertical[:, 1], horizontal[:, 4] = 1, 1
    moved = separable_convolution(picture, vertical, horizontal)
    assert torch.equal(moved, picture[:, :, 1:5, 4:10])


@pytest.mark.parametrize("size", [(8, 9), (7, 10), (4, 6)])
def test_pictures_that_are_not_padded_for_the_kernels_are_refused(size):
    kernels = torch.zeros(1, 5, 4, 6)
    with pytest.raises(ShapeError, match="10×8"):
        separable_convolution(torch.zeros(1, 3, *size), kernels, kernels)
