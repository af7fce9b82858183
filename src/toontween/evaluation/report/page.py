"""The report as one page that opens without a server: table, wins, groups, protocols, and flip-books of all clips.

The pictures are the records' own lossless grids; the page shows one cell of each at a time, all methods in step.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader

from toontween.evaluation.measures.base import together
from toontween.evaluation.report.tables import best_of, interval, name_of, written
from toontween.evaluation.results import GROUPINGS, THIRDS, Evaluation
from toontween.evaluation.store import Store, columns_of
from toontween.media.files import atomic_output
from toontween.metrics.protocol import MeasureProtocol

PAGE_NAME = "report.html"
"""In the report's folder."""


def write_page(folder: Path, evaluation: Evaluation) -> Path:
    """Write the page of a report beside its records.

    Args:
        folder: Of the report.
        evaluation: The table.

    Raises:
        OutputError: It cannot be written.
        MediaError: A record is missing.
    """
    environment = Environment(
        loader=PackageLoader("toontween.evaluation.report"), autoescape=True, trim_blocks=True
    )
    template = environment.get_template("report.html.j2")
    text = template.render(
        evaluation=evaluation,
        best={column.name: best_of(evaluation, column) for column in evaluation.columns},
        protocols=[MeasureProtocol(**dict(c.protocol)).describe() for c in evaluation.columns],
        groupings=GROUPINGS,
        thirds=THIRDS,
        absent=together(evaluation.absent),
        name_of=name_of,
        written=written,
        interval=interval,
        clips=_for_script(_clips(Store(folder), evaluation)),
    )
    path = folder / PAGE_NAME
    with atomic_output(path, overwrite=True) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return path


def _clips(store: Store, evaluation: Evaluation) -> Mapping[str, Any]:
    """All that the page's script knows."""
    labels = [row.label for row in evaluation.rows]
    clips = []
    for number, clip in enumerate(evaluation.clips):
        record = store.latest(clip, labels[-1])
        count, height, width = record.shape if record is not None else (0, 1, 1)
        clips.append(
            {
                "name": clip,
                "count": count,
                "columns": columns_of(count, height, width),
                "size": [width, height],
                "pictures": {label: quote(f"clips/{clip}/{label}.webp") for label in labels},
                "values": {
                    label: {name: own[number] for name, own in evaluation.values[label].items()}
                    for label in labels
                },
            }
        )
    measures = [
        {"name": c.name, "title": c.title, "better": c.better.value, "digits": c.digits}
        for c in evaluation.columns
        if not c.of_set
    ]
    return {"labels": labels, "measures": measures, "clips": clips}


def _for_script(value: Mapping[str, Any]) -> str:
    """JSON that cannot end the script it stands in."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
