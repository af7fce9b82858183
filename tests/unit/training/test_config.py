"""A run can be written, read and changed; what is wrong with it is named."""

import dataclasses
from pathlib import Path

import pytest

from toontween.errors import InputError, MediaError, UnknownNameError
from toontween.media.files import write_json
from toontween.recipes.catalog import RECIPES, load_recipe
from toontween.training.config import (
    DecoderConfig,
    RunConfig,
    SketchConfig,
    VideoConfig,
    config_from_dict,
    config_to_dict,
    override,
    read_config,
)

RUN = RunConfig(name="run", objective=VideoConfig())


@pytest.mark.parametrize("name", list(RECIPES))
def test_every_recipe_survives_its_file(name: str, tmp_path: Path) -> None:
    run = load_recipe(name)
    write_json(tmp_path / "config.json", config_to_dict(run), overwrite=False)
    again = load_recipe(str(tmp_path))
    assert config_to_dict(again) == config_to_dict(run)
    assert type(again.objective) is type(run.objective)


def test_fields_are_replaced_by_path() -> None:
    run = override(
        RUN,
        [
            "loop.steps=7",
            "optimizer.learning_rate=1",
            "data.shards=one",
            "data.size=[64, 48]",
            "objective.variant=projector-only",
            "networks.unet_size.base_channels=32",
            "networks.start=null",
        ],
    )
    assert run.loop.steps == 7
    assert run.optimizer.learning_rate == 1.0
    assert run.data.shards == ("one",)
    assert run.data.size == (64, 48)
    assert run.objective == dataclasses.replace(VideoConfig(), variant="projector-only")
    assert run.networks.unet_size == {"base_channels": 32}
    assert RUN.loop.steps == 50_000


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("loop.step=7", "no field 'step'"),
        ("lop.steps=7", "no part 'lop'"),
        ("loop.steps=many", "loop.steps='many' is not of type int"),
        ("loop.steps=true", "loop.steps=True is not of type int"),
        ("loop.steps", "is not a.b=value"),
        ("data.size=[1,2,3]", "needs 2 values"),
        ("objective.variant=most", "objective.variant='most'"),
        ("objective.kind=audio", "objective.kind='audio'"),
        ("loop=3", "must be a table"),
    ],
)
def test_a_wrong_setting_is_named(setting: str, said: str) -> None:
    with pytest.raises(InputError, match=said.replace("[", r"\[")):
        override(RUN, [setting])


def test_a_field_of_another_objective_is_refused() -> None:
    tree = config_to_dict(RUN)
    tree["objective"]["kind"] = "sketch"
    with pytest.raises(UnknownNameError, match="does not exist"):
        config_from_dict(tree)
    sketch = RunConfig(name="s", objective=SketchConfig())
    assert config_from_dict(config_to_dict(sketch)).objective == SketchConfig()


def test_a_missing_name_is_told() -> None:
    with pytest.raises(InputError, match="name is missing"):
        config_from_dict({"objective": {"kind": "decoder"}})
    read = config_from_dict({"name": "x", "objective": {"kind": "decoder"}})
    assert read.objective == DecoderConfig()


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{", "utf-8")
    with pytest.raises(MediaError, match="is not a readable run"):
        read_config(tmp_path / "config.json")


def test_recipes_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from toontween.recipes.small import small_lora\n"
        "def quick():\n    return small_lora()\n"
        "def wrong():\n    return 3\n",
        "utf-8",
    )
    assert load_recipe(f"{tmp_path}/mine.py:quick").name == "small_lora"
    assert load_recipe("toontween.recipes.small:small_prior").name == "small_prior"
    with pytest.raises(InputError, match="gives int, not a RunConfig"):
        load_recipe(f"{tmp_path}/mine.py:wrong")
    with pytest.raises(InputError, match="has no 'slow'"):
        load_recipe(f"{tmp_path}/mine.py:slow")
    with pytest.raises(InputError, match="No such file"):
        load_recipe(f"{tmp_path}/other.py:quick")
    with pytest.raises(UnknownNameError, match="did you mean 'small_lora'"):
        load_recipe("small_lorra")
