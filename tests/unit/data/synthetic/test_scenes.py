"""The bundled scenes."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from toontween.data.synthetic.bundled import encode_png, scene_files
from toontween.data.synthetic.scenes import NUM_DRAWINGS, SCENES, Drawing, Landmarks, scene, times
from toontween.errors import InputError, UnknownNameError

EXAMPLES = Path(__file__).parents[4] / "examples"
NAMES = [one.name for one in SCENES]

# Longest way a landmark goes between two neighbouring drawings, pixels: about one and a half times what it is now, so
# that a limb that flips or a head that jumps is noticed.
LONGEST_STEP = {"two-poses": 60.0, "head-turn": 46.0, "bouncing-ball": 38.0}


@cache
def drawn(name: str, index: int) -> Drawing:
    return scene(name).draw(times()[index])


@cache
def paths(name: str) -> list[Landmarks]:
    return [scene(name).landmarks_at(time) for time in times()]


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_drawing_is_the_same_bytes_twice(name: str):
    again = scene(name).draw(times()[7])
    for layer in ("frame", "cel", "line"):
        assert getattr(again, layer).tobytes() == getattr(drawn(name, 7), layer).tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_cel_over_its_background_is_the_frame(name: str):
    drawing = drawn(name, 7)
    alpha = drawing.cel[..., 3:] / 255.0
    seen = drawing.cel[..., :3] * alpha + scene(name).background() * (1.0 - alpha)
    assert np.abs(np.rint(seen) - drawing.frame).max() <= 1.0


@pytest.mark.parametrize("name", NAMES)
def test_the_alpha_of_a_cel_is_straight(name: str):
    cel = drawn(name, 7).cel
    edge = (cel[..., 3] > 0) & (cel[..., 3] < 128)
    # premultiplied colours could not be brighter than their alpha
    assert edge.sum() > 100
    assert (cel[edge, :3].max(axis=1) > cel[edge, 3]).any()
    assert cel[cel[..., 3] == 0].max() == 0


@pytest.mark.parametrize("name", NAMES)
def test_the_line_layer_lies_within_the_cel_and_is_the_ink_of_it(name: str):
    drawing = drawn(name, 7)
    assert np.all(drawing.line[..., 3].astype(int) <= drawing.cel[..., 3].astype(int) + 1)
    solid = drawing.line[..., 3] == 255
    assert solid.sum() > 500
    np.testing.assert_array_equal(drawing.line[solid], drawing.cel[solid])


@pytest.mark.parametrize("name", NAMES)
def test_landmarks_move_without_jumps(name: str):
    for before, after in pairwise(paths(name)):
        assert before.keys() == after.keys()
        for point, (x, y) in before.items():
            step = np.hypot(after[point][0] - x, after[point][1] - y)
            assert step <= LONGEST_STEP[name], point


def test_the_moves_ease_out_of_the_first_key_and_into_the_last():
    hands = [at["near hand"] for at in paths("two-poses")]
    steps = [float(np.hypot(b[0] - a[0], b[1] - a[1])) for a, b in pairwise(hands)]
    assert max(steps[0], steps[-1]) < 0.5 * max(steps)


def test_the_ball_touches_the_ground_when_it_squashes():
    lowest = [at["lowest"][1] for at in paths("bouncing-ball")]
    assert all(after >= before - 1e-6 for before, after in pairwise(lowest))
    assert lowest[-3:] == pytest.approx([262.0] * 3)


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_drawing_is_drawn_again(name: str):
    # Skia picks its blitters by CPU: up to two levels on few pixels are allowed, a changed drawing is far more.
    committed = read(EXAMPLES / name / "truth" / "0008.png").astype(int)
    difference = np.abs(committed - drawn(name, 7).frame.astype(int)).max(axis=2)
    assert difference.max() <= 2
    assert (difference > 0).mean() < 0.005


@pytest.mark.parametrize("name", NAMES)
def test_the_truth_begins_and_ends_with_the_keys(name: str):
    folder = EXAMPLES / name
    for which, number in (("first", 1), ("last", NUM_DRAWINGS)):
        key = (folder / f"key_{which}.png").read_bytes()
        assert key == (folder / "truth" / f"{number:04d}.png").read_bytes()
    assert len(list((folder / "truth").glob("*.png"))) == NUM_DRAWINGS


@pytest.mark.slow
def test_a_scene_writes_all_its_files():
    files = scene_files(scene("bouncing-ball"))
    committed = {
        str(path.relative_to(EXAMPLES / "bouncing-ball"))
        for path in (EXAMPLES / "bouncing-ball").rglob("*.png")
    }
    assert set(files) == committed


@pytest.mark.parametrize("channels", [3, 4])
def test_an_encoded_picture_is_read_back_bit_for_bit(channels: int, tmp_path: Path):
    pixels = np.arange(5 * 7 * channels, dtype=np.uint8).reshape(5, 7, channels)
    path = tmp_path / "picture.png"
    path.write_bytes(encode_png(pixels))
    np.testing.assert_array_equal(read(path), pixels)


def test_the_examples_stay_small():
    assert sum(path.stat().st_size for path in EXAMPLES.rglob("*") if path.is_file()) <= 2_500_000


def test_an_unknown_scene_and_a_time_beyond_the_keys_are_refused():
    with pytest.raises(UnknownNameError, match="two-poses"):
        scene("two-posses")
    with pytest.raises(InputError, match=r"time 1\.5"):
        scene("two-poses").draw(1.5)
