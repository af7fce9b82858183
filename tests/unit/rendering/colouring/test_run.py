"""The right sketches reach the right drawings, in every window; references come back untouched."""

import errno
import json
import os
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.unit.rendering.colouring.drawn import (
    HEIGHT,
    WIDTH,
    Oracle,
    as_pixels,
    coloured,
    given,
    references,
    sheets,
)
from toontween.errors import InputError, OutputError
from toontween.interpolators.catalog import build
from toontween.media.frames import to_picture
from toontween.rendering.colouring.run import ColouringSettings, colour_sheets
from toontween.rendering.colouring.sheets import read_sheets
from toontween.rendering.inputs.drawings import GivenDrawing
from toontween.rendering.inputs.keys import prepare_keys


def colour(count: int, *owners: int, oracle: Oracle | None = None, **settings: Any):
    """Colour sketches 1…count with coloured drawings as references."""
    settings = {"at": "none"} | settings
    return colour_sheets(
        references(*owners),
        sheets(count),
        oracle or Oracle(count),
        settings=ColouringSettings(**settings),
    )


@pytest.mark.parametrize("count", [1, 14, 15, 40, 230])
def test_every_sketch_is_coloured_as_itself(count):
    take = colour(count, 1, count).take
    assert len(take.drawings) == count
    for number, drawing in enumerate(take.drawings, start=1):
        assert np.array_equal(drawing, coloured(number)), number


@pytest.mark.parametrize("count", [15, 40, 230])
def test_keys_of_every_window_are_references_or_drawings_coloured_before(count):
    oracle = Oracle(count)
    colour(count, 1, count, oracle=oracle)
    known = {coloured(1).tobytes(), coloured(count).tobytes()}
    for request, numbers in zip(oracle.requests, oracle.seen, strict=True):
        assert {as_pixels(request.first).tobytes(), as_pixels(request.last).tobytes()} <= known
        known |= {coloured(number).tobytes() for number in numbers.values()}


def test_drawings_that_are_keys_of_a_window_show_it_their_sketches_too():
    oracle = Oracle(40)
    colour(40, 1, oracle=oracle, at=(1,))
    anchors, between = oracle.seen[:2]
    assert anchors[-1] == 1
    assert 14 not in anchors  # the reference stands apart at the end: it has no sketch
    assert (between[-1], between[14]) == (1, 14)


@pytest.mark.parametrize("at", [(1, 40), (40, 1), (7, 20), (None, 40), (1, None)])
def test_references_come_back_bit_for_bit_where_they_belong(at):
    owners = [number or 99 for number in at]
    take = colour(40, *owners, at=at).take
    keys = sorted(number for number in at if number)
    assert list(take.key_numbers) == keys
    for number in range(1, 41):
        assert np.array_equal(take.drawings[number - 1], coloured(number))


def test_a_reference_is_not_drawn_again_and_not_changed_even_when_the_palette_is_locked():
    rng = np.random.default_rng(0)
    noisy = rng.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    oracle = Oracle(5)
    take = colour_sheets(
        prepare_keys([noisy, coloured(5)]),
        sheets(5),
        oracle,
        settings=ColouringSettings(at=(3, 5), lock_palette=True),
    ).take
    assert np.array_equal(take.drawings[2], noisy)
    assert 3 not in {n for numbers in oracle.seen for i, n in numbers.items() if 0 <= i < 14}


def test_one_reference_stands_on_both_sides():
    oracle = Oracle(10)
    written = colour(10, 77, oracle=oracle)
    [request] = oracle.requests
    assert np.array_equal(request.first, request.last)
    assert np.array_equal(as_pixels(request.first), coloured(77))
    assert "before the first and after the last" in written.decisions[0]
    assert written.take.key_numbers == ()


def test_auto_finds_the_drawing_that_the_reference_is():
    coloured_first = colour(10, 1, at="auto")
    assert coloured_first.take.key_numbers == (1,)
    assert coloured_first.decisions[0].startswith("key 1 is drawing 1 (")
    assert colour(10, 10, 1, at="auto").take.key_numbers == (1, 10)
    assert colour(10, 99, at="auto").take.key_numbers == ()


def test_locked_drawings_have_only_the_references_colours_and_anchors_are_locked_before_use():
    count = 20
    oracle = Oracle(count, noise=3)
    owner = coloured(4)
    take = colour_sheets(
        prepare_keys([owner], fewest=1),
        read_sheets(same(4, count), (HEIGHT, WIDTH)),
        OneLook(oracle, 4),
        settings=ColouringSettings(at="none", lock_palette=True),
    ).take
    assert any(len(request.sketches) for request in oracle.requests)
    for drawing in take.drawings:
        assert np.array_equal(drawing, owner)
    for request in oracle.requests:
        assert np.array_equal(as_pixels(request.first), owner)
        assert np.array_equal(as_pixels(request.last), owner)
    assert take.record["palette"]["flat"] == 1.0
    assert len(take.record["palette"]["colours"]) == 3


def same(number: int, count: int) -> list[GivenDrawing]:
    """One and the same sketch, many times."""
    [one] = given(range(number, number + 1))
    return [one] * count


class OneLook(Oracle):
    """An oracle for sequences in which every sketch is the same."""

    def __init__(self, oracle: Oracle, number: int) -> None:
        super().__init__(number, noise=3)
        self.requests = oracle.requests


def test_without_the_lock_noise_stays():
    take = colour(5, 1, oracle=Oracle(5, noise=6)).take
    assert not np.array_equal(take.drawings[2], coloured(3))


def test_a_painted_reference_is_said_to_be_painted():
    ramp = np.linspace(0, 255, WIDTH).astype(np.uint8)
    painted = np.repeat(np.repeat(ramp[None, :, None], HEIGHT, 0), 3, 2)
    take = colour_sheets(
        prepare_keys([painted], fewest=1),
        sheets(3),
        Oracle(3),
        settings=ColouringSettings(at="none", lock_palette=True),
    ).take
    assert any("flat" in warning for warning in take.warnings)


def test_the_record_says_from_which_window_every_drawing_came():
    take = colour(31, 1, 31, at=(1, None), seed=5).take
    record = json.loads(json.dumps(take.record))
    assert record["drawings"][0] == {
        "number": 1,
        "sketch": "A0001.png",
        "kind": "key",
        "reference": "key 1",
    }
    windows = record["method"]["windows"]
    for entry in record["drawings"][1:]:
        window = windows[entry["window"]]
        assert entry["number"] in window["drawings"]
        assert entry["generation"] == window["generation"]
    assert windows[0]["keys"] == [1, 32]
    assert record["method"]["details"] == {"model": "oracle"}
    assert [window["window"] for window in windows] == list(range(1, len(windows) + 1))
    assert record["inputs"]["references"][0]["drawings"] == [1]
    assert record["inputs"]["references"][1]["key_at"] == [32]
    assert record["inputs"]["sketches"][4]["name"] == "A0005.png"
    assert record["inputs"]["sketches"][4]["ground"] == "white"
    assert record["settings"]["seed"] == 5
    assert take.warnings == ("as foretold",)


def test_exposure_and_rate_reach_the_take():
    take = colour(3, 1, on=2, fps=Fraction(12)).take
    assert (take.num_frames, take.fps) == (6, 12)
    assert colour(3, 1).take.fps == 24


def test_the_size_and_depth_are_the_references():
    owner = np.zeros((2 * HEIGHT, 2 * WIDTH, 3), np.uint16)
    owner[:] = (1000, 20000, 60000)

    class Plain(Oracle):
        def paint(self, number: int) -> np.ndarray:
            return to_picture(owner) if number else super().paint(number)

    take = colour_sheets(
        prepare_keys([owner], fewest=1),
        sheets(3),
        Plain(3),
        settings=ColouringSettings(at="none"),
    ).take
    assert all(np.array_equal(drawing, owner) for drawing in take.drawings)
    assert take.record["picture"]["bit_depth"] == 16


def test_transparent_references_are_coloured_on_white_and_come_back_transparent():
    cel = np.concatenate([coloured(2), np.full((HEIGHT, WIDTH, 1), 255, np.uint8)], axis=2)
    cel[:6, :6] = 0
    oracle = Oracle(4)
    take = colour_sheets(
        prepare_keys([cel], fewest=1),
        sheets(4),
        oracle,
        settings=ColouringSettings(at=(2,)),
    ).take
    assert np.array_equal(take.drawings[1], cel)
    assert take.drawings[0].shape == (HEIGHT, WIDTH, 4)
    assert take.drawings[0][..., 3].min() == 255
    assert oracle.requests[0].first.shape[2] == 3
    assert any("on white" in warning for warning in take.warnings)


def test_a_prompt_is_used_or_warned_of():
    oracle = Oracle(2, text=True)
    colour(2, 1, oracle=oracle, prompt="a cat")
    assert oracle.requests[0].prompt == "a cat"
    take = colour(2, 1, prompt="a cat").take
    assert any("does not read text" in warning for warning in take.warnings)


def test_a_blank_sketch_is_left_out_and_said():
    bare = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    pictures = given(range(1, 6))
    pictures[2] = GivenDrawing(name="A0003.png", pixels=bare, record=None)
    oracle = Oracle(5)
    take = colour_sheets(
        references(1),
        read_sheets(pictures, (HEIGHT, WIDTH)),
        oracle,
        settings=ColouringSettings(at="none"),
    ).take
    assert 3 not in oracle.seen[0].values()
    assert any("A0003.png: is blank" in warning for warning in take.warnings)


def test_progress_goes_up_to_one():
    told: list[float] = []
    colour_sheets(
        references(1),
        sheets(40),
        Oracle(40),
        settings=ColouringSettings(at="none"),
        progress=told.append,
    )
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) == 8


def test_a_method_that_follows_no_sketches_is_refused():
    with pytest.raises(InputError, match="'flow' cannot follow sketches"):
        colour_sheets(references(1), sheets(3), build("flow"))


@pytest.mark.parametrize(
    ("count", "owners", "at", "message"),
    [
        (5, (1,), (6,), "the drawings are 1…5"),
        (5, (1,), (0,), "the drawings are 1…5"),
        (5, (1, 2), (3, 3), "two references are drawing 3"),
        (5, (1, 2), (3,), "2 references, but 1 places"),
        (5, (1,), (1, 5), "1 references, but 2 places"),
        (1, (1,), (1,), "nothing is left to colour"),
        (2, (1, 2), "auto", "nothing is left to colour"),
    ],
)
def test_places_that_cannot_be_are_refused(count, owners, at, message):
    with pytest.raises(InputError, match=message):
        colour(count, *owners, at=at)


def test_three_references_are_refused():
    with pytest.raises(InputError, match="3 references"):
        colour(5, 1, 2, 3)


@pytest.mark.parametrize("wrong", [{"on": 0}, {"fps": Fraction(0)}, {"seed": -1}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(InputError):
        ColouringSettings(**wrong)


def test_a_full_disk_is_said_before_anything_is_drawn(monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    oracle = Oracle(3)
    with pytest.raises(OutputError, match="the disk is full"):
        colour(3, 1, oracle=oracle)
    assert oracle.requests == []
