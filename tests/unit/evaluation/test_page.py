"""The report as a page: it parses, needs nothing from elsewhere, and what is said in it stays text."""

import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.unit.evaluation.small_clips import small_bench, small_suite
from tests.unit.evaluation.small_tables import LOSS, SCORE, Recorded
from toontween.evaluation.evaluate import evaluate
from toontween.evaluation.measures.base import Absence
from toontween.evaluation.report.page import write_page
from toontween.evaluation.results import Evaluation

EVIL = """<script>alert("1")</script>'&<img src=x onerror='alert(2)'>"""


class Page(HTMLParser):
    """What stands in a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.resources: list[str] = []
        self.handlers: list[str] = []
        self.texts: list[str] = []
        self.script = ""
        self._open: list[str] = []
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._open.append(tag)
        self.resources += [
            v or "" for name, v in attrs if name in ("src", "href", "action", "data")
        ]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        assert tag in self._open, f"</{tag}> closes nothing"
        while self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            self.script += data
        elif self._open and self._open[-1] != "style":
            self.texts.append(data.strip())

    @property
    def known(self) -> dict[str, Any]:
        """What the script is given."""
        line = next(one for one in self.script.splitlines() if one.startswith("const known = "))
        return json.loads(line.removeprefix("const known = ").removesuffix(";"))

    def says(self, text: str) -> bool:
        """Whether a text stands in the page as text."""
        return any(text in one for one in self.texts)


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    """A real report of two clips, with something absent."""
    folder = tmp_path_factory.mktemp("page")
    bench = small_bench(small_suite(folder / "clips", 2), ("hold", "flow"), ("psnr", "motion"))
    evaluate(bench, folder / "report")
    return folder / "report"


@pytest.fixture
def table(tmp_path) -> Evaluation:
    values = {
        "flow": {"score": [20.0, 22.0], "loss": [0.5, math.nan]},
        "noise": {"score": [90.0, 95.0], "loss": [0.0, 0.0]},
        "truth": {"score": [99.0, 99.0], "loss": [0.0, 0.0]},
    }
    made = Recorded(tmp_path, values, [SCORE, LOSS], motion=[3.5, 1.25])
    made.add("noise", details={"untrained": True})
    made.add("flow", options=(("sharpness", 40.0),))
    return made.table()


def page_of(folder: Path, table: Evaluation) -> Page:
    return Page(write_page(folder / "report", table))


def test_a_page_needs_nothing_from_elsewhere(report):
    page = Page(report / "report.html")
    assert not page.resources
    own = page.text.replace('url("${cell.dataset.src}")', "")
    assert own != page.text
    assert not re.search(r"https?:|//[a-z]|@import|url\(|fetch\(|import\(", own)
    assert page.tags.count("script") == 1


def test_every_picture_that_a_page_names_is_there(report):
    known = Page(report / "report.html").known
    assert known["labels"] == ["hold", "flow", "truth"]
    assert [clip["name"] for clip in known["clips"]] == ["a", "b"]
    for clip in known["clips"]:
        assert set(clip["pictures"]) == set(known["labels"])
        for place in clip["pictures"].values():
            assert (report / unquote(place)).is_file()


def test_a_page_knows_how_the_frames_lie_in_their_pictures(report):
    [first, _] = Page(report / "report.html").known["clips"]
    assert (first["count"], first["columns"], first["size"]) == (5, 3, [48, 32])


def test_labels_with_spaces_and_signs_name_their_pictures(tmp_path):
    values = {"flow, 4 + 5": {"score": [1.0]}, "truth": {"score": [1.0]}}
    known = page_of(tmp_path, Recorded(tmp_path, values, [SCORE]).table()).known
    [clip] = known["clips"]
    place = clip["pictures"]["flow, 4 + 5"]
    assert " " not in place
    assert unquote(place) == "clips/clip00/flow, 4 + 5.webp"


def test_means_options_wins_groups_and_protocols_stand_in_the_page(tmp_path, table):
    page = page_of(tmp_path, table)
    for text in (
        "2 clips of",
        "each 3 frames of 4×4",
        "21.000",
        "20.000…22.000",
        "sharpness=40.0",
        "random weights",
        "score (1): frames=in-betweens",
        "Score by motion",
        "Loss by disocclusion",
        "0 %",
        "100 %",
        f"torch {table.software['torch']}",
    ):
        assert page.says(text), text


def test_neither_noise_nor_the_truth_is_the_best(tmp_path, table):
    text = page_of(tmp_path, table).text
    assert re.findall(r'class="best">([^<]+)<', text) == ["21.000", "0.500"]


def test_what_is_absent_is_listed_with_what_to_do(tmp_path, table):
    absent = [Absence(name="film", why="no weights", hint="toontween weights pull film")]
    page = page_of(tmp_path, replace(table, absent=absent))
    assert page.says("Absent")
    assert page.says("no weights")
    assert page.says("toontween weights pull film")
    assert not page_of(tmp_path, table).says("Absent")


def test_whatever_is_said_stays_text(tmp_path, table):
    row = table.rows[0]
    odd = replace(
        table,
        suite={**table.suite, "source": EVIL},
        rows=[replace(row, options={"weights": EVIL}), *table.rows[1:]],
        columns=[replace(table.columns[0], title=EVIL), *table.columns[1:]],
        absent=[Absence(name=EVIL, why=EVIL, hint=EVIL)],
        remarks=[EVIL],
        software={EVIL: EVIL},
        clips=[EVIL, "</script><b>bold</b>"],
    )
    page, plain = page_of(tmp_path, odd), page_of(tmp_path, replace(table, absent=odd.absent))
    assert page.tags.count("script") == plain.tags.count("script") == 1
    assert not {"img", "b"} & set(page.tags)
    assert not page.handlers
    assert page.says(EVIL)
    assert page.says(f"weights={EVIL}")
    assert [clip["name"] for clip in page.known["clips"]] == odd.clips
    assert page.known["measures"][0]["title"] == EVIL


def test_numbers_that_clips_do_not_have_are_null(tmp_path, table):
    known = page_of(tmp_path, table).known
    assert known["clips"][1]["values"]["flow"] == {"score": 22.0, "loss": None}


def test_a_page_is_replaced_by_the_next_one(tmp_path, table):
    page_of(tmp_path, table)
    page = page_of(tmp_path, replace(table, suite={**table.suite, "source": "others"}))
    assert page.says("others")
