"""Sketches of a call: whatever they stand on, at the frame, the size and the place of the keys."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.tiny_pipeline import line_sketch, noise_key, painted_picture
from toontween.drawing.lines import Lines
from toontween.drawing.reading import read_sketch
from toontween.drawing.strokes import scale_lines
from toontween.errors import InputError, ShapeError, ToonTweenWarning
from toontween.pipelines.inputs.keys import PreparedKeys, prepare_keys
from toontween.pipelines.inputs.sketches import prepare_hints

SKETCH = line_sketch(3)
INK = torch.from_numpy(1 - SKETCH[:, :, 0] / np.float32(255))


@pytest.fixture(scope="module")
def keys() -> PreparedKeys:
    """At 48×32, in the middle of 64×64."""
    return prepare_keys(noise_key(1), noise_key(2), multiple=64)


def hint(sketch: Any, keys: PreparedKeys, **options: Any) -> torch.Tensor:
    hints = prepare_hints({1: sketch}, keys, num_frames=3, **options)
    assert hints is not None
    return hints[0, 1, 0]


def test_hints_are_white_on_black_where_the_keys_are_and_empty_without_a_sketch(keys):
    hints = prepare_hints({2: SKETCH}, keys, num_frames=4)
    assert hints is not None
    assert hints.shape == (1, 4, 1, 64, 64)
    assert torch.equal(hints[0, 2, 0, 16:48, 8:56], INK)
    assert hints.sum() == INK.sum()


@pytest.mark.parametrize("frame", [0, 3])
def test_the_keys_frames_can_have_sketches_too(keys, frame):
    hints = prepare_hints({frame: SKETCH}, keys, num_frames=4)
    assert hints is not None
    assert hints.flatten(2).any(2).nonzero()[:, 1].tolist() == [frame]


def alpha_layer(pixels: np.ndarray) -> np.ndarray:
    return np.dstack([np.zeros_like(pixels), 255 - pixels[:, :, 0]])


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda pixels: 255 - pixels, id="white on black"),
        pytest.param(alpha_layer, id="line layer"),
        pytest.param(Image.fromarray, id="PIL"),
        pytest.param(lambda pixels: Image.fromarray(alpha_layer(pixels)), id="PIL line layer"),
        pytest.param(lambda pixels: pixels[:, :, 0], id="grey"),
        pytest.param(lambda pixels: pixels.astype(np.uint16) * 257, id="sixteen bits"),
        pytest.param(lambda pixels: torch.from_numpy(pixels[:, :, 0] / 255.0)[None], id="tensor"),
        pytest.param(lambda pixels: Lines((255 - pixels[:, :, 0]) / np.float32(255)), id="Lines"),
    ],
)
def test_the_same_lines_give_the_same_hint_however_they_arrive(keys, form):
    soft = SKETCH.copy()
    soft[10, 20:30] = np.arange(20, 220, 20)[:, None]
    assert torch.equal(hint(form(soft), keys), hint(soft, keys))


def test_sketches_follow_the_crop_of_a_front_end():
    size = {"multiple": 16, "height": 16, "width": 16}
    keys = prepare_keys(noise_key(1), noise_key(2), preprocessing="gradio", **size)
    ink = np.zeros((32, 48), np.float32)
    ink[8:24, 16:18] = 1
    ink[:, 4:6] = 1  # cut off: scaled to 24×16, the crop begins at 4
    found = hint(Lines(ink), keys, strokes="keep")
    assert found.shape == (16, 16)
    assert found[6:10].mean(dim=0).argmax() == 16 // 2 - 4
    assert found[:, 0:2].max() == 0


@pytest.mark.parametrize("preprocessing", ["cli", "gradio"])
def test_a_front_end_places_sketches_where_it_places_the_keys(preprocessing):
    ink = np.zeros((90, 160), np.float32)
    ink[20:70, 60:66] = 1
    ink[40:46, 30:130] = 1
    drawn = torch.from_numpy(1 - ink).expand(3, -1, -1)
    keys = prepare_keys(drawn, drawn, multiple=16, preprocessing=preprocessing, height=64, width=96)
    of_the_key = (1 - keys.pixels[0, 0, 0]) / 2
    assert (hint(Lines(ink), keys, strokes="keep") - of_the_key).abs().mean() < 0.01


@pytest.mark.parametrize("factor", [2, 3])
def test_a_larger_sketch_is_scaled_to_the_keys(keys, factor):
    large = np.kron(SKETCH, np.ones((factor, factor, 1), np.uint8))
    found = hint(large, keys, strokes="keep")
    assert (found[16:48, 8:56] - INK).abs().max() < 0.01
    assert found.sum() == pytest.approx(float(INK.sum()), rel=1e-3)


def test_thin_strokes_of_a_large_sketch_survive_unless_they_are_to_be_kept(keys):
    large = np.full((320, 480), 255, np.uint8)
    large[40:280, 100] = 0
    assert hint(large, keys, strokes="keep").max() < 0.2
    assert hint(large, keys).max() > 0.5


def test_a_sketch_at_a_working_size_of_its_own_is_what_scaling_gives():
    keys = prepare_keys(noise_key(1), noise_key(2), multiple=16, height=64)
    lines = read_sketch(SKETCH / np.float32(255), name="sketch").lines
    wanted = scale_lines(lines, height_px=64, width_px=96)
    assert torch.equal(hint(SKETCH, keys), torch.from_numpy(wanted.ink))


def test_a_sketch_whose_size_is_rounded_is_no_other_shape():
    keys = prepare_keys(
        noise_key(1, height=27, width=48), noise_key(2, height=27, width=48), multiple=16
    )
    assert hint(line_sketch(1, height=568, width=1010), keys).any()


def test_a_sketch_of_another_shape_is_refused(keys):
    with pytest.raises(ShapeError, match="frame 1 is 64×32 pixels, the keys are 48×32"):
        hint(line_sketch(3, width=64), keys)


def test_each_sample_can_have_sketches_of_its_own():
    keys = prepare_keys([noise_key(1)] * 2, [noise_key(2)] * 2, multiple=64)
    hints = prepare_hints([{}, {1: SKETCH}], keys, num_frames=3)
    assert hints is not None
    assert hints.flatten(2).any(2).tolist() == [[False] * 3, [False, True, False]]
    with pytest.raises(ShapeError, match="1 sketch mappings for 2"):
        prepare_hints([{}], keys, num_frames=3)


def test_one_mapping_serves_all_samples():
    keys = prepare_keys([noise_key(1)] * 2, [noise_key(2)] * 2, multiple=64)
    hints = prepare_hints({1: SKETCH}, keys, num_frames=3)
    assert hints is not None
    assert torch.equal(hints[0], hints[1])


@pytest.mark.parametrize("none", [{}, [{}]])
def test_no_sketches_are_no_hints(keys, none):
    assert prepare_hints(none, keys, num_frames=3) is None


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (-1, "frame -1; the frames are 0…3"),
        (4, "frame 4; the frames are 0…3"),
        ("2", "frame '2', which is not a whole number"),
        (2.0, r"frame 2\.0, which is not"),
        (True, "frame True, which is not"),
        (None, "frame None, which is not"),
    ],
)
def test_what_is_no_frame_of_the_clip_is_named(keys, frame, says):
    with pytest.raises(InputError, match=says):
        prepare_hints({frame: SKETCH}, keys, num_frames=4)


def test_numpys_whole_numbers_are_whole_numbers(keys):
    hints = prepare_hints({np.int64(2): SKETCH}, keys, num_frames=4)
    assert hints is not None
    assert hints[0, 2].any()


@pytest.mark.parametrize(
    "sketches", [[SKETCH, SKETCH], np.stack([SKETCH] * 4), torch.zeros(4, 3, 32, 48), "7=a.png"]
)
def test_a_film_of_sketches_is_told_how_to_become_a_mapping(keys, sketches):
    with pytest.raises(InputError, match="not a mapping") as error:
        prepare_hints(sketches, keys, num_frames=4)
    assert "dict(enumerate(pictures))" in str(error.value.hint)


@pytest.mark.parametrize("sketch", ["rough.png", None, np.zeros((4, 4, 7), np.uint8)])
def test_what_is_no_picture_is_named_with_its_frame(keys, sketch):
    with pytest.raises(InputError, match="the sketch of frame 1"):
        hint(sketch, keys)


def test_a_blank_sketch_is_warned_of_and_the_others_count(keys):
    blank = np.full_like(SKETCH, 255)
    with pytest.warns(ToonTweenWarning, match="sketch of frame 2 is blank"):
        hints = prepare_hints({1: SKETCH, 2: blank}, keys, num_frames=4)
    assert hints is not None
    assert hints.flatten(2).any(2)[0].tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    "blank",
    [
        pytest.param(np.full_like(SKETCH, 255), id="white"),
        pytest.param(np.zeros_like(SKETCH), id="black"),
        pytest.param(np.zeros((32, 48, 4), np.uint8), id="transparent"),
        pytest.param(Lines(np.zeros((32, 48), np.float32)), id="Lines"),
    ],
)
def test_blank_sketches_alone_are_a_clip_without_sketches(keys, blank):
    with pytest.warns(ToonTweenWarning) as warned:
        assert prepare_hints({1: blank}, keys, num_frames=3) is None
    said = [str(warning.message) for warning in warned]
    assert any("sketch of frame 1 is blank" in text for text in said)
    assert any("no sketch has a line" in text for text in said)


def test_a_painting_is_warned_of_by_its_frame(keys):
    with pytest.warns(ToonTweenWarning, match="sketch of frame 1 looks like a photo"):
        prepare_hints({1: painted_picture()}, keys, num_frames=3)
