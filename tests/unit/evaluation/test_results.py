"""Records become a table."""

import json
import math
from dataclasses import asdict

import numpy as np
import pytest

from tests.unit.evaluation.own_measures import FEWEST, MEAN_COLOURS
from tests.unit.evaluation.small_tables import LOSS, SCORE, SHARE, SHIFT, Recorded
from toontween.errors import InputError, MediaError
from toontween.evaluation.measures.base import Absence
from toontween.evaluation.results import (
    Cell,
    Evaluation,
    read_evaluation,
    write_evaluation,
)
from toontween.evaluation.statistics import mean_interval, win_rate

NAN = math.nan
RISING = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_means_are_over_clips_with_their_interval(tmp_path):
    made = Recorded(tmp_path, {"flow": {"score": RISING}, "truth": {"score": [9.0] * 6}}, [SCORE])
    table = made.table()
    low, high = mean_interval(np.array(RISING))
    assert table.row("flow").cells["score"] == Cell(value=3.5, low=low, high=high, clips=6)
    assert table.row("truth").cells["score"] == Cell(value=9.0, clips=6)  # no spread, no interval


def test_clips_without_a_value_are_left_out_and_counted(tmp_path):
    made = Recorded(
        tmp_path,
        {
            "flow": {"score": [1.0, NAN, 5.0]},
            "hold": {"score": [NAN, NAN, NAN]},
            "truth": {"score": [9.0, math.inf, 9.0]},
        },
        [SCORE],
    )
    table = made.table()
    assert table.row("flow").cells["score"].value == 3.0
    assert table.row("flow").cells["score"].clips == 2
    assert table.row("hold").cells["score"] == Cell(value=None)
    assert table.values["flow"]["score"] == [1.0, None, 5.0]


def test_intervals_may_be_left_out(tmp_path):
    made = Recorded(tmp_path, {"flow": {"score": RISING}, "truth": {"score": RISING}}, [SCORE])
    cell = made.table(resamples=0).row("flow").cells["score"]
    assert (cell.value, cell.low, cell.high) == (3.5, None, None)


def test_wins_are_counted_clip_by_clip_by_what_is_better(tmp_path):
    flow = {
        "score": [1.0, 2.0, 2.0, NAN],
        "loss": [1.0, 2.0, 2.0, 5.0],
        "share": [0.9, 1.3, 0.5, 1.0],
        "shift": [-0.1, 0.3, 0.0, 0.2],
    }
    hold = {
        "score": [0.0, 3.0, 2.0, 1.0],
        "loss": [0.0, 3.0, 2.0, 1.0],
        "share": [1.2, 0.8, 1.6, 1.0],
        "shift": [0.2, -0.2, 0.1, 0.2],
    }
    truth = {name: [0.0] * 4 for name in flow}
    measures = [SCORE, LOSS, SHARE, SHIFT]
    table = Recorded(tmp_path, {"flow": flow, "hold": hold, "truth": truth}, measures).table()
    wins = table.row("flow").wins
    assert {name: own["hold"][0] for name, own in wins.items()} == {
        "score": 0.5,  # won, lost, tied; the clip without a value does not count
        "loss": 1.5 / 4,  # lost, won, tied, lost
        "share": 2.5 / 4,  # 0.1 from 1 beats 0.2, 0.3 loses to 0.2, 0.5 beats 0.6, a tie
        "shift": 2.5 / 4,
    }
    assert all(set(own) == {"hold"} for own in wins.values())  # not oneself, not the truth
    share, (low, high) = win_rate(np.array(flow["loss"]), np.array(hold["loss"]))
    assert wins["loss"]["hold"] == [share, low, high]
    assert not table.row("truth").wins


def test_a_rival_without_any_common_clip_is_not_won_against(tmp_path):
    values = {"flow": {"score": [1.0, NAN]}, "hold": {"score": [NAN, 1.0]}}
    table = Recorded(tmp_path, {**values, "truth": {"score": [1.0, 1.0]}}, [SCORE]).table()
    assert table.row("flow").wins == {"score": {}}


def test_clips_are_split_into_thirds_by_how_far_things_move(tmp_path):
    made = Recorded(
        tmp_path,
        {"flow": {"score": RISING}, "truth": {"score": RISING}},
        [SCORE],
        motion=[9.0, 1.0, 5.0, 2.0, 8.0, 4.0],
    )
    table = made.table()
    assert table.attributes["motion_px"] == [9.0, 1.0, 5.0, 2.0, 8.0, 4.0]
    assert table.bounds["motion_px"] == [[1.0, 2.0], [4.0, 5.0], [8.0, 9.0]]
    cells = table.row("flow").groups["motion_px"]["score"]
    assert [cell.value for cell in cells] == [(2 + 4) / 2, (3 + 6) / 2, (1 + 5) / 2]
    assert [cell.clips for cell in cells] == [2, 2, 2]
    assert not table.row("truth").groups


def test_thirds_without_clips_are_empty(tmp_path):
    made = Recorded(
        tmp_path, {"flow": {"score": [1.0]}, "truth": {"score": [1.0]}}, [SCORE], motion=[3.0]
    )
    table = made.table()
    assert table.bounds["motion_px"] == [[3.0, 3.0], [], []]
    cells = table.row("flow").groups["motion_px"]["score"]
    assert [cell.clips for cell in cells] == [1, 0, 0]
    assert cells[2] == Cell(value=None)


@pytest.fixture
def with_colours(tmp_path) -> Recorded:
    """A distance of sets over four clips with two vectors each."""
    values = {"flow": {"score": RISING[:4]}, "truth": {"score": RISING[:4]}}
    made = Recorded(tmp_path, values, [SCORE, MEAN_COLOURS])
    random = np.random.default_rng(0)
    truth = [random.normal(0, 1, (2, 3)) for _ in range(4)]
    made.colours("truth", truth)
    made.colours("flow", [own + np.array([3.0, 4.0, 0.0]) for own in truth])
    return made


def test_a_distance_of_sets_is_of_all_clips_together(with_colours):
    table = with_colours.table(set_resamples=50)
    cell = table.row("flow").cells["mean-colours"]
    assert cell.value == pytest.approx(5.0, abs=1e-5)
    assert cell.clips == 4
    # clips are resampled alike in both sets, and ours are the true ones moved: no resample differs
    assert cell.low == pytest.approx(5.0, abs=1e-4)
    assert cell.high == pytest.approx(5.0, abs=1e-4)
    assert table.row("truth").cells["mean-colours"] == Cell(value=0.0, clips=4)
    assert "mean-colours" not in table.values["flow"]
    assert "mean-colours" not in table.row("flow").wins
    assert [(one.name, one.of_set) for one in table.columns] == [
        ("score", False),
        ("mean-colours", True),
    ]


def test_a_distance_of_too_few_has_no_value(with_colours):
    assert FEWEST == 4
    with_colours.colours("flow", [np.zeros((0, 3))] * 3 + [np.zeros((3, 3))])
    assert with_colours.table().row("flow").cells["mean-colours"] == Cell(value=None)


def test_rows_say_how_they_were_made(tmp_path):
    values = {"flow": {"score": [1.0, 2.0]}, "noise": {"score": [1.0, 2.0]}}
    made = Recorded(tmp_path, {**values, "truth": {"score": [1.0, 2.0]}}, [SCORE])
    made.add("flow", seconds=0.75, options=(("sharpness", 40.0),), details={"opencv": "5"})
    made.add("noise", details={"untrained": True})
    made.absent = (Absence(name="film", why="no weights", hint="pull them"),)
    table = made.table()
    flow, noise, truth = table.rows
    assert (flow.label, flow.method, flow.options) == ("flow", "flow", {"sharpness": 40.0})
    assert flow.details == {"opencv": "5"}
    assert flow.seconds_per_drawing == 0.75  # one drawing in each clip of three frames
    assert (flow.untrained, noise.untrained, truth.untrained) == (False, True, False)
    assert (noise.label, noise.method) == ("noise", "rife")
    assert truth.seconds_per_drawing is None
    assert table.absent == made.absent
    assert table.suite["shape"] == [3, 4, 4]
    assert table.suite["measured"] == 2
    assert table.columns[0].protocol == SCORE.protocol.record()


def test_the_truth_is_the_last_row_and_rows_are_found_by_label(tmp_path):
    values = {"truth": {"score": [1.0]}, "flow": {"score": [1.0]}}
    table = Recorded(tmp_path, values, [SCORE]).table()
    assert [row.label for row in table.rows] == ["flow", "truth"]
    assert table.row("flow") is table.rows[0]
    with pytest.raises(InputError, match=r"no method 'hold' in this table .*flow, truth"):
        table.row("hold")


def test_a_record_that_is_not_there_is_named(tmp_path):
    made = Recorded(
        tmp_path, {"flow": {"score": [1.0, 2.0]}, "truth": {"score": [1.0, 2.0]}}, [SCORE]
    )
    (made.report / "clips" / "clip01" / "flow.json").unlink()
    with pytest.raises(MediaError, match="nothing was drawn by flow on clip01"):
        made.table()


@pytest.fixture
def table(with_colours) -> Evaluation:
    """With a set, an absence and clips without values."""
    with_colours.absent = (Absence(name="film", why='no "weights" <here>', hint="pull"),)
    return with_colours.table(set_resamples=20)


def test_a_table_is_read_back_as_it_was_written(table, tmp_path):
    path = tmp_path / "evaluation.json"
    write_evaluation(path, table)
    back = read_evaluation(path)
    assert json.loads(json.dumps(asdict(back))) == json.loads(json.dumps(asdict(table)))
    assert back.columns == table.columns
    assert back.rows == table.rows
    assert list(back.absent) == list(table.absent)
    write_evaluation(tmp_path / "again.json", back)
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_a_table_of_a_later_version_is_told_from_a_damaged_one(table, tmp_path):
    path = tmp_path / "evaluation.json"
    write_evaluation(path, table)
    known = json.loads(path.read_text())
    path.write_text(json.dumps({**known, "format": 99}))
    with pytest.raises(MediaError, match=r"was written by a later version .*update"):
        read_evaluation(path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "{}", '{"format": 1}', '{"format": 1, "columns": 3}']
)
def test_a_damaged_table_is_named(tmp_path, text):
    (tmp_path / "evaluation.json").write_text(text)
    with pytest.raises(MediaError, match=r"evaluation\.json is damaged"):
        read_evaluation(tmp_path / "evaluation.json")


def test_a_missing_table_is_told(tmp_path):
    with pytest.raises(MediaError, match=r"no table at .*run toontween evaluate"):
        read_evaluation(tmp_path / "evaluation.json")
