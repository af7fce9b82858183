"""`toontween data synth`."""

import json

import pytest

SMALL = ("--clips", "2", "--clips-per-shard", "1", "--frames", "2", "--size", "48x32")


def synth(toontween, *more: str) -> tuple[int, str, str]:
    return toontween("data", "synth", "--seed", "1", *SMALL, "-o", "clips", *more)


def test_shards_are_written_and_listed(toontween, folder):
    code, out, err = synth(toontween)
    assert (code, err) == (0, "")
    assert out.splitlines() == ["clips/00000.tar", "clips/00001.tar"]
    assert (folder / "clips" / "00001.tar").is_file()


def test_a_second_run_says_that_nothing_was_to_do(toontween):
    synth(toontween)
    code, out, err = synth(toontween)
    assert code == 0
    assert "finished already" in err
    assert out.splitlines() == ["clips/00000.tar", "clips/00001.tar"]


def test_a_run_that_goes_on_says_with_how_much(toontween, folder):
    synth(toontween)
    (folder / "clips" / "00001.tar").unlink()
    _, _, err = synth(toontween)
    assert "went on with 1 of 2 shards" in err


def test_the_textured_look_as_json(toontween):
    code, out, err = synth(toontween, "--look", "textured", "--json", "--quiet")
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert said["clips"] == 2
    assert said["written"] == 2
    assert said["shards"][0] == "clips/00000.tar"


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--size", "48"), "'48' is not WIDTHxHEIGHT"),
        (("--size", "0x32"), "cannot draw 0 × 32 px"),
        (("--frames", "1"), "1 frames"),
        (("--clips", "0"), "0 clips are too few"),
        (("--workers", "0"), "0 workers"),
        (("--fps", "0"), "not a rate"),
        (("--seed", "-1"), "seed -1"),
        (("--look", "cells"), "cells"),
    ],
)
def test_what_cannot_be_made_is_refused_in_a_line(toontween, folder, flags, told):
    code, out, err = synth(toontween, *flags)
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err
    assert not list(folder.rglob("*.tar"))


def test_another_seed_in_the_same_folder_is_refused(toontween):
    synth(toontween)
    code, _, err = toontween("data", "synth", "--seed", "2", *SMALL, "-o", "clips")
    assert code == 2
    assert "seed 1 there, 2 here" in err
