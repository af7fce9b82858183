"""`toontween data curate` as it is called."""

import json

from tests.unit.data.curation.tiny_films import drawings, film, on


def test_films_become_clips_and_what_was_not_applied_is_told(toontween, folder):
    film(folder / "films" / "a.mp4", on(2, drawings(1)))
    (folder / "films" / "b.mp4").write_bytes(b"no film")
    code, out, err = toontween(
        *("data", "curate", "films", "-o", "clips", "--size", "96x56", "--frames", "6", "--json")
    )
    assert code == 0, err
    told = json.loads(out)
    assert (told["kept"], told["shards"]) == (1, ["clips/00000.tar"])
    assert list(told["broken"]) == ["films/b.mp4"]
    assert "left out: films/b.mp4" in err
    assert "not applied: aesthetic: its weights were not given: --weights clip=PATH" in err
    assert "1 clips kept; dropped: none" in err


def test_limits_are_given_by_name(toontween, folder):
    film(folder / "a.mp4", on(2, drawings(1)))
    call = ("data", "curate", "a.mp4", "-o", "clips", "--size", "96x56", "--frames", "6")
    code, out, err = toontween(*call, "--at-least", "motion=999")
    assert (code, out) == (0, ""), err
    assert "dropped: 1 by motion" in err


def test_a_scorer_may_stand_in_a_file(toontween, folder):
    film(folder / "a.mp4", on(2, drawings(1)))
    code = "class Even:\n    def __init__(self, weights): ...\n    def score(self, clip): return len(clip) % 2"
    (folder / "mine.py").write_text(code, "utf-8")
    code, _, err = toontween(
        *("data", "curate", "a.mp4", "-o", "clips", "--size", "96x56", "--frames", "6"),
        *("--plug", "even=mine.py:Even", "--at-least", "even=1"),
    )
    assert code == 0, err
    assert "dropped: 1 by even" in err


def test_bad_options_are_errors_of_the_user(toontween, folder):
    film(folder / "a.mp4", on(2, drawings(1)))
    call = ("data", "curate", "a.mp4", "-o", "clips")
    for options, told in (
        (("--at-least", "motion"), "--at-least 'motion' is not NAME=VALUE"),
        (("--at-least", "motion=much"), "--at-least motion='much' is not a number"),
        (("--at-most", "motion=nan"), "is not a limit"),
        (("--weights", "clip=a", "--weights", "clip=b"), "--weights clip is given twice"),
        (("--plug", "beauty=nothing:here"), "nothing:here: No module"),
    ):
        code, _, err = toontween(*call, *options)
        assert code == 2, options
        assert told in err
