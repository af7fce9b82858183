"""Method `gmfss` with small untrained networks: what must hold whatever the weights are."""

import numpy as np
import pytest
import torch

from toontween.errors import InputError, ShapeError, UnavailableError
from toontween.interpolators.base import InbetweenRequest, evenly_spaced_times
from toontween.interpolators.learned.gmfss import method as gmfss_method
from toontween.interpolators.learned.gmfss.attention import from_windows, shift_mask, to_windows
from toontween.interpolators.learned.gmfss.flow import GmFlow, enlarge
from toontween.interpolators.learned.gmfss.matching import (
    fetch,
    match_everywhere,
    match_nearby,
)
from toontween.interpolators.learned.gmfss.method import GmfssInterpolator, splatted
from toontween.interpolators.learned.gmfss.metric import MetricNet, hidden
from toontween.interpolators.learned.gmfss.synthesis import FeatureNet, FusionNet
from toontween.interpolators.learned.rife.practical import PracticalRifeNet
from toontween.interpolators.learned.weights import fill_at_random

NETWORKS = {
    "flow": lambda: GmFlow(widths=(8, 8, 8), channels=8, num_layers=2, upsampler_channels=8),
    "metric": lambda: MetricNet(width=8),
    "features": lambda: FeatureNet(widths=(4, 6, 8)),
    "fusion": lambda: FusionNet(widths=(4, 6, 8)),
    "draft": lambda: PracticalRifeNet(widths=(8, 8, 8, 8), encoded_channels=0, carried_channels=0),
}


@pytest.fixture(scope="module")
def method(tmp_path_factory) -> GmfssInterpolator:
    folders = {name: tmp_path_factory.mktemp(name) for name in NETWORKS}
    for name, build in NETWORKS.items():
        network = build()
        fill_at_random(network)
        network.save_pretrained(folders[name])
    return GmfssInterpolator(**{name: str(at) for name, at in folders.items()}, device="cpu")


def request(height: int, width: int, times: tuple[float, ...] = (0.5,)) -> InbetweenRequest:
    stream = np.random.default_rng(7)
    first, last = (stream.random((height, width, 3), dtype=np.float32) for _ in range(2))
    return InbetweenRequest(first=first, last=last, times=times)


def shifted_noise(by: int, *, channels: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    """Features that differ everywhere, and the same moved to the right by whole pixels."""
    wide = torch.randn(1, channels, 8, 24, generator=torch.Generator().manual_seed(1))
    wide = 16 * wide / wide.norm(dim=1, keepdim=True)
    return wide[..., 4:20], wide[..., 4 - by : 20 - by]


@pytest.mark.parametrize(("height", "width"), [(1, 1), (64, 64), (33, 90)])
def test_drawings_have_the_keys_form_whatever_their_size(method, height, width):
    times = evenly_spaced_times(3)
    drawings = method.inbetween(request(height, width, times)).drawings
    assert len(drawings) == 3
    for drawing in drawings:
        assert drawing.shape == (height, width, 3)
        assert drawing.dtype == np.float32
        assert 0 <= drawing.min() <= drawing.max() <= 1
    if min(height, width) > 1:
        assert np.abs(drawings[0] - drawings[2]).max() > 1e-3


def test_asking_twice_or_together_gives_the_same_bytes(method):
    once = method.inbetween(request(40, 50, (0.2, 0.7))).drawings
    twice = method.inbetween(request(40, 50, (0.2, 0.7))).drawings
    alone = method.inbetween(request(40, 50, (0.7,))).drawings
    np.testing.assert_array_equal(once, twice)
    np.testing.assert_array_equal(once[1], alone[0])


def test_where_the_weights_come_from_is_said_for_every_network(method):
    details = method.inbetween(request(16, 16)).details
    for name in NETWORKS:
        assert len(details[f"{name}_weights_sha256"]) == 64


def test_swapping_keys_swaps_flows_and_metrics(method):
    first, last = torch.rand(2, 1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        forward, backward = method.flow(first, last), method.flow(last, first)
        sides = method.prepare(
            *(torch.nn.functional.interpolate(p, scale_factor=2) for p in (first, last))
        )
    torch.testing.assert_close(sides[0].flow, forward, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(sides[1].flow, backward, atol=1e-3, rtol=1e-3)


def test_transparent_keys_and_options_are_refused(method):
    clear = np.zeros((32, 32, 4), np.float32)
    with pytest.raises(InputError, match="transparency"):
        method.inbetween(InbetweenRequest(first=clear, last=clear, times=(0.5,)))
    opaque, options = clear[..., :3], {"scale": 2}
    with pytest.raises(InputError, match="scale"):
        method.inbetween(InbetweenRequest(first=opaque, last=opaque, times=(0.5,), options=options))


def test_drawings_too_large_to_compare_are_refused(method, monkeypatch):
    monkeypatch.setattr(gmfss_method, "free_memory_bytes", lambda: 2000)
    with pytest.raises(UnavailableError, match="to compare drawings of 64×128"):
        method.inbetween(request(128, 64))


@pytest.mark.parametrize("size", [(32, 48), (0, 32)])
def test_flow_is_not_computed_between_pictures_of_other_multiples(size):
    with pytest.raises(ShapeError, match=f"{size[1]}×{size[0]}"):
        NETWORKS["flow"]()(torch.zeros(1, 3, *size), torch.zeros(1, 3, *size))
    with pytest.raises(ShapeError, match="the pictures differ"):
        NETWORKS["flow"]()(torch.zeros(1, 3, 32, 32), torch.zeros(1, 3, 32, 64))


@pytest.mark.parametrize("by", [0, 1, 3])
def test_matching_finds_a_shift(by):
    first, last = shifted_noise(by)
    for flow in (match_everywhere(first, last), match_nearby(first, last, 4)):
        inner = flow[..., : 16 - by] if by else flow
        torch.testing.assert_close(inner[:, 0], torch.full_like(inner[:, 0], by), atol=0.05, rtol=0)
        assert inner[:, 1].abs().max() < 0.05


def test_nearby_matching_does_not_see_further_than_its_radius():
    first, last = shifted_noise(4)
    assert match_nearby(first, last, 2).abs().max() <= 2


def test_fetching_follows_the_flow_and_finds_nothing_outside():
    values = torch.arange(12.0).reshape(1, 1, 3, 4)
    flow = torch.zeros(1, 2, 3, 4)
    flow[:, 0], flow[:, 1] = 1, 1
    found = fetch(values, flow)[0, 0]
    torch.testing.assert_close(found[:2, :3], values[0, 0, 1:, 1:])
    assert found[2].abs().max() == 0
    assert found[:, 3].abs().max() < 1e-5


def test_windows_can_be_put_together_again():
    tokens = torch.randn(2, 8, 16, 3, generator=torch.Generator().manual_seed(0))
    for shift in ((0, 0), (1, 2)):
        windows = to_windows(tokens, 4, shift)
        assert windows.shape == (32, 8, 3)
        assert torch.equal(from_windows(windows, 4, (8, 16), shift), tokens)


def test_shifted_windows_hide_what_only_meets_around_the_edge():
    tokens = torch.zeros(1, 8, 8, 1)
    mask = shift_mask(tokens, 2)
    assert mask.shape == (4, 16, 16)
    assert not mask[0].any()
    corner = to_windows(torch.arange(64.0).reshape(1, 8, 8, 1), 2, (2, 2))[3, :, 0]
    rows, columns = corner // 8, corner % 8
    apart = ((rows[:, None] - rows).abs() > 4) | ((columns[:, None] - columns).abs() > 4)
    assert ((mask[3] < 0) == apart).all()


def test_an_enlarged_flow_of_one_motion_is_four_times_as_long():
    flow = torch.full((1, 2, 6, 6), 1.5)
    weights = torch.randn(1, 144, 6, 6, generator=torch.Generator().manual_seed(0))
    fine = enlarge(flow, weights)
    assert fine.shape == (1, 2, 24, 24)
    torch.testing.assert_close(fine[..., 4:-4, 4:-4], torch.full((1, 2, 16, 16), 6.0))


def test_pixels_whose_flow_does_not_come_back_are_hidden():
    flow, back = torch.zeros(2, 1, 2, 16, 16)
    flow[:, 0], back[:, 0] = 2, -2
    back[:, 0, 8:] = 1
    found = hidden(flow, back)[0, 0]
    assert not found[:8, :13].any()
    assert found[8:, :13].all()


def test_metrics_stay_within_ten():
    network = NETWORKS["metric"]()
    for parameter in network.parameters():
        parameter.data.mul_(100)
    pictures = torch.rand(2, 1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    flows = torch.randn(2, 1, 2, 16, 16, generator=torch.Generator().manual_seed(1))
    for metric in network(*pictures, *flows):
        assert metric.shape == (1, 1, 16, 16)
        assert 9 < metric.abs().max() <= 10


def test_of_pixels_that_land_together_the_larger_metric_shows():
    values = torch.tensor([[[[1.0, 0.0, 0.0]]]])
    flow = torch.tensor([[[[1.0, 0.0, 0.0]], [[0.0, 0.0, 0.0]]]])
    metric = torch.tensor([[[[9.0, -9.0, 0.0]]]])
    assert splatted(values, flow, metric, 1.0)[0, 0, 0, 1] == pytest.approx(1, abs=1e-4)
    assert splatted(values, flow, -metric, 1.0)[0, 0, 0, 1] == pytest.approx(0, abs=1e-4)
    assert splatted(values, flow, metric, 1.0)[0, 0, 0, 0] == 0
