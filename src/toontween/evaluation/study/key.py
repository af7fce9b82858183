"""The key of a study: which film is whose. It stays with whoever counts and is not in the folder for voters."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from toontween.errors import MediaError
from toontween.evaluation.study.planning import DAMAGED
from toontween.media.files import write_json
from toontween.runtime import versions

KEY_NAME = "key.json"
"""In the study's folder, beside the folder for voters."""

FORMAT = 1

NOTE = (
    "This file says which film is whose. Keep it from voters: give them the folder `voters` only. "
    "`toontween study count` needs it."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Contestant:
    """A method as its report describes it."""

    label: str
    method: str
    options: Mapping[str, Any]
    untrained: bool
    """Whether its weights are random numbers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Film:
    """What stands behind a token."""

    clip: str
    shows: str
    """Label of a method, the truth, or `DAMAGED`."""

    digest: str
    """Of the record that it was taken from."""


@dataclass(frozen=True, kw_only=True)
class StudyKey:
    """All that is known of a study and not told to voters."""

    study: str
    """Names the study in its votes files."""

    methods: Sequence[Contestant]
    films: Mapping[str, Film]
    """By token."""

    ballots: Sequence[Sequence[Sequence[str]]]
    """For each ballot its comparisons, catch trials included: token on the left, token on the right."""

    settings: Mapping[str, Any]
    """What the study was made with."""

    software: Mapping[str, str] = field(default_factory=versions)
    note: str = NOTE
    format: int = FORMAT

    @property
    def labels(self) -> list[str]:
        """Labels of the methods, in the report's order."""
        return [method.label for method in self.methods]

    @property
    def num_catches(self) -> int:
        """Catch trials on a ballot."""
        return sum(self.is_catch(left, right) for left, right in self.ballots[0])

    def is_catch(self, left: str, right: str) -> bool:
        """Whether a comparison has a spoilt film."""
        return DAMAGED in (self.films[left].shows, self.films[right].shows)


def write_key(folder: Path, key: StudyKey) -> Path:
    """Write the key into a study's folder.

    Raises:
        OutputError: There is one, or it cannot be written.
    """
    path = folder / KEY_NAME
    write_json(path, asdict(key), overwrite=False)
    return path


def read_key(folder: Path) -> StudyKey:
    """The key of a study's folder.

    Raises:
        MediaError: There is none, or it is damaged or of a later version.
    """
    path = folder / KEY_NAME
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        if known["format"] > FORMAT:
            raise MediaError(f"{path} was written by a later version", hint="update toontween")
        known["methods"] = [Contestant(**method) for method in known["methods"]]
        known["films"] = {token: Film(**film) for token, film in known["films"].items()}
        key = StudyKey(**known)
        for ballot in key.ballots:
            for left, right in ballot:
                key.is_catch(left, right)
    except FileNotFoundError as error:
        hint = "name the folder that toontween study make wrote, not the one for voters"
        raise MediaError(f"there is no {KEY_NAME} in {folder}", hint=hint) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MediaError(f"{path} is damaged: {type(error).__name__}: {error}") from error
    return key
