import pytest
import torch

from tests.tiny_pipeline import noise_key
from toontween.errors import InputError, ShapeError
from toontween.pipelines.inputs.keys import prepare_keys
from toontween.pipelines.inputs.sketches import prepare_hints


def test_hints_are_white_on_black_and_empty_without_a_sketch():
    keys = prepare_keys(noise_key(1), noise_key(2), multiple=64)
    sketch = torch.ones(1, 32, 48)
    sketch[0, 5, 7] = 0
    hints = prepare_hints({2: sketch}, keys, num_frames=4)
    assert hints.shape == (1, 4, 1, 64, 64)
    assert hints.sum() == 1
    assert hints[0, 2, 0, 16 + 5, 8 + 7] == 1


def test_sketches_follow_the_crop_of_a_front_end():
    size = {"multiple": 16, "height": 16, "width": 32}
    keys = prepare_keys(noise_key(1), noise_key(2), preprocessing="gradio", **size)
    hints = prepare_hints({0: torch.zeros(1, 32, 48)}, keys, num_frames=2)
    assert hints.shape == (1, 2, 1, 16, 32)
    assert hints[0, 0, 0, :, 4:28].min() == 1
    assert hints[0, 0, 0, :, :4].max() == 0


def test_each_sample_can_have_sketches_of_its_own():
    keys = prepare_keys([noise_key(1)] * 2, [noise_key(2)] * 2, multiple=64)
    hints = prepare_hints([{}, {1: torch.zeros(1, 32, 48)}], keys, num_frames=3)
    assert hints.flatten(2).amax(2).tolist() == [[0, 0, 0], [0, 1, 0]]
    with pytest.raises(ShapeError, match="1 sketch mappings for 2"):
        prepare_hints([{}], keys, num_frames=3)


@pytest.mark.parametrize("frame", [-1, 4])
def test_a_sketch_outside_the_clip_is_refused(frame: int):
    keys = prepare_keys(noise_key(1), noise_key(2), multiple=64)
    with pytest.raises(InputError, match=str(frame)):
        prepare_hints({frame: noise_key(3)}, keys, num_frames=4)


def test_a_sketch_of_another_size_is_refused():
    keys = prepare_keys(noise_key(1), noise_key(2), multiple=64)
    with pytest.raises(ShapeError, match="64×32"):
        prepare_hints({1: noise_key(3, width=64)}, keys, num_frames=4)
