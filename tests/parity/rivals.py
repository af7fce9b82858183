"""Inputs and weights by rule for the networks of the rival methods, and their published names.

`data/rivals_<family>.npz` holds numbers that the published implementations gave in float32 on a CPU for these inputs and
weights; `data/rivals_<family>.json.gz` the names and shapes in the published files.
"""

import gzip
import json
import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.parity.goldens import DATA, Fill
from tests.parity.rule import array_by_rule, weight_by_rule


def array(tag: str, shape: tuple[int, ...], scale: float = 1.0) -> Tensor:
    """White noise of a tag."""
    return torch.from_numpy(array_by_rule(tag, shape, scale))


def field(tag: str, channels: int, size: tuple[int, int], *, scale: float = 1.0) -> Tensor:
    """Smooth noise, (1, channels, height, width): white noise of a sixteenth of the size, enlarged."""
    coarse = array(tag, (1, channels, *(math.ceil(side / 16) for side in size)), scale)
    return F.interpolate(coarse, size, mode="bilinear", align_corners=False)


def image(tag: str, height: int, width: int) -> Tensor:
    """A picture in 0…1 with coarse and fine content, (1, 3, height, width)."""
    coarse = field(f"{tag}_c", 3, (height, width))
    return (0.5 + 0.2 * coarse + 0.1 * array(tag, (1, 3, height, width))).clamp(0, 1)


def published_rival(family: str, network: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors in a published file, without a `module.` before them."""
    stored = json.loads(gzip.decompress((DATA / f"rivals_{family}.json.gz").read_bytes()))
    return {name: tuple(shape) for name, shape in stored[network].items()}


def recorded(family: str) -> Mapping[str, np.ndarray]:
    """The numbers of a family."""
    with np.load(DATA / f"rivals_{family}.npz") as archive:
        return dict(archive)


def scaled_fill(rules: Sequence[tuple[str, float]]) -> Fill:
    """Weights by rule; a weight whose published name has a match of a pattern is multiplied by its factor, in float32.

    Running variances are made positive.
    """

    def fill(name: str, shape: tuple[int, ...]) -> np.ndarray:
        values = weight_by_rule(name, shape)
        if name.endswith("running_var"):
            values = np.abs(values) + np.float32(0.5)
        for pattern, factor in rules:
            if re.search(pattern, name):
                values = values * np.float32(factor)
        return values

    return fill


def assert_near(found: Tensor, wanted: np.ndarray, tolerance: float, *, share: float = 1.0) -> None:
    """All values of an entry, or a share of them, are within an absolute tolerance."""
    assert tuple(found.shape) == wanted.shape
    off = np.abs(found.detach().numpy() - wanted)
    within = float((off <= tolerance).mean())
    assert within >= share, f"{within:.4%} within {tolerance:g}; the largest error is {off.max():g}"


def map_tolerance(wanted: np.ndarray) -> float:
    """Of features, masks and hidden states: 1e-4, or 1e-4 standard deviations when the values are large."""
    return 1e-4 * max(1.0, float(wanted.std()))
