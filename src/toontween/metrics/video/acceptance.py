"""The network of FVD with a file's weights, and the test that it gives the published numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

from toontween.errors import CheckpointError, InputError
from toontween.metrics.video.i3d import I3D, SIDE_PX
from toontween.metrics.video.identity import (
    ChecksumTable,
    Identity,
    Layout,
    identify,
    without_module,
)
from toontween.metrics.video.names import HEAD, graph_to_port, port_to_graph, to_port
from toontween.metrics.weights import weights_digest

ZEROS_AND_ONES: Mapping[int, float] = MappingProxyType(
    dict(
        enumerate(
            (
                *(569.2296293622766, 486.3584254441098, 551.9610501807822, 146.36638178542628),
                *(172.85453222258292, 133.70311962583372, 152.91750309134142, 357.7402855012116),
                *(382.4668646785276, 306.73840379649727, 338.4151811780684, 78.17255931098194),
                *(82.33446642508818, 64.5885972265882, 66.06281151704604, 314.4803706985065),
                *(316.6870909853734, 288.97196946254184, 287.7805184515251, 152.1524775765185),
                151.2564750365302,
            ),
            start=10,
        )
    )
)
"""Published distances of black and white clips by length, of StyleGAN-V's port of the graph (common_metrics, README).
TF-Hub's own graph gives 151.39244 at 30 frames."""

TOLERANCE = 1.0
"""How far the published distances are said to vary between versions of PyTorch."""

_HINT = "take i3d_pretrained_400.pt of VideoGPT, or the variables of TF-Hub's i3d-kinetics-400"


def load_i3d(
    tensors: Mapping[str, Tensor],
    *,
    eps: float | None = None,
    accept_unknown: bool = False,
    table: ChecksumTable | None = None,
) -> I3D:
    """The network with a file's weights, once it is known what they are.

    Args:
        tensors: The file's tensors by name: VideoGPT's `i3d_pretrained_400.pt`, TF-Hub's variables, or any other file
            with the same numbers in it.
        eps: What is added to variances. When None the checksums of the variances decide. The published code of
            VideoGPT, TATS, LVDM and cd-fvd adds 1e-5 to the graph's own variances: pass that for their very numbers.
        accept_unknown: Take weights of the port's naming that are not `rgb_scratch`; the distances are then a
            measure of their own, and say so.
        table: Checksums to look for; the published ones when None.

    Raises:
        CheckpointError: The weights are `rgb_imagenet`'s, unknown and not accepted, or incomplete.
    """
    identity = identify(tensors, table=table)
    if identity.num_imagenet > len(identity.scratch):
        raise CheckpointError(identity.describe(), hint=_HINT)
    eps = identity.eps if eps is None else eps
    if identity.is_scratch:
        variables = {name: tensors[source] for name, source in identity.scratch.items()}
        graph = identity.layout is Layout.GRAPH
        state = to_port(variables) if graph else {graph_to_port(n): v for n, v in variables.items()}
        return _filled(state, eps=eps, weights="rgb_scratch")
    _refuse_unknown(identity, accept_unknown=accept_unknown)
    state = _state_of(tensors, identity.layout)
    name = f"unknown {weights_digest(state)}"
    if identity.has_other_variances:
        name = "rgb_scratch with other variances"
    return _filled(state, eps=eps, weights=name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Acceptance:
    """The distance of black and white clips of one length, and what is published for it."""

    frames: int
    """Length of the clips."""

    found: float
    """Squared distance of their logits."""

    published: float
    """The same in the published list."""

    @property
    def passed(self) -> bool:
        """Whether the two agree."""
        return abs(self.found - self.published) <= TOLERANCE


@torch.inference_mode()
def accept(network: I3D, lengths: Sequence[int] = (16, 30)) -> list[Acceptance]:
    """Compare a network with the published distances of eight black clips and eight white ones.

    All clips of a set are alike, so the Fréchet distance is the squared distance of two logit vectors: it tests weights,
    eps and range at once, and no resizing. Two clips are enough.

    Raises:
        InputError: Nothing is published for a length.
    """
    rows = []
    for frames in lengths:
        if frames not in ZEROS_AND_ONES:
            raise InputError(
                f"nothing is published for clips of {frames} frames", hint="lengths are 10…30"
            )
        black = torch.full((1, 3, frames, SIDE_PX, SIDE_PX), -1.0)
        black = black.to(network.logits.conv3d.weight)
        found = float((network(black) - network(-black)).double().square().sum())
        rows.append(Acceptance(frames=frames, found=found, published=ZEROS_AND_ONES[frames]))
    return rows


def _refuse_unknown(identity: Identity, *, accept_unknown: bool) -> None:
    """Raise unless the weights can be used under a name of their own."""
    if identity.layout is Layout.HASSONY2:
        told = f"{identity.describe()}; model_rgb.pth of this naming is rgb_imagenet"
        raise CheckpointError(told, hint=_HINT)
    if identity.layout is Layout.OTHER:
        raise CheckpointError(identity.describe(), hint=_HINT)
    if not accept_unknown and not identity.has_other_variances:
        raise CheckpointError(
            identity.describe(),
            hint=f"{_HINT}; accept_unknown=True measures with these under a name of their own",
        )


def _state_of(tensors: Mapping[str, Tensor], layout: Layout) -> dict[str, Tensor]:
    """A file's tensors under the port's names."""
    if layout is not Layout.GRAPH:
        return without_module(tensors)
    variables = {name.removesuffix(":0"): tensor for name, tensor in tensors.items()}
    try:
        return to_port({n: v for n, v in variables.items() if n.startswith(HEAD)})
    except KeyError as error:
        raise CheckpointError(f"the graph of I3D has no variable {error}", hint=_HINT) from error


def _filled(state: Mapping[str, Tensor], *, eps: float, weights: str) -> I3D:
    """A network for measuring, every tensor of it from the file."""
    last = state.get("logits.conv3d.weight")
    if last is None:
        raise CheckpointError("there is no logits.conv3d.weight among the tensors", hint=_HINT)
    network = I3D(eps=eps, classes=len(last), weights=weights)
    try:
        missing, unexpected = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise CheckpointError(f"the tensors do not fit I3D: {error}", hint=_HINT) from error
    missing = [name for name in missing if port_to_graph(name)]
    if missing or unexpected:
        told = f"I3D lacks {missing[:3]}" if missing else f"I3D has no {unexpected[:3]}"
        raise CheckpointError(f"{told} among the tensors of the file", hint=_HINT)
    return network.eval().requires_grad_(requires_grad=False)
