"""Computing in fp32 with weights held in fp16, for networks whose features exceed what fp16 can hold."""

from copy import deepcopy
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


def converted(value: Any, dtype: torch.dtype) -> Any:
    """A tensor, or tensors in nested tuples, in that type; anything else as it is."""
    if isinstance(value, tuple):
        return tuple(converted(item, dtype) for item in value)
    return value.to(dtype) if isinstance(value, Tensor) else value


def call_in_fp32(network: nn.Module, *arguments: Any) -> Any:
    """The network's result with weights converted for this call; gradients reach the weights held."""
    weights = {name: value.float() for name, value in network.named_parameters()}
    return torch.func.functional_call(network, weights, converted(arguments, torch.float32))


def in_fp32(network: Network) -> Network:
    """A copy of the network that computes in fp32, for what is longer than one call."""
    return deepcopy(network).float()
