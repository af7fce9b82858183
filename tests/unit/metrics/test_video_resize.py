import numpy as np
import pytest
import torch

from toontween.metrics.video.resize import Resize, resize_frames, tf1_bilinear


def ramp(height: int, width: int) -> torch.Tensor:
    """Every pixel holds its column's number."""
    return torch.arange(width, dtype=torch.float32).expand(1, 3, height, width)


def test_tensorflow_1_samples_at_whole_multiples_and_repeats_the_last_column():
    found = tf1_bilinear(ramp(2, 4), 2, 8)[0, 0, 0]
    assert found.tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3]


def test_tensorflow_1_keeps_a_picture_of_the_right_size():
    picture = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    assert torch.equal(resize_frames(picture, Resize.TF1_STRETCH), picture)


def test_tensorflow_1_shrinks_by_leaving_pixels_out():
    assert tf1_bilinear(ramp(4, 448), 4, 224)[0, 0, 0].tolist() == list(range(0, 448, 2))


def test_half_pixel_centres_shift_the_samples():
    found = resize_frames(ramp(112, 112), Resize.STRETCH)[0, 0, 0, :4]
    assert found.tolist() == pytest.approx([0, 0.25, 0.75, 1.25])


def test_stretching_keeps_the_sides_and_cropping_cuts_them_off():
    stretched = resize_frames(ramp(112, 224), Resize.STRETCH)[0, 0, 0]
    cropped = resize_frames(ramp(112, 224), Resize.CROP)[0, 0, 0]
    assert stretched[[0, -1]].tolist() == [0, 223]
    assert cropped[[0, -1]].tolist() == pytest.approx([55.75, 167.25])


@pytest.mark.parametrize("size", [(320, 512), (512, 320), (64, 64), (225, 227), (37, 1000)])
@pytest.mark.parametrize("rule", list(Resize))
def test_every_size_becomes_224_pixels_square(size, rule):
    picture = torch.from_numpy(np.random.RandomState(0).rand(1, 3, *size)).float()
    resized = resize_frames(picture, rule)
    assert resized.shape == (1, 3, 224, 224)
    assert 0 <= resized.min() < resized.max() <= 1


def test_a_flat_picture_stays_flat():
    flat = torch.full((1, 3, 50, 70), 0.25)
    for rule in Resize:
        assert torch.allclose(resize_frames(flat, rule), torch.tensor(0.25))
