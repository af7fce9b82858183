"""Sketches of numbered drawings: read, placed on the keys' sheet, noted."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tiny_pipeline import line_sketch, painted_picture
from toontween.drawing.lines import Ground, Lines
from toontween.errors import InputError, ShapeError
from toontween.media.images import Still
from toontween.rendering.inputs.keys import KeySet, prepare_keys
from toontween.rendering.inputs.sketches import PlacedSketches, place_sketches

SKETCH = line_sketch(3)
INK = (255 - SKETCH[:, :, 0]) / np.float32(255)


@pytest.fixture(scope="module")
def keys() -> KeySet:
    return prepare_keys([np.zeros((32, 48, 3), np.uint8)] * 2)


def place(sketch: Any, keys: KeySet, **options: Any) -> PlacedSketches:
    return place_sketches({3: sketch}, keys, **({"count": 3, "mode": "pad"} | options))


@pytest.mark.parametrize("ground", Ground)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_same_lines_are_found_whatever_they_stand_on(keys, ground, dtype):
    pixels = Lines(INK).draw(ground).astype(dtype) * (257 if dtype is np.uint16 else 1)
    placed = place(pixels, keys)
    assert np.array_equal(placed.by_gap[0][1].ink, INK)
    assert placed.warnings == []
    assert placed.records[0]["ground"] == ground.value


def test_the_record_says_what_was_found(keys):
    still = Still(pixels=SKETCH, path=Path("folder/rough.png"), sha256="ab" * 32, bit_depth=8)
    [record] = place(still, keys).records
    assert record["drawing"] == 3
    assert (record["name"], record["sha256"]) == ("rough.png", "ab" * 32)
    assert (record["width"], record["height"], record["bit_depth"]) == (48, 32, 8)
    assert record["stroke_px"] == pytest.approx(2, abs=0.5)
    assert record["coverage"] == pytest.approx(INK.mean(), abs=1e-4)
    assert "adapted" not in record


def test_a_larger_sketch_of_the_keys_shape_keeps_its_pixels(keys):
    large = line_sketch(4, height=64, width=96)
    placed = place(large, keys, mode="error")
    assert placed.by_gap[0][1].ink.shape == (64, 96)
    assert placed.warnings == []


@pytest.mark.parametrize(
    ("height", "width", "mode", "done", "shape"),
    [
        (32, 64, "pad", "letterboxed", (43, 64)),
        (60, 48, "pad", "letterboxed", (60, 90)),
        (32, 64, "crop", "cropped", (32, 48)),
        (60, 48, "crop", "cropped", (32, 48)),
    ],
)
def test_a_sketch_of_another_shape_is_fitted_at_its_own_size(
    keys, height, width, mode, done, shape
):
    rough = line_sketch(5, height=height, width=width)
    placed = place(rough, keys, mode=mode)
    lines = placed.by_gap[0][1]
    assert lines.ink.shape == shape
    assert placed.warnings == [
        f"sketch 3 is {width}×{height}, the first key 48×32: {done}, not stretched"
    ]
    assert placed.records[0]["adapted"] == done
    ink = (255 - rough[:, :, 0]) / np.float32(255)
    if mode == "pad":
        assert lines.ink.sum() == ink.sum()
    top, left = (abs(a - b) // 2 for a, b in zip(shape, ink.shape, strict=True))
    if mode == "pad":
        assert np.array_equal(lines.ink[top : top + height, left : left + width], ink)
    else:
        assert np.array_equal(lines.ink, ink[top : top + shape[0], left : left + shape[1]])


def test_a_sketch_of_another_shape_can_be_refused(keys):
    with pytest.raises(InputError, match="sketch 3 is 64×32, the first key 48×32: the shapes"):
        place(line_sketch(5, width=64), keys, mode="error")


def test_what_is_doubtful_is_told_by_the_files_name(keys):
    still = Still(pixels=painted_picture(), path=Path("shot.png"), sha256="0" * 64, bit_depth=8)
    [warning] = place(still, keys).warnings
    assert "shot.png looks like a photo" in warning


def test_a_blank_sketch_is_told_of_noted_and_left_out(keys):
    blank = np.full_like(SKETCH, 255)
    placed = place_sketches({2: SKETCH, 3: blank}, keys, count=3, mode="pad")
    assert list(placed.by_gap[0]) == [0]
    assert [record["drawing"] for record in placed.records] == [2, 3]
    assert placed.records[1]["coverage"] == 0
    assert placed.records[1]["stroke_px"] is None
    assert len(placed.warnings) == 1
    assert "sketch 3 is blank" in placed.warnings[0]


def test_blank_sketches_alone_are_no_sketches(keys):
    placed = place(np.full_like(SKETCH, 255), keys)
    assert placed.by_gap == {}
    assert placed.warnings[-1] == "no sketch has a line: drawn without sketches"


def test_no_sketches_need_no_words(keys):
    placed = place_sketches({}, keys, count=3, mode="pad")
    assert (placed.by_gap, placed.records, placed.warnings) == ({}, [], [])


def test_what_is_no_picture_is_refused_by_name(keys):
    with pytest.raises(ShapeError, match="sketch 3 has shape"):
        place(np.zeros((4, 4), np.uint8), keys)
