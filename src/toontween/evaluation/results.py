"""Records of clips → one table: means with intervals, distances of sets, wins, and the same for harder and easier clips."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from toontween.errors import InputError, MediaError
from toontween.evaluation.measures.base import Absence, Better, ClipMeasure, SetMeasure
from toontween.evaluation.methods import TRUTH, MethodSpec
from toontween.evaluation.runner import Plan
from toontween.evaluation.statistics import (
    COVERAGE,
    RESAMPLES,
    SET_RESAMPLES,
    mean_interval,
    set_interval,
    thirds,
    win_rate,
)
from toontween.evaluation.store import Record, Store
from toontween.evaluation.suite import describe
from toontween.media.files import write_json
from toontween.runtime import versions

RESULT_NAME = "evaluation.json"
"""In the report's folder."""

FORMAT = 1
GROUPINGS = {"motion_px": "motion", "disoccluded": "disocclusion"}
"""Attribute of a clip → what tables call it; clips are split into thirds by each."""

THIRDS = ("small", "middle", "large")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One number of the table."""

    value: float | None
    """Mean over clips, or the distance of the set; None when no clip has one."""

    low: float | None = None
    """Lower end of the interval; None where there is none."""

    high: float | None = None
    """Upper end."""

    clips: int = 0
    """Clips that have a value."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One method."""

    label: str
    method: str
    options: Mapping[str, Any]
    untrained: bool
    """Whether its weights are random numbers: what it draws is noise, and its row says so."""

    seconds_per_drawing: float | None
    details: Mapping[str, Any]
    cells: Mapping[str, Cell]
    """Measure → number."""

    groups: Mapping[str, Mapping[str, Sequence[Cell]]]
    """Grouping → measure → the cells of small, middle and large."""

    wins: Mapping[str, Mapping[str, Sequence[float]]]
    """Measure → rival's label → share of clips on which this row is better, and its interval."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One measure."""

    name: str
    title: str
    better: Better
    digits: int
    protocol: Mapping[str, Any]
    of_set: bool
    """Whether it is a distance of sets, not a mean over clips."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A table and everything that stands around it."""

    suite: Mapping[str, Any]
    """What `evaluation.suite.describe` says; "measured", how many clips were; "shape", frames, height and width of each."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    """The last one is the truth."""

    absent: Sequence[Absence]
    clips: Sequence[str]
    """Names, in order."""

    attributes: Mapping[str, Sequence[float]]
    """Attribute → a number for each clip."""

    values: Mapping[str, Mapping[str, Sequence[float | None]]]
    """Label → measure → a number for each clip."""

    bounds: Mapping[str, Sequence[Sequence[float]]]
    """Attribute → least and most of each third."""

    remarks: Sequence[str] = ()
    """What to mind when reading the numbers."""

    software: Mapping[str, str] = field(default_factory=versions)
    coverage: float = COVERAGE
    format: int = FORMAT

    def row(self, label: str) -> Row:
        """The row of a label.

        Raises:
            InputError: There is none.
        """
        for row in self.rows:
            if row.label == label:
                return row
        known = ", ".join(row.label for row in self.rows)
        raise InputError(f"there is no method {label!r} in this table", hint=f"there are {known}")


def summarise(
    order: Plan,
    store: Store,
    *,
    resamples: int = RESAMPLES,
    set_resamples: int = SET_RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """The table of everything that a plan asks for.

    Args:
        order: What was wanted.
        store: Where it was kept; everything must be there.
        resamples: For intervals of means; 0 gives none.
        set_resamples: For intervals of distances of sets; 0 gives none.
        seed: Of the resampling.

    Raises:
        MediaError: A record is missing or damaged.
    """
    records = {
        spec.label: [_read(store, clip, spec.label) for clip in order.keys]
        for spec in order.methods
    }
    truth = records[TRUTH]
    attributes = {
        name: [float(record.details.get(name, 0.0)) for record in truth] for name in GROUPINGS
    }
    groups = {name: thirds(values) for name, values in attributes.items()}
    columns = [measure for measure in order.measures if isinstance(measure, ClipMeasure)]
    sets = [measure for measure in order.measures if isinstance(measure, SetMeasure)]
    values = {
        label: {m.name: np.array([_value(r, m.name) for r in own]) for m in columns}
        for label, own in records.items()
    }
    table = _Table(order, store, values, groups, columns, sets, (resamples, set_resamples, seed))
    return Evaluation(
        suite=describe(order.suite) | {"measured": len(order.keys), "shape": list(truth[0].shape)},
        columns=[
            Column(
                name=measure.name,
                title=measure.title,
                better=measure.better,
                digits=measure.digits,
                protocol=measure.protocol.record(),
                of_set=isinstance(measure, SetMeasure),
            )
            for measure in order.measures
        ],
        rows=[table.row(spec, records[spec.label]) for spec in order.methods],
        absent=order.absent,
        clips=order.keys,
        attributes=attributes,
        values={
            label: {name: _plain(numbers) for name, numbers in own.items()}
            for label, own in values.items()
        },
        bounds={name: _bounds(attributes[name], groups[name]) for name in GROUPINGS},
        remarks=table.remarks(),
    )


def write_evaluation(path: Path, evaluation: Evaluation) -> None:
    """Write a table as JSON.

    Raises:
        OutputError: It cannot be written.
    """
    write_json(path, asdict(evaluation), overwrite=True)


def read_evaluation(path: Path) -> Evaluation:
    """A table that `write_evaluation` wrote.

    Raises:
        MediaError: There is none, or it is damaged or of a later version.
    """
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        is_later = known["format"] > FORMAT
    except FileNotFoundError as error:
        raise MediaError(f"there is no table at {path}", hint="run toontween evaluate") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MediaError(f"{path} is damaged: {error}") from error
    if is_later:
        raise MediaError(f"{path} was written by a later version", hint="update toontween")
    try:
        known["columns"] = [
            Column(**{**column, "better": Better(column["better"])}) for column in known["columns"]
        ]
        known["rows"] = [_row_from(row) for row in known["rows"]]
        known["absent"] = [Absence(**absence) for absence in known["absent"]]
        return Evaluation(**known)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MediaError(f"{path} is damaged: {error}") from error


@dataclass(frozen=True)
class _Table:
    order: Plan
    store: Store
    values: Mapping[str, Mapping[str, np.ndarray]]
    groups: Mapping[str, Sequence[int]]
    columns: Sequence[ClipMeasure]
    sets: Sequence[SetMeasure]
    resampling: tuple[int, int, int]

    def row(self, spec: MethodSpec, records: Sequence[Record]) -> Row:
        own = self.values[spec.label]
        cells = {measure.name: self._mean(own[measure.name]) for measure in self.columns}
        cells |= {measure.name: self._distance(measure, spec.label) for measure in self.sets}
        seconds = sum(record.seconds for record in records)
        drawings = sum(record.shape[0] - 2 for record in records)
        is_truth = spec.method == TRUTH
        return Row(
            label=spec.label,
            method=spec.method,
            options=dict(spec.options)
            | ({"sketched": list(spec.sketched)} if spec.sketched else {}),
            untrained=any(record.details.get("untrained") for record in records),
            seconds_per_drawing=None if is_truth else round(seconds / drawings, 4),
            details={} if is_truth else dict(records[0].details),
            cells=cells,
            groups={} if is_truth else {name: self._groups(own, name) for name in GROUPINGS},
            wins={} if is_truth else {m.name: self._wins(spec.label, m) for m in self.columns},
        )

    def remarks(self) -> list[str]:
        """What to mind when reading the numbers."""
        told = []
        for measure in self.sets:
            count = sum(map(len, self._features(measure, TRUTH)))
            if count < measure.few:
                told.append(
                    f"{measure.title} of {count} is biased, as of any number below {measure.few}: "
                    "compare it only with that of equally many clips"
                )
        return told

    def _mean(self, values: np.ndarray) -> Cell:
        finite = values[np.isfinite(values)]
        if not len(finite):
            return Cell(value=None)
        resamples, _, seed = self.resampling
        low, high = None, None
        if resamples and len(finite) > 1 and np.ptp(finite) > 0:
            low, high = mean_interval(finite, resamples=resamples, seed=seed)
        return Cell(value=float(finite.mean()), low=low, high=high, clips=len(finite))

    def _groups(self, own: Mapping[str, np.ndarray], grouping: str) -> dict[str, list[Cell]]:
        which = np.array(self.groups[grouping])
        return {
            name: [self._mean(values[which == third]) for third in range(len(THIRDS))]
            for name, values in own.items()
        }

    def _wins(self, label: str, measure: ClipMeasure) -> dict[str, list[float]]:
        def badness(of: str) -> np.ndarray:
            return np.array([measure.better.badness(v) for v in self.values[of][measure.name]])

        ours = badness(label)
        found: dict[str, list[float]] = {}
        for rival in self.values:
            theirs = badness(rival)
            if rival in (label, TRUTH) or not (np.isfinite(ours) & np.isfinite(theirs)).any():
                continue
            share, (low, high) = win_rate(ours, theirs)
            found[rival] = [share, low, high]
        return found

    def _distance(self, measure: SetMeasure, label: str) -> Cell:
        ours, truth = self._features(measure, label), self._features(measure, TRUTH)
        if sum(map(len, ours)) < measure.fewest:
            return Cell(value=None)
        value = measure.distance(_joined(ours), _joined(truth))
        _, resamples, seed = self.resampling
        low, high = None, None
        if resamples and len(ours) > 1 and label != TRUTH:

            def again(chosen: np.ndarray) -> float:
                return measure.distance(
                    _joined([ours[i] for i in chosen]), _joined([truth[i] for i in chosen])
                )

            low, high = set_interval(again, value, len(ours), resamples=resamples, seed=seed)
        return Cell(value=value, low=low, high=high, clips=len(ours))

    def _features(self, measure: SetMeasure, label: str) -> list[np.ndarray]:
        return [self.store.features(clip, label, measure.feature_name) for clip in self.order.keys]


def _joined(features: Sequence[np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.concatenate(features))


def _read(store: Store, clip: str, label: str) -> Record:
    record = store.latest(clip, label)
    if record is None:
        raise MediaError(f"nothing was drawn by {label} on {clip}", hint="run the evaluation again")
    return record


def _value(record: Record, name: str) -> float:
    value = record.values[name]["value"]
    return float("nan") if value is None else value


def _plain(numbers: np.ndarray) -> list[float | None]:
    return [round(float(number), 6) if np.isfinite(number) else None for number in numbers]


def _bounds(values: Sequence[float], groups: Sequence[int]) -> list[list[float]]:
    return [
        [min(own), max(own)] if own else []
        for third in range(len(THIRDS))
        for own in [[v for v, group in zip(values, groups, strict=True) if group == third]]
    ]


def _row_from(known: Mapping[str, Any]) -> Row:
    cells = {name: Cell(**cell) for name, cell in known["cells"].items()}
    groups = {
        grouping: {name: [Cell(**cell) for cell in own] for name, own in measures.items()}
        for grouping, measures in known["groups"].items()
    }
    return Row(**{**known, "cells": cells, "groups": groups})
