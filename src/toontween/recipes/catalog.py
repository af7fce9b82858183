"""Recipes by name, and whatever else a person may call a run: a function, a written configuration, a run's folder."""

from pathlib import Path

from toontween.errors import InputError, UnknownNameError
from toontween.registry import Registry, load_foreign
from toontween.training.config import RunConfig, read_config

RECIPES = Registry(
    "recipe",
    {
        "mini_autoencoder": "toontween.recipes.mini:mini_autoencoder",
        "mini_decoder": "toontween.recipes.mini:mini_decoder",
        "mini_together": "toontween.recipes.mini:mini_together",
        "small_autoencoder": "toontween.recipes.small:small_autoencoder",
        "small_decoder": "toontween.recipes.small:small_decoder",
        "small_prior": "toontween.recipes.small:small_prior",
        "small_rectification": "toontween.recipes.small:small_rectification",
        "small_sketch": "toontween.recipes.small:small_sketch",
        "small_lora": "toontween.recipes.small:small_lora",
        "tooncrafter512_rectification": "toontween.recipes.tooncrafter512:tooncrafter512_rectification",
        "tooncrafter512_decoder": "toontween.recipes.tooncrafter512:tooncrafter512_decoder",
        "tooncrafter512_sketch": "toontween.recipes.tooncrafter512:tooncrafter512_sketch",
        "tooncrafter512_lora": "toontween.recipes.tooncrafter512:tooncrafter512_lora",
    },
)
"""Name → function that gives the run."""


_LAUNCH_FILES = Path(__file__).parent / "accelerate"


def launch_files() -> dict[str, Path]:
    """Name → configuration file for `accelerate launch --config_file`."""
    return {path.stem: path for path in sorted(_LAUNCH_FILES.glob("*.yaml"))}


def launch_file(name: str) -> Path:
    """The configuration file for `accelerate launch` of that name.

    Raises:
        UnknownNameError: There is none.
    """
    files = launch_files()
    if name not in files:
        known = ", ".join(files)
        raise UnknownNameError(f"there is no launch file {name!r}", hint=f"known: {known}")
    return files[name]


def load_recipe(name: str) -> RunConfig:
    """The run that a recipe's name, `module:function`, `file.py:function`, a `config.json` or a run's folder stands for.

    Raises:
        UnknownNameError: There is no such recipe.
        MediaError: A written configuration cannot be read.
        InputError: The function does not exist or does not give a run.
    """
    path = Path(name)
    if path.is_dir() and (path / "config.json").is_file():
        return read_config(path / "config.json")
    if path.suffix == ".json":
        return read_config(path)
    function = load_foreign(name) if ":" in name else RECIPES.load(name)
    if not callable(function):
        raise InputError(f"recipe {name!r} is not a function")
    config = function()
    if not isinstance(config, RunConfig):
        raise InputError(f"recipe {name!r} gives {type(config).__name__}, not a RunConfig")
    return config
