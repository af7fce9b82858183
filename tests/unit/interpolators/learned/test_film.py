"""Method `film` with a small untrained network: what must hold whatever the weights are."""

import numpy as np
import pytest
import torch

from toontween.errors import CheckpointError, InputError, ShapeError
from toontween.interpolators.base import InbetweenRequest, evenly_spaced_times
from toontween.interpolators.learned.film.method import FilmInterpolator
from toontween.interpolators.learned.film.network import FilmNet
from toontween.interpolators.learned.weights import fill_at_random
from toontween.interpolators.timing import draw_at_times


def small_network() -> FilmNet:
    network = FilmNet(
        pyramid_levels=4, fusion_levels=3, sub_levels=2, base_channels=4, flow_channels=(4, 6)
    )
    fill_at_random(network)
    return network.eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def method(tmp_path_factory) -> FilmInterpolator:
    folder = tmp_path_factory.mktemp("film")
    small_network().save_pretrained(folder)
    return FilmInterpolator(weights=str(folder), device="cpu")


def picture(height: int, width: int, *, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)


def request(height: int, width: int, times: tuple[float, ...] = (0.5,)) -> InbetweenRequest:
    first, last = picture(height, width, seed=1), picture(height, width, seed=2)
    return InbetweenRequest(first=first, last=last, times=times)


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (24, 32), (33, 7)])
def test_a_drawing_has_the_size_of_its_keys_whatever_that_is(method, size):
    [drawing] = method.inbetween(request(*size)).drawings
    assert drawing.shape == (*size, 3)
    assert drawing.dtype == np.float32
    assert 0 <= drawing.min() <= drawing.max() <= 1


def test_asking_twice_gives_the_same_bytes(method):
    once, twice = (method.inbetween(request(20, 30)).drawings[0] for _ in range(2))
    np.testing.assert_array_equal(once, twice)


def test_the_drawing_is_the_networks_output_on_pictures_centred_in_black(method):
    asked = request(13, 21)
    margins = ((1, 2), (1, 2), (0, 0))
    pair = [
        torch.from_numpy(np.pad(key, margins).transpose(2, 0, 1).copy())[None]
        for key in (asked.first, asked.last)
    ]
    wanted = method.network(*pair)[0, :, 1:14, 1:22].clamp(0, 1).permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(method.inbetween(asked).drawings[0], wanted)


def test_only_the_half_is_drawn_directly(method):
    with pytest.raises(InputError, match="half-way only"):
        method.inbetween(request(16, 16, (0.25,)))


def test_other_times_are_halves_of_halves(method):
    asked = request(16, 16, evenly_spaced_times(3))
    drawings = draw_at_times(method, asked).drawings
    middle = method.inbetween(request(16, 16)).drawings[0]
    quarter = InbetweenRequest(first=asked.first, last=middle, times=(0.5,))
    np.testing.assert_array_equal(drawings[1], middle)
    np.testing.assert_array_equal(drawings[0], method.inbetween(quarter).drawings[0])
    assert len(drawings) == 3


def test_no_times_give_no_drawings(method):
    assert method.inbetween(request(16, 16, ())).drawings == []


def test_transparent_keys_are_refused(method):
    key = np.ones((8, 8, 4), dtype=np.float32)
    with pytest.raises(InputError, match="transparency"):
        method.inbetween(InbetweenRequest(first=key, last=key, times=(0.5,)))


def test_another_networks_folder_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"_class_name": "LineExtractor"}')
    with pytest.raises(CheckpointError, match="holds a LineExtractor"):
        FilmInterpolator(weights=str(tmp_path), device="cpu")


@pytest.mark.parametrize("shape", [(1, 3, 12, 16), (1, 3, 16, 4), (1, 4, 16, 16)])
def test_the_network_refuses_what_its_pyramid_cannot_halve(shape):
    with pytest.raises(ShapeError):
        small_network()(torch.zeros(shape), torch.zeros(shape))


@pytest.mark.parametrize("levels", [{"pyramid_levels": 3}, {"sub_levels": 0}])
def test_a_pyramid_with_too_few_levels_is_refused(levels):
    with pytest.raises(InputError, match="pyramid"):
        FilmNet(**levels)


@torch.no_grad()
def test_each_picture_is_fetched_from_half_its_flow_away():
    """Predictors that answer 8 pixels to the right both ways, and a fusion that averages what was fetched."""
    network = FilmNet(
        pyramid_levels=2, fusion_levels=2, sub_levels=1, base_channels=6, flow_channels=(4, 4)
    )
    for parameter in network.parameters():
        parameter.zero_()
    tensors = network.state_dict()  # shares the parameters' memory
    tensors["predict_flow.1.to_flow.bias"][0] = 4.0  # half-size pixels
    for colour in range(3):
        for place in (colour, 9 + colour):  # after 3 colours and 6 features comes the other picture
            tensors["fuse.0.mix.first.weight"][colour, place, 1, 1] = 0.5
        tensors["fuse.0.mix.second.weight"][colour, colour, 1, 1] = 1.0
        tensors["to_rgb.weight"][colour, colour, 0, 0] = 1.0
    first, last, wanted = (torch.zeros(1, 3, 16, 32) for _ in range(3))
    first[..., 8, 10], last[..., 8, 20] = 1.0, 0.6
    wanted[..., 8, 10 - 4], wanted[..., 8, 20 - 4] = 0.5, 0.3
    torch.testing.assert_close(network(first, last), wanted, atol=1e-5, rtol=0)
