"""`toontween weights`: list, convert, verify, pull."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from tests.unit.checkpoints.by_rule import TINY, published_tensors
from toontween.checkpoints.manifest import read_manifest
from toontween.cli.commands.weights import app
from toontween.errors import CheckpointError, InputError, UnavailableError
from toontween.models.image_projector import ImageContextProjector
from toontween.models.unet import ToonUNet
from toontween.models.vae import AutoencoderKLDualReference

RUNNER = CliRunner()


def run(*arguments: str) -> tuple[str, str]:
    """Standard output and standard error of a command that has to succeed."""
    result = RUNNER.invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout, result.stderr


def raised(*arguments: str) -> BaseException:
    """What a command raised; the application turns it into messages."""
    result = RUNNER.invoke(app, list(arguments))
    assert result.exception is not None
    return result.exception


@pytest.fixture(autouse=True)
def weights_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOONTWEEN_CACHE_DIR", str(tmp_path / "weights"))
    monkeypatch.setenv("TOONTWEEN_OFFLINE", "1")


def test_the_list_names_every_model_with_licence_and_size():
    out, _ = run("list")
    assert "tooncrafter-512" in out
    assert "Apache-2.0" in out
    rows = json.loads(run("list", "--json")[0])["models"]
    assert rows[0]["name"] == "tooncrafter-512"
    assert rows[0]["here"] is False
    assert rows[0]["download_gb"] == 10.5


def test_pulling_offline_says_so_and_shows_the_licence_first():
    result = RUNNER.invoke(app, ["pull", "anime2sketch"])
    assert isinstance(result.exception, UnavailableError)
    assert "TOONTWEEN_OFFLINE=1" in result.exception.message
    assert "sketch_extractor.pth, licence MIT, from https://huggingface.co/" in result.stderr
    assert result.stdout == ""


def test_a_tiny_checkpoint_goes_from_ckpt_to_loaded_networks(tmp_path):
    tensors = published_tensors()
    torch.save({"state_dict": tensors}, tmp_path / "model.ckpt")
    (tmp_path / "tiny.json").write_text(json.dumps(TINY))
    out, err = run(
        "convert",
        str(tmp_path / "model.ckpt"),
        *("--out", str(tmp_path / "tiny"), "--config", str(tmp_path / "tiny.json")),
    )
    assert out.strip() == str(tmp_path / "tiny")
    assert "reads no prompts" in err
    unet = ToonUNet.from_pretrained(tmp_path / "tiny/unet")
    source = tensors["model.diffusion_model.out.2.weight"]
    assert any(torch.equal(parameter, source) for parameter in unet.parameters())
    assert unet.config["base_channels"] == 32
    vae = AutoencoderKLDualReference.from_pretrained(tmp_path / "tiny/vae")
    assert vae.config["decoder_variant"] == "full"
    projector = ImageContextProjector.from_pretrained(tmp_path / "tiny/image_projector")
    assert torch.equal(projector.queries, tensors["image_proj_model.latents"])
    out, _ = run("verify", str(tmp_path / "tiny"), "--json")
    assert json.loads(out)["intact"] is True


@pytest.fixture
def lines(tmp_path: Path) -> tuple[str, ...]:
    """The arguments that convert a very small line extractor."""
    save_file(
        {
            "model.model.0.weight": torch.ones(2, 3, 4, 4),
            "model.model.0.bias": torch.ones(2),
            "model.model.1.model.1.weight": torch.ones(4, 2, 4, 4),
            "model.model.1.model.1.bias": torch.ones(4),
            "model.model.1.model.3.weight": torch.ones(4, 2, 4, 4),
            "model.model.1.model.3.bias": torch.ones(2),
            "model.model.3.weight": torch.ones(4, 1, 4, 4),
            "model.model.3.bias": torch.ones(1),
        },
        tmp_path / "lines.safetensors",
    )
    (tmp_path / "sizes.json").write_text('{"line_extractor": {"num_downs": 2, "ngf": 2}}')
    config = str(tmp_path / "sizes.json")
    return (str(tmp_path / "lines.safetensors"), "--config", config, "--out", str(tmp_path / "out"))


def test_the_result_can_be_read_by_programs(lines, tmp_path):
    result = json.loads(run("convert", *lines, "--dtype", "fp16", "--json")[0])
    assert result == {
        "command": "weights convert",
        "folder": str(tmp_path / "out"),
        "contents": "line_extractor",
        "unused": [],
    }
    assert read_manifest(tmp_path / "out").dtype == "float16"


def test_spoilt_weights_fail_the_check(lines, tmp_path):
    run("convert", *lines)
    weights = tmp_path / "out/diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\1\1\1\1")
    error = raised("verify", str(tmp_path / "out"))
    assert isinstance(error, CheckpointError)
    assert "has been changed" in error.message


def test_a_name_is_verified_in_the_weights_folder(tmp_path):
    error = raised("verify", "tooncrafter-512")
    assert isinstance(error, CheckpointError)
    assert str(tmp_path / "weights/tooncrafter-512") in error.message


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_a_configuration_that_cannot_be_read_is_bad_input(lines, tmp_path, text):
    (tmp_path / "sizes.json").write_text(text)
    assert isinstance(raised("convert", *lines), InputError)


@pytest.mark.parametrize("command", ["list", "pull", "convert", "verify"])
def test_every_help_ends_with_an_example(command):
    out, _ = run(command, "--help")
    assert f"Example: toontween weights {command}" in " ".join(out.replace("`", "").split())
