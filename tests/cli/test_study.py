"""`toontween study`."""

import json

import pytest

from tests.simulated_votes import by_rank, votes_of, write_votes
from tests.tiny_report import LABELS, build_tiny_report
from toontween.evaluation.study.key import read_key

ZEBRA, YAK, XERUS = LABELS


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return build_tiny_report(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def study(toontween, folder, report):
    """A study in the working folder, with a folder of votes of nine voters."""
    code, *_ = toontween("study", "make", str(report), "-o", "study", "--pairs-per-voter", "4")
    assert code == 0
    key = read_key(folder / "study")
    for number in range(1, 10):
        write_votes(folder / "votes", votes_of(key, number, by_rank(YAK, ZEBRA, XERUS)))
    return folder / "study"


def test_a_study_is_made_and_its_page_named(toontween, report, folder):
    code, out, err = toontween("study", "make", str(report), "-o", "study")
    assert code == 0
    assert out.splitlines() == ["study/voters/vote.html"]
    assert (folder / out.strip()).is_file()
    assert "keep from voters: study/key.json" in err


def test_a_study_as_json_with_all_its_options(toontween, report, folder):
    code, out, err = toontween(
        *("study", "make", str(report), "-o", "study", "--methods", f"{ZEBRA},{XERUS}"),
        *("--clips", "2", "--pairs-per-voter", "1", "--catch-trials", "1", "--show-truth"),
        *("--fps", "12", "--send-to", "us@example.org", "--seed", "3", "--json", "--quiet"),
    )
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert said["methods"] == [ZEBRA, XERUS]
    assert said["pairs_per_ballot"] == 2
    assert said["ballots"] == 24
    settings = read_key(folder / "study").settings
    assert (settings["fps"], settings["seed"], settings["show_truth"]) == (12, 3, True)
    assert "us@example.org" in (folder / "study" / "voters" / "vote.html").read_text()


def test_votes_are_counted_into_tables(toontween, study):
    code, out, err = toontween("study", "count", "study", "votes")
    assert (code, err) == (0, "")
    assert out.startswith("9 voters, 36 pairs judged, 12 to 12 votes a pair of methods")
    assert f"| {ZEBRA} | {YAK} | 0 | 0 | 12 | 0 % (0…24) |" in out


def test_the_count_as_json_and_as_files(toontween, study, folder):
    files = [str(path) for path in (folder / "votes").iterdir()]
    code, out, err = toontween("study", "count", "study", *files, "-o", "result", "--json")
    assert code == 0
    assert "written: result/table.md, result/study.json" in err
    said = json.loads(out)
    assert said.pop("command") == "study count"
    assert said == json.loads((folder / "result" / "study.json").read_text())
    assert [question["name"] for question in said["questions"]] == [
        "motion",
        "coherence",
        "fidelity",
    ]


def test_careless_voters_are_named_and_may_be_forgiven(toontween, study, folder):
    careless = votes_of(read_key(study), 5, lambda *_: "right", name="careless")
    write_votes(folder / "votes", careless)
    code, out, err = toontween("study", "count", "study", "votes")
    assert code == 0
    assert "left out: careless (votes/votes-careless.json): failed 1 of 2 catch trials" in err
    assert "- careless (votes/votes-careless.json): failed 1 of 2 catch trials" in out
    _, out, err = toontween("study", "count", "study", "votes", "--forgive", "1")
    assert out.startswith("10 voters")
    assert err == ""


def test_a_wrong_entry_is_named_in_a_line(toontween, study, folder):
    path = folder / "votes" / "votes-4.json"
    votes = json.loads(path.read_text())
    votes["answered"][2]["left"] = "nobody"
    path.write_text(json.dumps(votes))
    code, out, err = toontween("study", "count", "study", "votes")
    assert (code, out) == (2, "")
    assert "votes/votes-4.json: entry 3 of answered: there is no film 'nobody'" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("make", "nothing", "-o", "new"), "there is no table at nothing/evaluation.json"),
        (("make", "{report}", "-o", "study"), "study is not empty"),
        (("make", "{report}", "-o", "new", "--methods", "zebra"), "there is no method 'zebra'"),
        (("count", "study/voters", "votes"), "there is no key.json in study/voters"),
        (("count", "study", "nothing.json"), "there is no file nothing.json"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_line(toontween, study, report, arguments, told):
    filled = [argument.format(report=report) for argument in arguments]
    code, out, err = toontween("study", *filled)
    assert (code, out) == (2, "")
    assert told in err
