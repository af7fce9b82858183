"""Method `toon`: whole windows are generated, and the drawings wanted are picked from them."""

import json
import shutil
from typing import Any

import numpy as np
import pytest
import torch

from tests.tiny_pipeline import MULTIPLE, build_tiny_pipeline
from toontween.drawing.lines import Lines
from toontween.errors import CheckpointError, InputError, UnavailableError
from toontween.interpolators.base import InbetweenRequest, Timing, evenly_spaced_times
from toontween.interpolators.timing import draw_at_times
from toontween.interpolators.toon import ToonInterpolator, ToonSettings
from toontween.pipelines.toon_interpolation import ToonInterpolationPipeline

WIDTH, HEIGHT = 2 * MULTIPLE, MULTIPLE
WINDOW = 6
"""Frames the tiny network says it was trained on; the published one says 16."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tiny_pipeline):
    """The tiny pipeline as `save_pretrained` writes it."""
    path = tmp_path_factory.mktemp("models") / "tiny-toon"
    tiny_pipeline.save_pretrained(path)
    set_window(path)
    return path


def set_window(folder):
    config = folder / "unet" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "num_frames": WINDOW}))


@pytest.fixture(scope="module")
def toon(folder):
    return ToonInterpolator(str(folder), device="cpu")


def stroke(row: int = 4) -> Lines:
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    ink[row : row + 2, 2:-2] = 1
    return Lines(ink)


def request_at(*times: float, channels: int = 3, **changes: Any) -> InbetweenRequest:
    rng = np.random.default_rng(3)
    first, last = rng.random((2, HEIGHT, WIDTH, channels), dtype=np.float32)
    options = {"num_inference_steps": 2, "guidance_scale": 1.0, **changes.pop("options", {})}
    return InbetweenRequest(first=first, last=last, times=times, options=options, **changes)


@pytest.fixture(scope="module")
def window(toon):
    """All in-betweens of the native window."""
    return toon.inbetween(request_at(*evenly_spaced_times(WINDOW - 2)))


def test_it_says_what_it_can_do_before_its_weights_are_loaded(folder):
    toon = ToonInterpolator(str(folder), device="cpu")
    assert toon.capabilities.timing is Timing.FIXED_COUNT
    assert toon.capabilities.fixed_count == WINDOW - 2
    assert toon.capabilities.text
    assert toon.capabilities.sketches
    assert not toon.capabilities.alpha


def test_a_window_gives_drawings_of_the_keys_size(window):
    assert len(window.drawings) == WINDOW - 2
    for drawing in window.drawings:
        assert drawing.shape == (HEIGHT, WIDTH, 3)
        assert drawing.dtype == np.float32
        assert 0 <= drawing.min() <= drawing.max() <= 1


def test_fewer_drawings_are_picked_from_the_whole_window(toon, window):
    result = toon.inbetween(request_at(0.4, 0.8))
    assert np.array_equal(result.drawings[0], window.drawings[1])
    assert np.array_equal(result.drawings[1], window.drawings[3])
    assert result.details["num_frames"] == WINDOW
    assert "drawn_at" not in result.details


def test_times_the_window_does_not_have_are_reported(toon, window):
    result = toon.inbetween(request_at(0.5))
    assert any(np.array_equal(result.drawings[0], window.drawings[pick]) for pick in (1, 2))
    assert result.details["drawn_at"] == pytest.approx([0.5], abs=0.1 + 1e-6)


def test_the_renderers_adapter_changes_nothing(toon):
    request = request_at(0.4, 0.8)
    direct, adapted = toon.inbetween(request), draw_at_times(toon, request)
    assert np.array_equal(direct.drawings, adapted.drawings)


def test_more_than_the_window_is_generated_at_once_with_a_warning(toon):
    result = toon.inbetween(request_at(*evenly_spaced_times(7)))
    assert len(result.drawings) == 7
    assert result.details["num_frames"] == 9
    assert "trained on 6" in result.details["warnings"][0]


def test_the_seed_changes_the_drawings_and_nothing_else_does(toon, window):
    again = toon.inbetween(request_at(*evenly_spaced_times(WINDOW - 2)))
    other = toon.inbetween(request_at(*evenly_spaced_times(WINDOW - 2), seed=1))
    assert np.array_equal(again.drawings, window.drawings)
    assert not np.allclose(other.drawings, window.drawings)


def test_a_sketch_steers_its_drawing(toon):
    plain = toon.inbetween(request_at(0.4, 0.8))
    steered = toon.inbetween(request_at(0.4, 0.8, sketches={1: stroke()}))
    assert not np.array_equal(plain.drawings, steered.drawings)
    assert plain.details["sketched_frames"] == []
    assert steered.details["sketched_frames"] == [4]


def test_sketches_go_to_their_frames_in_the_window(toon, folder):
    sketches = {-1: stroke(3), 0: stroke(5), 1: stroke(7), 2: stroke(9)}
    result = toon.inbetween(request_at(0.4, 0.8, sketches=sketches))
    assert result.details["sketched_frames"] == [0, 2, 4, 5]
    request = request_at(0.4)
    clip = ToonInterpolationPipeline.from_pretrained(folder)(
        torch.from_numpy(request.first.transpose(2, 0, 1).copy()),
        torch.from_numpy(request.last.transpose(2, 0, 1).copy()),
        num_frames=WINDOW,
        sketches={0: stroke(3), 2: stroke(5), 4: stroke(7), 5: stroke(9)},
        generator=torch.Generator().manual_seed(0),
        output_type="np",
        num_inference_steps=2,
        guidance_scale=1.0,
    ).frames[0]
    assert np.array_equal(result.drawings[0], clip[2])
    assert np.array_equal(result.drawings[1], clip[4])


def test_a_blank_sketch_is_reported_and_drawn_as_if_there_were_none(toon, window):
    blank = Lines(np.zeros((HEIGHT, WIDTH), np.float32))
    request = request_at(*evenly_spaced_times(WINDOW - 2), sketches={2: blank})
    result = toon.inbetween(request)
    assert np.array_equal(result.drawings, window.drawings)
    assert result.details["warnings"] == [
        "the sketch of drawing 2 is blank: drawn as if there were none"
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"sketch_scale": 0.5},
        {"sketch_context": "text"},
        {"sketch_guidance_start": 0.5},
        {"sketch_guidance_end": 0.5},
        {"sketch_unconditional": False},
        {"sketch_strokes": "keep"},
    ],
    ids=str,
)
def test_sketch_settings_reach_the_pipeline_and_the_details(toon, options):
    wide = Lines(np.pad(np.ones((1, WIDTH * 20), np.float32), ((150, HEIGHT * 20 - 151), (0, 0))))
    guided = {"guidance_scale": 3.0}
    plain = toon.inbetween(request_at(0.4, sketches={0: wide}, options=guided))
    changed = toon.inbetween(request_at(0.4, sketches={0: wide}, options=guided | options))
    assert not np.array_equal(plain.drawings, changed.drawings)
    [(name, value)] = options.items()
    assert changed.details["settings"][name] == value


def test_progress_counts_the_steps(toon):
    seen: list[tuple[int, int]] = []
    toon.inbetween(request_at(0.5, progress=lambda done, total: seen.append((done, total))))
    assert seen == [(1, 2), (2, 2)]


def test_the_details_say_which_model_and_settings_drew(toon, window, folder):
    details = window.details
    assert details["model"] == "tiny-toon"
    assert len(details["model_sha256"]) == 64
    assert details["settings"]["num_inference_steps"] == 2
    assert details["settings"]["guidance_rescale"] == 0.7
    assert (details["device"], details["dtype"]) == ("cpu", "float32")
    json.dumps(details)


def test_another_models_hash_differs(folder, tmp_path, window):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    config = other / "unet" / "config.json"
    config.write_text(config.read_text() + "\n")
    details = ToonInterpolator(str(other), device="cpu").inbetween(request_at(0.5)).details
    assert details["model_sha256"] != window.details["model_sha256"]


def test_transparent_keys_are_refused(toon):
    with pytest.raises(InputError, match="transparency"):
        toon.inbetween(request_at(0.5, channels=4))


def test_no_times_need_no_run(folder):
    assert ToonInterpolator(str(folder), device="cpu").inbetween(request_at()).drawings == []


def test_sketches_without_a_sketch_encoder_name_the_weights_to_get(tmp_path, monkeypatch):
    monkeypatch.setenv("TOONTWEEN_CACHE_DIR", str(tmp_path / "weights"))
    build_tiny_pipeline(sketches=False).save_pretrained(tmp_path / "plain")
    set_window(tmp_path / "plain")
    toon = ToonInterpolator(str(tmp_path / "plain"), device="cpu")
    with pytest.raises(UnavailableError) as error:
        toon.inbetween(request_at(0.5, sketches={0: stroke()}))
    assert "weights pull tooncrafter-sketch" in str(error.value.hint)


@pytest.mark.parametrize(
    ("model", "missing", "here"),
    [
        ("tooncrafter-512", ["tooncrafter-512", "tooncrafter-sketch"], []),
        ("plain", ["tooncrafter-sketch"], ["tooncrafter-512"]),
    ],
)
def test_everything_that_sketches_need_is_asked_for_at_once(
    tmp_path, monkeypatch, model, missing, here
):
    monkeypatch.setenv("TOONTWEEN_CACHE_DIR", str(tmp_path / "weights"))
    monkeypatch.chdir(tmp_path)
    build_tiny_pipeline(sketches=False).save_pretrained(tmp_path / "plain")
    set_window(tmp_path / "plain")
    with pytest.raises(UnavailableError) as error:
        ToonInterpolator(model, device="cpu", sketches=True)
    said = str(error.value)
    for name in missing:
        assert f"the weights '{name}' are not on this machine" in said
        assert f"toontween weights pull {name} (downloads" in said
    assert not any(name in said for name in here)
    assert "toontween weights convert FILE --out FOLDER" in said


def test_a_model_with_a_sketch_encoder_of_its_own_needs_no_other(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("TOONTWEEN_CACHE_DIR", str(tmp_path / "weights"))
    toon = ToonInterpolator(str(folder), device="cpu", sketches=True)
    details = toon.inbetween(request_at(0.4, sketches={0: stroke()})).details
    assert "sketch_encoder" not in details


def test_a_sketch_encoder_of_its_own_folder_is_used(tmp_path, tiny_pipeline):
    build_tiny_pipeline(sketches=False).save_pretrained(tmp_path / "plain")
    set_window(tmp_path / "plain")
    tiny_pipeline.sketch_encoder.save_pretrained(tmp_path / "sketch")
    toon = ToonInterpolator(
        str(tmp_path / "plain"), device="cpu", sketch_encoder=str(tmp_path / "sketch")
    )
    plain = toon.inbetween(request_at(0.5))
    steered = toon.inbetween(request_at(0.5, sketches={0: stroke()}))
    assert not np.array_equal(plain.drawings, steered.drawings)
    assert "sketch_encoder" not in plain.details
    assert steered.details["sketch_encoder"] == "sketch"
    assert len(steered.details["sketch_encoder_sha256"]) == 64


@pytest.mark.parametrize(
    "options",
    [
        {"num_inference_steps": 0},
        {"guidance_scale": 0.5},
        {"guidance_rescale": 2.0},
        {"eta": -0.1},
        {"motion_fps": 0},
        {"sketch_scale": -1.0},
        {"sketch_scale": 2.5},
        {"sketch_guidance_start": 1.0},
        {"sketch_guidance_end": 1.5},
        {"sketch_context": "none"},
        {"sketch_strokes": "thin"},
        {"width": 0},
        {"steps": 3},
    ],
)
def test_options_out_of_range_or_unknown_are_refused_by_name(toon, options):
    with pytest.raises(InputError, match=next(iter(options))):
        toon.inbetween(request_at(0.5, options=options))


def test_drawings_made_at_another_size_come_back_at_the_keys_size(toon):
    small = {"num_inference_steps": 1, "width": WIDTH // 2, "height": HEIGHT // 2}
    drawing = toon.inbetween(request_at(0.5, options=small)).drawings[0]
    own = toon.inbetween(request_at(0.5, options={"num_inference_steps": 1})).drawings[0]
    assert drawing.shape == own.shape == (HEIGHT, WIDTH, 3)
    assert not np.array_equal(drawing, own)


def test_settings_are_defaults_that_options_override(folder):
    settings = ToonSettings(num_inference_steps=3, eta=0.0)
    toon = ToonInterpolator(str(folder), device="cpu", settings=settings)
    details = toon.inbetween(request_at(0.5, options={"num_inference_steps": 1})).details
    assert details["settings"]["num_inference_steps"] == 1
    assert details["settings"]["eta"] == 0.0


def test_a_model_that_is_not_here_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TOONTWEEN_CACHE_DIR", str(tmp_path))
    with pytest.raises(UnavailableError) as error:
        ToonInterpolator("tooncrafter-512")
    assert "weights pull" in str(error.value.hint)


def test_a_folder_without_the_networks_window_is_refused(folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    (other / "unet" / "config.json").write_text("{}")
    with pytest.raises(CheckpointError, match="num_frames"):
        ToonInterpolator(str(other), device="cpu")


def test_an_unknown_device_is_refused(folder):
    with pytest.raises(InputError, match="gpu"):
        ToonInterpolator(str(folder), device="gpu")


def test_loading_shows_no_progress_of_its_own(folder, capfd):
    ToonInterpolator(str(folder), device="cpu").inbetween(
        request_at(0.5, options={"num_inference_steps": 1})
    )
    printed = capfd.readouterr()
    assert "Loading" not in printed.err + printed.out
