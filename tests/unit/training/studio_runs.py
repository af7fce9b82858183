"""Tiny runs on drawn clips of the procedural studio, and how far they have come."""

import dataclasses
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.unit.training.tiny_runs import NETWORKS, tiny_run
from toontween.data.shards import write_shards
from toontween.data.synthetic.stage.looks import Look
from toontween.data.synthetic.studio import StudioOptions, studio_clips
from toontween.training.batches import Batch, SampleSet, collate
from toontween.training.config import DecoderConfig, NetworksConfig, OptimizerConfig, RunConfig
from toontween.training.draws import Draws
from toontween.training.networks import build_networks
from toontween.training.objectives.base import Objective
from toontween.training.objectives.build import build_objective, needs_lines
from toontween.training.objectives.conditioning import noised
from toontween.training.records import read_record

OPTIONS = StudioOptions(size=(48, 32), num_frames=4)
"""Of clips as small as the studio draws them."""

SEED = 5
HELD_OUT = 10_000
"""Number of the first clip of the studio that no run is trained on."""


def write_studio(folder: Path, look: Look, *, count: int, first: int = 0) -> Path:
    """A folder of shards of clips in a look; other numbers give other clips."""
    options = dataclasses.replace(OPTIONS, look=look)
    clips = studio_clips(SEED, count, options, start=first)
    write_shards(clips, folder, clips_per_shard=64)
    return folder


def studio_run(shards: Path, *, rate: float, decay: bool = False, **fields: Any) -> RunConfig:
    """A run of eight clips a step that hardly measures, since `measured` does."""
    fields = {"batch_size": 8, "save_every": 10_000, "validation_clips": 2, **fields}
    optimizer = OptimizerConfig(
        learning_rate=rate, warmup_steps=10, decay="cosine" if decay else "constant"
    )
    return dataclasses.replace(tiny_run(shards, **fields), optimizer=optimizer)


def autoencoder_run(
    shards: Path, *, validation: Path, steps: int, widths: tuple[int, ...]
) -> RunConfig:
    """A new image autoencoder; groups of the norms hold several channels, or they would remove colours."""
    size = {
        **NETWORKS.vae_size,
        "decoder_variant": "no-har-no-p3d",
        "norm_groups": 8,
        "channel_mult": list(widths),
    }
    run = studio_run(
        shards,
        rate=3e-3,
        decay=True,
        objective=DecoderConfig(train="autoencoder"),
        validation=validation,
        steps=steps,
        batch_size=4,
    )
    return dataclasses.replace(run, networks=NetworksConfig(vae_size=size))


def held_out(run: RunConfig) -> Batch:
    """All held-out clips of a run."""
    samples = SampleSet(run.data, seed=run.seed, with_lines=needs_lines(run), held_out=True)
    return collate([samples[number] for number in range(len(samples))])


def ready(run: RunConfig) -> Objective:
    """The objective of a run with the networks it begins with, to be measured."""
    objective = build_objective(run)
    for network in (*objective.networks.values(), *objective.frozen.values()):
        network.requires_grad_(requires_grad=False).eval()
    return objective


def measured(run: RunConfig) -> dict[str, Tensor]:
    """Measures of each held-out clip with the networks a run begins with, always with the same noise."""
    batch = held_out(run)
    return ready(run).measure(batch, Draws(run.seed + 1, batch.numbers))


def standard_errors(differences: Tensor) -> float:
    """How many standard errors the mean of some clips' differences lies above zero; 0 when nothing differs."""
    values = differences.double()
    error = float(values.std()) / len(values) ** 0.5
    return float(values.mean()) / error if error else 0.0


def constant_velocity(run: RunConfig) -> float:
    """Mean squared error of the best velocity that is the same for all clips and noises, over the held-out clips."""
    batch = held_out(run)
    networks = build_networks(run.networks, seed=run.seed)
    targets: list[Tensor] = []
    for index in range(4):
        found = noised(
            networks,
            batch,
            Draws(run.seed + 1, batch.numbers),
            conditioning="interpolation",
            dropout=0.0,
            loss_weighting="uniform",
            timesteps=torch.full((len(batch.numbers),), (2 * index + 1) * 125),
        )
        targets.append(found.velocity)
    return float(torch.cat(targets).var(dim=0).mean())


def constant_picture(run: RunConfig) -> float:
    """Mean absolute error of the best picture that is the same for all frames, over the held-out clips."""
    pictures = held_out(run).frames.flatten(0, 1)
    return float((pictures - pictures.median(dim=0).values).abs().mean())


def first_and_last(folder: Path, name: str = "loss/generator") -> tuple[float, float]:
    """The first of a run's losses and the mean of its last fifth."""
    values = [float(line[name]) for line in read_record(folder, "train")]
    end = values[-len(values) // 5 :]
    return values[0], sum(end) / len(end)
