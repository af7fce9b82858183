"""What comes with the package, by name."""

import pytest

from toontween.checkpoints import bundled
from toontween.checkpoints.bundled import bundled_folder
from toontween.checkpoints.loading import resolve_network
from toontween.errors import CheckpointError, UnavailableError


@pytest.fixture
def weights(tmp_path, monkeypatch):
    vae = tmp_path / "mini" / "vae"
    vae.mkdir(parents=True)
    (vae / "config.json").write_text('{"_class_name": "AutoencoderKLDualReference"}')
    monkeypatch.setattr(bundled, "_WEIGHTS", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["mini/vae", "toontween/mini/vae"])
def test_a_part_of_the_bundled_model_has_a_name(weights, name):
    assert bundled_folder(name) == weights / "mini" / "vae"
    assert resolve_network(name, "AutoencoderKLDualReference") == weights / "mini" / "vae"


def test_a_part_is_of_one_kind(weights):
    with pytest.raises(CheckpointError, match="holds a AutoencoderKLDualReference"):
        resolve_network("mini/vae", "ToonUNet")


def test_the_whole_model_is_there_once_it_has_an_index(weights):
    with pytest.raises(UnavailableError, match="'mini' does not ship") as caught:
        bundled_folder("mini")
    assert "it brings mini/vae alone" in str(caught.value.hint)
    (weights / "mini" / "model_index.json").write_text("{}")
    assert bundled_folder("toontween/mini") == weights / "mini"


def test_a_part_that_is_not_there_is_said_to_be_missing(weights):
    with pytest.raises(UnavailableError, match="'mini/unet' does not ship") as caught:
        bundled_folder("mini/unet")
    assert "it brings mini/vae alone" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["minimal", "other/vae", "mini/../vae", "mini/vae/x", "./mini"])
def test_other_names_are_not_of_the_package(weights, name):
    assert bundled_folder(name) is None
