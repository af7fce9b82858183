"""A whole checkpoint in the published naming, small, with weights by rule."""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from tests.parity.goldens import published_shapes
from tests.parity.rule import weight_by_rule
from toontween.checkpoints.keymap import Move
from toontween.checkpoints.maps.component import Component, ConvertedComponent, empty_module
from toontween.checkpoints.maps.components import PUBLISHED_FILES

LAYERS = 3

TINY: dict[str, Any] = {
    "unet": {
        "in_channels": 8,
        "out_channels": 4,
        "num_res_blocks": 2,
        "attention_resolutions": [4, 2, 1],
        "model_channels": 32,
        "channel_mult": [1, 2, 4, 4],
        "num_head_channels": 16,
        "context_dim": 64,
        "temporal_length": 16,
        "default_fs": 24,
        "fs_condition": True,
        "use_linear": True,
        "temporal_conv": True,
    },
    "vae": {
        "double_z": True,
        "z_channels": 4,
        "in_channels": 3,
        "out_ch": 3,
        "ch": 32,
        "ch_mult": [1, 2, 4, 4],
        "num_res_blocks": 2,
        "embed_dim": 4,
    },
    "resampler": {
        "dim": 64,
        "depth": 4,
        "dim_head": 16,
        "heads": 12,
        "num_queries": 16,
        "embedding_dim": 80,
        "output_dim": 64,
        "ff_mult": 4,
        "video_length": 16,
    },
    "open_clip": {
        "embed_dim": 64,
        "vision_cfg": {
            "image_size": 224,
            "layers": LAYERS,
            "width": 80,
            "head_width": 20,
            "patch_size": 14,
        },
        "text_cfg": {
            "context_length": 77,
            "vocab_size": 512,
            "width": 64,
            "heads": 4,
            "layers": LAYERS,
        },
    },
}
"""Sections as a published configuration has them; a vocabulary of 512 keeps the file small."""


def published_tensors(config: Mapping[str, Any] = TINY) -> dict[str, Tensor]:
    """Every tensor of a ToonCrafter checkpoint of that size, except the schedule's buffers."""
    tensors: dict[str, Tensor] = {}
    for component in PUBLISHED_FILES["model"]:
        tensors |= _component_tensors(component, config[component.section])
    return tensors


def published_layout() -> dict[str, Tensor]:
    """The published file at its own size, names and shapes only."""
    return {
        name: torch.empty(shape, device="meta") for name, shape in published_shapes("model").items()
    }


def _component_tensors(component: Component, section: Mapping[str, Any]) -> dict[str, Tensor]:
    names = [name for name in published_shapes("model", prefix=component.prefix) if _is_kept(name)]
    network = empty_module(
        ConvertedComponent(component.class_path, component.arguments(section, names), {})
    )
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    moves, unused = component.key_map(section).plan(names)
    tensors = {f"{component.prefix}{name}": torch.zeros(1) for name in unused}
    for move in moves:
        name = component.prefix + move.source
        tensors[name] = torch.from_numpy(weight_by_rule(name, _source_shape(move, shapes)))
    return tensors


def _is_kept(name: str) -> bool:
    number = re.search(r"resblocks\.(\d+)", name)
    return number is None or int(number[1]) < LAYERS


def _source_shape(move: Move, shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    shape = shapes[move.targets[0]]
    shape = shape[: len(shape) - move.unsqueeze] + (1,) * move.squeeze
    return (shape[0] * len(move.targets), *shape[1:]) if len(move.targets) > 1 else shape
