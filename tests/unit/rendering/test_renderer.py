"""Keys and an interpolator make a take: right numbers, right order, keys untouched."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from toontween.errors import InputError
from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    InbetweenResult,
    Interpolator,
    Timing,
)
from toontween.rendering import renderer
from toontween.rendering.renderer import RenderSettings, render_keys


class Blend(Interpolator):
    """A cross-fade with whatever capabilities a test wants; remembers its requests."""

    name = "blend"

    def __init__(self, timing: Timing = Timing.ANY_TIME, **capabilities: Any) -> None:
        self.capabilities = Capabilities(timing=timing, **capabilities)
        self.requests: list[InbetweenRequest] = []

    def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
        self.requests.append(request)
        drawings = [
            ((1 - time) * request.first + time * request.last).astype(np.float32)
            for time in request.times
        ]
        if request.progress is not None:
            request.progress(1, 2)
            request.progress(2, 2)
        return InbetweenResult(drawings=drawings, details={"method": "blend"})


def grey(level, channels=3, dtype=np.uint8):
    pixels = np.full((2, 4, channels), level, dtype)
    if channels == 4:
        pixels[..., 3] = np.iinfo(dtype).max
    return pixels


def levels(take):
    return [int(drawing[0, 0, 0]) for drawing in take.drawings]


def test_two_keys_and_three_inbetweens_are_five_drawings_in_order():
    take = render_keys([grey(0), grey(200)], Blend(), settings=RenderSettings(count=3))
    assert levels(take) == [0, 50, 100, 150, 200]
    assert take.key_numbers == (1, 5)
    assert [int(drawing[0, 0, 0]) for drawing in take.inbetweens] == [50, 100, 150]


def test_the_count_is_per_gap_and_a_middle_key_stands_once():
    keys = [grey(0), grey(100), grey(0)]
    take = render_keys(keys, Blend(), settings=RenderSettings(count=1))
    assert levels(take) == [0, 50, 100, 50, 0]
    assert take.key_numbers == (1, 3, 5)


def test_keys_come_back_bit_for_bit():
    rng = np.random.default_rng(1)
    keys = [rng.integers(0, 65536, (5, 7, 4)).astype(np.uint16) for _ in range(3)]
    take = render_keys(keys, Blend(alpha=True), settings=RenderSettings(count=2))
    for number, key in zip(take.key_numbers, keys, strict=True):
        assert np.array_equal(take.drawings[number - 1], key)
    assert all(drawing.dtype == np.uint16 for drawing in take.drawings)


def test_on_twos_every_drawing_stands_for_two_frames():
    settings = RenderSettings(count=1, on=2, fps=Fraction(24000, 1001))
    take = render_keys([grey(0), grey(100)], Blend(), settings=settings)
    assert [int(frame[0, 0, 0]) for frame in take.frames()] == [0, 0, 50, 50, 100, 100]
    assert take.num_frames == 6


def test_a_midpoint_method_gives_the_count_asked_for():
    class Midpoint(Blend):
        def inbetween(self, request: InbetweenRequest) -> InbetweenResult:
            assert request.times == (0.5,)
            return super().inbetween(request)

    settings = RenderSettings(count=4)
    take = render_keys([grey(0), grey(200)], Midpoint(Timing.MIDPOINT), settings=settings)
    assert levels(take) == pytest.approx([0, 40, 80, 120, 160, 200], abs=5)


def test_progress_runs_from_gap_to_gap_up_to_one():
    seen: list[float] = []
    keys = [grey(0), grey(100), grey(0)]
    render_keys(keys, Blend(), settings=RenderSettings(count=1), progress=seen.append)
    assert seen == [0.25, 0.5, 0.5, 0.75, 1.0, 1.0]


def test_long_gaps_are_drawn_in_stretches_with_the_same_result(monkeypatch):
    settings = RenderSettings(count=7)
    whole = render_keys([grey(0), grey(200)], Blend(), settings=settings)
    monkeypatch.setattr(renderer, "MAX_PICTURE_BYTES", 2 * grey(0).size * 4)
    blend = Blend()
    parts = render_keys([grey(0), grey(200)], blend, settings=settings)
    assert [len(request.times) for request in blend.requests] == [2, 2, 2, 1]
    assert levels(parts) == levels(whole)


def test_a_method_without_alpha_draws_on_white_and_leaves_the_keys_transparent():
    first, last = grey(100, channels=4), grey(100, channels=4)
    first[..., 3] = 0
    last[..., 3] = 0
    blend = Blend()
    take = render_keys([first, last], blend, settings=RenderSettings(count=1))
    assert blend.requests[0].first.shape[2] == 3
    assert np.array_equal(take.drawings[0], first)
    assert np.array_equal(take.drawings[1], np.full((2, 4, 4), 255, np.uint8))
    assert any("transparency" in warning for warning in take.warnings)


def test_a_prompt_that_is_not_read_is_warned_of_and_not_passed_on():
    blend = Blend()
    settings = RenderSettings(count=1, prompt="a cat")
    take = render_keys([grey(0), grey(1)], blend, settings=settings)
    assert blend.requests[0].prompt == ""
    assert any("does not read text" in warning for warning in take.warnings)


def test_a_prompt_that_is_read_is_passed_on():
    blend = Blend(text=True)
    settings = RenderSettings(count=1, prompt="a cat", seed=7, options={"x": 1})
    take = render_keys([grey(0), grey(1)], blend, settings=settings)
    request = blend.requests[0]
    assert (request.prompt, request.seed, request.options) == ("a cat", 7, {"x": 1})
    assert take.warnings == ()


def rough(row=1, *, height=8, width=16):
    """A stroke on white paper."""
    pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[row, 2:-2] = 0
    return pixels


def test_a_sketch_goes_to_the_gap_and_inbetween_of_its_drawing_number():
    blend = Blend(sketches=True)
    settings = RenderSettings(count=3, sketches={7: rough()})
    keys = [grey(0), grey(1), grey(2)]
    take = render_keys(keys, blend, settings=settings)
    assert [list(request.sketches) for request in blend.requests] == [[], [1]]
    assert take.record["inputs"]["sketches"][0]["drawing"] == 7


@pytest.mark.parametrize(("number", "places"), [(1, [[-1], []]), (5, [[3], [-1]]), (9, [[], [3]])])
def test_a_sketch_of_a_key_goes_to_the_gaps_beside_it(number, places):
    blend = Blend(sketches=True)
    settings = RenderSettings(count=3, sketches={number: rough()})
    take = render_keys([grey(0), grey(1), grey(2)], blend, settings=settings)
    assert [list(request.sketches) for request in blend.requests] == places
    assert levels(take)[0] == 0


def test_stretches_of_a_long_gap_have_their_own_sketches_and_the_keys(monkeypatch):
    monkeypatch.setattr(renderer, "MAX_PICTURE_BYTES", 2 * grey(0).size * 4)
    blend = Blend(sketches=True)
    settings = RenderSettings(count=5, sketches={1: rough(), 4: rough(2), 7: rough(3)})
    render_keys([grey(0), grey(200)], blend, settings=settings)
    assert [sorted(request.sketches) for request in blend.requests] == [
        [-1, 2],
        [-1, 0, 2],
        [-1, 1],
    ]


@pytest.mark.parametrize("number", [0, -1, 6, 100])
def test_a_sketch_of_no_drawing_is_refused(number):
    settings = RenderSettings(count=3, sketches={number: rough()})
    with pytest.raises(InputError, match=f"drawing {number}; the drawings are 1…5"):
        render_keys([grey(0), grey(1)], Blend(sketches=True), settings=settings)


def test_sketches_for_a_method_that_cannot_follow_them_are_refused_before_drawing():
    blend = Blend()
    with pytest.raises(InputError, match="cannot follow sketches"):
        render_keys([grey(0), grey(1)], blend, settings=RenderSettings(sketches={2: rough()}))
    assert blend.requests == []


def test_the_record_says_which_drawings_are_keys_and_what_was_asked():
    settings = RenderSettings(count=1, on=2, seed=3, options={"iterations": 4})
    record = render_keys([grey(0), grey(1)], Blend(), settings=settings).record
    assert [drawing["kind"] for drawing in record["drawings"]] == ["key", "in-between", "key"]
    assert record["method"] == {"name": "blend", "gaps": [{"method": "blend"}]}
    assert record["settings"]["options"] == {"iterations": 4}
    assert record["picture"] == {"width": 4, "height": 2, "channels": 3, "bit_depth": 8}
    assert [key["drawing"] for key in record["inputs"]["keys"]] == [1, 3]


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 0},
        {"count": -1},
        {"count": 10_001},
        {"on": 0},
        {"on": 1000},
        {"fps": Fraction(0)},
        {"fps": Fraction(1000)},
        {"seed": -1},
        {"seed": 2**63},
    ],
)
def test_settings_out_of_range_are_refused_by_name(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        RenderSettings(**wrong)


def test_a_run_that_cannot_fit_the_memory_is_refused():
    huge = np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (60_000, 60_000, 3))
    with pytest.raises(InputError, match="GB of memory"):
        render_keys([huge, huge], Blend(), settings=RenderSettings(count=10_000))


def test_a_picture_of_one_pixel_is_a_picture():
    keys = [np.zeros((1, 1, 3), np.uint8), np.full((1, 1, 3), 100, np.uint8)]
    assert levels(render_keys(keys, Blend(), settings=RenderSettings(count=1))) == [0, 50, 100]
