"""One call from clips to a report."""

import json
from dataclasses import replace

import pytest

from tests.unit.evaluation.small_clips import methods, small_bench, small_suite
from toontween.evaluation.evaluate import evaluate
from toontween.evaluation.methods import MethodSpec
from toontween.evaluation.report.tables import to_csv, to_markdown
from toontween.evaluation.results import read_evaluation


def test_a_report_holds_the_table_in_every_form(tmp_path):
    report = evaluate(small_bench(small_suite(tmp_path / "clips")), tmp_path / "report")
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        "clips",
        "clips.csv",
        "evaluation.json",
        "protocol.json",
        "report.html",
        "table.md",
    }
    back = read_evaluation(report.json)
    assert to_markdown(back) == report.table.read_text(encoding="utf-8")
    assert to_csv(back) == report.csv.read_text(encoding="utf-8")
    assert back.row("hold").cells == report.evaluation.row("hold").cells


def test_the_same_call_again_gives_the_same_bytes(tmp_path):
    bench = small_bench(small_suite(tmp_path / "clips"), ("hold", "flow"))
    before, after = (
        {path.name: path.read_bytes() for path in (tmp_path / "report").iterdir() if path.is_file()}
        for _ in (1, 2)
        if evaluate(bench, tmp_path / "report")
    )
    assert before == after


def test_a_table_has_the_rows_asked_for_though_the_folder_holds_more(tmp_path):
    suite = small_suite(tmp_path / "clips")
    evaluate(small_bench(suite, ("hold", "crossfade")), tmp_path / "report")
    table = evaluate(small_bench(suite, ("flow", "hold"), ("motion",)), tmp_path / "report")
    assert [row.label for row in table.evaluation.rows] == ["flow", "hold", "truth"]
    assert [column.name for column in table.evaluation.columns] == ["motion"]


def test_fewer_clips_may_become_more(tmp_path):
    suite = small_suite(tmp_path / "clips", 4)
    few = evaluate(small_bench(suite, num_clips=2), tmp_path / "report").evaluation
    assert list(few.clips) == ["a", "d"]
    assert few.suite["measured"] == 2
    assert few.suite["clips"] == 4
    every = evaluate(small_bench(suite), tmp_path / "report").evaluation
    assert list(every.clips) == ["a", "b", "c", "d"]
    assert every.values["hold"]["psnr"][0] == few.values["hold"]["psnr"][0]


def test_a_network_of_random_weights_is_marked_and_never_the_best(tmp_path):
    suite = small_suite(tmp_path / "clips", 2, size=(64, 64))
    noise = MethodSpec(method="rife", options=(("weights", "random"),), device="cpu")
    bench = replace(small_bench(suite), methods=[noise, *methods("hold")])
    report = evaluate(bench, tmp_path / "report")
    row = report.evaluation.row("rife")
    assert row.untrained
    assert row.details["weights"] == "random"
    assert row.cells["psnr"].clips == 2
    assert row.seconds_per_drawing is not None
    assert row.seconds_per_drawing > 0
    line = next(line for line in report.table.read_text().splitlines() if line.startswith("| rife"))
    assert line.startswith("| rife (random weights) |")
    assert "**" not in line


def test_harder_clips_are_told_from_easier_ones(tmp_path):
    table = evaluate(
        small_bench(small_suite(tmp_path / "clips", 3)), tmp_path / "report"
    ).evaluation
    motion = table.attributes["motion_px"]
    assert motion[0] < motion[2]  # the clips are each faster than the one before
    assert all(0 <= share <= 1 for share in table.attributes["disoccluded"])
    cells = table.row("hold").groups["motion_px"]["psnr"]
    assert [cell.clips for cell in cells] == [1, 1, 1]


def test_protocols_stand_beside_the_numbers(tmp_path):
    report = evaluate(small_bench(small_suite(tmp_path / "clips")), tmp_path / "report")
    known = json.loads(report.json.read_text())
    order = json.loads((tmp_path / "report" / "protocol.json").read_text())
    for column in known["columns"]:
        assert column["protocol"] == order["measures"][column["name"]]
    assert known["software"]["torch"]


@pytest.mark.parametrize("measures", [("psnr",), ("psnr", "ssim", "motion")])
def test_the_truth_against_itself_is_perfect(tmp_path, measures):
    table = evaluate(
        small_bench(small_suite(tmp_path / "clips", 2), measures=measures), tmp_path / "report"
    ).evaluation
    perfect = {"psnr": 68.13, "ssim": 1.0, "motion": 1.0}
    for name in measures:
        assert table.row("truth").cells[name].value == pytest.approx(perfect[name], abs=5e-3)
