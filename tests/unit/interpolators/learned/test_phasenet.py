"""Method `phasenet`: its pyramid, and what must hold whatever the weights are."""

import math

import numpy as np
import pytest
import torch

from toontween.errors import CheckpointError, InputError, ShapeError, UnavailableError
from toontween.interpolators import checks
from toontween.interpolators.base import InbetweenRequest, evenly_spaced_times
from toontween.interpolators.learned.phasenet.method import (
    PhaseNetInterpolator,
    from_planes,
    to_planes,
)
from toontween.interpolators.learned.phasenet.network import Band, Decomposition, PhaseNet
from toontween.interpolators.learned.phasenet.pyramid import HalfOctavePyramid, square_side
from toontween.interpolators.learned.weights import fill_at_random
from toontween.interpolators.timing import draw_at_times


def small_network() -> PhaseNet:
    network = PhaseNet(num_blocks=5, channels=6)
    fill_at_random(network)
    return network.eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def method(tmp_path_factory) -> PhaseNetInterpolator:
    folder = tmp_path_factory.mktemp("phasenet")
    small_network().save_pretrained(folder)
    return PhaseNetInterpolator(weights=str(folder), device="cpu")


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def drawing(height: int, width: int, *, at: float = 0.5) -> np.ndarray:
    """A soft disc on a coloured ground that fades to black towards the edges; nothing finer than a few pixels."""
    y, x = np.mgrid[:height, :width] + 0.5
    outside = np.hypot(x - at * width, y - 0.5 * height) - 0.25 * height
    body = 1 / (1 + np.exp(outside / 2))
    edge = np.minimum.reduce([x, width - x, y, height - y])
    colour = body[..., None] * (0.5, -0.2, 0.1) + (0.3, 0.6, 0.5)
    return (colour * (1 - np.exp(-((edge / 6) ** 2)))[..., None]).astype(np.float32)


def request(height: int, width: int, times: tuple[float, ...] = (0.5,)) -> InbetweenRequest:
    first, last = drawing(height, width, at=0.4), drawing(height, width, at=0.6)
    return InbetweenRequest(first=first, last=last, times=times)


def coarse_part(planes: torch.Tensor, pyramid: HalfOctavePyramid) -> torch.Tensor:
    """The planes without what is finer than all levels."""
    return torch.fft.ifft2(torch.fft.fft2(planes) * (1 - pyramid.high_pass)).real


@pytest.mark.parametrize(
    ("side", "tolerance"), [(16, 1e-5), (64, 1e-5), (128, 1e-5), (45, 3e-4), (91, 3e-4)]
)
def test_a_plane_comes_back_from_its_parts_but_for_the_finest_details(side, tolerance):
    pyramid = HalfOctavePyramid(side)
    planes = noise(2, side, side)
    returned = pyramid.recompose(pyramid.decompose(planes))
    torch.testing.assert_close(returned, coarse_part(planes, pyramid), atol=tolerance, rtol=0)
    assert (returned - planes).abs().mean() > 0.1  # white noise has much of them


def test_levels_have_the_sides_of_half_octaves():
    parts = HalfOctavePyramid(64).decompose(noise(1, 64, 64))
    assert [band.phases.shape for band in parts.bands] == [
        (1, 4, side, side) for side in (11, 16, 23, 32, 45, 64)
    ]
    assert parts.low.shape == (1, 1, 8, 8)


@pytest.mark.parametrize(
    ("size", "side"), [(1, 16), (16, 16), (17, 23), (64, 64), (65, 91), (92, 128), (512, 512)]
)
def test_the_square_is_the_next_power_of_the_root_of_two(size, side):
    assert square_side(size) == side


def test_other_sides_are_refused():
    with pytest.raises(ShapeError, match="square of 64"):
        HalfOctavePyramid(50)


def raised_cosine(radius: np.ndarray, cutoff: float) -> np.ndarray:
    """A low-pass that falls from 1 to 0 over the octave below its cutoff; its square and the high-pass's add to one."""
    with np.errstate(divide="ignore"):
        octaves = np.clip(np.log2(radius / cutoff) + 1, 0, 1)
    return np.cos(octaves * np.pi / 2)


def test_coefficients_are_those_of_the_recursive_construction():
    """Spectrum with zero in the middle, low-passed, split, cropped and low-passed again, level by level."""
    side = 64
    plane = noise(side, side).numpy().astype(np.float64)
    spectrum = np.fft.fftshift(np.fft.fft2(plane))
    frequency = (np.arange(side) - side // 2) / (side / 2)
    across, down = np.meshgrid(frequency, frequency)
    radius, angle = np.hypot(across, down), np.arctan2(down, across)
    spectrum = spectrum * raised_cosine(radius, 1.0)
    parts = HalfOctavePyramid(side).decompose(torch.from_numpy(plane).float()[None])
    for number, band in enumerate(reversed(parts.bands), start=1):
        cutoff = 2 ** (-number / 2)
        high = np.sqrt(1 - raised_cosine(radius, cutoff) ** 2)
        for direction in range(4):
            lobe = np.clip(np.cos(angle - direction * np.pi / 4), 0, None) ** 3
            lobe *= np.sqrt(4**3 / (4 * math.comb(6, 3)))
            filtered = (-1j) ** 3 * spectrum * lobe * high
            wanted = np.fft.ifft2(np.fft.ifftshift(filtered))
            found = torch.polar(band.amplitudes, band.phases)[0, direction].numpy()
            np.testing.assert_allclose(found, wanted, atol=1e-4)
        cropped = round(side * cutoff)
        start = len(spectrum) // 2 - cropped // 2
        kept = (slice(start, start + cropped),) * 2
        radius, angle = radius[kept], angle[kept]
        spectrum = spectrum[kept] * raised_cosine(radius, cutoff)
    low = np.fft.ifft2(np.fft.ifftshift(spectrum)).real
    np.testing.assert_allclose(parts.low[0, 0].numpy(), low, atol=1e-3)


def test_a_picture_comes_back_from_its_planes():
    picture = noise(1, 3, 9, 7)
    planes = to_planes(picture)
    assert planes.shape == (3, 1, 9, 7)
    assert 0 <= planes.min() <= planes.max() <= 1
    torch.testing.assert_close(from_planes(planes), picture, atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [(64, 64), (48, 64), (40, 24), (100, 70)])
@pytest.mark.parametrize("which", [0, 1])
def test_a_network_that_answers_one_picture_gives_it_back(method, monkeypatch, size, which):
    monkeypatch.setattr(method, "network", lambda *pair: pair[which])
    asked = request(*size)
    height, width = size
    side = square_side(max(size))
    [drawn] = method.inbetween(asked).drawings
    key, other = [(asked.first, asked.last), (asked.last, asked.first)][which]
    black = ((0, side - height), (0, side - width), (0, 0))
    square = torch.from_numpy(np.pad(key, black).transpose(2, 0, 1).copy())[None]
    coarse = from_planes(coarse_part(to_planes(square), HalfOctavePyramid(side)))
    wanted = coarse[0, :, :height, :width].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(drawn, wanted, atol=2e-4)
    assert np.abs(drawn - key).mean() < 0.002
    assert np.abs(drawn - other).mean() > 0.01


def parts_of(value: float, amplitude: float, phase: float) -> Decomposition:
    bands = tuple(
        Band(
            phases=torch.full((2, 4, side, side), phase),
            amplitudes=torch.full((2, 4, side, side), amplitude),
        )
        for side in (11, 16, 23, 32, 45, 64)
    )
    return Decomposition(low=torch.full((2, 1, 8, 8), value), bands=bands)


@pytest.mark.parametrize(
    ("answer", "low", "amplitude"), [(-9.0, 3.0, 1.0), (0.0, 2.0, 2.0), (9.0, 1.0, 3.0)]
)
def test_answers_blend_the_low_pass_towards_the_first_and_amplitudes_towards_the_last(
    answer, low, amplitude
):
    network = small_network()
    tensors = network.state_dict()  # shares the parameters' memory
    for number in range(5):
        bias = tensors[f"blocks.{number}.predict.bias"]
        tensors[f"blocks.{number}.predict.weight"].zero_()
        bias[:-4], bias[-4:] = math.atanh(0.25), answer
    drawn = network(parts_of(1.0, 1.0, 0.3), parts_of(3.0, 3.0, -0.2))
    torch.testing.assert_close(drawn.low, torch.full_like(drawn.low, low))
    assert len(drawn.bands) == 6
    for band in drawn.bands:
        torch.testing.assert_close(band.phases, torch.full_like(band.phases, math.pi / 4))
        torch.testing.assert_close(band.amplitudes, torch.full_like(band.amplitudes, amplitude))


def test_phases_do_not_change_when_the_pictures_get_brighter():
    network = small_network()
    first, last = parts_of(1.0, 1.0, 0.3), parts_of(3.0, 3.0, -0.2)
    bright, brighter = parts_of(4.0, 4.0, 0.3), parts_of(12.0, 12.0, -0.2)
    for dim, light in zip(network(first, last).bands, network(bright, brighter).bands, strict=True):
        torch.testing.assert_close(light.phases, dim.phases)
        torch.testing.assert_close(light.amplitudes, 4 * dim.amplitudes)


def test_black_pictures_give_a_black_drawing(method):
    black = np.zeros((20, 30, 3), dtype=np.float32)
    [drawn] = method.inbetween(InbetweenRequest(first=black, last=black, times=(0.5,))).drawings
    assert drawn[1:-1, 1:-1].max() < 0.05


def test_untrained_networks_draw_noise_even_between_equal_pictures(method):
    key = drawing(48, 64)
    [drawn] = method.inbetween(InbetweenRequest(first=key, last=key, times=(0.5,))).drawings
    assert np.abs(drawn - key).mean() > 0.02


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (24, 32), (33, 7)])
def test_a_drawing_has_the_size_of_its_keys_whatever_that_is(method, size):
    [drawn] = method.inbetween(request(*size)).drawings
    assert drawn.shape == (*size, 3)
    assert drawn.dtype == np.float32
    assert np.isfinite(drawn).all()
    assert 0 <= drawn.min() <= drawn.max() <= 1


def test_asking_twice_gives_the_same_bytes(method):
    once, twice = (method.inbetween(request(20, 30)).drawings[0] for _ in range(2))
    np.testing.assert_array_equal(once, twice)


def test_only_the_half_is_drawn_directly_and_other_times_are_halves_of_halves(method):
    with pytest.raises(InputError, match="half-way only"):
        method.inbetween(request(16, 16, (0.25,)))
    drawings = draw_at_times(method, request(16, 16, evenly_spaced_times(3))).drawings
    assert len(drawings) == 3
    np.testing.assert_array_equal(drawings[1], method.inbetween(request(16, 16)).drawings[0])


def test_memory_is_reckoned_for_the_square_around_the_pictures(method, monkeypatch):
    monkeypatch.setattr(checks, "free_memory_bytes", lambda: 100_000_000)
    assert len(method.inbetween(request(64, 64)).drawings) == 1
    with pytest.raises(UnavailableError, match="phasenet"):
        method.inbetween(request(8, 512))


def test_transparent_keys_are_refused(method):
    key = np.ones((8, 8, 4), dtype=np.float32)
    with pytest.raises(InputError, match="transparency"):
        method.inbetween(InbetweenRequest(first=key, last=key, times=(0.5,)))


def test_another_networks_folder_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"_class_name": "LineExtractor"}')
    with pytest.raises(CheckpointError, match="holds a LineExtractor"):
        PhaseNetInterpolator(weights=str(tmp_path), device="cpu")


def test_a_network_without_a_block_for_levels_is_refused():
    with pytest.raises(InputError, match="1 blocks"):
        PhaseNet(num_blocks=1)
