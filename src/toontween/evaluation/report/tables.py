"""The table as Markdown and as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence

from toontween.evaluation.measures.base import Better, together
from toontween.evaluation.methods import TRUTH
from toontween.evaluation.results import Cell, Column, Evaluation, Row

UNTRAINED = "random weights"


def to_markdown(evaluation: Evaluation) -> str:
    """The means as a table; the best of each column is bold, rows of untrained networks take no part."""
    heads = ["method", *(f"{c.title} {c.better.arrow}" for c in evaluation.columns), "s/drawing"]
    best = {column.name: best_of(evaluation, column) for column in evaluation.columns}
    lines = [_line(heads), _line(["---"] * len(heads))]
    for row in evaluation.rows:
        cells = [_emphasised(row, column, best[column.name]) for column in evaluation.columns]
        seconds = "" if row.seconds_per_drawing is None else f"{row.seconds_per_drawing:.3g}"
        lines.append(_line([name_of(row), *cells, seconds]))
    absent = [
        f"- {one.name}: {one.why}. {one.hint}".rstrip(". ") for one in together(evaluation.absent)
    ]
    if absent:
        lines += ["", "Absent:", "", *absent]
    lines += ["", *evaluation.remarks] if evaluation.remarks else []
    return "\n".join(lines) + "\n"


def to_csv(evaluation: Evaluation) -> str:
    """One line for each clip and method, one column for each measure that a clip has by itself."""
    measures = [column.name for column in evaluation.columns if not column.of_set]
    attributes = list(evaluation.attributes)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["clip", "method", *attributes, *measures])
    for label, own in evaluation.values.items():
        for number, clip in enumerate(evaluation.clips):
            known = [evaluation.attributes[name][number] for name in attributes]
            values = [own[name][number] for name in measures]
            writer.writerow([clip, label, *known, *("" if v is None else v for v in values)])
    return text.getvalue()


def best_of(evaluation: Evaluation, column: Column) -> str | None:
    """The label that is best by a measure, among trained methods; None when none has a value."""
    values = {
        row.label: row.cells[column.name].value
        for row in evaluation.rows
        if row.method != TRUTH and not row.untrained
    }
    return best_label(values, column.better)


def best_label(values: Mapping[str, float | None], better: Better) -> str | None:
    """Whose value is best; None when nobody has one."""
    known = {label: value for label, value in values.items() if value is not None}
    return min(known, key=lambda label: better.badness(known[label]), default=None)


def name_of(row: Row) -> str:
    """What tables call a row."""
    return f"{row.label} ({UNTRAINED})" if row.untrained else row.label


def written(cell: Cell, column: Column) -> str:
    """A value as tables print it."""
    if cell.value is None:
        return "–"
    text = f"{cell.value:,.{column.digits}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text  # rounding errors are not negative


def interval(cell: Cell, column: Column) -> str:
    """An interval as tables print it; empty where there is none."""
    if cell.low is None or cell.high is None:
        return ""
    return f"{cell.low:,.{column.digits}f}…{cell.high:,.{column.digits}f}"


def _emphasised(row: Row, column: Column, best: str | None) -> str:
    text = written(row.cells[column.name], column)
    around = interval(row.cells[column.name], column)
    text = f"**{text}**" if row.label == best else text
    return f"{text} ({around})" if around else text


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
