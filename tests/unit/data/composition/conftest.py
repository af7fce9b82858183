"""A folder of material, and its figures drawn."""

from pathlib import Path

import pytest

from tests.fake_material import make_material
from toontween.data.composition.sprites import fill_cache


@pytest.fixture(scope="session")
def material(tmp_path_factory) -> Path:
    """The folder; tests must leave it as it is."""
    return make_material(tmp_path_factory.mktemp("material") / "folder")


@pytest.fixture(scope="session")
def cache(material, tmp_path_factory) -> Path:
    """Both splits drawn at 64 px; tests must leave it as it is."""
    folder = tmp_path_factory.mktemp("cache")
    for split in ("train", "val"):
        fill_cache(material, folder, split=split, sprite_px=64)
    return folder
