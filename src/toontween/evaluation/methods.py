"""What draws: methods of the catalogue with their options, under labels of one's own."""

import functools
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from jaxtyping import UInt8

from toontween.data.clips import Clip
from toontween.drawing.lines import Lines
from toontween.errors import InputError
from toontween.evaluation.suite import Suite, fingerprint, open_suite
from toontween.interpolators.base import (
    Capabilities,
    InbetweenRequest,
    Interpolator,
    evenly_spaced_times,
)
from toontween.interpolators.catalog import METHODS, build_for
from toontween.interpolators.timing import draw_at_times

TRUTH = "truth"
"""The true drawings, measured against themselves: shows that the measures are right."""

GIVEN = "given"
"""Clips that something else drew, read from `options["path"]`: shards or a folder of films, named as the suite's."""

Options = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodSpec:
    """One row of the table.

    Raises:
        UnknownNameError: There is no such method.
        InputError: The label cannot be a file name, or is that of the truth.
    """

    method: str
    """A name in the catalogue, `TRUTH`, or `GIVEN`."""

    label: str = ""
    """What the row is called; the method's name when empty."""

    options: Options = ()
    """Settings by their own names, as pairs in the order of the names."""

    sketched: tuple[int, ...] = ()
    """Frames of the clip (0 is the first key) whose true lines the method is given as sketches."""

    device: str = "auto"
    """Where it computes."""

    seed: int = 0
    """Seed of whatever is random in it."""

    def __post_init__(self) -> None:
        if self.method not in (TRUTH, GIVEN):
            METHODS[self.method]
        if not self.label:
            object.__setattr__(self, "label", self.method)
        if not re.fullmatch(r"[\w.+-][\w.+ ,-]{0,60}", self.label) or self.label.startswith("."):
            hint = "letters, digits, spaces and _ . + , - only"
            raise InputError(f"{self.label!r} cannot be the label of a method", hint=hint)
        if self.label == TRUTH and self.method != TRUTH:
            hint = "it is the row of the true drawings: choose another label"
            raise InputError(f"method {self.method!r} cannot be labelled {TRUTH!r}", hint=hint)
        for name, value in self.options:
            if value is not None and not isinstance(value, str | int | float):
                raise InputError(f"{name}={value!r} of {self.label!r} is neither text nor a number")


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """A clip's frames with the in-betweens of a method."""

    frames: UInt8[np.ndarray, "t h w 3"]
    """Both keys at the ends."""

    seconds: float
    """Wall time of drawing, the loading of weights left out."""

    details: Mapping[str, Any]
    """What the method says of how it drew."""

    ends: UInt8[np.ndarray, "2 h w 3"] | None = None
    """The method's own drawings of both keys, if it makes any."""


def parse_methods(
    names: Sequence[str],
    *,
    settings: Mapping[str, Mapping[str, Any]],
    device: str = "auto",
    seed: int = 0,
) -> list[MethodSpec]:
    """Rows of a table from names and the settings given for some of them.

    Args:
        names: Of methods; `truth` may be among them.
        settings: Method → option → value.
        device: Where methods that can choose compute.
        seed: Of whatever is random.

    Raises:
        UnknownNameError: There is no such method.
        InputError: A name comes twice, or settings are for a method that is not there.
    """
    twice = [name for number, name in enumerate(names) if name in names[:number]]
    if twice:
        hint = "the same method with other options can stand in a bench.toml under a label"
        raise InputError(f"method {twice[0]!r} is given twice", hint=hint)
    for name in settings:
        if name not in names:
            raise InputError(f"there are settings for {name!r}, which is not among the methods")
    return [
        MethodSpec(
            method=name,
            options=tuple(sorted(settings.get(name, {}).items())),
            device=device,
            seed=seed,
        )
        for name in names
    ]


def capabilities_of(spec: MethodSpec) -> Capabilities | None:
    """What a method can do; None for the truth and for given clips.

    Raises:
        UnavailableError: Its weights or its device are not here.
        MediaError: There are no given clips.
    """
    if spec.method == GIVEN:
        _given_suite(spec)
    return None if spec.method in (TRUTH, GIVEN) else _built(spec)[0].capabilities


def identity_of(spec: MethodSpec) -> str:
    """A hash of all that decides what a method draws, its weights included.

    Raises:
        InputError: It has no such option, or refuses its value.
        UnavailableError: Its weights or its device are not here.
    """
    known: dict[str, Any] = {"method": spec.method, "options": spec.options, "seed": spec.seed}
    if spec.sketched:
        known["sketched"] = spec.sketched
    if spec.method not in (TRUTH, GIVEN):
        interpolator, options = _built(spec)
        nothing = InbetweenRequest(first=_SPECK, last=_SPECK, times=(), options=options)
        known["details"] = dict(interpolator.inbetween(nothing).details)
    text = json.dumps(known, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def draw(spec: MethodSpec, clip: Clip) -> Drawn:
    """A clip with the in-betweens that a method draws between its first and its last frame, rounded to 8 bits.

    Captions are given to methods that read text.

    Raises:
        InputError: The method refuses, is to follow sketches but cannot, or has drawn something that is no picture;
            the message names method and clip.
        UnavailableError: Something that the method needs is not here.
    """
    if spec.method == TRUTH:
        return Drawn(frames=clip.frames, seconds=0.0, details={})
    if spec.method == GIVEN:
        return _read_given(spec, clip)
    interpolator, options = _built(spec)
    keys = clip.frames[[0, -1]].astype(np.float32) / 255
    request = InbetweenRequest(
        first=keys[0],
        last=keys[1],
        times=evenly_spaced_times(len(clip) - 2),
        prompt=clip.caption if interpolator.capabilities.text else "",
        sketches=_true_lines(spec, clip),
        seed=spec.seed,
        options=options,
    )
    begun = perf_counter()
    result = draw_at_times(interpolator, request)
    seconds = perf_counter() - begun
    drawings = _checked(result.drawings, spec, clip)
    frames = np.concatenate([clip.frames[:1], _rounded(drawings), clip.frames[-1:]])
    ends = None if result.ends is None else _rounded(np.stack(result.ends))
    return Drawn(frames=frames, seconds=seconds, details=result.details, ends=ends)


_SPECK = np.zeros((1, 1, 3), np.float32)


@functools.cache  # all of them: every clip needs each in turn
def _built(spec: MethodSpec) -> tuple[Interpolator, dict[str, Any]]:
    """The method, kept for the next clip of this process."""
    return build_for(spec.method, device=spec.device, options=dict(spec.options))


@functools.lru_cache(maxsize=16)
def _given_suite(spec: MethodSpec) -> tuple[Suite, dict[str, int]]:
    path = dict(spec.options).get("path")
    if path is None:
        raise InputError(f"{spec.label!r} does not say the path of its clips")
    suite = open_suite(Path(str(path)))
    return suite, {key: number for number, key in enumerate(suite.keys)}


def _read_given(spec: MethodSpec, clip: Clip) -> Drawn:
    suite, numbers = _given_suite(spec)
    if clip.key not in numbers:
        raise InputError(
            f"{spec.label!r} has no clip {clip.key!r}", hint=f"looked in {suite.source}"
        )
    frames = suite[numbers[clip.key]].frames
    if frames.shape != clip.frames.shape:
        raise InputError(
            f"{spec.label!r} on clip {clip.key!r}: {frames.shape} frames, not {clip.frames.shape}"
        )
    drawn = np.concatenate([clip.frames[:1], frames[1:-1], clip.frames[-1:]])
    return Drawn(frames=drawn, seconds=0.0, details={}, ends=frames[[0, -1]])


def given_digest(spec: MethodSpec, clip: Clip) -> str:
    """A hash of what was given for a clip; empty for methods that draw."""
    if spec.method != GIVEN:
        return ""
    suite, numbers = _given_suite(spec)
    return fingerprint(suite[numbers[clip.key]]) if clip.key in numbers else "missing"


def _true_lines(spec: MethodSpec, clip: Clip) -> dict[int, Lines]:
    if not spec.sketched:
        return {}
    if clip.lines is None:
        raise InputError(
            f"{spec.label!r} is to follow sketches, and clip {clip.key!r} has no lines",
            hint="clips of toontween data synth have them",
        )
    outside = [frame for frame in spec.sketched if not 0 <= frame < len(clip)]
    if outside:
        raise InputError(f"there is no frame {outside[0]} to sketch in clip {clip.key!r}")
    return {frame - 1: Lines(clip.lines[frame].astype(np.float32) / 255) for frame in spec.sketched}


def _rounded(drawings: np.ndarray) -> UInt8[np.ndarray, "n h w 3"]:
    return np.rint(np.clip(drawings, 0, 1) * 255).astype(np.uint8)


def _checked(drawings: Sequence[np.ndarray], spec: MethodSpec, clip: Clip) -> np.ndarray:
    what = f"method {spec.label!r} on clip {clip.key!r}"
    if len(drawings) != len(clip) - 2:
        raise InputError(f"{what}: {len(drawings)} drawings for {len(clip) - 2} times")
    for number, drawing in enumerate(drawings):
        if drawing.shape != clip.frames.shape[1:]:
            raise InputError(
                f"{what}: drawing {number} is {drawing.shape}, not {clip.frames.shape[1:]}"
            )
        if not np.isfinite(drawing).all():
            raise InputError(f"{what}: drawing {number} has values that are no numbers")
    return np.stack(drawings)
