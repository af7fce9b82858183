"""The stored numbers and names of the published implementation, and how a network of ours is filled to match them."""

import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from toontween.checkpoints.keymap import KeyMap

DATA = Path(__file__).parent / "data"

Fill = Callable[[str, tuple[int, ...]], np.ndarray]


def published_shapes(part: str, *, prefix: str = "") -> dict[str, tuple[int, ...]]:
    """Shape of every tensor of a published file ("model", "sketch_encoder") under a prefix, which is cut off."""
    shapes = _published()[part]
    return {
        name.removeprefix(prefix): tuple(shape)
        for name, shape in shapes.items()
        if name.startswith(prefix)
    }


def published_temporal_names() -> list[str]:
    """The tensors that toon rectification leaves as they are, prefix included."""
    return _published()["temporal"]


def _published() -> dict[str, Any]:
    return json.loads(gzip.decompress((DATA / "published_names.json.gz").read_bytes()))


def converted_shapes(
    key_map: KeyMap, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    """Our names and shapes of published tensors, without memory for their values."""
    tensors = {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}
    return {name: tuple(tensor.shape) for name, tensor in key_map.convert(tensors).items()}


def state_shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a network's tensors."""
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def build_filled(
    build: Callable[[], nn.Module],
    *,
    key_map: KeyMap,
    names: Iterable[str],
    fill: Fill,
    prefix: str = "",
) -> nn.Module:
    """A network in eval mode whose tensors are made by rule from their published names.

    Args:
        build: Makes the network; called on the meta device, so that nothing is initialised for naught.
        key_map: Published names → ours.
        names: Published names of the network's tensors, without the prefix.
        fill: Published name and shape → values.
        prefix: What the rule wants before the names.
    """
    with torch.device("meta"):
        network = build()
    shapes = state_shapes(network)
    moves, _ = key_map.plan(names)
    filled: dict[str, Tensor] = {}
    for move in moves:
        [target] = move.targets
        shape = shapes[target] + (1,) * move.squeeze
        filled |= move.apply(torch.from_numpy(fill(prefix + move.source, shape)))
    network.load_state_dict(filled, assign=True)
    return network.eval()


def assert_matches_record(result: Tensor, record: Mapping[str, Any], *, tolerance: float = 1e-4):
    """Shape, moments, extreme and twelve scattered values of a result are those of a record."""
    assert list(result.shape) == record["shape"]
    values = result.detach().numpy().ravel()
    scattered = values[record["idx"]]
    np.testing.assert_allclose(scattered, record["values"], atol=tolerance, rtol=0)
    found = [values.mean(), values.std(), np.abs(values).max()]
    wanted = [record["mean"], record["std"], record["absmax"]]
    np.testing.assert_allclose(found, wanted, atol=tolerance, rtol=0)
