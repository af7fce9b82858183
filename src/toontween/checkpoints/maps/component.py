"""What a published network is to the converter: where its names begin, which class it becomes, how large it is."""

import importlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from toontween.checkpoints.keymap import KeyMap
from toontween.errors import CheckpointError

Section = Mapping[str, Any]
Arguments = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """One network in a published file."""

    name: str
    """Its name in the pipeline, which is also its folder."""

    prefix: str
    """What its tensors' names begin with in the published file."""

    class_path: str
    """ "module:Class" of the network, or "module:function" that builds it."""

    section: str
    """The part of a published configuration that describes it."""

    published: Section
    """That part for the published 512 model."""

    key_map: Callable[[Section], KeyMap]
    """Its key map, given the section."""

    arguments: Callable[[Section, Collection[str]], Arguments]
    """Constructor arguments, given the section and the names without the prefix."""


@dataclass(frozen=True, slots=True)
class ConvertedComponent:
    """One network: its class, how to construct it, and its weights."""

    class_path: str
    """ "module:Class", or "module:function" that builds it from the configuration."""

    config: Mapping[str, Any]
    """Constructor arguments; for a transformers class those of its configuration."""

    tensors: Mapping[str, Tensor]
    """All of its weights under our names, views of the source's tensors."""


def empty_module(component: ConvertedComponent) -> nn.Module:
    """The network of a component without memory for its weights (on the meta device).

    Raises:
        CheckpointError: The class cannot be constructed from the configuration.
    """
    module, _, name = component.class_path.partition(":")
    network = getattr(importlib.import_module(module), name)
    config_class = getattr(network, "config_class", None)
    with torch.device("meta"):
        if config_class is not None:
            return network(config_class(**component.config))
        return network(**component.config)


def convert_component(
    component: Component, own: Mapping[str, Tensor], section: Section
) -> tuple[ConvertedComponent, list[str]]:
    """Our names for the tensors of one component, and which of its names are not needed.

    Args:
        component: What to convert to.
        own: Its tensors by published name without the prefix.
        section: Its part of the published-style configuration.

    Raises:
        CheckpointError: A name is unknown, a tensor is missing or has another shape than the network's.
    """
    key_map = component.key_map(section)
    moves, unused = key_map.plan(own)
    tensors: dict[str, Tensor] = {}
    for move in moves:
        tensors |= move.apply(own[move.source])
    arguments = component.arguments(section, own.keys())
    converted = ConvertedComponent(component.class_path, arguments, tensors)
    _require_complete(key_map.component, converted)
    return converted, unused


def _require_complete(what: str, converted: ConvertedComponent) -> None:
    """Compare names and shapes with those of the network, in both directions."""
    expected = empty_module(converted).state_dict()
    missing = [name for name in expected if name not in converted.tensors]
    extra = [name for name in converted.tensors if name not in expected]
    if missing or extra:
        which, names = ("lacks", missing) if missing else ("has no place for", extra)
        raise CheckpointError(
            f"the {what} {which} {len(names)} tensors: {', '.join(names[:5])}",
            hint="is this the whole file, and the right configuration for it?",
        )
    for name, tensor in converted.tensors.items():
        if tensor.shape != expected[name].shape:
            raise CheckpointError(
                f"{name} of the {what} has shape {tuple(tensor.shape)}, "
                f"not {tuple(expected[name].shape)}",
                hint="give the file's own configuration with --config",
            )


def constant(key_map: KeyMap) -> Callable[[Section], KeyMap]:
    """A key map that no section changes."""
    return lambda _: key_map


def by_section(
    translate: Callable[[Section], Arguments],
) -> Callable[[Section, Collection[str]], Arguments]:
    """Constructor arguments that no name changes."""
    return lambda section, _: translate(section)
