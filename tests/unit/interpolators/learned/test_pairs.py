"""What every method that runs a network on a pair of pictures does in the same way."""

import numpy as np
import pytest
import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

from toontween.errors import InputError, UnavailableError, UnknownNameError
from toontween.interpolators.base import Capabilities, InbetweenRequest, Timing
from toontween.interpolators.learned.pairs import PairInterpolator
from toontween.interpolators.learned.weights import load_network


class Blend(ModelMixin, ConfigMixin):
    """A network with one weight of each kind."""

    @register_to_config
    def __init__(self, *, channels: int = 3) -> None:
        super().__init__()
        self.mix = nn.Conv2d(channels, channels, 1)


class BlendInterpolator(PairInterpolator):
    """Blends, and remembers what it was shown."""

    name = "blend"
    capabilities = Capabilities(timing=Timing.ANY_TIME)
    multiple = 8
    padding = "zeros"
    placed = "centre"

    def __init__(self, *, weights: str = "random") -> None:
        super().__init__(device="cpu")
        self.network = self.load(Blend, weights)
        self.prepared = 0

    def prepare(self, first, last):
        self.prepared += 1
        self.shown = first
        return first, last

    def draw(self, prepared, time):
        first, last = prepared
        return first.lerp(last, time) * 1.5 - 0.2


def ask(height: int = 10, width: int = 13, times=(0.25, 0.5)) -> InbetweenRequest:
    rng = np.random.default_rng(0)
    first, last = rng.random((2, height, width, 3), dtype=np.float32)
    return InbetweenRequest(first=first, last=last, times=times)


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (10, 13), (17, 40)])
def test_drawings_are_cropped_to_the_keys_and_clipped(size):
    request = ask(*size)
    drawings = BlendInterpolator().inbetween(request).drawings
    expected = request.first * 0.75 + request.last * 0.25
    np.testing.assert_allclose(drawings[0], (expected * 1.5 - 0.2).clip(0, 1), atol=1e-6)
    assert drawings[0].dtype == np.float32
    assert drawings[0].flags.c_contiguous


def test_padding_is_where_the_method_says_it_is():
    method = BlendInterpolator()
    method.inbetween(ask(10, 13))
    assert method.shown.shape == (1, 3, 16, 16)
    inside = method.shown[..., 3:13, 1:14]
    assert inside.count_nonzero() == method.shown.count_nonzero() > 0
    method.placed, method.padding = "end", "replicate"
    method.inbetween(ask(10, 13))
    assert torch.equal(method.shown[..., :10, 15], method.shown[..., :10, 12])
    assert torch.equal(method.shown[..., 15, :13], method.shown[..., 9, :13])


def test_a_pair_is_prepared_once_and_not_at_all_for_no_times():
    method = BlendInterpolator()
    assert method.inbetween(ask(times=())).drawings == []
    assert method.prepared == 0
    assert len(method.inbetween(ask(times=(0.1, 0.2, 0.9))).drawings) == 3
    assert method.prepared == 1


def test_untrained_weights_are_marked_and_the_same_every_time():
    first, second = BlendInterpolator(), BlendInterpolator()
    details = first.inbetween(ask(times=())).details
    assert details == {"device": "cpu", "weights": "random", "untrained": True}
    for a, b in zip(first.network.parameters(), second.network.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_folder_is_named_with_its_hash(tmp_path):
    BlendInterpolator().network.save_pretrained(tmp_path / "mine")
    details = BlendInterpolator(weights=str(tmp_path / "mine")).inbetween(ask(times=())).details
    assert details["weights"] == "mine"
    assert len(details["weights_sha256"]) == 64
    assert "untrained" not in details


def test_weights_that_are_nowhere_are_unknown():
    with pytest.raises(UnknownNameError, match="'no-such-weights'"):
        load_network(Blend, "no-such-weights", device=torch.device("cpu"))


def test_everything_that_is_missing_is_said_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("TOONTWEEN_CACHE_DIR", str(tmp_path))
    with pytest.raises(UnavailableError, match=r"'film'.*'rife-m'") as caught:
        BlendInterpolator().look_for((Blend, "film"), (Blend, "random"), (Blend, "rife-m"))
    assert "weights pull film" in str(caught.value.hint)
    assert "weights pull rife-m --file flownet.pkl" in str(caught.value.hint)


def test_a_method_that_draws_half_way_refuses_other_times():
    method = BlendInterpolator()
    method.capabilities = Capabilities(timing=Timing.MIDPOINT)
    with pytest.raises(InputError, match="half-way only"):
        method.inbetween(ask(times=(0.4,)))
    assert len(method.inbetween(ask(times=(0.5,))).drawings) == 1


def test_pictures_that_would_not_fit_into_memory_are_refused_before_any_work():
    method = BlendInterpolator()
    method.bytes_per_pixel = 10**13
    with pytest.raises(UnavailableError, match="needs about"):
        method.inbetween(ask())
    assert method.prepared == 0
