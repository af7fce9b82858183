"""Method `seine`: whole windows are generated from the keys and a prompt, and the drawings wanted are picked from them."""

import dataclasses
import shutil
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.tiny_seine import build_tiny_seine, save_tiny_seine
from toontween.errors import (
    InputError,
)
from toontween.interpolators.base import InbetweenRequest, Timing, evenly_spaced_times
from toontween.interpolators.learned.seine.method import SeineInterpolator, SeineSettings
from toontween.interpolators.learned.seine.parts import SeineNetworks
from toontween.interpolators.timing import draw_at_times

WIDTH, HEIGHT = 30, 20
"""Of the keys: neither a multiple of anything nor the size worked at."""

QUICK = SeineSettings(num_inference_steps=2, width=24, height=16)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def networks() -> SeineNetworks:
    return build_tiny_seine()


@pytest.fixture(scope="module")
def seine(networks) -> SeineInterpolator:
    return SeineInterpolator(weights=networks, device="cpu", settings=QUICK)


@pytest.fixture(scope="module")
def folders(tmp_path_factory, networks):
    """The tiny denoiser and its base as `save_pretrained` writes them."""
    return save_tiny_seine(networks, tmp_path_factory.mktemp("seine"))


def request_at(*times: float, channels: int = 3, **changes: Any) -> InbetweenRequest:
    first, last = np.random.default_rng(3).random((2, HEIGHT, WIDTH, channels), dtype=np.float32)
    return InbetweenRequest(first=first, last=last, times=times, **changes)


def whole_window(**changes: Any) -> InbetweenRequest:
    return request_at(*evenly_spaced_times(14), **changes)


@pytest.fixture(scope="module")
def window(seine):
    """All in-betweens of a window."""
    return seine.inbetween(whole_window())


def test_it_says_what_it_can_do():
    can = SeineInterpolator.capabilities
    assert can.timing is Timing.FIXED_COUNT
    assert can.fixed_count == 14
    assert can.text
    assert can.seeded
    assert not can.sketches
    assert not can.alpha


def test_the_defaults_are_the_published_settings():
    settings = SeineSettings()
    assert (settings.num_inference_steps, settings.sampler) == (250, "ddpm")
    assert (settings.guidance_scale, settings.width, settings.height) == (8.0, 512, 320)


def test_a_window_gives_fourteen_drawings_of_the_keys_size(window):
    assert len(window.drawings) == 14
    for drawing in window.drawings:
        assert drawing.shape == (HEIGHT, WIDTH, 3)
        assert drawing.dtype == np.float32
        assert drawing.flags.c_contiguous
        assert 0 <= drawing.min() < drawing.max() <= 1


def test_fewer_drawings_are_picked_from_the_whole_window(seine, window):
    result = seine.inbetween(request_at(4 / 15, 9 / 15))
    assert np.array_equal(result.drawings[0], window.drawings[3])
    assert np.array_equal(result.drawings[1], window.drawings[8])
    assert result.details["num_frames"] == 16
    assert "drawn_at" not in result.details


def test_times_the_window_does_not_have_are_reported(seine, window):
    result = seine.inbetween(request_at(0.5))
    assert any(np.array_equal(result.drawings[0], window.drawings[pick]) for pick in (6, 7))
    assert result.details["drawn_at"] == pytest.approx([0.5], abs=1 / 30 + 1e-9)


def test_the_renderers_adapter_changes_nothing(seine):
    request = request_at(4 / 15, 9 / 15)
    direct, adapted = seine.inbetween(request), draw_at_times(seine, request)
    assert np.array_equal(direct.drawings, adapted.drawings)


def test_more_than_the_window_is_generated_at_once_with_a_warning(seine):
    result = seine.inbetween(request_at(*evenly_spaced_times(17)))
    assert len(result.drawings) == 17
    assert "trained on 16" in result.details["warnings"][0]


def test_no_times_give_no_drawings(seine):
    assert seine.inbetween(request_at()).drawings == []


def test_the_seed_changes_the_drawings_and_nothing_else_does(seine, window):
    again = seine.inbetween(whole_window())
    other = seine.inbetween(whole_window(seed=1))
    assert np.array_equal(again.drawings, window.drawings)
    assert not np.allclose(other.drawings, window.drawings)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("num_inference_steps", 3),
        ("sampler", "ddim"),
        ("guidance_scale", 3),
        ("prompt_suffix", " in ink"),
        ("negative_prompt", "blurry"),
        ("width", 32),
        ("height", 24),
    ],
)
def test_every_option_changes_the_drawings(seine, window, option, value):
    result = seine.inbetween(whole_window(options={option: value}))
    assert result.details["settings"][option] == value
    assert not np.array_equal(result.drawings, window.drawings)


def test_the_prompt_changes_the_drawings_and_gets_the_published_suffix(seine, window):
    steered = seine.inbetween(whole_window(prompt="a cat jumps, "))
    assert steered.details["prompt"] == "a cat jumps, smooth transition."
    assert not np.array_equal(steered.drawings, window.drawings)
    assert window.details["prompt"] == "smooth transitionsmooth transition."


def test_without_guidance_the_negative_prompt_is_not_looked_at(seine):
    options = {"guidance_scale": 1}
    plain = seine.inbetween(request_at(0.5, options=options))
    other = seine.inbetween(request_at(0.5, options={**options, "negative_prompt": "blurry"}))
    assert np.array_equal(plain.drawings, other.drawings)


def test_both_keys_change_the_drawings(seine, window):
    request = whole_window()
    for changed in ({"first": 1 - request.first}, {"last": 1 - request.last}):
        result = seine.inbetween(dataclasses.replace(request, **changed))
        assert not np.array_equal(result.drawings, window.drawings)


def test_a_prompt_that_is_too_long_is_reported(seine, window):
    long = seine.inbetween(request_at(0.5, prompt="cat " * 80))
    assert "only the first 77 tokens" in long.details["warnings"][0]
    assert "warnings" not in window.details


def test_every_step_is_reported(seine):
    seen: list[tuple[int, int]] = []
    seine.inbetween(request_at(0.5, progress=lambda done, of: seen.append((done, of))))
    assert seen == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"options": {"num_inference_steps": 1}}, "num_inference_steps 1"),
        ({"options": {"sampler": "euler"}}, "euler"),
        ({"options": {"guidance_scale": 0.5}}, "guidance_scale"),
        ({"options": {"width": 500}}, "width 500"),
        ({"options": {"eta": 1.0}}, "eta"),
        ({"channels": 4}, "transparency"),
    ],
)
def test_what_it_cannot_do_is_refused_by_name(seine, changes, named):
    with pytest.raises(InputError, match=named):
        seine.inbetween(request_at(0.5, **changes))


def test_weights_from_folders_draw_the_same_and_are_recorded(folders, window, capfd):
    weights, base = folders
    loaded = SeineInterpolator(weights=weights, base=base, device="cpu", settings=QUICK)
    result = loaded.inbetween(whole_window())
    assert np.array_equal(result.drawings, window.drawings)
    assert result.details["weights"] == "tiny-seine"
    assert result.details["base"] == "tiny-base"
    hashes = [value for name, value in result.details.items() if name.endswith("sha256")]
    assert [len(value) for value in hashes] == [64] * 4
    printed = capfd.readouterr()
    assert "Loading" not in printed.out + printed.err


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_draws_other_bytes_and_says_so(dtype, window):
    half = SeineInterpolator(
        weights=build_tiny_seine(), device="cpu", dtype=dtype, settings=QUICK
    ).inbetween(whole_window())
    assert half.details["dtype"] == dtype
    assert np.isfinite(half.drawings).all()
    assert not np.array_equal(half.drawings, window.drawings)


def test_untrained_networks_are_marked(window):
    assert window.details["untrained"] is True
    assert window.details["weights"] == "random"


def test_random_weights_are_built_at_the_size_of_untrained_networks(monkeypatch):
    built: list[str] = []

    def build(sizes):
        built.append(sizes.text_encoder["hidden_size"])
        return build_tiny_seine()

    monkeypatch.setattr("toontween.interpolators.learned.seine.weights.build_untrained", build)
    random = SeineInterpolator(weights="random", base="nowhere", device="cpu", settings=QUICK)
    assert len(random.inbetween(request_at(0.5)).drawings) == 1
    assert built == [768]


def test_a_text_tower_with_the_names_of_older_files_is_read(folders, tmp_path, window):
    weights, base = folders
    older = shutil.copytree(base, tmp_path / "older")
    path = older / "text_encoder" / "model.safetensors"
    tensors = {f"text_model.{name}": tensor for name, tensor in load_file(path).items()}
    tensors["text_model.embeddings.position_ids"] = torch.arange(77)[None]
    save_file(tensors, path, metadata={"format": "pt"})
    loaded = SeineInterpolator(weights=weights, base=str(older), device="cpu", settings=QUICK)
    assert np.array_equal(loaded.inbetween(whole_window()).drawings, window.drawings)
