"""Recipes by name, and whatever else a person may call a run: a function, a written configuration, a run's folder."""

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from toontween.errors import InputError, MediaError, UnknownNameError
from toontween.registry import Registry
from toontween.training.config import RunConfig, read_config

RECIPES = Registry(
    "recipe",
    {
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
        MediaError: A file cannot be read.
        InputError: The function does not give a run.
    """
    path = Path(name)
    if path.is_dir() and (path / "config.json").is_file():
        return read_config(path / "config.json")
    if path.suffix == ".json":
        return read_config(path)
    config = _function(name)()
    if not isinstance(config, RunConfig):
        raise InputError(f"recipe {name!r} gives {type(config).__name__}, not a RunConfig")
    return config


def _function(name: str) -> Callable[[], Any]:
    place, colon, attribute = name.rpartition(":")
    if not colon:
        return RECIPES.load(name)
    try:
        module = (
            _module_of(Path(place)) if place.endswith(".py") else importlib.import_module(place)
        )
    except ImportError as error:
        raise InputError(f"recipe {name!r}: {error}") from error
    function = getattr(module, attribute, None)
    if not callable(function):
        raise InputError(f"recipe {name!r}: {place} has no function {attribute!r}")
    return function


def _module_of(path: Path) -> Any:
    if not path.is_file():
        raise MediaError(f"there is no recipe file {path}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018  a .py file has both
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
