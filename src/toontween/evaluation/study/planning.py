"""Who compares what: ballots over which all pairs, clips and sides come equally often.

The comparisons of all pairs of methods on all clips are dealt out in rounds. A round holds each of them once, in an order
in which neighbours are of different pairs and different clips; every second round shows what the round before showed with
the sides exchanged. Ballots are cut from this sequence one after the other, so in any row of ballots that begins with the
first, two comparisons differ by one vote at most, and over all ballots by none unless there would have to be too many.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from toontween.errors import InputError

DAMAGED = "(damaged)"
"""Stands for a spoilt copy of the truth. No label of a method has brackets."""

FEWEST_BALLOTS = 24
"""Small studies repeat their rounds in other orders until there are so many."""

MOST_BALLOTS = 400
"""Where exact balance would need more, so many are made, and votes differ by one at most."""

CATCH_CLIPS = 4
"""Clips that are spoilt for catch trials, where there are as many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Two films of a clip, side by side."""

    clip: str
    left: str
    """Label of a method, the truth, or `DAMAGED`."""

    right: str

    @property
    def is_catch(self) -> bool:
        """Whether anyone who looks knows the answer."""
        return DAMAGED in (self.left, self.right)

    def flipped(self) -> "Comparison":
        """The same with exchanged sides."""
        return Comparison(clip=self.clip, left=self.right, right=self.left)


def count_comparisons(num_methods: int, num_clips: int) -> int:
    """How many different comparisons there are, whatever the sides."""
    return math.comb(num_methods, 2) * num_clips


def plan_ballots(
    methods: Sequence[str],
    clips: Sequence[str],
    *,
    per_ballot: int,
    random: np.random.Generator,
) -> list[list[Comparison]]:
    """Ballots without catch trials.

    Args:
        methods: Labels, two at least.
        clips: Names, one at least.
        per_ballot: Comparisons on each ballot; no ballot holds one twice.
        random: Decides orders and sides.

    Raises:
        InputError: There is nothing to compare, or fewer comparisons than a ballot is to hold.
    """
    if len(methods) < 2 or not clips:
        raise InputError(
            f"{len(methods)} methods on {len(clips)} clips leave nothing to compare",
            hint="two methods and one clip at least",
        )
    different = count_comparisons(len(methods), len(clips))
    if not 1 <= per_ballot <= different:
        raise InputError(
            f"{per_ballot} pairs for each voter, but there are {different} different ones",
            hint=f"--pairs-per-voter 1 to {different}, or more --clips",
        )
    cycle = math.lcm(2 * different, per_ballot) // per_ballot
    repeats = -(-FEWEST_BALLOTS // cycle)
    num_ballots = cycle * repeats if cycle <= MOST_BALLOTS else MOST_BALLOTS
    dealt = _deal(methods, clips, per_ballot, random)
    return [list(itertools.islice(dealt, per_ballot)) for _ in range(num_ballots)]


def plan_catches(
    clips: Sequence[str], truth: str, *, num_ballots: int, per_ballot: int
) -> list[list[Comparison]]:
    """For each ballot its catch trials: the truth of a clip beside a spoilt copy.

    Sides change from trial to trial, so that two are enough to find who always takes the same side.

    Args:
        clips: That are spoilt, in the order in which they are used.
        truth: What the truth is called.
        num_ballots: How many ballots there are.
        per_ballot: Catch trials on each.

    Raises:
        InputError: There are fewer clips than catch trials on a ballot.
    """
    if not 0 <= per_ballot <= len(clips):
        raise InputError(
            f"{per_ballot} catch trials for each voter from {len(clips)} clips",
            hint=f"--catch-trials 0 to {len(clips)}",
        )
    return [
        [
            _catch(clips[(ballot * per_ballot + turn) % len(clips)], truth, (ballot + turn) % 2)
            for turn in range(per_ballot)
        ]
        for ballot in range(num_ballots)
    ]


def _catch(clip: str, truth: str, side: int) -> Comparison:
    straight = Comparison(clip=clip, left=truth, right=DAMAGED)
    return straight.flipped() if side else straight


def _deal(
    methods: Sequence[str], clips: Sequence[str], per_ballot: int, random: np.random.Generator
) -> Iterator[Comparison]:
    """Comparisons without end; the sequence may be cut into ballots of the given size."""
    begun: list[Comparison] = []
    straight: dict[Comparison, bool] = {}
    for number in itertools.count():
        if number % 2 == 0:
            straight = {one: bool(random.integers(2)) for one in _round(methods, clips, random)}
            order = list(straight)
        else:
            order = _round(methods, clips, random)
        order = _continued(order, begun, per_ballot)
        for one in order:
            is_straight = straight[one] != bool(number % 2)
            yield one if is_straight else one.flipped()
        begun = (begun + order)[len(begun + order) // per_ballot * per_ballot :]


def _round(
    methods: Sequence[str], clips: Sequence[str], random: np.random.Generator
) -> list[Comparison]:
    """Every comparison once. Neighbours are of different pairs and clips: a walk down the diagonals of pairs × clips."""
    every = list(itertools.combinations(methods, 2))
    pairs = [every[int(number)] for number in random.permutation(len(every))]
    names = [clips[int(number)] for number in random.permutation(len(clips))]
    diagonal = math.lcm(len(pairs), len(names))
    walk: list[Comparison] = []
    for step in range(len(pairs) * len(names)):
        left, right = pairs[step % len(pairs)]
        clip = names[(step + step // diagonal) % len(names)]
        walk.append(Comparison(clip=clip, left=left, right=right))
    return walk


def _continued(
    order: Sequence[Comparison], begun: Sequence[Comparison], per_ballot: int
) -> list[Comparison]:
    """The round with what fills the begun ballot first, so that this ballot holds nothing twice."""
    if not begun:
        return list(order)
    new = [one for one in order if one not in set(begun)]
    filling = new[: per_ballot - len(begun)]
    rest = [one for one in order if one not in set(filling)]
    return filling + rest
