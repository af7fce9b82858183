"""Where method `seine` finds its denoiser and its base, and what it refuses."""

import dataclasses
import json
import shutil
from typing import Any

import pytest
import torch

from tests.tiny_seine import build_tiny_seine, save_tiny_seine
from toontween.errors import CheckpointError, InputError, UnavailableError, UnknownNameError
from toontween.interpolators.learned.seine.method import SeineInterpolator
from toontween.interpolators.learned.seine.network import SeineUNet
from toontween.interpolators.learned.seine.parts import (
    SeineNetworks,
    UntrainedSizes,
    build_untrained,
)
from toontween.interpolators.learned.seine.weights import BASE, find_base, pick_dtype


@pytest.fixture(scope="module")
def networks() -> SeineNetworks:
    return build_tiny_seine()


@pytest.fixture(scope="module")
def folders(tmp_path_factory, networks):
    """The tiny denoiser and its base as `save_pretrained` writes them."""
    return save_tiny_seine(networks, tmp_path_factory.mktemp("seine"))


def test_a_base_that_is_not_here_says_how_to_get_it(tmp_path, monkeypatch, folders):
    monkeypatch.setenv("TOONTWEEN_CACHE_DIR", str(tmp_path))
    with pytest.raises(UnavailableError) as error:
        SeineInterpolator(weights=folders[0])
    assert f"weights pull {BASE}" in str(error.value.hint)


def test_a_base_is_found_by_its_name(tmp_path, monkeypatch, folders):
    monkeypatch.setenv("TOONTWEEN_CACHE_DIR", str(tmp_path))
    shutil.copytree(folders[1], tmp_path / BASE)
    assert find_base(BASE) == tmp_path / BASE


def test_a_base_without_a_part_is_refused_by_that_part(tmp_path, folders):
    lacking = shutil.copytree(folders[1], tmp_path / "lacking")
    (lacking / "text_encoder" / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="text_encoder"):
        find_base(str(lacking))


def test_a_base_that_is_neither_name_nor_folder_is_refused():
    with pytest.raises(UnknownNameError, match="stable-diffusion-9"):
        find_base("stable-diffusion-9")


def test_a_denoiser_of_another_kind_is_refused(tmp_path, folders):
    other = shutil.copytree(folders[0], tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "_class_name": "ToonUNet"}))
    with pytest.raises(CheckpointError, match="ToonUNet"):
        SeineInterpolator(weights=str(other), base=folders[1])


def test_a_denoiser_without_key_channels_does_not_fit(networks):
    plain = SeineUNet(**{**tiny_config(networks), "in_channels": 4})
    with pytest.raises(CheckpointError, match="reads 4"):
        dataclasses.replace(networks, unet=plain)


def test_a_text_tower_of_another_width_does_not_fit(networks):
    wide = SeineUNet(**{**tiny_config(networks), "context_dim": 24})
    with pytest.raises(CheckpointError, match="16 wide"):
        dataclasses.replace(networks, unet=wide)


def tiny_config(networks) -> dict[str, Any]:
    config = networks.unet.config
    return {name: config[name] for name in config if not name.startswith("_")}


def test_precision_follows_the_device():
    assert pick_dtype("auto", torch.device("cpu")) is torch.float32
    assert pick_dtype("auto", torch.device("cuda")) is torch.float16
    with pytest.raises(InputError, match="int8"):
        pick_dtype("int8", torch.device("cpu"))


def test_untrained_networks_have_the_published_sizes():
    with torch.device("meta"):
        built = build_untrained(UntrainedSizes())
    counts = [
        sum(parameter.numel() for parameter in network.parameters())
        for network in (built.unet, built.vae, built.text_encoder)
    ]
    assert counts == [909_138_500, 83_653_863, 123_060_480]
