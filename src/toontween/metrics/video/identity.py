"""What a file of I3D weights holds, found out from its numbers.

FVD compares logits of DeepMind's `rgb_scratch`. Files of the same graph with `rgb_imagenet` are common, load without an
error and give other numbers; so every tensor's checksum is looked up, whatever the tensors are called.
"""

import functools
import importlib.resources
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import torch
from torch import Tensor

from toontween.metrics.video.checksum import masked_crc32c
from toontween.metrics.video.i3d import GRAPH_EPS
from toontween.metrics.video.names import HEAD, to_graph_layout

PORT_EPS = 1e-5
"""What the PyTorch port of VideoGPT adds to variances; right only for variances that were changed to make up for it."""

GIT_BLOBS: Mapping[str, str] = MappingProxyType(
    {
        "a867b87ac3a9097d200598b1d48a1b890d8ec744": "i3d_pretrained_400.pt of VideoGPT",
        "93daef59c7ae0e9e8f76225521407e60cbafa6aa": "i3d_torchscript.pt of StyleGAN-V",
        "fa7df95674dbf3579e7fccd954e51e706b4734c1": "rgb_scratch of DeepMind, which is TF-Hub's",
        "73a4fd1d87eb3dbd97f33a9779fa1caa3d28111a": "rgb_imagenet.pt of piergiaj, not FVD's network",
        "2a7c22e23e6c74f50a0166ce61110bccd2ab48bb": "model_rgb.pth of hassony2, not FVD's network",
    }
)
"""Published files by their git blob ids, SHA-1 of `blob SIZE`, a zero byte and the content."""


class Layout(StrEnum):
    """How the tensors of a file are named."""

    GRAPH = "TensorFlow's graph"
    PORT = "the PyTorch port of piergiaj and VideoGPT"
    HASSONY2 = "the PyTorch port of hassony2"
    OTHER = "another naming"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChecksumTable:
    """Checksums of the variables of two trainings of the graph, by the graph's names."""

    scratch: Mapping[str, int]
    """`rgb_scratch`, trained on Kinetics alone: FVD's network."""

    imagenet: Mapping[str, int]
    """`rgb_imagenet`, inflated from ImageNet's filters before training."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What a file of I3D weights was found to hold."""

    layout: Layout
    """How its tensors are named."""

    scratch: Mapping[str, str]
    """Variables of `rgb_scratch` that were found: the graph's name → the file's."""

    num_imagenet: int
    """How many variables of `rgb_imagenet` were found."""

    num_variables: int
    """How many variables the graph has."""

    scaled: bool
    """Whether batch normalisation has scales other than one, which the graph does not know."""

    @property
    def is_scratch(self) -> bool:
        """Whether every variable is `rgb_scratch`'s."""
        return len(self.scratch) == self.num_variables and not self.scaled

    @property
    def has_other_variances(self) -> bool:
        """Whether all but the variances are `rgb_scratch`'s."""
        found = sum(not name.endswith("moving_variance") for name in self.scratch)
        num_variances = sum(name.endswith("beta") for name in self.scratch)
        complete = found + num_variances == self.num_variables
        return complete and not self.is_scratch and not self.scaled

    @property
    def eps(self) -> float:
        """What must be added to the variances: the graph's 1e-3, unless the variances are not the graph's own."""
        return PORT_EPS if self.has_other_variances else GRAPH_EPS

    def describe(self) -> str:
        """One sentence for a report."""
        if self.is_scratch:
            return f"rgb_scratch, FVD's network, in the naming of {self.layout}"
        if self.has_other_variances:
            return f"rgb_scratch with other variances, in the naming of {self.layout}"
        if self.num_imagenet > len(self.scratch):
            told = f"{self.num_imagenet} of {self.num_variables} tensors are rgb_imagenet's"
            return f"{told} (as in rgb_imagenet.pt and model_rgb.pth), which is not FVD's network"
        told = f"{len(self.scratch)} of {self.num_variables} tensors are rgb_scratch's"
        return f"unknown weights in the naming of {self.layout}: {told}"


@functools.cache
def published_table() -> ChecksumTable:
    """The checksums that come with the package."""
    source = importlib.resources.files("toontween.metrics.video") / "i3d_checksums.json"
    rows = json.loads(source.read_text(encoding="utf-8"))
    names = [name for name in rows if name.startswith(HEAD)]
    return ChecksumTable(
        scratch={name: rows[name][0] for name in names},
        imagenet={name: rows[name][1] for name in names},
    )


def identify(tensors: Mapping[str, Tensor], *, table: ChecksumTable | None = None) -> Identity:
    """Find out what a file of I3D weights holds; takes about a second.

    Args:
        tensors: The file's tensors by name. A common prefix `module.` is no matter.
        table: Checksums to look for; the published ones when None.
    """
    table = table or published_table()
    layout = _layout_of(tensors)
    scratch = {crc: name for name, crc in table.scratch.items()}
    imagenet = set(table.imagenet.values())
    found: dict[str, str] = {}
    num_imagenet = 0
    for name, tensor in tensors.items():
        if tensor.ndim not in (1, 5) or tensor.dtype != torch.float32:
            continue
        crc = masked_crc32c(tensor if layout is Layout.GRAPH else to_graph_layout(tensor))
        num_imagenet += crc in imagenet
        if crc in scratch:
            found[scratch[crc]] = name
    scales = [tensor for name, tensor in tensors.items() if name.endswith("bn.weight")]
    return Identity(
        layout=layout,
        scratch=found,
        num_imagenet=num_imagenet,
        num_variables=len(table.scratch),
        scaled=any(bool((scale != 1).any()) for scale in scales),
    )


def _layout_of(tensors: Mapping[str, Tensor]) -> Layout:
    names = without_module(tensors)
    if any(name.startswith(HEAD) for name in names):
        return Layout.GRAPH
    if "Conv3d_1a_7x7.conv3d.weight" in names and "Mixed_5c.b3b.conv3d.weight" in names:
        return Layout.PORT
    if "conv3d_1a_7x7.conv3d.weight" in names and "mixed_3b.branch_0.conv3d.weight" in names:
        return Layout.HASSONY2
    return Layout.OTHER


def without_module(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names as a network has them that is not wrapped for several devices."""
    return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
