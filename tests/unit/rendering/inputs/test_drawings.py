"""Drawings are found and read in order, one at a time, from pictures, folders, patterns and films."""

from fractions import Fraction

import numpy as np
import pytest

from toontween.errors import CheckpointError, InputError, MediaError, OutputError
from toontween.media.files import sha256_of
from toontween.media.images import write_still
from toontween.media.video import write_video
from toontween.rendering.inputs.drawings import SourceKind, find_drawings, naming


def picture(level, size=(4, 6), dtype: type = np.uint8):
    return np.full((*size, 3), level, dtype)


@pytest.fixture
def folder(tmp_path):
    for number in (2, 3, 10):
        write_still(tmp_path / f"A{number}.png", picture(number))
    return tmp_path


def test_a_picture_is_read_with_its_record(folder):
    source = find_drawings(folder / "A3.png")
    assert (source.kind, source.num_drawings) == (SourceKind.PICTURE, 1)
    (drawing,) = source.read()
    assert np.array_equal(drawing.pixels, picture(3))
    assert drawing.record == {
        "name": "A3.png",
        "width": 6,
        "height": 4,
        "bit_depth": 8,
        "sha256": sha256_of(folder / "A3.png"),
    }
    assert source.film_record() is None


def test_a_folder_is_read_in_the_order_of_its_numbers(folder):
    (folder / "._A3.png").write_text("a shadow that macOS leaves")
    (folder / "notes.txt").write_text("no drawing")
    source = find_drawings(folder)
    assert (source.kind, source.num_drawings) == (SourceKind.SEQUENCE, 3)
    assert [drawing.name for drawing in source.read()] == ["A2.png", "A3.png", "A10.png"]


def test_a_pattern_knows_its_first_number(folder):
    (folder / "A10.png").unlink()
    source = find_drawings(folder / "A%d.png")
    assert (source.num_drawings, source.first_number) == (2, 2)


def test_a_gap_in_a_pattern_is_named(folder):
    with pytest.raises(MediaError, match="lacks 4, 5, 6, 7, 8"):
        find_drawings(folder / "A%d.png")


def test_a_file_whose_name_looks_like_a_pattern_is_a_picture(tmp_path):
    write_still(tmp_path / "100%d.png", picture(1))
    assert find_drawings(tmp_path / "100%d.png").kind is SourceKind.PICTURE


@pytest.mark.parametrize("suffix", [".mkv", ".gif", ".webp", ".png"])
def test_a_film_is_read_frame_by_frame(tmp_path, suffix):
    path = tmp_path / f"cut{suffix}"
    write_video(path, [picture(level) for level in (10, 20, 20)], fps=Fraction(24000, 1001))
    source = find_drawings(path)
    assert (source.kind, source.num_drawings) == (SourceKind.FILM, 3)
    drawings = list(source.read())
    assert [drawing.pixels[0, 0, 0] for drawing in drawings] == [10, 20, 20]
    assert drawings[1].name == "frame 2"
    assert drawings[1].record is None
    record = source.film_record()
    assert record is not None
    assert record["sha256"] == sha256_of(path)
    assert (record["fps"], record["num_frames"]) == ("24000/1001", 3)


def test_the_frame_at_which_a_film_breaks_is_named(tmp_path):
    path = tmp_path / "cut.mkv"
    rng = np.random.default_rng(0)
    frames = list(rng.integers(0, 256, (6, 32, 32, 3)).astype(np.uint8))
    write_video(path, frames, fps=Fraction(12))
    path.write_bytes(path.read_bytes()[: -path.stat().st_size // 2])
    source = find_drawings(path)
    with pytest.raises(MediaError, match=r"^frame [2-6] of cut.mkv: "):
        list(source.read())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.png", None, "there is no file"),
        ("none.mp4", None, "there is no file"),
        ("empty.png", b"", "is empty"),
        ("notes.txt", b"text", "neither a picture nor a film"),
        ("cut.mp4", b"text", "damaged or not a .mp4 file"),
        ("%04d.png", None, "no file matches"),
        ("%04d_%04d.png", None, "not a pattern"),
    ],
)
def test_what_cannot_be_read_is_refused_at_once(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        find_drawings(tmp_path / name)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(MediaError, match="no pictures in"):
        find_drawings(tmp_path)


def test_an_empty_file_among_many_is_noticed_before_the_first_is_read(folder):
    (folder / "A4.png").write_bytes(b"")
    with pytest.raises(MediaError, match=r"A4.png is empty"):
        find_drawings(folder)


def test_pictures_of_two_sizes_are_no_film(folder):
    source = find_drawings(folder)
    source.check_one_size()
    write_still(folder / "A3.png", picture(1, size=(4, 7)), overwrite=True)
    with pytest.raises(InputError, match=r"A3.png is 7×4, A2.png is 6×4"):
        source.check_one_size()


@pytest.mark.parametrize("kind", [MediaError, OutputError, CheckpointError])
def test_an_error_says_of_which_drawing_it_speaks_once(kind):
    with pytest.raises(kind, match=r"^A.png: too dark") as caught, naming("A.png"):
        raise kind("too dark", hint="a lamp")
    assert caught.value.hint == "a lamp"
    with pytest.raises(kind, match=r"^in/A.png is too dark"), naming("A.png"):
        raise kind("in/A.png is too dark")
