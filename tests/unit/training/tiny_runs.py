"""Runs so small that a test may make some steps of them."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from toontween.data.clips import Clip
from toontween.data.shards import write_shards
from toontween.training.config import (
    DataConfig,
    LoopConfig,
    NetworksConfig,
    ObjectiveConfig,
    OptimizerConfig,
    RunConfig,
    VideoConfig,
)

NETWORKS = NetworksConfig(
    unet_size={
        "base_channels": 32,
        "channel_mult": [1, 2],
        "num_res_blocks": 1,
        "attention_factors": [1],
        "head_dim": 16,
        "context_dim": 32,
        "text_tokens": 1,
        "queries_per_frame": 2,
        "num_frames": 4,
    },
    vae_size={
        "base_channels": 32,
        "channel_mult": [1, 1, 1, 1],
        "num_res_blocks": 1,
        "reference_head_dim": 8,
        "reference_heads": 2,
    },
    projector_size={
        "input_dim": 40,
        "dim": 32,
        "output_dim": 32,
        "depth": 1,
        "num_heads": 2,
        "head_dim": 16,
        "queries_per_frame": 2,
        "num_frames": 4,
    },
    image_encoder_size={
        "image_size": 28,
        "patch_size": 14,
        "hidden_size": 40,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 80,
    },
)
"""New networks, all of them tiny."""


def sliding_square(index: int, *, frames: int = 4, size: tuple[int, int] = (48, 32)) -> Clip:
    """A coloured square that slides over white paper; other numbers give other squares."""
    rng = np.random.default_rng(index)
    width, height = size
    x, y = rng.integers(2, width // 3), rng.integers(2, height - 14)
    speed, colour = rng.integers(1, 4), rng.integers(0, 160, 3)
    pictures = np.full((frames, height, width, 3), 245, np.uint8)
    for frame in range(frames):
        left = x + speed * frame
        pictures[frame, y : y + 12, left : left + 12] = 20
        pictures[frame, y + 1 : y + 11, left + 1 : left + 11] = colour
    return Clip(key=f"square-{index}", frames=pictures, fps=24.0, caption="a square slides")


def write_squares(folder: Path, *, count: int = 12, first: int = 0, frames: int = 4) -> Path:
    """A folder with one or more shards of squares."""
    clips = (sliding_square(first + index, frames=frames) for index in range(count))
    write_shards(clips, folder, clips_per_shard=8)
    return folder


def tiny_run(
    shards: Path,
    *,
    objective: ObjectiveConfig | None = None,
    validation: Path | None = None,
    **loop: Any,
) -> RunConfig:
    """Six steps of two clips, unless told otherwise."""
    steps = {"steps": 6, "batch_size": 2, "log_every": 1, "save_every": 2, "validation_clips": 2}
    return RunConfig(
        name="tiny",
        objective=objective or VideoConfig(variant="all", train_image_encoder=True, sample_steps=2),
        networks=NETWORKS,
        data=DataConfig(
            shards=(str(shards),),
            validation=() if validation is None else (str(validation),),
            num_frames=4,
            mirror=0.5,
            reverse=0.5,
            workers=0,
        ),
        optimizer=OptimizerConfig(learning_rate=1e-3),
        loop=LoopConfig(**{**steps, **loop}),
        seed=1,
    )


def with_start(run: RunConfig, model: Path) -> RunConfig:
    """The run begun from a model that is there."""
    return dataclasses.replace(run, networks=NetworksConfig(start=str(model)))
