import numpy as np
import torch
from skimage.color import rgb2lab

from toontween.interpolators.ops.lab import lab_to_rgb, rgb_to_lab


def test_lab_agrees_with_scikit_image():
    rgb = np.random.RandomState(0).rand(6, 5, 3).astype(np.float32)
    rgb[0, :3] = [[0, 0, 0], [1, 1, 1], [0.01, 0.02, 0.03]]
    ours = rgb_to_lab(torch.from_numpy(rgb).permute(2, 0, 1)).permute(1, 2, 0).numpy()
    np.testing.assert_allclose(ours, rgb2lab(rgb), atol=0.03)


def test_colours_return_from_lab():
    rgb = torch.rand(2, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    rgb[0, :, 0, 0] = 0
    torch.testing.assert_close(lab_to_rgb(rgb_to_lab(rgb)), rgb, atol=2e-5, rtol=0)


def test_grey_has_no_colour():
    grey = torch.linspace(0, 1, 11).view(1, 1, 11).expand(3, 1, 11)
    assert rgb_to_lab(grey)[1:].abs().max() < 1e-3


def test_colours_outside_the_gamut_are_clipped():
    rgb = lab_to_rgb(torch.tensor([120.0, 90.0, -150.0]).view(3, 1, 1))
    assert 0 <= rgb.min() <= rgb.max() <= 1
