"""The page that shows what was kept and what was dropped: numbers, and strips of some clips of each kind."""

import html
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from toontween.data.clips import Clip
from toontween.data.curation.verdicts import Outcome, Verdict
from toontween.data.inspection import strip_of
from toontween.drawing.review import contact_sheet
from toontween.media.files import atomic_output, disk_errors
from toontween.media.images import write_still

KEPT = "kept"
_EACH = 8
_ACROSS = 8

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#28282c;background:#f6f6f4}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem 1rem .25rem 0;text-align:left;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}img{max-width:100%;height:auto}h2{margin-top:2.5rem}
"""


class Samples:
    """Small strips of some clips of each kind: kept, or dropped by one of the checks."""

    def __init__(self) -> None:
        self._strips: dict[str, dict[str, UInt8[np.ndarray, "n h w 3"]]] = defaultdict(dict)

    def add(self, verdict: Verdict, clip: Clip) -> None:
        """Remember a clip, unless there are enough of its kind."""
        self._put(verdict.dropped_by or KEPT, verdict.key, lambda: strip_of(clip, across=_ACROSS))

    def take(self, verdict: Verdict, others: "Samples") -> None:
        """Remember a clip whose strip is among others; its kind may have changed."""
        strip = others.find(verdict.key)
        if strip is not None:
            self._put(verdict.dropped_by or KEPT, verdict.key, lambda: strip)

    def find(self, key: str) -> UInt8[np.ndarray, "n h w 3"] | None:
        """The strip of a clip, if it was remembered."""
        return next((strips[key] for strips in self._strips.values() if key in strips), None)

    def kinds(self) -> list[str]:
        """Kinds that there are clips of, the kept first."""
        return sorted(self._strips, key=lambda kind: (kind != KEPT, kind))

    def sheet(self, kind: str) -> UInt8[np.ndarray, "h w 3"]:
        """Strips of one kind, one above the other."""
        strips = self._strips[kind]
        rows = [list(strip) for strip in strips.values()]
        return contact_sheet(rows, labels=list(strips), keys=(), columns=_ACROSS)

    def write(self, path: Path) -> None:
        """Keep all strips in a file."""
        arrays = {
            f"{kind}/{key}": strip
            for kind, strips in self._strips.items()
            for key, strip in strips.items()
        }
        with atomic_output(path, overwrite=True) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)  # pyright: ignore[reportArgumentType]  names are arrays'

    @classmethod
    def read(cls, path: Path) -> "Samples":
        """Strips that `write` kept."""
        samples = cls()
        with np.load(path, allow_pickle=False) as arrays:
            for name in arrays.files:
                kind, _, key = name.partition("/")
                samples._strips[kind][key] = arrays[name]
        return samples

    def _put(self, kind: str, key: str, strip: Any) -> None:
        strips = self._strips[kind]
        if len(strips) < _EACH:
            strips[key] = strip()


def write_summary(
    path: Path,
    records: Sequence[Mapping[str, Any]],
    samples: Samples,
    *,
    settings: Mapping[str, Any],
) -> None:
    """Write the page and its pictures, `strips/KIND.png` beside it.

    Args:
        path: Of the page.
        records: Lines of the manifest.
        samples: Strips of some clips.
        settings: What was asked for.

    Raises:
        OutputError: They cannot be written.
    """
    pictures = path.parent / "strips"
    with disk_errors(pictures):
        pictures.mkdir(exist_ok=True)
    shown = []
    for kind in samples.kinds():
        write_still(pictures / f"{kind}.png", samples.sheet(kind), overwrite=True)
        shown.append((kind, f"strips/{kind}.png"))
    with atomic_output(path, overwrite=True) as temporary:
        temporary.write_text(_page(records, shown, settings), "utf-8", newline="\n")


def _page(
    records: Sequence[Mapping[str, Any]],
    shown: Sequence[tuple[str, str]],
    settings: Mapping[str, Any],
) -> str:
    broken = [record for record in records if "broken" in record]
    clips = [record for record in records if "broken" not in record]
    kinds = Counter(record["dropped_by"] or KEPT for record in clips)
    kept = [record for record in clips if record["kept"]]
    seconds = sum((record["stop"] - record["start"]) / record["fps"] for record in kept)
    drawings = sum(record["drawings"] for record in kept)
    width, height = settings["size"]
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>Curated clips</title><style>{_STYLE}</style><h1>Curated clips</h1>",
        f"<p>{len(kept)} of {len(clips)} clips kept: {drawings} drawings of {width}×{height} pixels, "
        f"{seconds:.0f} seconds of {len({r['film'] for r in records})} films.",
        "<h2>What became of the clips</h2>",
        _table(
            ("kept, or dropped by", "clips"), [(name, count) for name, count in kinds.most_common()]
        ),
        "<h2>What was measured</h2>",
        _table(
            ("check", "passed", "failed", "not applied", "median", "limit"),
            _checks(clips, settings),
        ),
    ]
    not_applied = {
        check["name"]: check["why"]
        for record in clips
        for check in record["checks"]
        if check["outcome"] == Outcome.NOT_APPLIED
    }
    if not_applied:
        parts += ["<h2>Not applied</h2>", _table(("check", "why"), sorted(not_applied.items()))]
    if broken:
        rows = [(record["film"], record["broken"]) for record in broken]
        parts += ["<h2>Films that cannot be read</h2>", _table(("film", "why"), rows)]
    for kind, picture in shown:
        title = "Kept" if kind == KEPT else f"Dropped by “{kind}”"
        parts += [f"<h2>{html.escape(title)}</h2><img src='{picture}' alt='strips of clips'>"]
    return "\n".join(parts) + "\n"


def _checks(
    clips: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for record in clips:
        for check in record["checks"]:
            found[check["name"]].append(check)
    rows = []
    for name, checks in found.items():
        outcomes = Counter(check["outcome"] for check in checks)
        values = [check["value"] for check in checks if check["value"] is not None]
        limit = " ".join(
            f"{sign} {settings[side][name]:g}"
            for side, sign in (("at_least", "≥"), ("at_most", "≤"))
            if name in settings[side]
        )
        median = f"{np.median(values):.3g}" if values else ""
        rows.append((name, *(outcomes[str(outcome)] for outcome in Outcome), median, limit))
    return rows


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    cells = [
        "".join(
            f"<td class=n>{cell}" if isinstance(cell, int) else f"<td>{html.escape(str(cell))}"
            for cell in row
        )
        for row in rows
    ]
    heads = "".join(f"<th>{html.escape(name)}" for name in head)
    return f"<table><tr>{heads}" + "".join(f"<tr>{row}" for row in cells) + "</table>"
