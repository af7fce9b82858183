"""I3D with weights by the names of TensorFlow's variables, as the golden values were made."""

import zlib
from functools import cache

import numpy as np
import torch

from toontween.metrics.video.i3d import GRAPH_EPS, I3D
from toontween.metrics.video.names import port_to_graph, to_port


def value_of(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A variable's value in TensorFlow's layout."""
    numbers = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape)
    rules = {
        "/w": lambda n: n * np.sqrt(2.0 / np.prod(shape[:-1])),
        "/b": lambda n: 0.05 * n,
        "moving_mean": lambda n: 0.1 * n,
        "moving_variance": lambda n: 0.75 + 0.25 * np.tanh(n),
        "beta": lambda n: 0.1 * n,
    }
    (rule,) = (rule for ending, rule in rules.items() if name.endswith(ending))
    return rule(numbers).astype(np.float32)


@cache
def seeded_variables() -> dict[str, torch.Tensor]:
    """All 230 variables by the graph's names."""
    variables = {}
    for name, tensor in I3D().state_dict().items():
        graph = port_to_graph(name)
        if graph:
            shape = tuple(tensor.shape)
            if len(shape) == 5:
                shape = (*shape[2:], shape[1], shape[0])
            elif not graph.endswith("/b"):
                shape = (1, 1, 1, 1, *shape)
            variables[graph] = torch.from_numpy(value_of(graph, shape))
    return variables


def seeded_i3d(eps: float = GRAPH_EPS) -> I3D:
    """The network of the golden values."""
    network = I3D(eps=eps, weights="seeded")
    missing, _ = network.load_state_dict(to_port(seeded_variables()), strict=False)
    assert all(name.endswith(("bn.weight", "num_batches_tracked")) for name in missing)
    return network.eval().requires_grad_(requires_grad=False)
