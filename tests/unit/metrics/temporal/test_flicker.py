"""Golden values: VBench's own formula on drawings by formula."""

import pytest
import torch

from tests.unit.metrics.toon_frames import toon_clip
from toontween.errors import InputError
from toontween.metrics.clips import to_frames
from toontween.metrics.temporal.flicker import frame_changes, temporal_flickering


@pytest.mark.parametrize(
    ("speed", "golden"), [(1.0, 0.9735484428655088), (2.0, 0.9671803794810975)]
)
def test_flickering_is_that_of_vbench(speed, golden):
    clip = to_frames(list(toon_clip(16, 128, 192, speed=speed)))
    assert temporal_flickering(clip) == pytest.approx(golden, abs=1e-8)


def test_a_frozen_clip_does_not_flicker():
    assert temporal_flickering(torch.full((4, 3, 2, 2), 0.3)) == 1


def test_each_step_has_its_change():
    frames = torch.tensor([0.0, 0.5, 0.25]).view(3, 1, 1, 1).expand(3, 3, 2, 2)
    assert frame_changes(frames).tolist() == pytest.approx([0.5, 0.25])


def test_one_frame_does_not_change():
    with pytest.raises(InputError, match="too few frames: 1"):
        temporal_flickering(torch.zeros(1, 3, 2, 2))
