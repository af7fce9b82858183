"""Weights on disk → the pipeline's networks, with weights of their own in memory."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from torch import Tensor, nn

from toontween.checkpoints.convert import ConvertedComponent, convert_state_dict, open_checkpoint

_ALIGNMENT_BYTES = 64
"""What torch's own memory on the CPU is aligned to."""


def build_components(
    checkpoint: str | Path | Mapping[str, Tensor],
    config: Mapping[str, Any] | None = None,
    *,
    torch_dtype: torch.dtype | None = None,
) -> dict[str, Any]:
    """The networks in a published file, by their names in the pipeline, in evaluation mode.

    Args:
        checkpoint: A published file, or its tensors, which are copied.
        config: Sections that describe a model of another size; None for the published one.
        torch_dtype: What weights are held as; None keeps the checkpoint's type.

    Raises:
        CheckpointError: The file is not what it should be, or the configuration does not fit it.
    """
    tensors = checkpoint if isinstance(checkpoint, Mapping) else open_checkpoint(Path(checkpoint))
    converted = convert_state_dict(tensors, config)
    return {
        name: _build(component, torch_dtype) for name, component in converted.components.items()
    }


def align_weights(network: nn.Module) -> None:
    """Copy weights that start at an odd place in memory, as those mapped from a file do.

    Matrix products choose another routine for them, so a saved and loaded model would differ from the model that was
    saved, by rounding.
    """
    for parameter in network.parameters():
        if parameter.device.type == "cpu" and parameter.data_ptr() % _ALIGNMENT_BYTES:
            parameter.data = parameter.data.clone()


def _build(component: ConvertedComponent, dtype: torch.dtype | None) -> nn.Module:
    """A network holding copies of the converted tensors, which are views of the source's."""
    module_name, _, class_name = component.class_path.partition(":")
    network_class = getattr(importlib.import_module(module_name), class_name)
    config_class = getattr(network_class, "config_class", None)
    # buffers that are not stored, such as position numbers, must be real: only parameters start empty
    with init_empty_weights(include_buffers=False):
        if config_class is None:
            network = network_class(**component.config)
        else:
            network = network_class(config_class(**component.config))
    weights = {
        name: tensor.detach().to(
            dtype=dtype or tensor.dtype, copy=True, memory_format=torch.contiguous_format
        )
        for name, tensor in component.tensors.items()
    }
    network.load_state_dict(weights, strict=True, assign=True)
    return network.eval()
