"""A report's folder belongs to one suite and one protocol a measure."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.evaluation.small_clips import in_shards, small_clip, small_clips
from toontween.errors import MediaError, OutputError
from toontween.evaluation.measures.base import Measure
from toontween.evaluation.measures.catalog import build_measure
from toontween.evaluation.order import ORDER_NAME, claim_report, read_order
from toontween.evaluation.suite import Cut, Suite, open_suite
from toontween.metrics.protocol import MeasureProtocol


@pytest.fixture
def suite(tmp_path) -> Suite:
    return open_suite(in_shards(tmp_path / "clips", small_clips(2)))


@pytest.fixture
def report(tmp_path, suite) -> Path:
    """A folder begun with PSNR."""
    claim_report(tmp_path / "report", suite, [build_measure("psnr")])
    return tmp_path / "report"


def psnr_by(**settings: str | float) -> Measure:
    measure = build_measure("psnr")
    protocol = MeasureProtocol(measure="psnr", version="joint-rgb", settings=settings)
    return replace(measure, protocol=protocol)


def test_a_folder_is_made_with_those_above_it(tmp_path, suite):
    claim_report(tmp_path / "some" / "where", suite, [])
    assert read_order(tmp_path / "some" / "where") is not None


def test_measures_are_added_to_those_there(report, suite):
    claim_report(report, suite, [build_measure("ssim")])
    claim_report(report, suite, [build_measure("psnr")])
    order = read_order(report)
    assert order is not None
    assert set(order["measures"]) == {"psnr", "ssim"}
    assert order["measures"]["psnr"] == build_measure("psnr").protocol.record()
    assert order["suite"]["source"] == "clips"


def test_another_protocol_is_refused_with_the_difference_named(report, suite):
    settings = dict(build_measure("psnr").protocol.settings)
    before = (report / ORDER_NAME).read_bytes()
    with pytest.raises(OutputError) as raised:
        claim_report(report, suite, [psnr_by(**settings | {"mse_floor": 0.5})])
    assert "holds psnr by another protocol (mse_floor: " in raised.value.message
    assert "or 0.5" in raised.value.message
    assert "frames" not in raised.value.message.partition("(")[2]  # what is equal is not told
    assert "choose another folder" in (raised.value.hint or "")
    assert (report / ORDER_NAME).read_bytes() == before


@pytest.mark.parametrize(
    ("cut", "told"),
    [
        (Cut(frames=4), "frames whole clips there, 4 here"),
        (Cut(size=(24, 16)), r"size as they are there, \[24, 16\] here"),
    ],
    ids=["frames", "size"],
)
def test_another_cut_is_refused_with_the_difference_named(report, suite, cut, told):
    with pytest.raises(OutputError, match=f"begun with other clips: {told}"):
        claim_report(report, open_suite(suite.source, cut), [])


@pytest.mark.parametrize(
    ("clips", "told"),
    [
        ([small_clip("a"), small_clip("b"), small_clip("c")], "clips 2 there, 3 here"),
        ([small_clip("a"), small_clip("z")], "names [0-9a-f]{16} there, [0-9a-f]{16} here"),
    ],
    ids=["number", "names"],
)
def test_other_clips_are_refused_with_the_difference_named(tmp_path, report, clips, told):
    other = open_suite(in_shards(tmp_path / "other" / "clips", clips))
    with pytest.raises(OutputError, match=f"begun with other clips: {told}"):
        claim_report(report, other, [])


def test_a_suite_of_another_name_is_refused(tmp_path, report):
    other = open_suite(in_shards(tmp_path / "val", small_clips(2)))
    with pytest.raises(OutputError, match="source clips there, val here"):
        claim_report(report, other, [])


def test_a_folder_with_other_things_is_refused(tmp_path, suite):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(OutputError, match="is not empty and no report"):
        claim_report(tmp_path, suite, [])


@pytest.mark.parametrize("name", ["letter.txt", "letter.txt/report"])
def test_a_file_is_no_folder(tmp_path, suite, name):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(OutputError, match="is not a folder"):
        claim_report(tmp_path / name, suite, [])


def test_an_empty_folder_is_no_report_yet(tmp_path):
    assert read_order(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"suite": {}}'])
def test_a_damaged_order_is_named(report, suite, text):
    (report / ORDER_NAME).write_text(text)
    with pytest.raises(MediaError, match=r"protocol\.json .*choose another folder"):
        claim_report(report, suite, [])


def test_the_order_is_plain_json(report):
    known = json.loads((report / ORDER_NAME).read_text(encoding="utf-8"))
    assert MeasureProtocol(**known["measures"]["psnr"]) == build_measure("psnr").protocol
