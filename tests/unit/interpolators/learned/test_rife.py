"""Method `rife` with small untrained networks: what must hold whatever the weights are."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from toontween.errors import CheckpointError, InputError, ShapeError, UnknownNameError
from toontween.interpolators.base import InbetweenRequest, Timing, evenly_spaced_times
from toontween.interpolators.learned.rife.method import RifeInterpolator
from toontween.interpolators.learned.rife.motion import check_pair
from toontween.interpolators.learned.rife.paper import RifeNet
from toontween.interpolators.learned.rife.practical import PracticalRifeNet
from toontween.interpolators.learned.weights import fill_at_random
from toontween.interpolators.timing import draw_at_times

SMALL = {
    "rife": lambda: RifeNet(widths=(8, 8, 8), context_channels=2),
    "rife-m": lambda: RifeNet(reads_time=True, widths=(8, 8, 8), context_channels=2),
    "rife-4.6": lambda: PracticalRifeNet(widths=(8, 8, 8), encoded_channels=0, carried_channels=0),
    "rife-4.25": lambda: PracticalRifeNet(widths=(8, 8, 8), encoded_channels=2, carried_channels=3),
}
ANY_TIME = ("rife-m", "rife-4.6", "rife-4.25")
TIMES = {variant: (0.2, 0.5, 0.9) if variant in ANY_TIME else (0.5,) for variant in SMALL}


def small(variant: str) -> RifeNet | PracticalRifeNet:
    network = SMALL[variant]()
    fill_at_random(network)
    return network.eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, str]:
    places = {variant: tmp_path_factory.mktemp(variant) for variant in SMALL}
    for variant, place in places.items():
        small(variant).save_pretrained(place)
    return {variant: str(place) for variant, place in places.items()}


@pytest.fixture(params=list(SMALL))
def variant(request) -> str:
    return request.param


@pytest.fixture
def method(folders, variant) -> RifeInterpolator:
    return RifeInterpolator(weights=folders[variant], device="cpu")


def request(height: int, width: int, times: tuple[float, ...]) -> InbetweenRequest:
    stream = np.random.default_rng(7)
    first, last = (stream.random((height, width, 3), dtype=np.float32) for _ in range(2))
    return InbetweenRequest(first=first, last=last, times=times)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 17), (32, 64), (33, 7)])
def test_drawings_have_the_keys_form_whatever_their_size(method, variant, height, width):
    drawings = method.inbetween(request(height, width, TIMES[variant])).drawings
    assert len(drawings) == len(TIMES[variant])
    for drawing in drawings:
        assert drawing.shape == (height, width, 3)
        assert drawing.dtype == np.float32
        assert 0 <= drawing.min() <= drawing.max() <= 1


def test_asking_twice_gives_the_same_bytes(method, variant):
    once, twice = (method.inbetween(request(20, 30, TIMES[variant])).drawings for _ in range(2))
    np.testing.assert_array_equal(once, twice)


def test_the_drawing_is_the_networks_output_on_pictures_continued_in_black(method, variant):
    asked = request(19, 40, TIMES[variant])
    margins = ((0, -19 % method.multiple), (0, -40 % method.multiple), (0, 0))
    pair = [
        torch.from_numpy(np.pad(key, margins).transpose(2, 0, 1).copy())[None]
        for key in (asked.first, asked.last)
    ]
    for time, drawing in zip(asked.times, method.inbetween(asked).drawings, strict=True):
        wanted = method.network(*pair, time)[0, :, :19, :40].clamp(0, 1).permute(1, 2, 0)
        np.testing.assert_allclose(drawing, wanted.numpy(), atol=1e-6)


def test_times_asked_together_or_alone_give_the_same_drawing(method, variant):
    times = TIMES[variant]
    together = method.inbetween(request(16, 16, times)).drawings[-1]
    alone = method.inbetween(request(16, 16, times[-1:])).drawings[0]
    np.testing.assert_array_equal(together, alone)


def test_what_times_a_method_can_draw_at_is_said_by_its_weights(method, variant):
    wanted = Timing.ANY_TIME if variant in ANY_TIME else Timing.MIDPOINT
    assert method.capabilities.timing is wanted


def test_any_count_is_drawn(method):
    drawings = draw_at_times(method, request(16, 16, evenly_spaced_times(3))).drawings
    assert len(drawings) == 3
    assert np.abs(drawings[0] - drawings[2]).max() > 0


def test_the_first_paper_network_refuses_other_times_than_the_half(folders):
    method = RifeInterpolator(weights=folders["rife"], device="cpu")
    with pytest.raises(InputError, match="half-way only"):
        method.inbetween(request(16, 16, (0.25,)))
    with pytest.raises(InputError, match=r"half-way only, not at 0\.25"):
        method.network(torch.zeros(1, 3, 32, 32), torch.zeros(1, 3, 32, 32), 0.25)


@torch.no_grad()
@pytest.mark.parametrize("variant", ANY_TIME)
def test_the_time_changes_the_drawing(variant):
    first, last = torch.rand(2, 1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    network = small(variant)
    assert F.l1_loss(network(first, last, 0.25), network(first, last, 0.75)) > 1e-4


@torch.no_grad()
@pytest.mark.parametrize("variant", ["rife-4.6", "rife-4.25"])
def test_without_motion_the_pictures_are_mixed_by_the_mask(variant):
    """Blocks that answer no flow and a mask of ln 3: three parts of the first picture, one of the last."""
    network = small(variant)
    tensors = network.state_dict()  # shares the parameters' memory
    for name, tensor in tensors.items():
        if "to_motion" in name:
            tensor.zero_()
    answers = tensors["blocks.2.to_motion.bias"].unflatten(0, (-1, 4))
    answers[4] = float(np.log(3))
    first, last = torch.rand(2, 1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network(first, last), 0.75 * first + 0.25 * last)


@torch.no_grad()
@pytest.mark.parametrize("variant", ["rife-4.6", "rife-4.25"])
def test_pictures_are_fetched_along_the_flow_in_pixels_of_full_size(variant):
    """The coarsest block answers one of its cells to the right for the first picture: four pixels."""
    network = small(variant)
    tensors = network.state_dict()
    for name, tensor in tensors.items():
        if "to_motion" in name:
            tensor.zero_()
    tensors["blocks.0.to_motion.bias"].unflatten(0, (-1, 4))[0] = 1.0
    tensors["blocks.2.to_motion.bias"].unflatten(0, (-1, 4))[4] = 50.0  # the first picture alone
    first, last = torch.zeros(2, 1, 3, 32, 32)
    first[..., 9, 20] = 1.0
    wanted = torch.zeros(1, 3, 32, 32)
    wanted[..., 9, 16] = 1.0
    torch.testing.assert_close(network(first, last), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("scale", [0.25, 0.5, 2.0, 4.0])
def test_a_scale_gives_other_drawings_of_the_same_size(folders, scale):
    asked = request(20, 50, (0.5,))
    plain = RifeInterpolator(weights=folders["rife-4.25"], device="cpu").inbetween(asked)
    method = RifeInterpolator(weights=folders["rife-4.25"], scale=scale, device="cpu")
    scaled = method.inbetween(asked)
    assert scaled.drawings[0].shape == (20, 50, 3)
    assert np.abs(scaled.drawings[0] - plain.drawings[0]).max() > 1e-4
    assert scaled.details["scale"] == scale
    assert plain.details["scale"] == 1.0


def test_smaller_scales_pad_further(folders):
    multiples = [
        RifeInterpolator(weights=folders["rife-4.25"], scale=scale, device="cpu").multiple
        for scale in (0.25, 0.5, 1.0, 4.0)
    ]
    assert multiples == [64, 32, 16, 16]


def test_an_unknown_scale_is_refused(folders):
    with pytest.raises(InputError, match=r"scale 0\.3 is not one of 0\.25, 0\.5, 1, 2, 4"):
        RifeInterpolator(weights=folders["rife-4.6"], scale=0.3, device="cpu")


def test_the_papers_networks_have_no_scale(folders):
    with pytest.raises(InputError, match="which has none"):
        RifeInterpolator(weights=folders["rife-m"], scale=0.5, device="cpu")


def test_a_variant_beside_weights_is_refused(folders):
    with pytest.raises(InputError, match="one network already"):
        RifeInterpolator(weights=folders["rife"], variant="rife-m", device="cpu")


def test_an_untrained_network_is_of_the_variant_asked_for_and_says_so():
    method = RifeInterpolator(weights="random", variant="rife-4.6", device="cpu")
    assert isinstance(method.network, PracticalRifeNet)
    assert method.network.encoder is None
    assert method.inbetween(request(8, 8, ())).details["untrained"] is True


def test_an_unknown_variant_is_refused():
    with pytest.raises(UnknownNameError, match="rife-5"):
        RifeInterpolator(weights="random", variant="rife-5", device="cpu")


def test_another_networks_folder_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"_class_name": "FilmNet"}')
    with pytest.raises(CheckpointError, match="holds a FilmNet"):
        RifeInterpolator(weights=str(tmp_path), device="cpu")


@pytest.mark.parametrize("shape", [(1, 3, 32, 24), (1, 3, 8, 32), (1, 4, 32, 32)])
def test_a_network_refuses_pictures_it_cannot_halve(variant, shape):
    with pytest.raises(ShapeError):
        small(variant)(torch.zeros(shape), torch.zeros(shape))


def test_pictures_of_two_sizes_are_no_pair():
    with pytest.raises(ShapeError, match="of one size"):
        check_pair(torch.zeros(1, 3, 32, 32), torch.zeros(1, 3, 32, 64), multiple=32)


def test_a_network_without_its_blocks_is_refused():
    with pytest.raises(InputError, match="2 widths for the 3 blocks"):
        RifeNet(widths=(8, 8))
    with pytest.raises(InputError, match="without blocks"):
        PracticalRifeNet(widths=())
