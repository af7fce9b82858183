"""`toontween data compose` as it is called."""

import json

from tests.fake_material import make_material


def test_clips_are_composed_and_told(toontween, folder):
    make_material(folder / "material")
    code, out, err = toontween(
        *("data", "compose", "material", "-o", "clips", "--clips", "2", "--frames", "6"),
        *("--size", "48x32", "--json"),
    )
    assert code == 0, err
    told = json.loads(out)
    assert told["clips"] == 2
    assert told["shards"] == ["clips/00000.tar"]
    assert told["licences"]["CC-BY-4.0"] == 2


def test_clips_that_cannot_be_drawn_are_named_even_when_quiet(toontween, folder):
    make_material(folder / "material", kind="program")
    code, out, err = toontween(
        *("data", "compose", "material", "-o", "clips", "--clips", "1", "--frames", "6"),
        *("--size", "48x32", "--quiet"),
    )
    assert code == 0, err
    assert out == "clips/00000.tar\n"
    assert "left out: shapes/redBox: drawingprogram is not here" in err


def test_val_windows_are_taken_plainly(toontween, folder):
    make_material(folder / "material")
    code, out, err = toontween(
        *("data", "compose", "material", "-o", "val", "--plain", "--split", "val"),
        *("--size", "48x32"),
    )
    assert code == 0, err
    assert out == "val/00000.tar\n"


def test_a_missing_number_of_clips_is_an_error_of_the_user(toontween, folder):
    make_material(folder / "material")
    code, _, err = toontween("data", "compose", "material", "-o", "clips")
    assert code == 2
    assert "--clips" in err


def test_a_size_that_is_none_is_an_error_of_the_user(toontween):
    code, _, err = toontween("data", "compose", "m", "-o", "c", "--clips", "1", "--size", "big")
    assert code == 2
    assert "256x160" in err
