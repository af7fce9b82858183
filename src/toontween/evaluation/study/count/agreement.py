"""How far voters agree who judged the same pair on the same clip.

A judgement is a number: 1 when the first method of the pair is better, -1 when the second is, 0 when there is no difference.
"""

from collections.abc import Sequence

import numpy as np


def agreement_share(units: Sequence[Sequence[int]]) -> tuple[float | None, int]:
    """How often two voters gave the same answer, and of how many pairs of voters; None of no pairs.

    Args:
        units: For each pair of methods on a clip, the judgements of those who saw it.
    """
    same = pairs = 0
    for unit in units:
        _, counts = np.unique(np.asarray(unit), return_counts=True)
        same += int((counts * (counts - 1)).sum()) // 2
        pairs += len(unit) * (len(unit) - 1) // 2
    return (same / pairs if pairs else None), pairs


def mirrored(units: Sequence[Sequence[int]]) -> list[list[int]]:
    """All units, and all with the methods of their pairs exchanged.

    Which method of a pair is called the first is a matter of naming, and chance agreement must not depend on it: with both
    orders in, it is that of voters who prefer either method equally often.
    """
    return [list(unit) for unit in units] + [[-value for value in unit] for unit in units]


def krippendorff_alpha(units: Sequence[Sequence[int]]) -> float | None:
    """Krippendorff's alpha for interval data: 1 full agreement, 0 as by chance, below 0 worse.

    Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability". None when nobody shares a unit or all values are equal.

    Args:
        units: For each thing judged, the values that it was given, one a voter; units with one value do not count.
    """
    shared = [np.asarray(unit, dtype=np.float64) for unit in units if len(unit) > 1]
    if not shared:
        return None
    everything = np.concatenate(shared)
    observed = sum(_squares(unit) / (len(unit) - 1) for unit in shared) / len(everything)
    expected = _squares(everything) / (len(everything) * (len(everything) - 1))
    return None if expected == 0 else float(1 - observed / expected)


def _squares(values: np.ndarray) -> float:
    """Sum of squared differences over ordered pairs."""
    return float(2 * len(values) * (values**2).sum() - 2 * values.sum() ** 2)
