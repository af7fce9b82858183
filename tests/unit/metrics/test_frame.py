"""Golden values: scikit-image and the common video-metric code on pictures made by formula."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from tests.unit.metrics.toon_frames import noisy, toon_frame
from toontween.errors import ShapeError
from toontween.metrics.frame import EIGHT_BIT_MSE_FLOOR, psnr, ssim
from toontween.metrics.grey import to_grey_levels


def to_tensor(*pictures: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).double() / 255


OTHERS = {
    "noise": (
        lambda: noisy(toon_frame(), seed=1, sigma=8.0),
        30.41199032709606,
        0.6121303485269873,
    ),
    "blur": (lambda: toon_frame(blur=2), 26.536052143468712, 0.9582374731309189),
    "next frame": (lambda: toon_frame(t=1.0), 16.894093919693326, 0.8442344734886187),
    "other colours": (lambda: toon_frame(seed=5), 16.253789197384116, 0.9553014316494014),
}


@pytest.mark.parametrize(("make", "psnr_db", "similarity"), OTHERS.values(), ids=OTHERS)
def test_psnr_and_ssim_are_the_published_ones(make, psnr_db, similarity):
    ours, truth = to_tensor(make()), to_tensor(toon_frame())
    assert float(psnr(ours, truth)) == pytest.approx(psnr_db, abs=1e-9)
    assert float(ssim(ours, truth)) == pytest.approx(similarity, abs=1e-9)


LUMA_SSIM = (0.7500143815469383, 0.959347892615247, 0.8437299732076081, 0.9876499920652966)


@pytest.mark.parametrize(
    ("name", "similarity"), list(zip(OTHERS, LUMA_SSIM, strict=True)), ids=OTHERS
)
def test_ssim_of_grey_levels_is_that_of_the_first_paper(name, similarity):
    pictures = to_tensor(OTHERS[name][0](), toon_frame())
    ours, truth = torch.from_numpy(to_grey_levels(pictures))[:, None].double() / 255
    assert float(ssim(ours[None], truth[None])) == pytest.approx(similarity, abs=1e-9)


def test_ssim_agrees_with_scikit_image():
    ours, truth = np.random.RandomState(0).rand(2, 17, 23, 3)
    expected = structural_similarity(
        ours,
        truth,
        channel_axis=2,
        data_range=1.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    tensors = [torch.from_numpy(x).permute(2, 0, 1)[None] for x in (ours, truth)]
    assert float(ssim(*tensors)) == pytest.approx(expected, abs=1e-9)


def test_each_picture_has_its_own_value():
    truth = to_tensor(toon_frame(), toon_frame())
    ours = to_tensor(toon_frame(), toon_frame(t=1.0))
    assert psnr(ours, truth)[0] == float("inf")
    assert float(psnr(ours, truth)[1]) == pytest.approx(16.894093919693326)
    assert ssim(ours, truth).tolist() == pytest.approx([1, 0.8442344734886187])


def test_the_floor_bounds_the_psnr_of_equal_pictures():
    picture = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    equal = psnr(picture, picture, mse_floor=EIGHT_BIT_MSE_FLOOR)
    assert float(equal) == pytest.approx(10 * np.log10(255**2 / 0.01))


@pytest.mark.parametrize("measure", [psnr, ssim])
def test_pictures_of_different_shape_are_not_compared(measure):
    with pytest.raises(ShapeError, match="cannot be compared"):
        measure(torch.zeros(1, 3, 16, 16), torch.zeros(1, 1, 16, 16))


def test_pictures_smaller_than_the_window_have_no_ssim():
    with pytest.raises(ShapeError, match="11 pixels"):
        ssim(torch.zeros(1, 3, 10, 16), torch.zeros(1, 3, 10, 16))
