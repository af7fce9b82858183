"""The demo draws the examples of a clone and shows them beside the truth."""

import pytest

from tests.cli.drawings import drawing
from toontween.cli.demo import demo
from toontween.errors import MediaError
from toontween.media.images import read_still, write_still
from toontween.media.video import probe


@pytest.fixture
def clone(tmp_path):
    """A folder laid out like a clone, with one small example."""
    truth = tmp_path / "examples" / "disc" / "truth"
    truth.mkdir(parents=True)
    for number in range(1, 6):
        pixels = drawing(32, 24, at=0.4 + 0.05 * number)
        write_still(truth / f"{number:04}.png", pixels)
    for name, number in [("key_first", 1), ("key_last", 5)]:
        (truth.parent / f"{name}.png").write_bytes((truth / f"{number:04}.png").read_bytes())
    return tmp_path


def test_every_example_becomes_a_film_and_a_sheet(clone):
    film, sheet = demo(clone)
    assert film == clone / "out" / "demo" / "disc.mp4"
    info = probe(film)
    assert (info.num_frames, info.width, info.height) == (5, 32, 24)
    height, width, _ = read_still(sheet).pixels.shape
    assert height > 2 * 24
    assert width > 5 * 32


def test_a_second_demo_replaces_the_first(clone):
    film, sheet = demo(clone)
    before = film.read_bytes(), sheet.read_bytes()
    assert demo(clone) == [film, sheet]
    assert (film.read_bytes(), sheet.read_bytes()) == before


def test_without_examples_it_says_where_to_run_it(tmp_path):
    with pytest.raises(MediaError, match="no examples") as error:
        demo(tmp_path)
    assert "clone" in str(error.value.hint)
