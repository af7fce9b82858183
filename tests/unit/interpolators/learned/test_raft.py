"""Method `raft-flow` and its network, untrained: what must hold whatever the weights are."""

import numpy as np
import pytest
import torch

from toontween.errors import InputError, ShapeError
from toontween.interpolators.base import InbetweenRequest
from toontween.interpolators.catalog import build
from toontween.interpolators.learned.raft.method import RaftFlowInterpolator
from toontween.interpolators.learned.raft.network import RaftFlow
from toontween.interpolators.learned.weights import fill_at_random


def small_network() -> RaftFlow:
    network = RaftFlow(size="small")
    fill_at_random(network)
    return network.eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raft")
    small_network().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def method(folder) -> RaftFlowInterpolator:
    return RaftFlowInterpolator(weights=str(folder), device="cpu", iterations=2)


def picture(height: int, width: int, *, channels: int = 3, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, channels), dtype=np.float32)


def request(height: int, width: int, *times: float, channels: int = 3) -> InbetweenRequest:
    first, last = (picture(height, width, channels=channels, seed=seed) for seed in (1, 2))
    return InbetweenRequest(first=first, last=last, times=times or (0.5,))


@pytest.mark.parametrize("size", [(1, 1), (3, 70), (66, 75)])
def test_a_drawing_has_the_size_of_its_keys_whatever_that_is(method, size):
    drawings = method.inbetween(request(*size, 0.25, 0.5)).drawings
    assert [drawing.shape for drawing in drawings] == [(*size, 3)] * 2
    assert all(0 <= drawing.min() <= drawing.max() <= 1 for drawing in drawings)


def test_asking_twice_gives_the_same_bytes(method):
    once, twice = (method.inbetween(request(40, 30)).drawings[0] for _ in range(2))
    np.testing.assert_array_equal(once, twice)


def test_the_flow_is_the_networks_on_pictures_centred_in_their_continued_border(method):
    asked = request(66, 75)
    forward, backward = method.estimate(asked.first, asked.last)
    margins = ((3, 3), (2, 3), (0, 0))
    first, last = (
        torch.from_numpy(np.pad(key, margins, mode="edge").transpose(2, 0, 1).copy())[None] * 2 - 1
        for key in (asked.first, asked.last)
    )
    network = method.network
    assert torch.equal(forward, network(first, last, iterations=2)[:, :, 3:69, 2:77])
    assert torch.equal(backward, network(last, first, iterations=2)[:, :, 3:69, 2:77])


def test_a_network_that_sees_motion_makes_keys_move():
    """A flow head that answers one cell to the right whatever it sees, in the one iteration there is."""
    method = RaftFlowInterpolator(weights="random", device="cpu", iterations=1, sharpness=0.0)
    for parameter in method.network.parameters():
        parameter.zero_()
    method.network.state_dict()["step.flow_head.conv2.bias"][0] = 1.0
    first, last = np.zeros((64, 96, 3), np.float32), np.zeros((64, 96, 3), np.float32)
    first[30:34, 40:44] = last[30:34, 48:52] = 1
    forward, _ = method.estimate(first, last)
    # the border cells' neighbours outside count as standing still
    assert torch.allclose(forward[0, 0, 8:-8, 8:-8], torch.tensor(8.0))
    assert not forward[0, 1].any()


def test_drawings_follow_the_estimated_flow(method, monkeypatch):
    right = torch.zeros(1, 2, 24, 32)
    right[:, 0] = 8
    monkeypatch.setattr(method, "estimate", lambda _first, _last: (right, -right))
    first, last = np.zeros((24, 32, 3), np.float32), np.zeros((24, 32, 3), np.float32)
    first[10:14, 8:12] = last[10:14, 16:20] = 1
    [drawing] = method.inbetween(InbetweenRequest(first=first, last=last, times=(0.5,))).drawings
    wanted = np.zeros_like(first)
    wanted[10:14, 12:16] = 1
    np.testing.assert_allclose(drawing, wanted, atol=1e-5)


def test_transparent_keys_give_transparent_drawings(method):
    [drawing] = method.inbetween(request(20, 20, channels=4)).drawings
    assert drawing.shape == (20, 20, 4)


def test_the_details_say_whose_flow_it_is(method, folder):
    details = method.inbetween(request(20, 20)).details
    assert details["weights"] == folder.name
    assert len(details["weights_sha256"]) == 64
    assert details["iterations"] == 2
    assert details["settings"] == {"sharpness": 20.0}


def test_it_is_in_the_catalogue_and_can_be_untrained():
    method = build("raft-flow", weights="random", device="cpu")
    assert method.name == "raft-flow"
    assert method.capabilities.alpha


@pytest.mark.parametrize("iterations", [0, 101])
def test_an_impossible_number_of_iterations_is_refused(iterations):
    with pytest.raises(InputError, match="iterations"):
        RaftFlowInterpolator(weights="random", iterations=iterations)


@pytest.mark.parametrize("shape", [(1, 3, 8, 16), (1, 3, 20, 16), (1, 3, 16, 0)])
def test_the_network_refuses_pictures_that_are_not_whole_cells(shape):
    with pytest.raises(ShapeError, match="flow of pictures"):
        small_network()(torch.zeros(shape), torch.zeros(shape))


def test_the_network_refuses_to_give_up_before_it_begins():
    with pytest.raises(InputError, match="0 iterations"):
        small_network()(torch.zeros(1, 3, 16, 16), torch.zeros(1, 3, 16, 16), iterations=0)


def test_there_are_two_sizes_of_network():
    with pytest.raises(InputError, match="'medium'"):
        RaftFlow(size="medium")


def test_a_flow_to_begin_with_is_gone_on_with():
    network = small_network()
    first, last = (
        2 * torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(seed)) - 1
        for seed in (1, 2)
    )
    halfway, hidden = network.estimate(first, last, iterations=1)
    started, _ = network.estimate(first, last, iterations=1, initial_flow=halfway)
    assert hidden.shape == (1, 96, 8, 8)
    assert not torch.allclose(started, halfway)
    assert not torch.allclose(started, network.estimate(first, last, iterations=1)[0])
