"""Votes files are checked entry by entry."""

import json
from typing import Any

import pytest

from tests.simulated_votes import by_rank, votes_of, write_votes
from tests.tiny_report import LABELS
from toontween.errors import InputError, MediaError
from toontween.evaluation.study.count.votes import find_votes, read_all_votes, read_votes
from toontween.evaluation.study.key import read_key


@pytest.fixture
def key(study_folder):
    return read_key(study_folder)


@pytest.fixture
def votes(key):
    return votes_of(key, 3, by_rank(*LABELS))


def test_a_file_is_read_with_catch_trials_apart(key, votes, tmp_path):
    voter = read_votes(write_votes(tmp_path, votes), key)
    assert (voter.name, len(voter.votes), len(voter.catches)) == ("3", 4, 2)
    assert voter.is_complete
    assert voter.num_failed == 0
    assert {vote.left for vote in voter.votes} <= set(LABELS)


def test_a_part_of_a_ballot_is_read_and_known_as_a_part(key, votes, tmp_path):
    votes["answered"] = votes["answered"][:3]
    voter = read_votes(write_votes(tmp_path, votes), key)
    assert not voter.is_complete
    assert len(voter.votes) + len(voter.catches) == 3


@pytest.mark.parametrize("choice", ["same", "damaged"])
def test_a_catch_trial_fails_with_one_wrong_answer(key, votes, tmp_path, choice):
    entry = next(e for e in votes["answered"] if key.is_catch(e["left"], e["right"]))
    wrong = "left" if key.films[entry["left"]].shows == "(damaged)" else "right"
    entry["answers"]["coherence"]["choice"] = wrong if choice == "damaged" else choice
    assert read_votes(write_votes(tmp_path, votes), key).num_failed == 1


def change(name):
    """A change to votes that makes them unusable, and what is told."""

    def other_token(votes):
        votes["answered"][2]["left"] = "nobody"

    def other_pair(votes):
        first, second = votes["answered"][:2]
        first["left"] = second["left"]

    def twice(votes):
        votes["answered"][4] = votes["answered"][1]

    def set_to(*path_and_value: Any):
        *path, last, value = path_and_value

        def do(votes):
            place = votes
            for part in path:
                place = place[part]
            place[last] = value

        return do

    answers = ("answered", 1, "answers")
    return {
        "format": (set_to("format", 2), "format 2"),
        "study": (set_to("study", "another"), "study 'another'"),
        "voter": (set_to("voter", "a | b"), "'a | b' is not the name"),
        "voter kind": (set_to("voter", 3), "'voter' cannot be 3"),
        "ballot": (set_to("ballot", 999), "no ballot 999"),
        "ballot kind": (set_to("ballot", 1.5), r"'ballot' cannot be 1\.5"),
        "answered": (set_to("answered", {}), "'answered' cannot be {}"),
        "entry": (set_to("answered", 1, "left"), "entry 2 of answered: str"),
        "token": (other_token, "entry 3 of answered: there is no film 'nobody'"),
        "pair": (other_pair, "entry 1 of answered: .* is not on ballot 3"),
        "twice": (twice, "entry 5 of answered: .* was answered before"),
        "seconds": (set_to("answered", 1, "seconds", -1), "entry 2 of answered: 'seconds'"),
        "no number": (set_to("answered", 1, "seconds", float("nan")), "'seconds' cannot be nan"),
        "questions": (set_to(*answers, {}), r"entry 2 of answered: answers to \[\]"),
        "answer": (set_to(*answers, "motion", "left"), "entry 2 of answered: motion: str"),
        "choice": (set_to(*answers, "motion", {"choice": "A"}), "choice 'A' is none of left"),
        "no choice": (set_to(*answers, "motion", {}), "motion: 'choice' is missing"),
    }[name]


@pytest.mark.parametrize(
    "name",
    [
        "format", "study", "voter", "voter kind", "ballot", "ballot kind", "answered", "entry",
        "token", "pair", "twice", "seconds", "no number", "questions", "answer", "choice",
        "no choice",
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_is_named_with_its_file(key, votes, tmp_path, name):
    do, told = change(name)
    do(votes)
    path = tmp_path / "votes-3.json"
    path.write_text(json.dumps(votes))
    with pytest.raises(InputError, match=told) as caught:
        read_votes(path, key)
    assert str(path) in caught.value.message


@pytest.mark.parametrize("text", ["", "{", "[]", '"votes"', "[" * 100_000], ids=range(5))
def test_a_file_that_is_no_votes_file_is_named(key, tmp_path, text):
    path = tmp_path / "votes.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"votes\.json"):
        read_votes(path, key)


def test_two_files_of_one_voter_are_both_named(key, votes, tmp_path):
    first, second = (write_votes(tmp_path / name, votes) for name in ("1", "2"))
    with pytest.raises(InputError, match="both of voter '3'") as caught:
        read_all_votes([first, second], key)
    assert str(first) in caught.value.message
    assert str(second) in caught.value.message


def test_a_folder_stands_for_its_files(votes, tmp_path):
    path = write_votes(tmp_path / "votes", votes)
    assert find_votes([tmp_path / "votes", path]) == [path, path]
    with pytest.raises(MediaError, match=r"no \.json files"):
        find_votes([tmp_path])
