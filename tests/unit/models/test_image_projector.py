"""The image-context projector."""

import dataclasses

import pytest
import torch

from toontween.errors import ShapeError
from toontween.models.image_projector import ImageContextProjector
from toontween.models.presets import TINY


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def projector() -> ImageContextProjector:
    return ImageContextProjector(**dataclasses.asdict(TINY.image_projector)).eval()


@torch.inference_mode()
def test_every_frame_gets_its_tokens(projector):
    assert projector(noise(2, 257, 80)).shape == (2, 16 * 16, 64)


@torch.inference_mode()
def test_pictures_of_a_batch_do_not_influence_each_other(projector):
    tokens = noise(2, 9, 80)
    torch.testing.assert_close(projector(tokens)[1:], projector(tokens[1:]))


@torch.inference_mode()
def test_saving_and_loading_keeps_the_output(projector, tmp_path):
    projector.save_pretrained(tmp_path)
    loaded = ImageContextProjector.from_pretrained(tmp_path)
    found, wanted = loaded(noise(1, 9, 80)), projector(noise(1, 9, 80))
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@torch.inference_mode()
def test_half_precision_is_close_to_full(projector, tmp_path, dtype):
    projector.save_pretrained(tmp_path)
    half = ImageContextProjector.from_pretrained(tmp_path, torch_dtype=dtype)
    found = half(noise(1, 9, 80).to(dtype))
    assert found.dtype == dtype
    torch.testing.assert_close(found.float(), projector(noise(1, 9, 80)), atol=0.1, rtol=0)


def test_tokens_of_another_width_are_refused(projector):
    with pytest.raises(ShapeError, match="64 wide, the projector reads 80"):
        projector(noise(1, 9, 64))
