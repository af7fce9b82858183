"""Mixing over time: of which frames a frame is made, and clips that pass by."""

from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from toontween.errors import UnknownNameError
from toontween.models.blocks import vae_layers
from toontween.models.blocks.temporal_mixing import (
    TemporalMixing,
    TemporalNorm,
    reach_of,
    temporal_norm_called,
)


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _layer(norm: TemporalNorm) -> TemporalMixing:
    """A layer of 8 channels whose weights are all random."""
    layer = TemporalMixing(8, groups=2, temporal_norm=norm)
    with torch.no_grad():
        for index, parameter in enumerate(layer.parameters()):
            parameter.copy_(_noise(*parameter.shape, seed=index))
    return layer


def _clip(num_frames: int, *, batch: int = 2) -> Tensor:
    """Frames of unequal mean and spread (b t c h w)."""
    strengths = torch.arange(1.0, num_frames + 1).view(1, -1, 1, 1, 1)
    return _noise(batch, num_frames, 8, 3, 4, seed=9) * strengths + strengths


@torch.no_grad()
def test_statistics_of_frames_are_those_of_group_norm_on_each():
    layer, clip = _layer("frame"), _clip(5)
    hidden = clip
    for norm, conv in ((layer.norm1, layer.conv1), (layer.norm2, layer.conv2)):
        frames = F.group_norm(hidden.flatten(0, 1), 2, norm.weight, norm.bias, 1e-5)
        moved = F.silu(frames).unflatten(0, (2, 5)).transpose(1, 2)
        hidden = F.conv3d(moved, conv.weight.unsqueeze(-1), conv.bias, padding=(1, 0, 0))
        hidden = hidden.transpose(1, 2)
    expected = clip + layer.mix_factor.sigmoid() * hidden
    found = layer(clip.flatten(0, 1).clone(), 5).unflatten(0, (2, 5))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("norm", ["clip", "frame"])
def test_saving_memory_changes_nothing_beyond_rounding(norm, monkeypatch):
    layer, frames = _layer(norm), _clip(5).flatten(0, 1)
    recorded = layer(frames.clone(), 5)
    assert recorded.requires_grad
    monkeypatch.setattr(vae_layers, "_CHUNK_VALUES", 400)
    with torch.no_grad():
        torch.testing.assert_close(layer(frames.clone(), 5), recorded, atol=1e-4, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize(
    ("norm", "changed"),
    [("frame", [False, False, True, True, True, True, True, False, False]), ("clip", [True] * 9)],
)
def test_a_frame_changes_those_within_reach(norm, changed):
    layer, clip = _layer(norm), _clip(9, batch=1)
    other = clip.clone()
    other[:, 4] += _noise(8, 3, 4, seed=5)
    both = [layer(c.flatten(0, 1).clone(), 9) for c in (clip, other)]
    assert (both[0] != both[1]).flatten(1).any(1).tolist() == changed
    assert layer.reach == (2 if norm == "frame" else None)


@torch.no_grad()
@pytest.mark.parametrize("num_frames", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("at_once", [1, 2, 4, 100])
def test_a_clip_that_passes_by_comes_out_as_it_would_at_once(num_frames, at_once):
    layer, clip = _layer("frame"), _clip(num_frames)
    whole = layer(clip.flatten(0, 1).clone(), num_frames).unflatten(0, (2, num_frames))
    copy = clip.clone()
    passed = torch.cat(list(layer.pass_by(clip.split(at_once, dim=1))), dim=1)
    torch.testing.assert_close(passed, whole, atol=1e-4, rtol=1e-4)
    assert torch.equal(clip, copy)


@torch.no_grad()
def test_frames_come_out_as_soon_as_those_within_reach_went_in():
    entered = 0

    def entering() -> Iterator[Tensor]:
        nonlocal entered
        for frame in _clip(9).split(1, dim=1):
            entered += 1
            yield frame

    ahead = [
        entered - index for index, _ in enumerate(_layer("frame").pass_by(entering()), start=1)
    ]
    assert ahead == [2, 2, 2, 2, 2, 2, 2, 1, 0]


def test_layers_in_a_row_reach_further():
    assert reach_of(nn.Sequential(_layer("frame"), nn.Identity(), _layer("frame"))) == 4
    assert reach_of(nn.Sequential(_layer("frame"), _layer("clip"))) is None
    assert reach_of(nn.Identity()) == 0


def test_an_unknown_norm_is_refused():
    assert temporal_norm_called("frame") == "frame"
    with pytest.raises(UnknownNameError, match="no temporal norm called 'frames'"):
        temporal_norm_called("frames")
