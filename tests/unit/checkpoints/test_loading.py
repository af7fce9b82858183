"""Names and paths of models, and what is said when there is none."""

from pathlib import Path

import pytest

from toontween.checkpoints.identify import Contents
from toontween.checkpoints.loading import resolve_model
from toontween.errors import CheckpointError, UnavailableError, UnknownNameError
from toontween.runtime import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache_dir=tmp_path)


def a_model(folder: Path, name: str = "ToonInterpolationPipeline") -> Path:
    folder.mkdir(parents=True)
    (folder / "model_index.json").write_text(f'{{"_class_name": "{name}"}}')
    (folder / "toontween.json").write_text("{}")
    return folder


def test_a_folder_stands_for_itself(tmp_path):
    folder = a_model(tmp_path / "mine")
    assert resolve_model(folder) == folder
    assert resolve_model(str(folder)) == folder


def test_a_name_stands_for_its_folder_in_the_weights_folder(tmp_path, settings):
    folder = a_model(tmp_path / "tooncrafter-512")
    assert resolve_model("tooncrafter-512", settings=settings) == folder


def test_a_name_that_is_not_here_says_how_to_get_it(settings):
    with pytest.raises(UnavailableError, match="'tooncrafter-512' are not on this machine") as e:
        resolve_model("tooncrafter-512", settings=settings)
    assert e.value.hint == "toontween weights pull tooncrafter-512 (downloads 10.5 GB)"


@pytest.mark.parametrize("name", ["mini", "toontween/mini"])
def test_the_bundled_model_says_that_it_does_not_ship_yet(name):
    with pytest.raises(UnavailableError, match="does not ship with this version"):
        resolve_model(name)


@pytest.mark.parametrize("name", ["tooncrafter512", "folder/that/is/not"])
def test_a_name_nobody_knows_is_unknown(name):
    with pytest.raises(UnknownNameError, match="there is no model and no folder"):
        resolve_model(name)


def test_a_published_file_has_to_be_converted_first(tmp_path):
    file = tmp_path / "model.ckpt"
    file.touch()
    with pytest.raises(CheckpointError, match="is a file, not a converted model") as caught:
        resolve_model(file)
    assert f"weights convert {file}" in str(caught.value.hint)


def test_folders_of_another_kind_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"it has no model_index\.json"):
        resolve_model(tmp_path)
    other = a_model(tmp_path / "other", "StableDiffusionPipeline")
    with pytest.raises(CheckpointError, match="holds a StableDiffusionPipeline, not a model"):
        resolve_model(other)
    (other / "model_index.json").write_text("{")
    with pytest.raises(CheckpointError, match="is damaged"):
        resolve_model(other)


def test_parts_are_told_from_whole_models(tmp_path, settings):
    folder = tmp_path / "tooncrafter-sketch"
    folder.mkdir()
    (folder / "config.json").write_text('{"_class_name": "ControlNetModel"}')
    (folder / "toontween.json").write_text("{}")
    found = resolve_model("tooncrafter-sketch", contents=Contents.SKETCH_ENCODER, settings=settings)
    assert found == folder
    with pytest.raises(CheckpointError, match=r"not a model: it has no model_index\.json"):
        resolve_model("tooncrafter-sketch", settings=settings)
