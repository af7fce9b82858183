"""Tables from numbers that a test chooses."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.unit.evaluation.own_measures import MEAN_COLOURS
from tests.unit.evaluation.small_clips import in_shards, small_clip
from toontween.evaluation.measures.base import Absence, Better, ClipMeasure, Measure
from toontween.evaluation.methods import TRUTH, MethodSpec
from toontween.evaluation.results import Evaluation, summarise
from toontween.evaluation.runner import Plan
from toontween.evaluation.store import Record, Store
from toontween.evaluation.suite import open_suite
from toontween.metrics.protocol import MeasureProtocol


def column(name: str, better: Better = Better.HIGHER, *, digits: int = 3) -> ClipMeasure:
    """A measure whose values are in the records already."""
    return ClipMeasure(
        name=name,
        title=name.capitalize(),
        better=better,
        protocol=MeasureProtocol(measure=name, version="1", settings={"frames": "in-betweens"}),
        value=lambda _: math.nan,
        digits=digits,
    )


SCORE = column("score")
LOSS = column("loss", Better.LOWER)
SHARE = column("share", Better.NEAR_ONE)
SHIFT = column("shift", Better.NEAR_ZERO)


class Recorded:
    """A plan and a store that hold chosen values.

    Args:
        folder: Where to.
        values: Label → measure → one value a clip, NaN where it has none.
        measures: The columns.
        motion: How far things move in each clip.
    """

    def __init__(
        self,
        folder: Path,
        values: Mapping[str, Mapping[str, Sequence[float]]],
        measures: Sequence[Measure],
        *,
        motion: Sequence[float] = (),
    ) -> None:
        count = max(len(own) for by_measure in values.values() for own in by_measure.values())
        keys = [f"clip{number:02d}" for number in range(count)]
        self.values, self.measures = values, measures
        self.store, self.report = Store(folder / "report"), folder / "report"
        self.suite = open_suite(
            in_shards(folder / "clips", [small_clip(key, frames=3, size=(4, 4)) for key in keys])
        )
        self.methods: list[MethodSpec] = []
        self.absent: tuple[Absence, ...] = ()
        for label in values:
            self.add(label)
        for key, far in zip(keys, motion, strict=False):
            record = self.store.latest(key, TRUTH)
            assert record is not None
            self.store.write(key, TRUTH, replace(record, details={"motion_px": far}))

    def add(
        self,
        label: str,
        *,
        method: str = "",
        details: Mapping[str, Any] | None = None,
        seconds: float = 0.5,
        options: tuple[tuple[str, Any], ...] = (),
    ) -> None:
        """The records of a row."""
        spec = MethodSpec(method=method or _method_of(label), label=label, options=options)
        self.methods = [*(one for one in self.methods if one.label != label), spec]
        for number, clip in enumerate(self.suite.keys):
            record = Record(digest="d", seconds=seconds, shape=(3, 4, 4), details=details or {})
            for name, values in self.values[label].items():
                found = values[number]
                kept = found if math.isfinite(found) else None
                record.values[name] = {"value": kept, "protocol": {}}
            self.store.write(clip, label, record)

    def colours(self, label: str, vectors: Sequence[np.ndarray]) -> None:
        """Feature vectors of the set measure, one array a clip."""
        for clip, own in zip(self.suite.keys, vectors, strict=True):
            record = self.store.latest(clip, label)
            assert record is not None
            record.features["colours"] = {}
            features = {MEAN_COLOURS.feature_name: own.astype(np.float32)}
            self.store.write(clip, label, record, features=features)

    def table(self, **options: Any) -> Evaluation:
        """The table of all of it."""
        rows = [spec for spec in self.methods if spec.method != TRUTH]
        rows += [spec for spec in self.methods if spec.method == TRUTH]
        order = Plan(
            suite=self.suite,
            methods=tuple(rows),
            measures=tuple(self.measures),
            absent=self.absent,
            identities={spec.label: "d" for spec in rows},
            sampled=tuple(range(len(self.suite))),
        )
        return summarise(order, self.store, **options)


def _method_of(label: str) -> str:
    return label if label in (TRUTH, "hold", "flow", "crossfade", "phase") else "rife"
