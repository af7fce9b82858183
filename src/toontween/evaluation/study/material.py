"""What a study takes from a report: who competes on which clips, and the frames."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from toontween.errors import InputError, MediaError
from toontween.evaluation.methods import TRUTH
from toontween.evaluation.results import RESULT_NAME, Evaluation, read_evaluation
from toontween.evaluation.store import Record, Store
from toontween.evaluation.study.key import Contestant


@dataclass(frozen=True, kw_only=True)
class Material:
    """A part of a report."""

    store: Store
    methods: Sequence[Contestant]
    clips: Sequence[str]
    """Names."""

    records: Mapping[str, Mapping[str, Record]]
    """Clip → label → record; the truth is always among them."""

    left_out: Sequence[str]
    """Methods of the report that nobody asked for by name and whose weights are random."""

    @property
    def labels(self) -> list[str]:
        """Of the methods."""
        return [method.label for method in self.methods]

    def shape(self, clip: str) -> tuple[int, int, int]:
        """Frames, height and width of a clip."""
        return self.records[clip][TRUTH].shape

    def frames(self, clip: str, label: str) -> UInt8[np.ndarray, "t h w 3"]:
        """What a method drew, both keys at the ends.

        Raises:
            MediaError: The picture is not there or damaged.
        """
        return self.store.frames(clip, label, self.records[clip][label])

    def fingerprint(self, settings: Mapping[str, Any]) -> str:
        """A hash of all pictures and some settings. Labels have no part in it: nothing drawn from it depends on them."""
        digests = [[own[label].digest for label in self.labels] for own in self.records.values()]
        text = json.dumps([list(self.clips), digests, dict(settings)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def read_material(
    report: Path, *, methods: Sequence[str] | None = None, num_clips: int | None = None
) -> Material:
    """The part of a report that a study is made of.

    Args:
        report: Folder of a report.
        methods: Labels, the truth's among them if it is to compete; all trained methods when None.
        num_clips: Clips, evenly spread over the report; all when None.

    Raises:
        InputError: A method is unknown or comes twice.
        MediaError: The report or a record is missing or damaged, or what was drawn of a clip differs in shape.
    """
    evaluation = read_evaluation(report / RESULT_NAME)
    rows = {row.label: row for row in evaluation.rows}
    trained = [label for label, row in rows.items() if not row.untrained and label != TRUTH]
    chosen = trained if methods is None else list(methods)
    _check_names(chosen, list(rows))
    clips = _spread(evaluation, num_clips)
    store = Store(report)
    return Material(
        store=store,
        methods=[
            Contestant(
                label=label,
                method=rows[label].method,
                options=rows[label].options,
                untrained=rows[label].untrained,
            )
            for label in chosen
        ],
        clips=clips,
        records={clip: _records(store, clip, [*chosen, TRUTH]) for clip in clips},
        left_out=[label for label, row in rows.items() if row.untrained and methods is None],
    )


def _check_names(chosen: Sequence[str], known: Sequence[str]) -> None:
    for number, label in enumerate(chosen):
        if label not in known:
            hint = f"there are {', '.join(known)}"
            raise InputError(f"there is no method {label!r} in this report", hint=hint)
        if label in chosen[:number]:
            raise InputError(f"method {label!r} is given twice")


def _spread(evaluation: Evaluation, wanted: int | None) -> list[str]:
    names = evaluation.clips
    if wanted is None or wanted >= len(names):
        return list(names)
    places = np.linspace(0, len(names) - 1, wanted).round().astype(int)
    return [names[int(place)] for place in places]


def _records(store: Store, clip: str, labels: Sequence[str]) -> dict[str, Record]:
    records: dict[str, Record] = {}
    for label in labels:
        record = store.latest(clip, label)
        if record is None:
            told = f"nothing was drawn by {label} on {clip}"
            raise MediaError(told, hint="run the evaluation again")
        records[label] = record
    shapes = {record.shape for record in records.values()}
    if len(shapes) > 1:
        told = f"what was drawn of {clip} differs in frames or size"
        raise MediaError(told, hint="run the evaluation again")
    return records
