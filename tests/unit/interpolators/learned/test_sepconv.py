"""Methods `sepconv` and `resepconv` with small untrained networks: what must hold whatever the weights are."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from toontween.errors import CheckpointError, InputError, ShapeError
from toontween.interpolators.base import InbetweenRequest, evenly_spaced_times
from toontween.interpolators.learned.pairs import PairInterpolator
from toontween.interpolators.learned.resepconv.method import ReSepConvInterpolator
from toontween.interpolators.learned.resepconv.network import ReSepConvNet
from toontween.interpolators.learned.sepconv.method import SepConvInterpolator
from toontween.interpolators.learned.sepconv.network import SepConvNet
from toontween.interpolators.learned.weights import fill_at_random
from toontween.interpolators.timing import draw_at_times

NETWORKS = {"sepconv": SepConvNet, "resepconv": ReSepConvNet}
METHODS = {"sepconv": SepConvInterpolator, "resepconv": ReSepConvInterpolator}
SIZES = {"channels": (4, 4, 6), "taps": 5}


@pytest.fixture(params=NETWORKS, scope="module")
def method(request, tmp_path_factory) -> PairInterpolator:
    network = NETWORKS[request.param](**SIZES)
    fill_at_random(network)
    folder = tmp_path_factory.mktemp(request.param)
    network.save_pretrained(folder)
    return METHODS[request.param](weights=str(folder), device="cpu")


def picture(height: int, width: int, *, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)


def request(height: int, width: int, times: tuple[float, ...] = (0.5,)) -> InbetweenRequest:
    first, last = picture(height, width, seed=1), picture(height, width, seed=2)
    return InbetweenRequest(first=first, last=last, times=times)


def tensors(asked: InbetweenRequest) -> list[Tensor]:
    return [
        torch.from_numpy(key.transpose(2, 0, 1).copy())[None] for key in (asked.first, asked.last)
    ]


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (24, 32), (33, 7)])
def test_a_drawing_has_the_size_of_its_keys_whatever_that_is(method, size):
    [drawing] = method.inbetween(request(*size)).drawings
    assert drawing.shape == (*size, 3)
    assert drawing.dtype == np.float32
    assert 0 <= drawing.min() <= drawing.max() <= 1


def test_asking_twice_gives_the_same_bytes(method):
    once, twice = (method.inbetween(request(20, 30)).drawings[0] for _ in range(2))
    np.testing.assert_array_equal(once, twice)


def test_the_network_sees_blue_first_and_the_border_repeated_to_the_right_and_below(method):
    asked = request(13, 21)
    margins = (0, -21 % method.multiple, 0, -13 % method.multiple)
    pair = [F.pad(key[:, [2, 1, 0]], margins, mode="replicate") for key in tensors(asked)]
    drawn = method.network(*pair)[0, [2, 1, 0], :13, :21].clamp(0, 1)
    [found] = method.inbetween(asked).drawings
    np.testing.assert_allclose(found, drawn.permute(1, 2, 0).numpy(), atol=1e-6)


def test_only_the_half_is_drawn_directly_and_other_times_are_halves_of_halves(method):
    with pytest.raises(InputError, match="half-way only"):
        method.inbetween(request(16, 16, (0.25,)))
    drawings = draw_at_times(method, request(16, 16, evenly_spaced_times(3))).drawings
    assert len(drawings) == 3
    np.testing.assert_array_equal(drawings[1], method.inbetween(request(16, 16)).drawings[0])


def test_transparent_keys_are_refused(method):
    key = np.ones((8, 8, 4), dtype=np.float32)
    with pytest.raises(InputError, match="transparency"):
        method.inbetween(InbetweenRequest(first=key, last=key, times=(0.5,)))


def test_another_networks_folder_is_refused(method, tmp_path):
    (tmp_path / "config.json").write_text('{"_class_name": "LineExtractor"}')
    with pytest.raises(CheckpointError, match="holds a LineExtractor"):
        type(method)(weights=str(tmp_path), device="cpu")


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("shape", [(1, 3, 16, 13), (1, 3, 0, 16), (1, 4, 16, 16)])
def test_the_network_refuses_pictures_it_cannot_halve(name, shape):
    with pytest.raises(ShapeError):
        NETWORKS[name](**SIZES)(torch.zeros(shape), torch.zeros(shape))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    ("sizes", "named"), [({"channels": (4,)}, "two levels"), ({"taps": 4}, "no middle")]
)
def test_networks_that_cannot_be_are_refused(name, sizes, named):
    with pytest.raises(InputError, match=named):
        NETWORKS[name](**sizes)


def constant_kernels(name: str, kernels: dict[str, list[float]]) -> torch.nn.Module:
    """A network that gives every pixel the same kernels, whatever it sees."""
    network = NETWORKS[name](**SIZES).requires_grad_(requires_grad=False)
    fill_at_random(network)
    for head, taps in kernels.items():
        network.get_submodule(f"{head}.to_taps").weight.zero_()
        network.get_submodule(f"{head}.to_taps").bias.copy_(torch.tensor(taps))
    return network.eval()


@pytest.mark.parametrize("name", NETWORKS)
def test_each_picture_is_filtered_along_both_axes_by_its_own_kernels(name):
    network = constant_kernels(
        name,
        {
            "vertical_first": [0, 1, 0, 0, 0],
            "horizontal_first": [0, 0, 0, 0.25, 0],
            "vertical_last": [0, 0, 1, 0, 0],
            "horizontal_last": [0, 0, 0.75, 0, 0],
        },
    )
    first, last = tensors(request(16, 24))
    drawn = network(first, last)[..., 1:-1, 1:-1]
    wanted = 0.25 * first[..., :-2, 2:] + 0.75 * last[..., 1:-1, 1:-1]
    torch.testing.assert_close(drawn, wanted)


def test_revisited_kernels_that_do_not_add_up_to_one_are_made_to():
    kernel = [0.0, 0.0, 3.0, 0.0, 0.0]
    heads = ("vertical_first", "horizontal_first", "vertical_last", "horizontal_last")
    network = constant_kernels("resepconv", dict.fromkeys(heads, kernel))
    first, last = tensors(request(16, 24))
    torch.testing.assert_close(network(first, last), (first + last) / 2)


def test_revisited_kernels_that_cancel_out_are_left_as_they_are():
    network = constant_kernels(
        "resepconv",
        {
            "vertical_first": [0, 0, 1, 0, 0],
            "horizontal_first": [0, 0, 1, 0, 0],
            "vertical_last": [0, 0, 1, 0, 0],
            "horizontal_last": [0, 0, -1, 0, 0],
        },
    )
    first, last = tensors(request(16, 24))
    torch.testing.assert_close(network(first, last), first - last)


@torch.no_grad()
def test_revisited_kernels_do_not_change_when_the_light_does():
    network = NETWORKS["resepconv"](**SIZES).eval()
    fill_at_random(network)
    kept: list[Tensor] = []
    network.vertical_first.register_forward_hook(lambda *seen: kept.append(seen[-1]))
    first, last = tensors(request(16, 24))
    network(first, last)
    network(0.5 * first + 0.2, 0.5 * last + 0.2)
    torch.testing.assert_close(kept[0], kept[1], atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_two_flat_pictures_of_one_colour_give_that_colour():
    network = NETWORKS["resepconv"](**SIZES).eval()
    fill_at_random(network)
    for head in ("vertical_first", "horizontal_first", "vertical_last", "horizontal_last"):
        network.get_submodule(f"{head}.to_taps").bias.fill_(5.0)
    flat = torch.full((1, 3, 16, 18), 0.4)
    torch.testing.assert_close(network(flat, flat), flat, atol=1e-5, rtol=0)
