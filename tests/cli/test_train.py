"""`toontween train` as a person uses it."""

import json
from pathlib import Path

import pytest

from tests.unit.training.tiny_runs import tiny_run, write_squares
from toontween.cli.app import run
from toontween.media.files import write_json
from toontween.training.config import config_to_dict


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.json"
    made = tiny_run(write_squares(tmp_path / "shards"), steps=4)
    write_json(path, config_to_dict(made), overwrite=False)
    return path


def test_a_run_stops_goes_on_and_gives_its_model(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    command = ["train", str(recipe), "-o", str(folder)]
    assert run([*command, "--set", "loop.steps=2"]) == 0
    capsys.readouterr()
    assert run([*command, "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["steps"] == 4
    assert told["finished"] is True
    assert Path(told["model"], "model_index.json").is_file()
    assert "going on after step 2" in err
    assert json.loads((folder / "config.json").read_text())["loop"]["steps"] == 4
    # a run's folder is a recipe, and gives the same model again
    assert run(["train", str(folder)]) == 0
    assert capsys.readouterr().out.strip() == str(folder / "model")


def test_a_run_can_be_looked_at_first(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "small_prior", "--set", "loop.steps=9", "--show"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["loop"]["steps"] == 9
    assert shown["objective"]["variant"] == "all"
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["small_prio"], "did you mean 'small_prior'?"),
        (["small_prior", "--set", "loop.stepz=3"], "no field 'stepz'"),
        (["small_prior"], "data.shards=FOLDER"),
        (["small_prior", "--set", "data.shards=nowhere"], "there are no shards (*.tar) at nowhere"),
    ],
)
def test_what_is_wrong_is_named(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["train", *words, "-o", str(tmp_path / "run")])
    assert code in (1, 2)
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_a_model_that_is_not_there_is_named(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", str(recipe), "--set", "networks.start=nowhere"]
    assert run([*command, "-o", str(tmp_path / "run")]) in (1, 2)
    assert "nowhere" in capsys.readouterr().err


def test_the_path_of_a_launch_file_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--launch-file", "eight_gpus_ddp"]) == 0
    assert Path(capsys.readouterr().out.strip()).name == "eight_gpus_ddp.yaml"
    assert run(["train", "--launch-file", "nine_gpus"]) == 2
    err = capsys.readouterr().err
    assert "no launch file 'nine_gpus'" in err
    assert "four_nodes_fsdp2" in err
