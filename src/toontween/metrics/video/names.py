"""The names of I3D's tensors: TensorFlow's graph, the PyTorch port of VideoGPT, and how one becomes the other."""

from collections.abc import Mapping

from torch import Tensor

HEAD = "RGB/inception_i3d/"
"""With what every variable of the graph begins."""

_BRANCHES = {
    "b0": "Branch_0/Conv3d_0a_1x1",
    "b1a": "Branch_1/Conv3d_0a_1x1",
    "b1b": "Branch_1/Conv3d_0b_3x3",
    "b2a": "Branch_2/Conv3d_0a_1x1",
    "b2b": "Branch_2/Conv3d_0b_3x3",
    "b3b": "Branch_3/Conv3d_0b_1x1",
}
_ODD_UNIT = ("Mixed_5b", "b2b", "Branch_2/Conv3d_0a_3x3")
_LEAVES = {
    "conv3d.weight": "conv_3d/w",
    "conv3d.bias": "conv_3d/b",
    "bn.bias": "batch_norm/beta",
    "bn.running_mean": "batch_norm/moving_mean",
    "bn.running_var": "batch_norm/moving_variance",
}


def port_to_graph(name: str) -> str:
    """The graph's name of a tensor of the port; empty where the graph has none (`bn.weight`, `num_batches_tracked`)."""
    parts = name.split(".")
    unit, leaf = parts[:-2], ".".join(parts[-2:])
    if leaf not in _LEAVES:
        return ""
    if unit == ["logits"]:
        return f"{HEAD}Logits/Conv3d_0c_1x1/{_LEAVES[leaf]}"
    if len(unit) == 1:
        return f"{HEAD}{unit[0]}/{_LEAVES[leaf]}"
    block, branch = unit
    inside = _ODD_UNIT[2] if (block, branch) == _ODD_UNIT[:2] else _BRANCHES[branch]
    return f"{HEAD}{block}/{inside}/{_LEAVES[leaf]}"


def graph_to_port(name: str) -> str:
    """The port's name of a variable of the graph.

    Raises:
        KeyError: The graph has no such variable.
    """
    path, kind, variable = name.removeprefix(HEAD).rsplit("/", 2)
    leaf = {graph: port for port, graph in _LEAVES.items()}[f"{kind}/{variable}"]
    block, _, inside = path.partition("/")
    if block == "Logits":
        return f"logits.{leaf}"
    if not inside:
        return f"{block}.{leaf}"
    branches = {graph: port for port, graph in _BRANCHES.items()}
    branch = _ODD_UNIT[1] if (block, inside) == _ODD_UNIT[::2] else branches[inside]
    return f"{block}.{branch}.{leaf}"


def to_port(variables: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The graph's variables under the port's names and in PyTorch's layout; `bn.weight` is left to be ones.

    Args:
        variables: By the graph's names, in TensorFlow's layout.
    """
    return {graph_to_port(name): from_graph_layout(name, v) for name, v in variables.items()}


def from_graph_layout(name: str, variable: Tensor) -> Tensor:
    """Filters (t, h, w, in, out) as (out, in, t, h, w), all else as a vector."""
    return variable.permute(4, 3, 0, 1, 2) if name.endswith("/w") else variable.flatten()


def to_graph_layout(tensor: Tensor) -> Tensor:
    """Filters (out, in, t, h, w) as (t, h, w, in, out); vectors as they are."""
    return tensor.permute(2, 3, 4, 1, 0) if tensor.ndim == 5 else tensor
