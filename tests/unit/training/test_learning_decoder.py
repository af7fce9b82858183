"""The autoencoder and every decoder of clips learn to give back drawn clips, with and without a discriminator."""

import dataclasses
import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.unit.training.studio_runs import (
    HELD_OUT,
    autoencoder_run,
    constant_picture,
    first_and_last,
    held_out,
    measured,
    ready,
    standard_errors,
    studio_run,
    write_studio,
)
from toontween.data.synthetic.stage.looks import Look
from toontween.models.discriminator import PatchDiscriminator
from toontween.training.checkpoints import latest_checkpoint
from toontween.training.config import DecoderConfig, NetworksConfig, RunConfig
from toontween.training.draws import Draws
from toontween.training.trainer import train

pytestmark = pytest.mark.slow

LOGGER = logging.getLogger(__name__)
"""Told the numbers that were reached; `--log-cli-level=info` shows them."""

LOOKS = (Look.TEXTURED, Look.CEL)
WIDTHS = (1, 1, 1)
"""Latents of a quarter of the size: the studio's smallest pictures hold too much for an eighth."""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for look in LOOKS:
        write_studio(folder / look, look, count=192)
        write_studio(folder / f"{look}-held-out", look, count=64, first=HELD_OUT)
    return folder


@pytest.fixture(scope="module")
def image(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunConfig, Path]:
    """An autoencoder's run on single frames of the textured look, and its folder."""
    run = autoencoder_run(
        clips / "textured", validation=clips / "textured-held-out", steps=250, widths=WIDTHS
    )
    folder = tmp_path_factory.mktemp("image")
    train(run, folder)
    return run, folder


def begun_at(run: RunConfig, folder: Path) -> RunConfig:
    """The run begun at the autoencoder that another one made."""
    return dataclasses.replace(run, networks=NetworksConfig(vae=str(folder / "model" / "vae")))


def decoder_run(clips: Path, image: Path, *, steps: int = 80, **objective: object) -> RunConfig:
    """A run that makes a decoder of cel clips out of the image decoder of textured ones."""
    config = DecoderConfig(reference_heads=2, reference_head_dim=8)
    run = studio_run(
        clips / "cel",
        rate=1e-3,
        decay=True,
        objective=dataclasses.replace(config, **objective),  # pyright: ignore[reportArgumentType]
        validation=clips / "cel-held-out",
        steps=steps,
        ema_decay=0.9,
    )
    return begun_at(run, image)


def test_the_autoencoder_learns(image: tuple[RunConfig, Path]) -> None:
    run, folder = image
    first, last = first_and_last(folder, "l1")
    constant = constant_picture(run)
    better = standard_errors(measured(begun_at(run, folder))["psnr"] - measured(run)["psnr"])
    LOGGER.info(
        "autoencoder: L1 %.4f → %.4f, constant %.4f; %.1f errors", first, last, constant, better
    )
    assert last < 0.7 * constant < first
    assert better > 3


@pytest.mark.parametrize("variant", ["full", "no-p3d", "no-har-no-p3d"])
def test_every_decoder_learns(
    variant: str, clips: Path, image: tuple[RunConfig, Path], tmp_path: Path
) -> None:
    """It begins at an image decoder of another look, so it begins below the best constant already."""
    run = decoder_run(clips, image[1], variant=variant)
    train(run, tmp_path)
    first, last = first_and_last(tmp_path, "l1")
    constant = constant_picture(run)
    better = standard_errors(measured(begun_at(run, tmp_path))["psnr"] - measured(run)["psnr"])
    LOGGER.info(
        "%s: L1 %.4f → %.4f, constant %.4f; %.1f errors", variant, first, last, constant, better
    )
    assert last < 0.7 * constant
    assert last < first
    assert better > 3


def test_decoder_and_discriminator_learn_beside_each_other(
    clips: Path, image: tuple[RunConfig, Path], tmp_path: Path
) -> None:
    """The hinge loss of a constant is 1 at best. The discriminator's weights are in the checkpoint alone."""
    adversarial = {
        "adversarial_weight": 0.1,
        "adversarial_start": 20,
        "discriminator_channels": 16,
    }
    run = decoder_run(clips, image[1], **adversarial)
    train(run, tmp_path)
    constant = constant_picture(run)
    first, last = first_and_last(tmp_path, "l1")
    hinge_first, hinge_last = first_and_last(tmp_path, "loss/discriminator")
    after = begun_at(run, tmp_path)
    better = standard_errors(measured(after)["psnr"] - measured(run)["psnr"])

    objective, batch = ready(after), held_out(after)
    fresh = ready(run).networks["discriminator"]
    assert isinstance(fresh, PatchDiscriminator)
    checkpoint = latest_checkpoint(tmp_path)
    assert checkpoint is not None
    prefix = "discriminator."
    weights = load_file(checkpoint / "weights.safetensors")
    learned = {n.removeprefix(prefix): v for n, v in weights.items() if n.startswith(prefix)}
    decoded = 2 * objective.sample(batch, Draws(run.seed + 1, batch.numbers)) - 1

    def margins() -> torch.Tensor:
        true, ours = (
            fresh(frames.flatten(0, 1)).unflatten(0, frames.shape[:2]).mean(dim=(1, 2, 3, 4))
            for frames in (batch.frames, decoded)
        )
        return true - ours

    before = margins()
    fresh.load_state_dict(learned)
    told = standard_errors(margins() - before)
    LOGGER.info(
        "adversarial: L1 %.4f → %.4f, constant %.4f; %.1f errors; hinge %.3f → %.3f; %.1f errors",
        *(first, last, constant, better, hinge_first, hinge_last, told),
    )
    assert last < 0.7 * constant
    assert better > 3
    assert hinge_last < 0.7 < hinge_first
    assert told > 3
