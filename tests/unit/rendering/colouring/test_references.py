"""References are found among the drawings by their lines, or put where it was said."""

from pathlib import Path

import numpy as np
import pytest

from toontween.drawing.extraction import extract_lines
from toontween.drawing.lines import Lines
from toontween.drawing.reading import read_sketch
from toontween.media.frames import composite_over, to_picture
from toontween.media.images import read_still
from toontween.rendering.colouring.references import (
    At,
    PlacedReferences,
    agreement,
    place_references,
)

EXAMPLES = Path(__file__).parents[4] / "examples"
SCENES = ("head-turn", "two-poses", "bouncing-ball")
PAPER = Lines(np.zeros((32, 48), np.float32))


def picture(scene: str, name: str) -> np.ndarray:
    pixels = read_still(EXAMPLES / scene / f"{name}.png").pixels
    return composite_over(to_picture(pixels), (1.0, 1.0, 1.0))


def lines(scene: str, which: str) -> Lines:
    pixels = read_still(EXAMPLES / scene / f"line_{which}.png").pixels
    return read_sketch(to_picture(pixels), name=which).lines


def place(*references: np.ndarray, at: At = "none", count: int = 10) -> PlacedReferences:
    return place_references(references, at, first=PAPER, last=PAPER, num_drawings=count)


BLANK = np.ones((32, 48, 3), np.float32)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("which", ["key", "cel"])
def test_a_finished_drawing_is_known_by_its_own_lines_and_by_no_others(scene, which):
    found = place_references(
        [picture(scene, f"{which}_last"), picture(scene, f"{which}_first")],
        "auto",
        first=lines(scene, "first"),
        last=lines(scene, "last"),
        num_drawings=16,
    )
    assert found.positions == {1: 1, 16: 0}
    assert all(one.found >= 0.97 for one in found.agreements.values())
    assert "drawing 16 (" in found.describe(0, "A.png")


@pytest.mark.parametrize("scene", SCENES)
def test_a_drawing_from_the_middle_stands_apart(scene):
    found = place_references(
        [picture(scene, "truth/0008")],
        "auto",
        first=lines(scene, "first"),
        last=lines(scene, "last"),
        num_drawings=16,
    )
    assert found.positions == {0: 0, 17: 0}


def test_a_cycle_has_its_one_reference_at_both_ends():
    found = place_references(
        [picture("head-turn", "key_first")],
        "auto",
        first=lines("head-turn", "first"),
        last=lines("head-turn", "first"),
        num_drawings=12,
    )
    assert found.positions == {1: 0, 12: 0}
    assert found.describe(0, "A.png").startswith("A.png is drawing 1 and 12 (")


def test_a_few_lines_of_a_detail_are_not_the_drawing():
    whole = extract_lines(picture("head-turn", "key_first"))
    ink = np.zeros_like(whole.ink)
    ink[120:160, 200:240] = whole.ink[120:160, 200:240]
    assert agreement(Lines(ink), whole).found > 0.97
    assert not agreement(Lines(ink), whole).is_same


def test_a_larger_sketch_is_compared_at_the_drawings_size():
    sketch = lines("head-turn", "first")
    large = Lines(np.repeat(np.repeat(sketch.ink, 2, axis=0), 2, axis=1))
    assert agreement(large, extract_lines(picture("head-turn", "key_first"))).is_same


def test_lines_on_bare_paper_agree_with_nothing():
    assert agreement(PAPER, lines("head-turn", "first")).found == 0


@pytest.mark.parametrize(
    ("num_references", "at", "positions"),
    [
        (1, "none", {0: 0, 11: 0}),
        (1, (1,), {1: 0, 11: 0}),
        (1, (10,), {0: 0, 10: 0}),
        (1, (4,), {0: 0, 4: 0, 11: 0}),
        (2, "none", {0: 0, 11: 1}),
        (2, (1, 10), {1: 0, 10: 1}),
        (2, (10, 1), {1: 1, 10: 0}),
        (2, (3, 7), {0: 0, 3: 0, 7: 1, 11: 1}),
        (2, (1, None), {1: 0, 11: 1}),
        (2, (None, 10), {0: 0, 10: 1}),
        (2, (10, None), {0: 1, 10: 0}),
        (2, (None, 1), {1: 1, 11: 0}),
        (2, (5, None), {0: 0, 5: 0, 11: 1}),
        (2, (None, 5), {0: 0, 5: 1, 11: 1}),
    ],
)
def test_references_that_are_no_end_stand_apart_on_the_side_that_is_free(
    num_references, at, positions
):
    assert place(*[BLANK] * num_references, at=at).positions == positions


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        (
            "none",
            "A is none of the drawings: it stands before the first and after the last drawing",
        ),
        ((3,), "A is drawing 3"),
    ],
)
def test_it_is_said_where_a_reference_is(at, sentence):
    assert place(BLANK, at=at).describe(0, "A") == sentence
