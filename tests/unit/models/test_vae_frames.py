"""Decoding frame by frame: the same pictures as at once, in order, without holding the clip."""

import pytest
import torch
from torch import Tensor

from tests.unit.models import small_vae as small
from tests.unit.models import tiny_vae as tiny
from toontween.errors import ShapeError, UnknownNameError
from toontween.models import dual_reference
from toontween.models.blocks.temporal_mixing import reach_of
from toontween.models.vae import AutoencoderKLDualReference, References, pair_references


def _network(norm: str = "frame", **changes: object) -> AutoencoderKLDualReference:
    return small.shaken(small.grown(small.new(temporal_norm=norm, **changes)), by=0.05).eval()


def _latents(num_frames: int, *, batch: int = 1) -> Tensor:
    return torch.randn((batch, 8, num_frames, 4, 5), generator=tiny.generator(4))


@torch.no_grad()
def _references(network: AutoencoderKLDualReference, *, batch: int = 1) -> References:
    ends = torch.rand((2 * batch, 3, 32, 40), generator=tiny.generator(6)) * 2 - 1
    return pair_references(network.encode(ends).reference_features)


@pytest.mark.parametrize("norm", ["frame", "clip"])
@pytest.mark.parametrize("num_frames", [1, 2, 7, 40])
@pytest.mark.parametrize("at_once", [1, 3, 16])
def test_frames_are_those_of_the_whole_clip(norm, num_frames, at_once, monkeypatch):
    monkeypatch.setattr(dual_reference, "_FRAMES_AT_ONCE", at_once)
    network, latents = _network(norm), _latents(num_frames, batch=2)
    whole = network.decode(latents)
    assert whole.requires_grad
    frames = torch.stack(list(network.decode_frames(latents)), dim=2)
    torch.testing.assert_close(frames, whole.detach(), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("norm", ["frame", "clip"])
@pytest.mark.parametrize(("num_frames", "batch"), [(2, 1), (5, 2), (34, 1)])
def test_frames_with_references_are_those_of_the_whole_clip(norm, num_frames, batch):
    network, latents = _network(norm), _latents(num_frames, batch=batch)
    references = _references(network, batch=batch)
    whole = network.decode(latents, references).detach()
    frames = torch.stack(list(network.decode_frames(latents, references)), dim=2)
    # rounding may tip a choice between equally good matches
    assert ((frames - whole).abs() > 1e-3).float().mean() < 1e-3
    with torch.no_grad():
        assert torch.equal(network.decode(latents, references), frames)


@pytest.mark.parametrize(("temporal", "attention"), [(0, 1), (1, 2)])
def test_levels_that_only_mix_over_time_see_the_whole_clip_too(temporal, attention):
    levels = {"finest_temporal_level": temporal, "finest_attention_level": attention}
    network, latents = _network(**levels), _latents(5)
    references = _references(network)
    whole = network.decode(latents, references).detach()
    frames = torch.stack(list(network.decode_frames(latents, references)), dim=2)
    assert ((frames - whole).abs() > 1e-3).float().mean() < 1e-3


@torch.no_grad()
def test_frames_depend_on_neighbours_within_reach_alone():
    network, latents = _network(), _latents(24)
    reach = reach_of(network.decoder)
    assert reach == 8
    changed = latents.clone()
    changed[:, :, 12] += torch.randn((8, 4, 5), generator=tiny.generator(5))
    both = [network.decode(x) for x in (latents, changed)]
    differ = (both[0] != both[1]).any(dim=4).any(dim=3)[0].any(dim=0)
    assert differ.nonzero().flatten().tolist() == list(range(12 - reach, 12 + reach + 1))


@pytest.mark.parametrize("with_references", [False, True])
def test_no_more_is_seen_of_a_clip_than_what_is_within_reach(with_references):
    network, length = _network(), 36
    entered = 0

    def count(_: object, given: tuple[Tensor, ...]) -> None:
        nonlocal entered
        entered += len(given[0])

    network.decoder.conv_in.register_forward_pre_hook(count)
    references = _references(network) if with_references else None
    frames = network.decode_frames(_latents(length), references)
    assert entered == 0
    # the last frame, too, is compared with
    near_end = 9 if with_references else 0
    ahead = [entered - near_end - index for index, _ in enumerate(frames, start=1)]
    assert ahead == [8] * (length - 8) + list(range(7, -1, -1))


def test_an_abandoned_clip_leaves_the_recording_of_gradients_as_it_was():
    network = _network()
    for _ in network.decode_frames(_latents(4)):
        assert torch.is_grad_enabled()
        break
    assert torch.is_grad_enabled()
    assert not next(network.decode_frames(_latents(4))).requires_grad


@pytest.mark.parametrize("variant", ["full", "no-p3d", "no-har-no-p3d"])
def test_networks_that_see_the_whole_clip_at_full_size_give_their_frames_too(variant):
    network = tiny.build(variant)
    references = tiny.references(network, 2) if network.uses_references else None
    frames = list(network.decode_frames(tiny.latents(2, 4), references))
    whole = network.decode(tiny.latents(2, 4), references)
    torch.testing.assert_close(torch.stack(frames, dim=2), whole.detach(), atol=1e-4, rtol=1e-4)
    assert not frames[0].requires_grad


@torch.no_grad()
def test_a_network_that_mixes_at_full_size_with_statistics_of_frames_is_the_same_either_way():
    network = tiny.build(temporal_norm="frame")
    latents, references = tiny.latents(2, 5), tiny.references(network, 2)
    found = network.decode(latents, references)
    with torch.enable_grad():
        recorded = network.decode(latents, references)
    torch.testing.assert_close(found, recorded.detach(), atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_half_precision_weights_are_computed_in_full_precision():
    exact, half = _network().half().float(), _network().half()
    wanted = exact.decode(_latents(4))
    frames = list(half.decode_frames(_latents(4).half()))
    assert {frame.dtype for frame in frames} == {torch.float16}
    assert half.dtype == torch.float16
    torch.testing.assert_close(torch.stack(frames, dim=2).float(), wanted, atol=5e-3, rtol=5e-3)


def test_what_is_wrong_is_said_before_the_first_frame_is_asked_for():
    with pytest.raises(ShapeError, match="are not"):
        _network().decode_frames(torch.zeros(1, 4, 3, 4, 5))


def test_statistics_are_of_the_clip_unless_said_otherwise(tmp_path):
    assert small.grown().config["temporal_norm"] == "clip"
    assert reach_of(small.grown().decoder) is None
    network = small.grown(small.new(temporal_norm="frame"))
    network.save_pretrained(tmp_path)
    loaded = AutoencoderKLDualReference.from_pretrained(tmp_path)
    assert isinstance(loaded, AutoencoderKLDualReference)
    assert loaded.config["temporal_norm"] == "frame"
    assert reach_of(loaded.decoder) == 8
    with pytest.raises(UnknownNameError, match="known: clip, frame"):
        small.new(temporal_norm="frames")
