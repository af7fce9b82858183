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

_KNOWN = {"clips", "frames", "size", "measures", "methods", "weights", "seed", "device"}
_KNOWN_OF_METHOD = {"method", "label", "options", "sketched"}


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
    _check_names(known, _KNOWN, path.name)
    try:
        size = known.get("size")
        cut = Cut(frames=known.get("frames"), size=None if size is None else (size[0], size[1]))
        methods = [_method(entry, known, path) for entry in known["methods"]]
        measures = [str(name) for name in known["measures"]]
        weights = {str(k): path.parent / v for k, v in known.get("weights", {}).items()}
        clips = path.parent / known["clips"]
    except KeyError as error:
        raise InputError(f"{path.name} does not say {error}") from error
    except (TypeError, IndexError, AttributeError) as error:
        raise InputError(f"{path.name} has an entry of the wrong kind: {error}") from error
    suite = open_suite(clips, cut)
    return Bench(suite=suite, methods=methods, measures=measures, weights=weights)


def _method(entry: Mapping[str, Any], known: Mapping[str, Any], path: Path) -> MethodSpec:
    folder = path.parent
    _check_names(entry, _KNOWN_OF_METHOD, f"a method of {path.name}")
    options = dict(entry.get("options", {}))
    if entry["method"] == GIVEN and "path" in options:
        options["path"] = str(folder / str(options["path"]))
    return MethodSpec(
        method=entry["method"],
        label=entry.get("label", ""),
        options=tuple(sorted(options.items())),
        sketched=tuple(entry.get("sketched", ())),
        device=str(known.get("device", "auto")),
        seed=int(known.get("seed", 0)),
    )


def _check_names(entries: Mapping[str, Any], known: set[str], where: str) -> None:
    for name in entries:
        if name not in known:
            raise InputError(
                f"{where} has an entry {name!r}", hint=f"known: {', '.join(sorted(known))}"
            )
