"""Method `animeinterp` and its network, small and untrained: what must hold whatever the weights are."""

import numpy as np
import pytest
import torch

from toontween.errors import InputError, ShapeError
from toontween.interpolators.base import InbetweenRequest
from toontween.interpolators.catalog import build
from toontween.interpolators.learned.animeinterp.flow import RecurrentFlow, resize_flow
from toontween.interpolators.learned.animeinterp.matching.features import Vgg19Features
from toontween.interpolators.learned.animeinterp.method import AnimeInterpInterpolator
from toontween.interpolators.learned.animeinterp.network import AnimeInterp, splat_mean
from toontween.interpolators.learned.weights import fill_at_random


def small_network() -> AnimeInterp:
    network = AnimeInterp(widths=(4, 6, 8), flow_widths=(8, 8, 8), flow_hidden_channels=8)
    fill_at_random(network)
    return network.eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("animeinterp")
    small_network().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def method(folder) -> AnimeInterpInterpolator:
    return AnimeInterpInterpolator(weights=str(folder), device="cpu", matching="none")


def noise(height: int, width: int, *, channels: int = 3, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, channels), dtype=np.float32)


def request(height: int, width: int, *times: float) -> InbetweenRequest:
    first, last = noise(height, width, seed=1), noise(height, width, seed=2)
    return InbetweenRequest(first=first, last=last, times=times or (0.5,))


def tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture.transpose(2, 0, 1).copy())[None]


@pytest.mark.parametrize("size", [(1, 1), (7, 30), (33, 26)])
def test_a_drawing_has_the_size_of_its_keys_whatever_that_is(method, size):
    drawings = method.inbetween(request(*size, 0.2, 0.7)).drawings
    assert [drawing.shape for drawing in drawings] == [(*size, 3)] * 2
    assert all(0 <= drawing.min() <= drawing.max() <= 1 for drawing in drawings)


def test_asking_twice_gives_the_same_bytes(method):
    once, twice = (method.inbetween(request(24, 20)).drawings[0] for _ in range(2))
    np.testing.assert_array_equal(once, twice)


def test_flow_is_estimated_once_for_all_times(method, monkeypatch):
    estimated = []
    forward = method.network.flownet.forward
    monkeypatch.setattr(
        method.network.flownet,
        "forward",
        lambda *args, **more: estimated.append(1) or forward(*args, **more),
    )
    asked = request(16, 16, 0.1, 0.2, 0.3)
    together = method.inbetween(asked).drawings
    assert len(estimated) == 2
    alone = InbetweenRequest(first=asked.first, last=asked.last, times=(0.2,))
    np.testing.assert_array_equal(method.inbetween(alone).drawings[0], together[1])


def test_the_drawing_is_the_networks_output_on_pictures_continued_to_the_right_and_below(method):
    asked = request(30, 21, 0.3)
    margins = ((0, 2), (0, 3), (0, 0))
    pair = [tensor(np.pad(key, margins, mode="edge")) for key in (asked.first, asked.last)]
    drawn = method.network(*pair, time=0.3)[0, :, :30, :21].clamp(0, 1).permute(1, 2, 0)
    np.testing.assert_array_equal(method.inbetween(asked).drawings[0], drawn.numpy())


def test_matched_segments_begin_the_flow(folder, tmp_path):
    vgg = Vgg19Features(base_channels=2)
    fill_at_random(vgg)
    vgg.save_pretrained(tmp_path)
    method = AnimeInterpInterpolator(
        weights=str(folder), device="cpu", matching="segments", vgg=str(tmp_path)
    )
    first, last = (np.ones((64, 96, 3), np.float32) for _ in range(2))
    for key, left in ((first, 24), (last, 36)):
        key[20:44, left : left + 24] = (0.8, 0.2, 0.1)
        key[20:44, [left, left + 23]] = key[[20, 43], left : left + 24] = 0
    asked = InbetweenRequest(first=first, last=last, times=(0.5,))
    guided = method.inbetween(asked)
    plain = AnimeInterpInterpolator(weights=str(folder), device="cpu", matching="none").inbetween(
        asked
    )
    assert guided.details["matching"] == "segments"
    assert len(guided.details["vgg_weights_sha256"]) == 64
    assert plain.details["matching"] == "none"
    assert np.abs(guided.drawings[0] - plain.drawings[0]).max() > 1e-3


def test_without_matching_no_segment_network_is_looked_for(folder):
    method = AnimeInterpInterpolator(
        weights=str(folder), device="cpu", matching="none", vgg="nowhere/to/be/found"
    )
    assert method.inbetween(request(16, 16)).details["matching"] == "none"


def test_an_unknown_matching_is_refused():
    with pytest.raises(InputError, match="'colours'"):
        build("animeinterp", weights="random", matching="colours")


def test_transparent_keys_are_refused(method):
    key = np.ones((8, 8, 4), dtype=np.float32)
    with pytest.raises(InputError, match="transparency"):
        method.inbetween(InbetweenRequest(first=key, last=key, times=(0.5,)))


def test_the_network_refuses_what_its_grid_cannot_halve():
    with pytest.raises(ShapeError, match="multiples of 4"):
        small_network()(torch.zeros(1, 3, 18, 16), torch.zeros(1, 3, 18, 16))


def test_the_flow_needs_an_iteration():
    flow = RecurrentFlow(widths=(4, 4, 4), hidden_channels=4)
    with pytest.raises(InputError, match="0 iterations"):
        flow(torch.zeros(1, 3, 16, 16), torch.zeros(1, 3, 16, 16), iterations=0)


def test_a_picture_and_its_flow_have_one_size_even_if_that_is_not_whole_cells():
    flow = RecurrentFlow(widths=(4, 4, 4), hidden_channels=4)
    fill_at_random(flow)
    pictures = [
        torch.rand(1, 3, 21, 35, generator=torch.Generator().manual_seed(s)) for s in (1, 2)
    ]
    assert flow(*pictures, iterations=1).shape == (1, 2, 21, 35)


@torch.no_grad()
def test_an_initial_flow_counts_twice():
    """A network that adds nothing ends where it began."""
    flow = RecurrentFlow(widths=(4, 4, 4), hidden_channels=4)
    for parameter in flow.parameters():
        parameter.zero_()
    start = torch.zeros(1, 2, 32, 32)
    start[:, 0] = 3
    nothing = torch.zeros(1, 3, 32, 32)
    found = flow(nothing, nothing, iterations=2, initial_flow=start)
    # border cells average with neighbours outside, which stand still
    assert torch.allclose(found[0, 0, 8:-8, 8:-8], torch.tensor(6.0))
    assert not found[0, 1].any()


def test_a_flow_of_another_size_is_in_pixels_of_that_size():
    flow = torch.ones(1, 2, 8, 4)
    flow[:, 1] = 2
    small = resize_flow(flow, (4, 1), mode="nearest")
    assert small[0, :, 0, 0].tolist() == [0.25, 1.0]


def test_what_lands_is_averaged_and_where_nothing_lands_is_nothing():
    values = torch.tensor([[[[2.0, 4.0, 8.0, 6.0]]]])
    flow = torch.zeros(1, 2, 1, 4)
    flow[0, 0, 0] = torch.tensor([1.0, 0.0, 1.0, 9.0])
    assert splat_mean(values, flow).flatten().tolist() == [0.0, 3.0, 0.0, 8.0]
