"""Objectives learn at a tiny size: well towards zero from the best constant, and beyond chance on held-out clips."""

import dataclasses
from pathlib import Path

import pytest
import torch

from tests.unit.training.tiny_runs import NETWORKS, tiny_run, write_squares
from toontween.training.batches import SampleSet, collate
from toontween.training.config import DecoderConfig, NetworksConfig, RunConfig, VideoConfig
from toontween.training.draws import Draws
from toontween.training.networks import build_networks
from toontween.training.objectives.conditioning import noised
from toontween.training.records import read_record
from toontween.training.trainer import train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("clips")
    return (
        write_squares(folder / "train", count=64),
        write_squares(folder / "held-out", count=16, first=1000),
    )


def constant_predictor(run: RunConfig) -> float:
    """Mean squared error of the best constant for the velocity, over the held-out clips."""
    samples = SampleSet(run.data, seed=0, held_out=True)
    batch = collate([samples[number] for number in range(len(samples))])
    targets: list[torch.Tensor] = []
    for index in range(4):
        found = noised(
            build_networks(NETWORKS, seed=run.seed),
            batch,
            Draws(run.seed + 1, batch.numbers),
            conditioning="interpolation",
            dropout=0.0,
            loss_weighting="uniform",
            timesteps=torch.full((len(samples),), (2 * index + 1) * 125),
        )
        targets.append(found.velocity)
    return float(torch.stack(targets).var())


def improved(lines: list[dict[str, float]], name: str) -> bool:
    """Whether a measure rose by more than three standard errors of both."""
    first, last = lines[0], lines[-1]
    error = (first[f"{name}_error"] ** 2 + last[f"{name}_error"] ** 2) ** 0.5
    return last[name] - first[name] > 3 * error


def test_the_denoiser_learns(clips: tuple[Path, Path], tmp_path: Path) -> None:
    objective = VideoConfig(variant="all", train_image_encoder=True, sample_steps=8)
    run = tiny_run(
        clips[0],
        objective=objective,
        validation=clips[1],
        steps=240,
        batch_size=4,
        ema_decay=0.95,
        validate_every=10,
        validation_clips=16,
        save_every=100,
    )
    found = train(run, tmp_path).measures
    assert found["velocity"] < 0.7 * constant_predictor(run)
    lines = read_record(tmp_path, "validation")
    assert lines[-1]["velocity"] < lines[0]["velocity"] - 3 * lines[0]["velocity_error"]


def test_autoencoder_and_decoder_learn(clips: tuple[Path, Path], tmp_path: Path) -> None:
    fields = {"batch_size": 4, "validate_every": 20, "validation_clips": 16, "save_every": 100}
    image = tiny_run(
        clips[0],
        objective=DecoderConfig(train="autoencoder"),
        validation=clips[1],
        steps=120,
        **fields,
    )
    size = {**NETWORKS.vae_size, "decoder_variant": "no-har-no-p3d"}
    image = dataclasses.replace(image, networks=NetworksConfig(vae_size=size))
    model = train(image, tmp_path / "image").model
    assert improved(read_record(tmp_path / "image", "validation"), "psnr")
    assert model is not None
    clip = tiny_run(
        clips[0],
        objective=DecoderConfig(reference_heads=2, reference_head_dim=8),
        validation=clips[1],
        steps=100,
        **fields,
    )
    clip = dataclasses.replace(clip, networks=NetworksConfig(vae=str(model / "vae")))
    train(clip, tmp_path / "clip")
    assert improved(read_record(tmp_path / "clip", "validation"), "psnr")
