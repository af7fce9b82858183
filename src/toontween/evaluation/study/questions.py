"""What voters are asked of every pair of films: the three criteria of ToonCrafter's user study (section 4, Table 2)."""

from dataclasses import dataclass
from typing import Literal, get_args

Choice = Literal["left", "right", "same"]
"""An answer: which film is better, or that there is no difference."""

CHOICES: tuple[str, ...] = get_args(Choice)


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One thing to judge."""

    name: str
    """In votes files."""

    title: str
    """What tables call it."""

    ask: str
    """The question as voters read it."""

    explanation: str
    """What to look at."""


QUESTIONS = (
    Question(
        name="motion",
        title="Motion quality",
        ask="Which one moves better?",
        explanation="Natural, readable movement from the first drawing to the last, neither jumping nor standing still.",
    ),
    Question(
        name="coherence",
        title="Temporal coherence",
        ask="Which one is steadier?",
        explanation="From drawing to drawing shapes, lines and colours stay what they are: nothing flickers, pops up or dissolves.",
    ),
    Question(
        name="fidelity",
        title="Frame fidelity",
        ask="Which one has the better single drawings?",
        explanation="Each drawing is clean and looks like the first and the last: no blur, no double lines, no holes.",
    ),
)
"""In the order in which they are asked."""
