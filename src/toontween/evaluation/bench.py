"""What is compared on what by what: from a command line, or written down in a `bench.toml`.

clips = "val/"                  # shards, or a folder of films; beside this file
frames = 16
size = [256, 160]
measures = ["psnr", "ssim", "distance"]

[weights]
squeezenet = "squeezenet.npz"

[[methods]]
method = "flow"
label = "sharp flow"            # a method may stand here more than once, under other labels
options = { sharpness = 40 }

[[methods]]
method = "toon"
sketched = [8]                  # frames whose true lines it is given
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toontween.errors import InputError, MediaError
from toontween.evaluation.methods import GIVEN, MethodSpec
from toontween.evaluation.suite import Cut, Suite, open_suite

_KINDS: Mapping[str, type] = {
    "clips": str,
    "frames": int,
    "size": list,
    "measures": list,
    "methods": list,
    "weights": dict,
    "seed": int,
    "device": str,
}
_KINDS_OF_METHOD: Mapping[str, type] = {
    "method": str,
    "label": str,
    "options": dict,
    "sketched": list,
}
_TOLD = {str: "a text", int: "a whole number", list: "a list", dict: "a table"}


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Clips × methods × measures."""

    suite: Suite
    methods: Sequence[MethodSpec]
    measures: Sequence[str]
    weights: Mapping[str, Path] = field(default_factory=dict)
    """Files and folders of the measures' networks, by name."""

    num_clips: int | None = None
    """Look only at so many, evenly spread."""


def read_bench(path: Path) -> Bench:
    """A bench from its file; paths in it are relative to it.

    Raises:
        MediaError: The file or its clips cannot be read.
        InputError: An entry is unknown, missing or of the wrong kind.
        UnknownNameError: There is no such method.
    """
    try:
        known: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MediaError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from error
    file = path.name
    _check(known, _KINDS, file, needed=("clips", "measures", "methods"))
    size = _all_of(int, known.get("size", []), f"size of {file}")
    if "size" in known and len(size) != 2:
        raise InputError(f"size of {file} is {size}, not width and height")
    cut = Cut(frames=known.get("frames"), size=(size[0], size[1]) if size else None)
    methods = [_method(entry, known, path) for entry in _all_of(dict, known["methods"], "methods")]
    measures = _all_of(str, known["measures"], f"measures of {file}")
    named = known.get("weights", {})
    _all_of(str, list(named.values()), f"weights of {file}")
    weights = {name: path.parent / weight for name, weight in named.items()}
    clips = path.parent / known["clips"]
    suite = open_suite(clips, cut)
    return Bench(suite=suite, methods=methods, measures=measures, weights=weights)


def _method(entry: Mapping[str, Any], known: Mapping[str, Any], path: Path) -> MethodSpec:
    folder, where = path.parent, f"a method of {path.name}"
    _check(entry, _KINDS_OF_METHOD, where, needed=("method",))
    options = dict(entry.get("options", {}))
    if entry["method"] == GIVEN and "path" in options:
        options["path"] = str(folder / str(options["path"]))
    return MethodSpec(
        method=entry["method"],
        label=entry.get("label", ""),
        options=tuple(sorted(options.items())),
        sketched=tuple(_all_of(int, entry.get("sketched", []), f"sketched, {where}")),
        device=known.get("device", "auto"),
        seed=known.get("seed", 0),
    )


def _check(
    entries: Mapping[str, Any], kinds: Mapping[str, type], where: str, *, needed: Sequence[str]
) -> None:
    for name, value in entries.items():
        if name not in kinds:
            raise InputError(f"{where} has an entry {name!r}", hint=f"known: {', '.join(kinds)}")
        _all_of(kinds[name], [value], f"{name} of {where}")
    for name in needed:
        if name not in entries:
            raise InputError(f"{where} does not say {name!r}")


def _all_of(kind: type, values: Sequence[Any], where: str) -> list[Any]:
    for value in values:
        if not isinstance(value, kind) or isinstance(value, bool):
            raise InputError(f"{where}: {value!r} is not {_TOLD[kind]}")
    return list(values)
