"""The discriminator looks at patches, and at each frame by itself."""

import pytest
import torch

from toontween.models.discriminator import PatchDiscriminator


@pytest.fixture
def network() -> PatchDiscriminator:
    built = PatchDiscriminator(base_channels=8, norm_groups=4)
    stream = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in built.parameters():
            if weight.dim() > 1:
                weight.copy_(torch.randn(weight.shape, generator=stream) * 0.1)
    return built


def frames(count: int) -> torch.Tensor:
    return torch.rand((count, 3, 64, 96), generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_there_is_a_logit_a_patch(network):
    assert network(frames(2)).shape == (2, 1, 6, 10)
    assert PatchDiscriminator(base_channels=8, num_layers=2)(frames(1)).shape == (1, 1, 14, 22)


def test_the_published_size_is_that_of_pix2pix():
    with torch.device("meta"):
        convolutions = [
            tuple(weight.shape) for weight in PatchDiscriminator().parameters() if weight.dim() == 4
        ]
    outputs = [shape[0] for shape in convolutions]
    assert outputs == [64, 128, 256, 512, 1]
    assert all(shape[2:] == (4, 4) for shape in convolutions)


@torch.no_grad()
def test_a_frame_is_judged_alike_whatever_else_is_in_the_batch(network):
    both = frames(2)
    alone = torch.cat([network(frame[None]) for frame in both])
    assert not torch.allclose(alone[0], alone[1], atol=1e-3)
    torch.testing.assert_close(network.train()(both), alone)


@torch.no_grad()
def test_it_comes_back_from_its_folder(network, tmp_path):
    network.save_pretrained(str(tmp_path))
    again = PatchDiscriminator.from_pretrained(str(tmp_path))
    torch.testing.assert_close(again(frames(1)), network(frames(1)), rtol=0, atol=0)
