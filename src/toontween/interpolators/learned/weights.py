"""Where the weights of a learned method come from: a converted folder, or a seed for an untrained network."""

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

from toontween.checkpoints.loading import resolve_network
from toontween.checkpoints.manifest import hash_of_folder
from toontween.checkpoints.published.catalogue import MODELS
from toontween.errors import UnavailableError

RANDOM = "random"
"""Instead of a name or folder: an untrained network, for tests and for measuring speed. What it draws is noise."""

NetworkT = TypeVar("NetworkT", bound=ModelMixin)


def load_network(
    network_class: type[NetworkT], weights: str, *, device: torch.device, **sizes: Any
) -> tuple[NetworkT, dict[str, Any]]:
    """A network on its device, ready to draw, and what provenance should say of its weights.

    Args:
        network_class: Its class.
        weights: A name of published weights, a folder, or `RANDOM`.
        device: Where it will run.
        sizes: Constructor arguments of an untrained network; a folder has its own.

    Raises:
        UnavailableError: The weights are not on this machine; the hint says how to get them.
        UnknownNameError: It is neither a known name nor a folder.
        CheckpointError: The folder holds another network.
    """
    if weights == RANDOM:
        network = network_class(**sizes)
        fill_at_random(network)
        details: dict[str, Any] = {"weights": RANDOM, "untrained": True}
    else:
        folder = resolve_network(weights, network_class.__name__)
        network = network_class.from_pretrained(folder)
        name = weights if weights in MODELS else folder.name
        details = {"weights": name, "weights_sha256": hash_of_folder(folder)}
    nn.Module.to(network, device)
    return network.eval().requires_grad_(requires_grad=False), details


def require_weights(networks: Sequence[tuple[type[ModelMixin], str]]) -> None:
    """Make sure that the weights of several networks are here.

    Args:
        networks: Class and weights of each.

    Raises:
        UnavailableError: Some are not; the message names all of them, the hint the ways to get them.
    """
    missing: list[UnavailableError] = []
    for network_class, weights in networks:
        try:
            if weights != RANDOM:
                resolve_network(weights, network_class.__name__)
        except UnavailableError as error:
            missing.append(error)
    if missing:
        told = "; ".join(error.message for error in missing)
        raise UnavailableError(told, hint="; then ".join(e.hint for e in missing if e.hint) or None)


def fill_at_random(network: nn.Module, *, seed: int = 0) -> None:
    """Draw all kernels and matrices from normal distributions of variance 1/fan-in, with biases of zero.

    Gains and slopes stay as constructed, which is without chance.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.ndim >= 2:
                scale = 1 / math.sqrt(max(1, parameter[0].numel()))
                parameter.normal_(0, scale, generator=generator)
            elif name.endswith("bias"):
                parameter.zero_()
