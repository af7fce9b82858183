"""Why a clip is kept or dropped: a list of checks, each with its number, its limit and its outcome."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What a check came to."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLIED = "not applied"


@dataclass(frozen=True, slots=True)
class Check:
    """One look at a clip."""

    name: str
    outcome: Outcome
    value: float | None = None
    """What was measured, four digits; None when nothing could be."""

    why: str = ""
    """The limit that was missed, or why the check was not applied."""


@dataclass(kw_only=True, slots=True)
class Verdict:
    """All that is said of a clip in the manifest."""

    key: str
    film: str
    start: int
    """First frame in the film."""

    stop: int
    """The frame after its last."""

    fps: float
    drawings: int
    """Distinct ones."""

    picture: tuple[int, int, int, int]
    """Left, top, right and bottom of what was taken of each frame, pixels."""

    faded: int
    """Frames that were left out at the ends of its shot because they fade."""

    caption: str = ""
    checks: list[Check] = field(default_factory=list)
    hashes: tuple[int, ...] = ()
    """Perceptual hashes of its first, middle and last drawing."""

    def add(self, check: Check) -> None:
        """Note a check."""
        self.checks.append(check)

    @property
    def dropped_by(self) -> str | None:
        """Name of the check that failed first; None when the clip is kept."""
        return next((c.name for c in self.checks if c.outcome is Outcome.FAILED), None)

    def record(self) -> dict[str, Any]:
        """As JSON knows it."""
        why = next((c.why for c in self.checks if c.outcome is Outcome.FAILED), "")
        return {
            "key": self.key,
            "kept": self.dropped_by is None,
            "dropped_by": self.dropped_by,
            "why": why,
            "film": self.film,
            "start": self.start,
            "stop": self.stop,
            "fps": self.fps,
            "drawings": self.drawings,
            "picture": list(self.picture),
            "faded": self.faded,
            "caption": self.caption,
            "checks": [asdict(check) for check in self.checks],
            "hashes": [f"{value:016x}" for value in self.hashes],
        }


def verdict_of(record: dict[str, Any]) -> Verdict:
    """The verdict that `Verdict.record` wrote down."""
    names = ("key", "film", "start", "stop", "fps", "drawings", "faded", "caption")
    left, top, right, bottom = record["picture"]
    return Verdict(
        **{name: record[name] for name in names},
        picture=(left, top, right, bottom),
        checks=[
            Check(c["name"], Outcome(c["outcome"]), c["value"], c["why"]) for c in record["checks"]
        ],
        hashes=tuple(int(text, 16) for text in record["hashes"]),
    )


def judged(name: str, value: float, least: float | None, most: float | None) -> Check:
    """A check of a number against its limits."""
    value = float(f"{value:.4g}")
    why = ""
    if least is not None and not value >= least:
        why = f"{value:g} is under {least:g}"
    elif most is not None and not value <= most:
        why = f"{value:g} is over {most:g}"
    return Check(name, Outcome.FAILED if why else Outcome.PASSED, value, why)
