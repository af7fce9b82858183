"""Simulated voters are counted."""

import json
from typing import Any

import numpy as np
import pytest

from tests.simulated_votes import by_chance, by_rank, votes_of, write_votes
from tests.tiny_report import LABELS
from toontween.errors import InputError
from toontween.evaluation.study.count.results import count_study
from toontween.evaluation.study.count.tables import to_markdown, write_count
from toontween.evaluation.study.key import read_key

ZEBRA, YAK, XERUS = LABELS


@pytest.fixture
def cast(study_folder, tmp_path):
    """Write the votes of numbered voters by a judge; gives the folder."""

    def call(numbers, judge):
        for number in numbers:
            write_votes(tmp_path / "votes", votes_of(read_key(study_folder), number, judge))
        return tmp_path / "votes"

    return call


@pytest.fixture
def count(study_folder, tmp_path):
    """Count all votes that were cast."""

    def call(**options: Any):
        return count_study(study_folder, [tmp_path / "votes"], resamples=100, **options)

    return call


def test_known_strengths_come_back_from_simulated_votes(cast, count):
    known = {ZEBRA: 1.0, YAK: 0.0, XERUS: -1.0}
    cast(range(1, 301), by_chance(known, np.random.default_rng(5)))
    for question in count().questions:
        for standing in question.standings:
            assert standing.strength.value == pytest.approx(known[standing.label], abs=0.25)
            assert standing.strength.low is not None
            assert standing.strength.low < standing.strength.value < standing.strength.high
        assert sum(one.first_choice.value for one in question.standings) == pytest.approx(1)


def test_voters_who_agree_wholly(cast, count):
    cast(range(1, 10), by_rank(YAK, ZEBRA, XERUS))
    counted = count()
    assert counted.num_votes == 9 * 4
    assert counted.votes_per_duel == [12, 12]
    for question in counted.questions:
        shares = {(d.first, d.second): d.share.value for d in question.duels}
        assert shares == {(ZEBRA, YAK): 0.0, (ZEBRA, XERUS): 1.0, (YAK, XERUS): 1.0}
        assert {one.label: one.first_places for one in question.standings} == {
            ZEBRA: 0, YAK: 1, XERUS: 0,
        }  # fmt: skip
        assert question.agreement == 1
        assert question.alpha == pytest.approx(1)
        assert question.ties == 0
        assert question.clips_placed == 3


def test_questions_are_counted_apart(cast, count):
    up, down = by_rank(ZEBRA, YAK, XERUS), by_rank(XERUS, YAK, ZEBRA)

    def judge(left, right, question):
        return (down if question == "fidelity" and "(damaged)" not in (left, right) else up)(
            left, right, question
        )

    cast(range(1, 10), judge)
    best = {
        question.name: max(question.standings, key=lambda one: one.strength.value).label
        for question in count().questions
    }
    assert best == {"motion": ZEBRA, "coherence": ZEBRA, "fidelity": XERUS}


def test_ties_are_half_a_win_each(cast, count):
    rule = by_rank(*LABELS)
    cast(
        range(1, 10),
        lambda left, right, question: (
            rule(left, right, question) if "(damaged)" in (left, right) else "same"
        ),
    )
    for question in count().questions:
        assert {duel.share.value for duel in question.duels} == {0.5}
        assert {duel.ties for duel in question.duels} == {12}
        assert {one.strength.value for one in question.standings} == {0.0}
        assert [one.first_places for one in question.standings] == pytest.approx([1 / 3] * 3)
        assert question.ties == 1
        assert question.left is None


def test_wilson_intervals_stand_around_shares(cast, count):
    cast(range(1, 10), by_rank(ZEBRA, YAK, XERUS))
    duel = count().questions[0].duels[0]
    assert (duel.won, duel.lost, duel.votes) == (12, 0, 12)
    assert duel.share.low == pytest.approx(12 / (12 + 1.959964**2))
    assert duel.share.high == pytest.approx(1)


def test_careless_voters_are_left_out_and_named(cast, count, study_folder, tmp_path):
    cast(range(1, 5), by_rank(*LABELS))
    careless = votes_of(read_key(study_folder), 7, lambda *_: "left", name="careless")
    write_votes(tmp_path / "votes", careless)
    counted = count()
    assert counted.voters == ["1", "2", "3", "4"]
    (out,) = counted.left_out
    assert (out.voter, out.why) == ("careless", "failed 1 of 2 catch trials")
    assert out.file.endswith("votes-careless.json")
    assert "careless" in count(forgiven=1).voters


def test_nobody_left_is_an_error_that_says_why(cast, count):
    cast([1, 2], lambda *_: "same")
    with pytest.raises(InputError, match="no voter is left to count: 1: failed 2 of 2"):
        count()


def test_half_a_ballot_counts_as_far_as_it_goes(cast, count, study_folder, tmp_path):
    cast(range(1, 5), by_rank(*LABELS))
    key = read_key(study_folder)
    part = votes_of(key, 5, by_rank(*LABELS))
    caught = [entry for entry in part["answered"] if key.is_catch(entry["left"], entry["right"])]
    others = [entry for entry in part["answered"] if entry not in caught]
    part["answered"] = caught[:1] + others[:2]
    write_votes(tmp_path / "votes", part)
    counted = count()
    assert counted.incomplete == {"5": [3, 6]}
    assert counted.num_votes == 4 * 4 + 2
    part["answered"] = others
    write_votes(tmp_path / "votes", part)
    assert [one.why for one in count().left_out] == ["stopped before the first catch trial"]


def test_one_voter_has_no_intervals(cast, count):
    cast([1], by_rank(*LABELS))
    counted = count()
    assert counted.resamples == 0
    for standing in counted.questions[0].standings:
        assert standing.strength.low is None
        assert standing.first_choice.high is None


def test_who_always_takes_the_left_side_is_seen(cast, count):
    rule = by_rank(*LABELS)
    cast(
        range(1, 9),
        lambda left, right, question: (
            rule(left, right, question) if "(damaged)" in (left, right) else "left"
        ),
    )
    left = count().questions[0].left
    assert left.value == 1
    assert left.low > 0.85


def test_the_files_hold_what_was_counted(cast, count, tmp_path):
    cast(range(1, 10), by_rank(ZEBRA, YAK, XERUS))
    counted = count()
    table, result = write_count(tmp_path / "result", counted)
    assert table.read_text() == to_markdown(counted)
    known = json.loads(result.read_text())
    assert known["questions"][0]["duels"][0]["won"] == 12
    assert known["left_out"] == []
    lines = table.read_text().splitlines()
    assert "| method | Motion quality | Temporal coherence | Frame fidelity |" in lines
    assert "## Motion quality" in lines
    assert f"| {ZEBRA} | {YAK} | 12 | 0 | 0 | 100 % (76…100) |" in lines


def test_forgiving_less_than_nothing_is_refused(cast, count):
    cast([1], by_rank(*LABELS))
    with pytest.raises(InputError, match="-1 failed catch trials"):
        count(forgiven=-1)
