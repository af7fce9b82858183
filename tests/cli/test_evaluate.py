"""`toontween evaluate`."""

import json
from pathlib import Path

import pytest

from tests.unit.evaluation.small_clips import (
    in_folders,
    in_shards,
    small_clip,
    small_clips,
)

QUICK = ("--methods", "hold,crossfade", "--measures", "psnr,motion", "-o", "report")


@pytest.fixture
def clips(folder) -> Path:
    """Two clips as shards, in the working folder."""
    return in_shards(folder / "clips", small_clips(2))


@pytest.fixture
def evaluate(toontween, clips):
    """Compare on the two clips."""
    return lambda *arguments: toontween("evaluate", "clips", *arguments)


def test_the_table_is_printed_and_a_report_written(evaluate, folder):
    code, out, err = evaluate(*QUICK)
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "| method | PSNR dB ↑ | share of motion →1 | s/drawing |"
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| hold", "| crossfade", "| truth"]
    assert err.splitlines() == ["the report: report/report.html"]
    assert out == (folder / "report" / "table.md").read_text(encoding="utf-8")
    for name in ("report.html", "clips.csv", "evaluation.json"):
        assert (folder / "report" / name).stat().st_size > 100


def test_a_second_run_goes_on_and_tells_the_same(evaluate):
    _, first, _ = evaluate(*QUICK)
    code, second, _ = evaluate(*QUICK)
    assert (code, second) == (0, first)


def test_the_result_as_json(evaluate):
    code, out, err = evaluate(*QUICK, "--json", "--quiet")
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert said["command"] == "evaluate"
    assert said["out"] == "report"
    assert said["absent"] == []
    for name in ("page", "table", "csv", "json"):
        assert Path(said[name]).is_file()
    assert list(said["methods"]) == ["hold", "crossfade", "truth"]
    cell = said["methods"]["hold"]["psnr"]
    assert set(cell) == {"value", "low", "high", "clips"}
    assert cell["low"] <= cell["value"] <= cell["high"]
    assert cell["clips"] == 2


def test_what_is_absent_is_told_and_the_rest_is_done(evaluate):
    absent = ("--methods", "hold,film", "--measures", "psnr,distance", "-o", "report")
    code, out, err = evaluate(*absent)
    assert code == 0
    warnings = [line for line in err.splitlines() if line.startswith("warning: absent: ")]
    assert [line.split(": ")[2] for line in warnings] == ["film", "distance"]
    assert "toontween weights pull film" in warnings[0]
    assert "--weights squeezenet=PATH" in warnings[1]
    assert "Absent:" in out
    code, out, err = evaluate(*absent, "--quiet", "--json")
    assert (code, err) == (0, "")
    assert [one["name"] for one in json.loads(out)["absent"]] == ["film", "distance"]


def test_settings_go_to_their_methods(evaluate, folder):
    chosen = ("--methods", "flow,hold", "--measures", "psnr", "--set", "flow.sharpness=40")
    code, _, _ = evaluate(*chosen, "-o", "report")
    assert code == 0
    known = json.loads((folder / "report" / "evaluation.json").read_text())
    assert [row["options"] for row in known["rows"]] == [{"sharpness": 40}, {}, {}]


def test_folders_of_frames_are_cut_and_scaled(toontween, folder):
    in_folders(folder / "films", [small_clip("a", frames=6), small_clip("b", size=(64, 48))])
    cut = ("--frames", "4", "--size", "32x24", "--clips", "2")
    code, _, _ = toontween("evaluate", "films", *QUICK, *cut)
    assert code == 0
    known = json.loads((folder / "report" / "evaluation.json").read_text())
    assert known["suite"]["shape"] == [4, 24, 32]
    assert known["suite"]["size"] == [32, 24]


def test_what_something_else_drew_has_a_row(evaluate, folder):
    in_shards(folder / "drawn", small_clips(2))
    drawn = ("--drawn", "by hand=drawn", "--measures", "psnr", "-o", "report", "--json")
    code, out, _ = evaluate(*drawn)
    assert code == 0
    said = json.loads(out)["methods"]
    assert said["by hand"]["psnr"] == said["truth"]["psnr"]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--methods", "hold,holt"), "'holt'"),
        (("--methods", "hold,hold"), "'hold' is given twice"),
        (("--methods", ""), "no method called ''"),
        (("--measures", "pnsr"), "'pnsr'"),
        (("--measures", ""), "no measure called ''"),
        (("--size", ""), "'' is not WIDTHxHEIGHT"),
        (("--size", "48"), "'48' is not WIDTHxHEIGHT"),
        (("--size", "0x48"), "0×48 pixels"),
        (("--frames", "2"), "clips of 2 frames"),
        (("--frames", "9"), "clip 'a' has 5 frames; 9 are needed"),
        (("--clips", "0"), "0 clips cannot be measured"),
        (("--workers", "0"), "0 workers"),
        (("--device", "cuda"), "runs on the CPU"),
        (("--set", "sharpness=4.0"), "is not METHOD.NAME=VALUE"),
        (("--set", "hold=1"), "is not METHOD.NAME=VALUE"),
        (("--set", "hold.=1"), "is not NAME=VALUE"),
        (("--set", "flow.sharpness=1"), "settings for 'flow', which is not among the methods"),
        (("--set", "hold.depth=1"), "'hold' has no option 'depth'"),
        (("--set", "hold.a=1", "--set", "hold.a=2"), "hold.a is given twice"),
        (("--weights", "squeezenet"), "--weights 'squeezenet' is not NAME=VALUE"),
        (("--weights", "squeezent=x"), "'squeezent'"),
        (("--drawn", "by hand"), "--drawn 'by hand' is not NAME=VALUE"),
        (("--drawn", "hold=clips"), "two methods are labelled 'hold'"),
        (("--drawn", "a/b=clips"), "'a/b' cannot be the label"),
        (("--drawn", "by hand=nowhere"), "nowhere does not exist"),
        (("--speed", "3"), "--speed"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_line(evaluate, folder, flags, told):
    code, out, err = evaluate(*QUICK, *flags)
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err
    assert not (folder / "report").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "no clips given"),
        (("clips",), "no --out folder given"),
        (("clips", "-o", "report"), "no --methods given"),
        (("nowhere", *QUICK), "nowhere does not exist"),
        (("A.png", *QUICK), "A.png"),
    ],
)
def test_what_is_missing_is_told(toontween, clips, arguments, told):
    code, out, err = toontween("evaluate", *arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err


def test_clips_that_differ_are_named_with_the_way_out(toontween, folder):
    in_shards(folder / "mixed", [small_clip("a"), small_clip("b", size=(64, 48))])
    code, out, err = toontween("evaluate", "mixed", *QUICK)
    assert (code, out) == (2, "")
    assert "clip 'a' is 5 frames of 48×32, clip 'b' 5 frames of 64×48" in err
    assert "hint: scale and crop all with --size" in err
    assert not (folder / "report").exists()
    code, _, _ = toontween("evaluate", "mixed", *QUICK, "--size", "48x32")
    assert code == 0


def test_a_damaged_clip_is_named(toontween, folder, clips):
    shard = clips / "00000.tar"
    data = bytearray(shard.read_bytes())
    at = data.rindex(b"frames.npy")
    data[at : at + 10] = b"fromes.npy"
    shard.write_bytes(data)
    code, out, err = toontween("evaluate", "clips", *QUICK)
    assert (code, out) == (2, "")
    assert "clip 'b' is damaged" in err


def test_another_protocol_or_other_clips_need_another_folder(evaluate):
    evaluate(*QUICK)
    code, _, err = evaluate(*QUICK, "--frames", "4")
    assert code == 2
    assert "frames whole clips there, 4 here" in err
    assert "hint: choose another folder" in err


def test_a_folder_with_other_things_is_left_alone(evaluate, folder):
    (folder / "report").mkdir()
    (folder / "report" / "letter.txt").write_text("dear")
    code, _, err = evaluate(*QUICK)
    assert code == 2
    assert "is not empty and no report" in err
    assert [path.name for path in (folder / "report").iterdir()] == ["letter.txt"]


def test_the_papers_table_needs_no_report(toontween):
    code, out, err = toontween("evaluate", "--paper-table")
    assert (code, err) == (0, "")
    assert "| ToonCrafter, published | 43.92 | 1.52 |" in out
    assert "ours" not in out


def test_a_report_stands_beside_the_papers_table(evaluate, toontween):
    evaluate(*QUICK)
    code, out, _ = toontween("evaluate", "report", "--paper-table")
    assert code == 0
    assert "| ToonCrafter, published |" in out
    assert "| hold, ours | not measured |" in out
    assert "What differs:" in out
    assert "ours: 2 of clips" in out


@pytest.mark.parametrize("path", ["clips", "nowhere", "A.png"])
def test_what_is_no_report_is_not_printed_beside_the_paper(toontween, clips, path):
    code, out, err = toontween("evaluate", path, "--paper-table")
    assert (code, out) == (2, "")
    assert path in err
    assert "Traceback" not in err


BENCH = """
clips = "clips"
measures = ["psnr"]

[[methods]]
method = "flow"
label = "sharp"
options = { sharpness = 40 }

[[methods]]
method = "hold"
"""


def test_a_bench_says_what_is_compared(toontween, folder, clips):
    (folder / "bench.toml").write_text(BENCH)
    code, out, _ = toontween("evaluate", "bench.toml", "-o", "report", "--clips", "1", "--json")
    assert code == 0
    said = json.loads(out)["methods"]
    assert list(said) == ["sharp", "hold", "truth"]
    assert said["sharp"]["psnr"]["clips"] == 1


@pytest.mark.parametrize(
    "flags",
    [
        ("--methods", "hold"),
        ("--drawn", "a=clips"),
        ("--measures", "psnr"),
        ("--set", "hold.a=1"),
        ("--weights", "squeezenet=x"),
        ("--frames", "4"),
        ("--size", "24x16"),
        ("--device", "cpu"),
        ("--seed", "1"),
    ],
)
def test_what_a_bench_would_leave_unread_is_refused(toontween, folder, clips, flags):
    (folder / "bench.toml").write_text(BENCH)
    code, out, err = toontween("evaluate", "bench.toml", "-o", "report", *flags)
    assert (code, out) == (2, "")
    assert f"{flags[0]} does not go with bench.toml" in err
    assert not (folder / "report").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("speed = 3\n" + BENCH, "bench.toml has an entry 'speed'"),
        (BENCH + "strength = 3\n", "a method of bench.toml has an entry 'strength'"),
        ("clips = [\n", "is not TOML"),
    ],
)
def test_a_bench_that_cannot_be_used_is_refused_in_a_line(toontween, folder, clips, text, told):
    (folder / "bench.toml").write_text(text)
    code, out, err = toontween("evaluate", "bench.toml", "-o", "report")
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err


def test_the_help_names_what_is_written_and_how_to_go_on(toontween):
    code, out, _ = toontween("evaluate", "--help")
    assert code == 0
    for text in ("report.html", "--paper-table", "--set", "bench.toml", "interrupted run goes on"):
        assert text in " ".join(out.replace("│", " ").split())
