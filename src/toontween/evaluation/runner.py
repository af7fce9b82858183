"""Draws and measures what is missing, clip by clip, and goes on where it was stopped."""

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from toontween.data.clips import Clip
from toontween.data.workers import spread
from toontween.errors import InputError, ToonTweenError, UnavailableError
from toontween.evaluation.bench import Bench
from toontween.evaluation.measures.base import (
    Absence,
    ClipMeasure,
    Measure,
    Observation,
    SetMeasure,
    TrueClip,
    observe,
)
from toontween.evaluation.measures.catalog import build_measure
from toontween.evaluation.methods import (
    TRUTH,
    Drawn,
    MethodSpec,
    capabilities_of,
    draw,
    given_digest,
    identity_of,
)
from toontween.evaluation.order import claim_report
from toontween.evaluation.store import Record, Store, columns_of
from toontween.evaluation.suite import Suite, common_shape, fingerprint
from toontween.interpolators.classical.flow import estimate_flow
from toontween.interpolators.ops.warp import backwarp

Weights = tuple[tuple[str, str], ...]

ENDS = "ends"
"""Under which a record keeps the method's own drawings of the keys."""

_DISOCCLUDED_PX = 1.5
"""A pixel whose flow there and back misses it by more is seen in one key only."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a table is made of, once it is known what is here."""

    suite: Suite
    methods: tuple[MethodSpec, ...]
    """The rows that can be drawn; the truth is among them."""

    measures: tuple[Measure, ...]
    """The columns that can be measured."""

    absent: tuple[Absence, ...]
    """Rows and columns that cannot, and what to do."""

    identities: Mapping[str, str]
    """Label → hash of all that decides what the method draws."""

    weights: Weights = ()
    """Name → path of the measures' networks."""

    sampled: Sequence[int] = field(default_factory=tuple)
    """Numbers of the clips looked at."""

    @property
    def keys(self) -> list[str]:
        """Names of the clips looked at."""
        keys = self.suite.keys
        return [keys[number] for number in self.sampled]


def plan(bench: Bench) -> Plan:
    """Find out what is here before anything is drawn.

    Raises:
        InputError: There are no clips, two rows have one label, or nothing can be drawn or measured.
        UnknownNameError: There is no such measure, or none has a network of a name.
    """
    suite, methods = bench.suite, bench.methods
    if not len(suite):
        raise InputError(f"there are no clips in {suite.source}")
    labels = [spec.label for spec in methods]
    twice = [label for number, label in enumerate(labels) if label in labels[:number]]
    if twice:
        raise InputError(f"two methods are labelled {twice[0]!r}")
    rows = [spec for spec in methods if spec.method != TRUTH]
    paths = {name: str(path) for name, path in bench.weights.items()}
    absent: list[Absence] = []
    here = [spec for spec in rows if _attempt(spec.label, lambda s=spec: _look_at(s), absent)]
    if not here:
        raise InputError(f"no method can draw: {_why(absent)}")
    num_absent = len(absent)
    found = [
        _attempt(name, lambda n=name: build_measure(n, tuple(sorted(paths.items()))), absent)
        for name in dict.fromkeys(bench.measures)
    ]
    columns = tuple(measure for measure in found if measure is not None)
    if not columns:
        raise InputError(f"no measure can be taken: {_why(absent[num_absent:])}")
    truth = MethodSpec(method=TRUTH)
    kept = (*here, truth)
    return Plan(
        suite=suite,
        methods=kept,
        measures=columns,
        absent=tuple(absent),
        identities={spec.label: identity_of(spec) for spec in kept},
        weights=tuple(sorted(paths.items())),
        sampled=_spread_numbers(len(suite), bench.num_clips),
    )


def run(
    order: Plan, out: Path, *, workers: int = 1, progress: Callable[[float], None] | None = None
) -> Store:
    """Draw and measure everything of a plan that the folder does not hold yet.

    Args:
        order: What is wanted.
        out: The report's folder; made when it is not there.
        workers: Processes, each with a clip.
        progress: Told the part done, 0…1.

    Returns:
        Where the records are.

    Raises:
        OutputError: The folder is of another suite, or holds values by another protocol, or cannot be written.
        InputError, MediaError: A clip cannot be read, two of them differ in size or length, or they are too large to be
            kept: nothing is drawn. Or a method refuses a clip: what is done is kept.
        UnavailableError: A method has too little memory for a clip; what is done is kept.
    """
    if workers < 1:
        raise InputError(f"{workers} workers cannot work", hint="one at least")
    columns_of(*common_shape(order.suite, order.sampled))
    claim_report(out, order.suite, order.measures)
    threads = max(1, (os.cpu_count() or 1) // workers) if workers > 1 else 0
    work = functools.partial(
        _do_clip,
        suite=order.suite,
        methods=order.methods,
        identities=dict(order.identities),
        measures=tuple(measure.name for measure in order.measures),
        weights=order.weights,
        out=out,
        threads=threads,
    )
    for done, _ in enumerate(spread(work, order.sampled, workers=workers), start=1):
        if progress is not None:
            progress(done / len(order.sampled))
    return Store(out)


def _look_at(spec: MethodSpec) -> bool:
    capabilities = capabilities_of(spec)
    if spec.sketched and capabilities is not None and not capabilities.sketches:
        raise InputError(f"method {spec.method!r} is not steered by sketches")
    return True


def _attempt(name: str, look: Callable[[], Any], absent: list[Absence]) -> Any:
    try:
        return look()
    except UnavailableError as error:
        absent.append(Absence(name=name, why=error.message, hint=error.hint or ""))
        return None


def _why(absent: Sequence[Absence]) -> str:
    told = "; ".join(f"{one.name}: {one.why} ({one.hint})" for one in absent)
    return told or "none was given"


def _spread_numbers(count: int, wanted: int | None) -> list[int]:
    if wanted is None or wanted >= count:
        return list(range(count))
    if wanted < 1:
        raise InputError(f"{wanted} clips cannot be measured", hint="one at least")
    return np.unique(np.linspace(0, count - 1, wanted).round().astype(int)).tolist()


def _do_clip(
    number: int,
    *,
    suite: Suite,
    methods: Sequence[MethodSpec],
    identities: Mapping[str, str],
    measures: Sequence[str],
    weights: Weights,
    out: Path,
    threads: int,
) -> None:
    if threads:
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)
    clip = suite[number]
    truth = TrueClip(clip.frames, caption=clip.caption)
    seen = fingerprint(clip)
    store = Store(out)
    wanted = [build_measure(name, weights) for name in measures]
    for spec in methods:
        try:
            digest = f"{seen}-{identities[spec.label]}{given_digest(spec, clip)}"
            _do_method(spec, digest, clip, truth, wanted, store)
        except ToonTweenError as error:
            told = f"{spec.label} on clip {clip.key!r}: {error.message}"
            raise type(error)(told, hint=error.hint) from error


def _do_method(
    spec: MethodSpec,
    digest: str,
    clip: Clip,
    truth: TrueClip,
    wanted: Sequence[Measure],
    store: Store,
) -> None:
    drawn: Drawn | None = None
    record = store.record(clip.key, spec.label, digest)
    if record is None:
        record, drawn = _draw_anew(spec, digest, clip, store)
    missing = [measure for measure in wanted if not _is_known(measure, record)]
    if not missing:
        return
    if spec.method == TRUTH:
        frames = truth.frames
    else:
        frames = drawn.frames if drawn else store.frames(clip.key, spec.label, record)
    ends = store.features(clip.key, spec.label, ENDS) if ENDS in record.features else None
    found = observe(Observation(frames, truth, ends=ends), missing)
    for measure in missing:
        protocol = measure.protocol.record()
        if isinstance(measure, ClipMeasure):
            value = found.values[measure.name]
            finite = value if np.isfinite(value) else None
            record.values[measure.name] = {"value": finite, "protocol": protocol}
        else:
            record.features[measure.feature_name] = protocol
    store.write(clip.key, spec.label, record, features=found.features)


def _draw_anew(spec: MethodSpec, digest: str, clip: Clip, store: Store) -> tuple[Record, Drawn]:
    """Draw, and keep the drawings before they are measured: they may have taken long."""
    drawn = draw(spec, clip)
    count, height, width, _ = drawn.frames.shape
    record = Record(
        digest=digest,
        seconds=round(drawn.seconds, 4),
        shape=(count, height, width),
        details=dict(drawn.details) if spec.method != TRUTH else _attributes(clip),
        features={} if drawn.ends is None else {ENDS: {}},
    )
    arrays = {} if drawn.ends is None else {ENDS: drawn.ends}
    store.write(clip.key, spec.label, record, frames=drawn.frames, features=arrays)
    return record, drawn


def _is_known(measure: Measure, record: Record) -> bool:
    if isinstance(measure, SetMeasure):
        return measure.feature_name in record.features
    return measure.name in record.values


def _attributes(clip: Clip) -> dict[str, Any]:
    """How hard a clip is: how far things move between its keys, and how much of one is not seen in the other."""
    first, last = clip.frames[[0, -1]].astype(np.float32) / 255
    forward, backward = estimate_flow(first, last)
    back = backwarp(backward, forward)
    missed = (forward + back).norm(dim=1)
    return {
        "motion_px": round(float(np.quantile(forward.norm(dim=1).numpy(), 0.95)), 3),
        "disoccluded": round(float((missed > _DISOCCLUDED_PX).float().mean()), 4),
    }
