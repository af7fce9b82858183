"""Voters who never saw the page: votes files as it writes them, by a rule or by chance of known strength."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from toontween.evaluation.study.key import StudyKey
from toontween.evaluation.study.planning import DAMAGED
from toontween.evaluation.study.questions import QUESTIONS

Judge = Callable[[str, str, str], str]
"""What is on the left, what is on the right, question → left, right or same."""


def votes_of(key: StudyKey, voter: int, judge: Judge, *, name: str | None = None) -> dict[str, Any]:
    """A whole ballot; catch trials are passed unless the judge says otherwise."""
    number = (voter - 1) % len(key.ballots) + 1
    return {
        "format": 1,
        "study": key.study,
        "voter": name or str(voter),
        "ballot": number,
        "begun": "2026-01-01T10:00:00.000Z",
        "saved": "2026-01-01T10:10:00.000Z",
        "pairs": len(key.ballots[number - 1]),
        "answered": [
            {
                "left": left,
                "right": right,
                "seconds": 12.5,
                "plays": 3,
                "slow": False,
                "answers": {
                    question.name: {
                        "choice": judge(
                            key.films[left].shows, key.films[right].shows, question.name
                        ),
                        "seconds": 4.0,
                    }
                    for question in QUESTIONS
                },
            }
            for left, right in key.ballots[number - 1]
        ],
    }


def write_votes(folder: Path, votes: Mapping[str, Any]) -> Path:
    """As a file named as the page names it."""
    folder.mkdir(exist_ok=True)
    path = folder / f"votes-{votes['voter']}.json"
    path.write_text(json.dumps(votes))
    return path


def by_rank(*best_first: str) -> Judge:
    """Always the one that stands first in a list; spoilt films are last."""
    rank = {label: place for place, label in enumerate(best_first)} | {"truth": -1, DAMAGED: 99}

    def judge(left: str, right: str, _question: str) -> str:
        return "left" if rank[left] < rank[right] else "right"

    return judge


def by_chance(log_strengths: Mapping[str, float], random: np.random.Generator) -> Judge:
    """Bradley and Terry's voters; catch trials are passed."""

    def judge(left: str, right: str, _question: str) -> str:
        if DAMAGED in (left, right):
            return "left" if right == DAMAGED else "right"
        chance = 1 / (1 + math.exp(log_strengths[right] - log_strengths[left]))
        return "left" if random.random() < chance else "right"

    return judge
