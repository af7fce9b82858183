"""The paper's table, and what differs."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.evaluation.small_tables import Recorded, column
from toontween.evaluation.measures.base import Absence, Better
from toontween.evaluation.paper import COMPARISON, METHODS, UNKNOWN, paper_table
from toontween.evaluation.results import Evaluation

CPBD = column("cpbd")
LPIPS = column("lpips-alex", Better.LOWER)


def rows_of(text: str) -> dict[str, list[str]]:
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return {cells[0]: cells[1:] for cells in lines}


def differences_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("- ")]


@pytest.fixture
def recorded(tmp_path) -> Recorded:
    """FILM twice, a method that the paper does not have, and noise."""
    values = {
        "film": {"cpbd": [0.5, 0.75], "lpips-alex": [0.125, math.nan]},
        "film sharp": {"cpbd": [0.25, 0.75], "lpips-alex": [0.25, 0.25]},
        "hold": {"cpbd": [1.0, 1.0], "lpips-alex": [0.5, 0.5]},
        "toon": {"cpbd": [0.1, 0.3], "lpips-alex": [0.9, 0.9]},
        "truth": {"cpbd": [0.9, 0.9], "lpips-alex": [0.0, 0.0]},
    }
    made = Recorded(tmp_path, values, [CPBD, LPIPS])
    made.add("film", method="film")
    made.add("film sharp", method="film", options=(("weights", "other"),))
    made.add("toon", method="toon", details={"untrained": True})
    return made


def test_the_published_numbers_are_those_of_table_1():
    # arXiv 2405.17933, table 1, read line by line
    rows = rows_of(paper_table())
    assert rows["method"] == ["fvd", "kvd", "lpips-alex", "clip-img", "clip-txt", "cpbd"]
    published = {
        "AnimeInterp": (196.66, 8.44, 0.1890, 0.8866, 0.3069, 0.5974),
        "EISAI": (146.65, 5.55, 0.1729, 0.9083, 0.3097, 0.6413),
        "FILM": (189.88, 8.01, 0.1702, 0.9006, 0.3083, 0.6317),
        "SEINE": (98.96, 2.93, 0.2519, 0.8531, 0.2962, 0.6630),
        "ToonCrafter": (43.92, 1.52, 0.1733, 0.9221, 0.3129, 0.6723),
    }
    for name, numbers in published.items():
        assert tuple(map(float, rows[f"{name}, published"])) == numbers
    assert len(rows) == 2 + len(published)


def test_without_a_report_nothing_differs():
    assert "differs" not in paper_table()
    assert "ours" not in paper_table()


def test_every_published_measure_is_one_of_ours_or_a_gap_that_is_told():
    assert set(UNKNOWN) == set(COMPARISON)
    assert all(len(numbers) == len(METHODS) for numbers in COMPARISON.values())


def test_our_rows_stand_below_the_published_ones(recorded):
    text = paper_table(recorded.table())
    names = list(rows_of(text))
    assert names.index("film, ours") == names.index("FILM, published") + 1
    assert names.index("film sharp, ours") == names.index("FILM, published") + 2
    assert names[-1] == "hold, ours"
    assert not any(name.startswith("truth") for name in names)
    rows = rows_of(text)
    assert rows["film, ours"] == [
        "not measured",
        "not measured",
        "0.125",
        *["not measured"] * 2,
        "0.625",
    ]
    assert rows["film sharp, ours"][-1] == "0.5"
    assert rows["FILM, published"][-1] == "0.6317"


def test_random_weights_are_marked(recorded):
    names = list(rows_of(paper_table(recorded.table())))
    assert "toon, ours (random weights)" in names
    assert "toon, ours" not in names


def test_other_methods_stand_in_the_table_even_with_distances_of_sets_alone(recorded):
    table = recorded.table()
    table = replace(table, rows=[replace(row, wins={}) for row in table.rows])
    assert "hold, ours" in rows_of(paper_table(table))


def test_differences_are_named(recorded):
    recorded.absent = (Absence(name="seine", why="no weights", hint="pull seine"),)
    told = "\n".join(differences_of(paper_table(recorded.table())))
    assert "clips: 1000 of the paper's own, never published; ours: 2 of clips" in told
    assert "frames: 16; ours: 3" in told
    assert "size: 512×320; ours: 4×4" in told
    assert "FILM halves of halves" in told
    assert told.count("FILM halves of halves") == 1
    assert f"cpbd: not told: {UNKNOWN['cpbd']}. Ours: cpbd (1): frames=in-betweens" in told
    assert "not measured here: fvd, kvd, clip-img, clip-txt" in told
    assert "absent here: seine (pull seine)" in told


def test_what_is_equal_is_not_told_as_a_difference(recorded):
    table = _shaped(recorded.table(), (16, 320, 512))
    told = "\n".join(differences_of(paper_table(table)))
    assert "- frames" not in told
    assert "- size" not in told


def _shaped(table: Evaluation, shape: tuple[int, int, int]) -> Evaluation:
    return replace(table, suite={**table.suite, "shape": list(shape)})


def test_a_report_without_rivals_says_so(tmp_path: Path):
    values = {"hold": {"cpbd": [1.0]}, "truth": {"cpbd": [1.0]}}
    text = paper_table(Recorded(tmp_path, values, [CPBD]).table())
    assert "none of them is in this report" in text
