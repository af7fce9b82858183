"""One question counted: wins, strengths, first places, agreement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from toontween.evaluation.statistics import wilson
from toontween.evaluation.study.count.agreement import (
    agreement_share,
    krippendorff_alpha,
    mirrored,
)
from toontween.evaluation.study.count.strengths import (
    bounds,
    first_choices,
    fit_strengths,
    resample_voters,
)
from toontween.evaluation.study.count.votes import Vote, Voter


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of 1 with its interval; the ends are None where there is none."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Duel:
    """Two methods."""

    first: str
    second: str
    votes: int
    won: int
    """By the first."""

    ties: int
    lost: int
    share: Share | None
    """Won by the first, ties counted half, with Wilson's interval; None without votes."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One method."""

    label: str
    strength: Share
    """Natural logarithm of the Bradley–Terry strength, mean 0 over methods, and its bootstrap interval over voters."""

    first_choice: Share
    """How often it would be picked as the best of all, by the model, and its bootstrap interval."""

    first_places: float | None
    """Part of the clips on which it has the greatest share of its votes, shared places split; None without such clips."""

    win_share: Share | None
    """Of all its votes, ties counted half, with Wilson's interval."""


@dataclass(frozen=True, kw_only=True)
class QuestionCount:
    """What came out of one question."""

    name: str
    title: str
    standings: Sequence[Standing]
    """In the order of the study's methods."""

    duels: Sequence[Duel]
    ties: float
    """Share of answers "no difference"."""

    left: Share | None
    """Share of the left film among answers that prefer one: far from half says that sides were preferred, not films."""

    clips_placed: int
    """Clips on which every method has votes, which `first_places` are of."""

    alpha: float | None
    """Krippendorff's, see `agreement`."""

    agreement: float | None
    """How often two voters who saw the same pair on the same clip gave the same answer."""

    shared_judgements: int
    """Pairs of such voters."""


@dataclass(frozen=True)
class Tally:
    """The answers to one question, ready to be counted."""

    question: str
    """Its name."""

    labels: Sequence[str]
    """Of the methods."""

    voters: Sequence[Voter]
    """Who is counted."""

    resamples: int
    """For intervals of strengths."""

    def count(self, title: str) -> QuestionCount:
        """The whole count of the question.

        Args:
            title: Of the question.
        """
        votes = [vote for voter in self.voters for vote in voter.votes]
        wins = np.stack([self._wins(voter.votes) for voter in self.voters])
        choices = [vote.answers[self.question] for vote in votes]
        lefts, rights = choices.count("left"), choices.count("right")
        units = self._units(votes)
        placed, places = self._places(votes)
        share, pairs = agreement_share(units)
        return QuestionCount(
            name=self.question,
            title=title,
            standings=self._standings(wins, places if placed else None),
            duels=[self._duel(votes, pair) for pair in combinations(self.labels, 2)],
            ties=choices.count("same") / len(choices),
            left=_share(lefts, lefts + rights),
            clips_placed=placed,
            alpha=krippendorff_alpha(mirrored(units)),
            agreement=share,
            shared_judgements=pairs,
        )

    def _wins(self, votes: Sequence[Vote]) -> np.ndarray:
        """How often the row beat the column, ties counted half."""
        wins = np.zeros((len(self.labels), len(self.labels)))
        for vote in votes:
            left, right = self.labels.index(vote.left), self.labels.index(vote.right)
            part = _POINTS[vote.answers[self.question]]
            wins[left, right] += part
            wins[right, left] += 1 - part
        return wins

    def _standings(self, wins: np.ndarray, places: Mapping[str, float] | None) -> list[Standing]:
        total = wins.sum(axis=0)
        strength = fit_strengths(total)
        choice = first_choices(strength)
        ends = choice_ends = np.full((2, len(self.labels)), np.nan)
        if len(wins) > 1:
            drawn = resample_voters(wins, resamples=self.resamples)
            ends, choice_ends = bounds(drawn), bounds(first_choices(drawn))
        return [
            Standing(
                label=label,
                strength=_between(strength[place], ends[:, place]),
                first_choice=_between(choice[place], choice_ends[:, place]),
                first_places=None if places is None else places[label],
                win_share=_share(
                    total[place].sum(), round(total[place].sum() + total[:, place].sum())
                ),
            )
            for place, label in enumerate(self.labels)
        ]

    def _duel(self, votes: Sequence[Vote], pair: tuple[str, str]) -> Duel:
        found = [self._judged(vote, pair) for vote in votes if {vote.left, vote.right} == set(pair)]
        won, ties, lost = (found.count(value) for value in (1, 0, -1))
        return Duel(
            first=pair[0],
            second=pair[1],
            votes=len(found),
            won=won,
            ties=ties,
            lost=lost,
            share=_share(won + ties / 2, len(found)),
        )

    def _judged(self, vote: Vote, pair: tuple[str, str]) -> int:
        """1 when the first of the pair is better, -1 when the second is, 0 when neither."""
        sign = 1 if vote.left == pair[0] else -1
        return sign * {"left": 1, "same": 0, "right": -1}[vote.answers[self.question]]

    def _units(self, votes: Sequence[Vote]) -> list[list[int]]:
        units: dict[tuple[str, str, str], list[int]] = {}
        for vote in votes:
            pair = min(vote.left, vote.right), max(vote.left, vote.right)
            units.setdefault((vote.clip, *pair), []).append(self._judged(vote, pair))
        return list(units.values())

    def _places(self, votes: Sequence[Vote]) -> tuple[int, dict[str, float]]:
        """On how many clips all methods have votes, and each method's part of the first places there."""
        clips: dict[str, list[Vote]] = {}
        for vote in votes:
            clips.setdefault(vote.clip, []).append(vote)
        places = dict.fromkeys(self.labels, 0.0)
        placed = 0
        for own in clips.values():
            wins = self._wins(own)
            counts = wins.sum(axis=0) + wins.sum(axis=1)
            if not counts.all():
                continue
            shares = wins.sum(axis=1) / counts
            best = np.flatnonzero(np.isclose(shares, shares.max()))
            placed += 1
            for place in best:
                places[self.labels[int(place)]] += 1 / len(best)
        return placed, {label: value / max(1, placed) for label, value in places.items()}


_POINTS = {"left": 1.0, "same": 0.5, "right": 0.0}


def _share(won: int | float, count: int) -> Share | None:
    if not count:
        return None
    low, high = wilson(float(won), count)
    return Share(value=float(won / count), low=low, high=high)


def _between(value: float, ends: np.ndarray) -> Share:
    low, high = (float(end) if np.isfinite(end) else None for end in ends)
    return Share(value=float(value), low=low, high=high)
