"""Votes files, read and checked: nothing is counted of a file that has one entry which cannot be."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from toontween.errors import InputError, MediaError
from toontween.evaluation.study.key import StudyKey
from toontween.evaluation.study.planning import DAMAGED
from toontween.evaluation.study.questions import CHOICES, QUESTIONS
from toontween.media.files import check_readable

FORMAT = 1
_MOST_BYTES = 10_000_000
_VOTER = re.compile(r"[A-Za-z0-9_-]{1,32}")
_Kind = TypeVar("_Kind")


@dataclass(frozen=True, kw_only=True, slots=True)
class Vote:
    """One pair, judged by one voter."""

    clip: str
    left: str
    """Whose film was on the left: a label, the truth, or `DAMAGED`."""

    right: str
    answers: Mapping[str, str]
    """Question → left, right or same."""

    seconds: float
    """How long the pair was in view."""

    @property
    def is_catch(self) -> bool:
        """Whether anyone who looks knows the answer."""
        return DAMAGED in (self.left, self.right)

    @property
    def is_passed(self) -> bool:
        """Of a catch trial: whether the spoilt film was found worse by every question."""
        sound = "right" if self.left == DAMAGED else "left"
        return all(choice == sound for choice in self.answers.values())


@dataclass(frozen=True, kw_only=True)
class Voter:
    """One votes file."""

    name: str
    path: Path
    votes: Sequence[Vote]
    """Without catch trials."""

    catches: Sequence[Vote]
    num_pairs: int
    """On the ballot, catch trials included."""

    @property
    def num_failed(self) -> int:
        """Catch trials that were not passed."""
        return sum(not catch.is_passed for catch in self.catches)

    @property
    def is_complete(self) -> bool:
        """Whether the whole ballot was answered."""
        return len(self.votes) + len(self.catches) == self.num_pairs


def find_votes(paths: Sequence[Path]) -> list[Path]:
    """Files as they are, and the .json files of folders.

    Raises:
        MediaError: A path is not there, or a folder has none.
    """
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not inside:
            raise MediaError(f"there are no .json files in {path}")
        found += inside
    return found


def read_all_votes(paths: Sequence[Path], key: StudyKey) -> list[Voter]:
    """Voters, each from a file.

    Raises:
        MediaError: A file cannot be read.
        InputError: A file is no votes file of this study, or two are of one voter; the message names file and entry.
    """
    voters: dict[str, Voter] = {}
    for path in paths:
        voter = read_votes(path, key)
        if voter.name in voters:
            raise InputError(
                f"{path} and {voters[voter.name].path} are both of voter {voter.name!r}",
                hint="keep the one that counts, or give one of two people another voter name in its file",
            )
        voters[voter.name] = voter
    return list(voters.values())


def read_votes(path: Path, key: StudyKey) -> Voter:
    """One votes file.

    Raises:
        MediaError: It cannot be read.
        InputError: It is no votes file of this study; the message names file and entry.
    """
    known = _object(_read(path), str(path))
    form = _field(known, "format", int, str(path))
    if form != FORMAT:
        raise InputError(f"{path}: format {form}, where {FORMAT} is known")
    study = _field(known, "study", str, str(path))
    if study != key.study:
        hint = "it belongs to another study"
        raise InputError(f"{path}: votes of study {study!r}, not of {key.study!r}", hint=hint)
    name = _field(known, "voter", str, str(path))
    if not _VOTER.fullmatch(name):
        raise InputError(f"{path}: {name!r} is not the name of a voter")
    number = _field(known, "ballot", int, str(path))
    if not 1 <= number <= len(key.ballots):
        raise InputError(f"{path}: there is no ballot {number}, but 1 to {len(key.ballots)}")
    ballot = [(left, right) for left, right in key.ballots[number - 1]]
    votes: dict[tuple[str, str], Vote] = {}
    for place, entry in enumerate(_field(known, "answered", list, str(path)), start=1):
        where = f"{path}: entry {place} of answered"
        sides, vote = _vote(entry, key, where)
        if sides not in ballot:
            raise InputError(f"{where}: {sides[0]} × {sides[1]} is not on ballot {number}")
        if sides in votes:
            raise InputError(f"{where}: {sides[0]} × {sides[1]} was answered before")
        votes[sides] = vote
    return Voter(
        name=name,
        path=path,
        votes=[vote for vote in votes.values() if not vote.is_catch],
        catches=[vote for vote in votes.values() if vote.is_catch],
        num_pairs=len(ballot),
    )


def _read(path: Path) -> Any:
    check_readable(path, max_bytes=_MOST_BYTES)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}", hint="ask for the file again") from error


def _vote(entry: Any, key: StudyKey, where: str) -> tuple[tuple[str, str], Vote]:
    known = _object(entry, where)
    left, right = _field(known, "left", str, where), _field(known, "right", str, where)
    for token in (left, right):
        if token not in key.films:
            raise InputError(f"{where}: there is no film {token!r} in this study")
    answers = _object(_field(known, "answers", dict, where), f"{where}: answers")
    wanted = [question.name for question in QUESTIONS]
    if sorted(answers) != sorted(wanted):
        raise InputError(f"{where}: answers to {sorted(answers)}, not to {wanted}")
    choices: dict[str, str] = {}
    for name in wanted:
        there = f"{where}: {name}"
        choice = _field(_object(answers[name], there), "choice", str, there)
        if choice not in CHOICES:
            raise InputError(f"{there}: choice {choice!r} is none of {', '.join(CHOICES)}")
        choices[name] = choice
    films = key.films[left], key.films[right]
    vote = Vote(
        clip=films[0].clip,
        left=films[0].shows,
        right=films[1].shows,
        answers=choices,
        seconds=_seconds(known, where),
    )
    return (left, right), vote


def _seconds(known: Mapping[str, Any], where: str) -> float:
    seconds = _field(known, "seconds", object, where)
    if isinstance(seconds, int | float) and 0 <= seconds < math.inf:
        return float(seconds)
    raise InputError(f"{where}: 'seconds' cannot be {seconds!r}", hint="ask for the file again")


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{where}: {type(value).__name__}, where an object was expected")
    return value


def _field(known: Mapping[str, Any], name: str, kind: type[_Kind], where: str) -> _Kind:
    if name not in known:
        raise InputError(f"{where}: {name!r} is missing", hint="ask for the file again")
    value = known[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise InputError(f"{where}: {name!r} cannot be {value!r}", hint="ask for the file again")
    return value
