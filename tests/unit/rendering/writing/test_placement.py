"""Every drawing of an input has its place: names and numbers are kept, nothing is mixed or written over."""

from fractions import Fraction

import numpy as np
import pytest

from toontween.errors import OutputError
from toontween.media.images import write_still
from toontween.media.video import write_video
from toontween.rendering.inputs.drawings import find_drawings
from toontween.rendering.writing.placement import place_drawings

PICTURE = np.full((4, 6, 3), 90, np.uint8)


@pytest.fixture(autouse=True)
def _inputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for number in (7, 8, 9):
        write_still(tmp_path / f"in/A_{number:04}.png", PICTURE)
    write_video(tmp_path / "cut.mkv", [PICTURE] * 3, fps=Fraction(12))


@pytest.mark.parametrize(
    ("source", "out", "placed", "sidecar"),
    [
        ("in/A_0007.png", "x.png", ["x.png"], "x.png.json"),
        ("in/A_0007.png", "out/", ["out/A_0007.png"], "out/A_0007.png.json"),
        ("in/A_0007.png", "out/B%d.png", ["out/B1.png"], "out/B.toontween.json"),
        ("in/A_0007.png", "x.gif", ["x.gif"], "x.gif.json"),
        ("in", "out/", [f"out/A_000{n}.png" for n in (7, 8, 9)], "out/toontween.json"),
        ("in", "out/B%d.tif", [f"out/B{n}.tif" for n in (1, 2, 3)], "out/B.toontween.json"),
        ("in", "x.mp4", ["x.mp4"], "x.mp4.json"),
        ("in/A_%04d.png", "out/", [f"out/A_000{n}.png" for n in (7, 8, 9)], "out/toontween.json"),
        ("in/A_%04d.png", "out/%d.png", [f"out/{n}.png" for n in (7, 8, 9)], "out/toontween.json"),
        ("cut.mkv", "out/", [f"out/000{n}.png" for n in (1, 2, 3)], "out/toontween.json"),
        ("cut.mkv", "out/B%d.png", [f"out/B{n}.png" for n in (1, 2, 3)], "out/B.toontween.json"),
        ("cut.mkv", "x.webm", ["x.webm"], "x.webm.json"),
    ],
)
def test_a_drawing_keeps_its_name_or_number(source, out, placed, sidecar):
    placement = place_drawings(find_drawings(source), out)
    assert [str(path) for path in placement.paths] == placed
    assert str(placement.output.sidecar) == sidecar


@pytest.mark.parametrize("source", ["in", "in/A_%04d.png", "cut.mkv"])
def test_several_drawings_are_not_one_picture(source):
    with pytest.raises(OutputError, match="there are 3") as error:
        place_drawings(find_drawings(source), "x.png")
    assert "out/" in str(error.value.hint)


def test_two_pictures_of_one_name_are_refused(tmp_path):
    write_still(tmp_path / "in/a_0008.jpg", PICTURE)
    with pytest.raises(OutputError, match=r"A_0008.png and a_0008.jpg|a_0008.jpg and A_0008.png"):
        place_drawings(find_drawings("in"), "out/")
    assert len(place_drawings(find_drawings("in"), "out/%d.png").paths) == 4


def test_parts_stand_before_the_suffix():
    placement = place_drawings(find_drawings("in/A_0007.png"), "out/")
    assert [path.name for path in placement.files(["red", "blue"])] == [
        "A_0007.red.png",
        "A_0007.blue.png",
    ]


def check(source, out, *, overwrite=True, parts=()):
    found = find_drawings(source)
    place_drawings(found, out).check(inputs=found.files, overwrite=overwrite, parts=parts)


@pytest.mark.parametrize("out", ["in/", "in/A_%04d.png"])
def test_an_input_is_never_written_over(out):
    with pytest.raises(OutputError, match="one of the inputs"):
        check("in/A_%04d.png", out)


@pytest.mark.parametrize("old", ["A_0008.red.png", "toontween.json"])
def test_a_part_that_exists_is_not_replaced_unasked(tmp_path, old):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / old).write_text("old")
    with pytest.raises(OutputError, match="exists already"):
        check("in", "out/", overwrite=False, parts=["black", "red"])
    check("in", "out/", parts=["black", "red"])


@pytest.mark.parametrize(
    ("out", "old", "parts"),
    [
        ("out/", "A_0010.png", ()),
        ("out/", "A_0010.red.png", ("red",)),
        ("out/B%d_x.png", "B10_x.png", ()),
        ("out/B%d_x.png", "B10_x.red.png", ("blue", "red")),
    ],
)
def test_drawings_of_a_longer_sequence_are_not_mixed_with_new_ones(tmp_path, out, old, parts):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / old).write_text("old")
    with pytest.raises(OutputError, match=f"{old} of another sequence"):
        check("in", out, parts=parts)


@pytest.mark.parametrize("old", ["B_0010.png", "A_0010.tif", "A_v2_0010.png", "A_0010.red.png"])
def test_other_drawings_in_the_folder_are_no_trouble(tmp_path, old):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / old).write_text("old")
    check("in", "out/", overwrite=False)


def test_versions_of_unnumbered_drawings_are_no_sequence(tmp_path):
    (tmp_path / "faces").mkdir()
    for name in ("happy_v1", "sad_v2"):
        write_still(tmp_path / f"faces/{name}.png", PICTURE)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/happy_v3.png").write_text("old")
    check("faces", "out/", overwrite=False)
