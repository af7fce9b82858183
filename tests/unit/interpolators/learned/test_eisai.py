"""Method `eisai` with untrained networks: what must hold whatever the weights are."""

import json
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from toontween.drawing.lines import Lines
from toontween.errors import CheckpointError, InputError, UnavailableError
from toontween.interpolators.base import InbetweenRequest
from toontween.interpolators.catalog import build
from toontween.interpolators.learned.animeinterp.flow import RecurrentFlow
from toontween.interpolators.learned.eisai import method as eisai
from toontween.interpolators.learned.eisai import stem
from toontween.interpolators.learned.eisai.method import EisaiInterpolator
from toontween.interpolators.learned.eisai.network import SoftsplatLite
from toontween.interpolators.learned.eisai.refinement import DistanceTransformModule
from toontween.interpolators.learned.weights import fill_at_random

WORKING_SIZE = (96, 64)


def built(working_size: Sequence[int] = WORKING_SIZE) -> EisaiInterpolator:
    method = EisaiInterpolator(
        ssl="random", dtm="random", flow="random", device="cpu", working_size=working_size
    )
    method.flow = RecurrentFlow(widths=(4, 6, 8), hidden_channels=8)
    fill_at_random(method.flow)
    return method


@pytest.fixture(autouse=True)
def small_features(monkeypatch):
    monkeypatch.setattr(
        stem, "SHORT_SIDE_PX", 64
    )  # a sixteenth of the work; 256 is in the parity tests


@pytest.fixture(scope="module")
def method() -> EisaiInterpolator:
    return built()


def picture(height: int, width: int, *, seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).random((4, 4, 3), dtype=np.float32)
    return np.kron(coarse, np.ones((height, width, 1), np.float32))[::4, ::4]


def request(height: int, width: int, times: tuple[float, ...] = (0.5,)) -> InbetweenRequest:
    first, last = picture(height, width, seed=1), picture(height, width, seed=2)
    return InbetweenRequest(first=first, last=last, times=times)


@pytest.mark.parametrize("size", [(1, 1), (64, 96), (101, 37)])
def test_a_drawing_has_the_size_of_its_keys_whatever_that_is(method, size):
    [drawing] = method.inbetween(request(*size)).drawings
    assert drawing.shape == (*size, 3)
    assert drawing.dtype == np.float32
    assert 0 <= drawing.min() <= drawing.max() <= 1


def test_each_time_has_its_own_drawing_and_the_flow_is_computed_once_each_way(method):
    calls = []
    hook = method.flow.register_forward_hook(lambda *_: calls.append(1))
    drawings = method.inbetween(request(64, 96, (0.2, 0.5, 0.9))).drawings
    hook.remove()
    assert len(calls) == 2
    assert len(drawings) == 3
    assert all(np.abs(drawings[n] - drawings[n + 1]).max() > 0.01 for n in range(2))


def test_a_drawing_does_not_depend_on_the_others_asked_for(method):
    alone = method.inbetween(request(64, 96, (0.7,))).drawings[0]
    third = method.inbetween(request(64, 96, (0.1, 0.3, 0.7))).drawings[2]
    np.testing.assert_array_equal(alone, third)


def test_no_times_give_no_drawings_and_nothing_to_warn_of(method):
    result = method.inbetween(request(90, 20, ()))
    assert result.drawings == []
    assert "warnings" not in result.details


def test_keys_of_the_working_size_reach_the_networks_as_they_are(method):
    asked = request(64, 96)
    first, last = (
        torch.from_numpy(key.transpose(2, 0, 1).copy())[None] for key in (asked.first, asked.last)
    )
    with torch.no_grad():
        pair = method.synthesis.describe(
            first,
            last,
            forward_flow=method.flow(first, last, iterations=12),
            backward_flow=method.flow(last, first, iterations=12),
        )
        picture, _ = method.refinement(method.synthesis(pair, time=0.5))
    wanted = picture[0].permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(method.inbetween(asked).drawings[0], wanted)


def test_larger_keys_are_drawn_at_the_working_size(method):
    small = request(64, 96)
    large = InbetweenRequest(
        first=np.repeat(np.repeat(small.first, 2, axis=0), 2, axis=1),
        last=np.repeat(np.repeat(small.last, 2, axis=0), 2, axis=1),
        times=small.times,
    )
    seen = []
    hook = method.refinement.register_forward_hook(lambda _, __, made: seen.append(made[0].shape))
    drawing = method.inbetween(large).drawings[0]
    hook.remove()
    assert seen == [(1, 3, 64, 96)]
    assert drawing.shape == (128, 192, 3)


@pytest.mark.parametrize(
    ("size", "stretched"), [((64, 96), False), ((32, 48), False), ((64, 64), True)]
)
def test_the_details_say_whether_keys_were_stretched(method, size, stretched):
    details = method.inbetween(request(*size)).details
    assert details["working_size"] == WORKING_SIZE
    assert ("warnings" in details) == stretched
    if stretched:
        assert "64×64 were stretched to 96×64" in details["warnings"][0]


def test_the_details_name_all_three_weights(method):
    details = method.inbetween(request(64, 96)).details
    names = [details[f"{part}_weights"] for part in ("ssl", "dtm", "flow")]
    assert names == ["random"] * 3
    assert details["untrained"] is True


def test_a_portrait_working_size_is_drawn_too():
    [drawing] = built((65, 97)).inbetween(request(97, 65)).drawings
    assert drawing.shape == (97, 65, 3)


@pytest.mark.parametrize("size", [(96,), (96, 63), [96, 5000], (True, 64)])
def test_an_impossible_working_size_is_refused(size):
    with pytest.raises(InputError, match="working"):
        built(size)


def test_too_little_memory_for_the_working_size_is_said_before_any_work(method, monkeypatch):
    monkeypatch.setattr(eisai, "free_memory_bytes", lambda: 1000)
    with pytest.raises(UnavailableError, match=r"'eisai' needs about 0\.2 GB .* 96×64"):
        method.inbetween(request(64, 96))


def test_what_it_cannot_use_is_refused(method):
    key, clear = np.ones((8, 8, 3), np.float32), np.ones((8, 8, 4), np.float32)
    lines = Lines(np.zeros((8, 8), np.float32))
    for wrong, message in (
        (InbetweenRequest(first=clear, last=clear, times=(0.5,)), "transparency"),
        (InbetweenRequest(first=key, last=key, times=(0.5,), prompt="a cat"), "prompt"),
        (InbetweenRequest(first=key, last=key, times=(0.5,), sketches={0: lines}), "sketches"),
        (InbetweenRequest(first=key, last=key, times=(0.5,), options={"eta": 1}), "'eta'"),
    ):
        with pytest.raises(InputError, match=message):
            method.inbetween(wrong)


def test_saved_networks_draw_what_they_drew(method, tmp_path):
    method.synthesis.save_pretrained(tmp_path / "synthesis")
    method.refinement.save_pretrained(tmp_path / "refinement")
    again = build(
        "eisai",
        ssl=str(tmp_path / "synthesis"),
        dtm=str(tmp_path / "refinement"),
        flow="random",
        device="cpu",
        working_size=list(WORKING_SIZE),
    )
    assert isinstance(again, EisaiInterpolator)
    again.flow = method.flow
    once, twice = (one.inbetween(request(64, 96)) for one in (method, again))
    np.testing.assert_array_equal(once.drawings[0], twice.drawings[0])
    assert twice.details["ssl_weights"] == "synthesis"
    assert len(twice.details["dtm_weights_sha256"]) == 64


@pytest.mark.parametrize("part", ["ssl", "dtm", "flow"])
def test_another_networks_folder_is_refused(part, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "LineExtractor"}))
    weights = {"ssl": "random", "dtm": "random", "flow": "random"} | {part: str(tmp_path)}
    with pytest.raises(CheckpointError, match="holds a LineExtractor"):
        EisaiInterpolator(**weights, device="cpu", working_size=WORKING_SIZE)


def test_the_networks_have_the_published_number_of_parameters():
    def count(network: torch.nn.Module) -> int:
        return sum(parameter.numel() for parameter in network.parameters())

    with torch.device("meta"):
        assert count(SoftsplatLite()) == 2_711_251
        assert count(DistanceTransformModule()) == 10_567
