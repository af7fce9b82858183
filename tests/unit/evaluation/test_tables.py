"""Tables as Markdown and CSV."""

import csv
import io
import math
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.evaluation.small_tables import LOSS, SCORE, SHARE, SHIFT, Recorded, column
from toontween.evaluation.measures.base import Absence, Better
from toontween.evaluation.report.tables import (
    best_label,
    best_of,
    interval,
    name_of,
    to_csv,
    to_markdown,
    written,
)
from toontween.evaluation.results import Cell, Column, Evaluation

NAN = math.nan


@pytest.fixture
def recorded(tmp_path) -> Recorded:
    """Two methods, and one with random weights whose numbers are better than anybody's."""
    values = {
        "flow": {"score": [20.0, 22.0], "loss": [0.5, 0.25], "share": [0.5, 0.75]},
        "hold": {"score": [10.0, 11.0], "loss": [0.25, 0.125], "share": [1.5, 1.25]},
        "noise": {"score": [90.0, 95.0], "loss": [0.0, 0.0], "share": [1.0, 1.0]},
        "truth": {"score": [99.0, 99.0], "loss": [0.0, 0.0], "share": [1.0, NAN]},
    }
    made = Recorded(tmp_path, values, [SCORE, LOSS, SHARE], motion=[3.5, 1.25])
    made.add("noise", details={"untrained": True})
    return made


def lines_of(text: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]


def test_a_table_has_a_line_for_each_method_and_a_column_for_each_measure(recorded):
    heads, rule, *rows = lines_of(to_markdown(recorded.table(resamples=0)))
    assert heads == ["method", "Score ↑", "Loss ↓", "Share →1", "s/drawing"]
    assert set(rule) == {"---"}
    assert [row[0] for row in rows] == ["flow", "hold", "noise (random weights)", "truth"]
    assert rows[1] == ["hold", "10.500", "**0.188**", "1.375", "0.5"]


def test_the_best_is_bold_and_neither_noise_nor_the_truth_ever_is(recorded):
    flow, hold, noise, truth = lines_of(to_markdown(recorded.table(resamples=0)))[2:]
    assert flow[1] == "**21.000**"
    assert hold[2] == "**0.188**"
    assert sum("**" in cell for row in (flow, hold) for cell in row) == 3
    assert not any("**" in cell for row in (noise, truth) for cell in row)


def test_intervals_stand_behind_their_values(recorded):
    flow = lines_of(to_markdown(recorded.table()))[2]
    assert flow[1] == "**21.000** (20.000…22.000)"


@pytest.mark.parametrize(
    ("better", "best"),
    [
        (Better.HIGHER, "c"),
        (Better.LOWER, "a"),
        (Better.NEAR_ZERO, "b"),
        (Better.NEAR_ONE, "c"),
    ],
)
def test_the_best_is_by_what_is_better(better, best):
    values = {"a": -2.0, "b": 0.5, "c": 1.25, "none": None}
    assert best_label(values, better) == best
    assert best_label({"none": None}, better) is None


def test_of_nothing_but_noise_nothing_is_best(recorded):
    table = recorded.table()
    alone = replace(table, rows=[row for row in table.rows if row.label in ("noise", "truth")])
    assert all(best_of(alone, one) is None for one in table.columns)


def table_with(table: Evaluation, **changes: Any) -> str:
    return to_markdown(replace(table, **changes))


def test_what_is_absent_stands_below_with_what_to_do(recorded):
    recorded.absent = (Absence(name="film", why="its weights are not here", hint="pull film"),)
    below = to_markdown(recorded.table()).partition("Absent:")[2]
    assert below.split() == ["-", "film:", "its", "weights", "are", "not", "here.", "pull", "film"]
    assert "Absent" not in table_with(recorded.table(), absent=())


def test_remarks_stand_below(recorded):
    assert "mind the gap" in table_with(recorded.table(), remarks=["mind the gap"])


def some_column(digits: int) -> Column:
    measure = column("score", digits=digits)
    return Column(
        name="score",
        title="Score",
        better=measure.better,
        digits=digits,
        protocol=measure.protocol.record(),
        of_set=False,
    )


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1234.5678, 2, "1,234.57"),
        (0.00004, 3, "0.000"),
        (-0.00004, 3, "0.000"),
        (-0.0006, 3, "-0.001"),
        (-12.0, 0, "-12"),
        (-0.2, 0, "0"),
        (None, 3, "–"),
    ],
)
def test_values_are_written_with_the_digits_of_their_measure(value, digits, text):
    assert written(Cell(value=value), some_column(digits)) == text


def test_half_an_interval_is_none():
    assert interval(Cell(value=1.0, low=0.5), some_column(1)) == ""
    assert interval(Cell(value=1.0, low=0.5, high=1500.0), some_column(1)) == "0.5…1,500.0"


def test_names_say_when_weights_are_random(recorded):
    names = [name_of(row) for row in recorded.table().rows]
    assert names == ["flow", "hold", "noise (random weights)", "truth"]


def test_every_clip_of_every_method_is_read_back_from_csv(recorded):
    table = recorded.table()
    lines = list(csv.DictReader(io.StringIO(to_csv(table))))
    assert len(lines) == 4 * 2
    assert list(lines[0]) == [
        "clip",
        "method",
        "motion_px",
        "disoccluded",
        "score",
        "loss",
        "share",
    ]
    for line in lines:
        number = list(table.clips).index(line["clip"])
        assert float(line["motion_px"]) == table.attributes["motion_px"][number]
        for name in ("score", "loss", "share"):
            value = table.values[line["method"]][name][number]
            assert line[name] == ("" if value is None else str(value))
    assert {line["share"] for line in lines if line["method"] == "truth"} == {"1.0", ""}


def test_numbers_near_zero_are_written_without_a_sign(tmp_path):
    values = {"flow": {"shift": [-0.0001, 0.0]}, "truth": {"shift": [0.0, 0.0]}}
    flow = lines_of(to_markdown(Recorded(tmp_path, values, [SHIFT]).table(resamples=0)))[2]
    assert flow[1] == "**0.000**"
