"""The count of a study: who is counted, who is left out, and every question's numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from toontween.errors import InputError
from toontween.evaluation.statistics import COVERAGE
from toontween.evaluation.study.count.strengths import RESAMPLES, TIES_ADDED
from toontween.evaluation.study.count.tally import QuestionCount, Tally
from toontween.evaluation.study.count.votes import Voter, find_votes, read_all_votes
from toontween.evaluation.study.key import StudyKey, read_key
from toontween.evaluation.study.questions import QUESTIONS
from toontween.runtime import versions

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A voter who is not counted."""

    voter: str
    file: str
    why: str


@dataclass(frozen=True, kw_only=True)
class StudyCount:
    """The whole count."""

    study: str
    methods: Sequence[str]
    untrained: Sequence[str]
    """Methods whose weights are random numbers."""

    voters: Sequence[str]
    """Who is counted."""

    left_out: Sequence[LeftOut]
    incomplete: Mapping[str, Sequence[int]]
    """Counted voters who did not answer their whole ballot → pairs answered, pairs on the ballot."""

    num_votes: int
    """Pairs judged, catch trials not counted; each gives an answer to every question."""

    votes_per_duel: Sequence[int]
    """Fewest and most votes that a pair of methods has."""

    seconds_per_pair: float
    """Median."""

    questions: Sequence[QuestionCount]
    forgiven: int
    """Catch trials that a voter might fail."""

    resamples: int
    ties_added: float = TIES_ADDED
    coverage: float = COVERAGE
    software: Mapping[str, str] = field(default_factory=versions)
    format: int = FORMAT


def count_study(
    folder: Path, paths: Sequence[Path], *, forgiven: int = 0, resamples: int = RESAMPLES
) -> StudyCount:
    """Read, check and count votes.

    Args:
        folder: Of the study.
        paths: Votes files, and folders of them.
        forgiven: Catch trials that a voter may fail and still be counted.
        resamples: For intervals of strengths.

    Raises:
        MediaError: A file is missing, or the key is damaged.
        InputError: A votes file has an entry that cannot be; two are of one voter; nobody is left to count.
    """
    if forgiven < 0:
        raise InputError(f"{forgiven} failed catch trials cannot be forgiven")
    key = read_key(folder)
    voters = read_all_votes(find_votes(paths), key)
    counted, left_out = _sort_out(voters, key, forgiven)
    votes = [vote for voter in counted for vote in voter.votes]
    questions = [
        Tally(question.name, key.labels, counted, resamples).count(question.title)
        for question in QUESTIONS
    ]
    numbers = [duel.votes for duel in questions[0].duels]
    return StudyCount(
        study=key.study,
        methods=key.labels,
        untrained=[method.label for method in key.methods if method.untrained],
        voters=[voter.name for voter in counted],
        left_out=left_out,
        incomplete={
            voter.name: [len(voter.votes) + len(voter.catches), voter.num_pairs]
            for voter in counted
            if not voter.is_complete
        },
        num_votes=len(votes),
        votes_per_duel=[min(numbers), max(numbers)],
        seconds_per_pair=median(vote.seconds for vote in votes),
        questions=questions,
        forgiven=forgiven,
        resamples=resamples if len(counted) > 1 else 0,
    )


def _sort_out(
    voters: Sequence[Voter], key: StudyKey, forgiven: int
) -> tuple[list[Voter], list[LeftOut]]:
    reasons = {voter.name: _why_not(voter, key, forgiven) for voter in voters}
    counted = [voter for voter in voters if reasons[voter.name] is None]
    left_out = [
        LeftOut(voter=voter.name, file=str(voter.path), why=why)
        for voter in voters
        if (why := reasons[voter.name]) is not None
    ]
    if not counted:
        told = "; ".join(f"{one.voter}: {one.why}" for one in left_out)
        raise InputError(f"no voter is left to count: {told or 'there are no votes files'}")
    return counted, left_out


def _why_not(voter: Voter, key: StudyKey, forgiven: int) -> str | None:
    if voter.num_failed > forgiven:
        return f"failed {voter.num_failed} of {len(voter.catches)} catch trials"
    if key.num_catches and not voter.catches:
        return "stopped before the first catch trial"
    return None if voter.votes else "judged no pair"
