"""Files of which LPIPS can be put together: torchvision's backbones, the heads, whole state dictionaries."""

import importlib.resources
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import torch
from torch import Tensor

from toontween.errors import CheckpointError, UnavailableError
from toontween.metrics.lpips.backbones import check_net
from toontween.metrics.lpips.network import SCALE, SHIFT, Lpips
from toontween.metrics.weights import weights_digest

BACKBONE_FILES: Mapping[str, str] = MappingProxyType(
    {
        "alex": "alexnet-owt-7be5be79.pth",
        "vgg": "vgg16-397923af.pth",
        "squeeze": "squeezenet1_1-b8a52dc0.pth",
    }
)
"""torchvision's files of ImageNet weights; each ends with the first eight letters of its SHA-256."""

HEADS_SHA256: Mapping[str, str] = MappingProxyType(
    {
        "alex": "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
        "vgg": "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
        "squeeze": "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76",
    }
)
"""SHA-256 of the files of v0.1 heads, the same in the wheels of lpips and torchmetrics."""

HEADS_DIGESTS: Mapping[str, str] = MappingProxyType(
    {"alex": "d163235895c3", "vgg": "1c0e76eebb76", "squeeze": "6a82fc116a84"}
)
"""`weights_digest` of the v0.1 heads under our names."""

IN_TRAINING = "loss.perceptual_loss."
"""With what LPIPS begins inside the training checkpoints of latent diffusion's autoencoders."""

_BACKBONE = re.compile(r"(?:net\.slice\d+\.|features\.)(\d+\..+)")
_HEAD = re.compile(r"lin(?:s\.)?(\d+)\.model\.1\.weight")
_SCALING = {"scaling_layer.shift": SHIFT, "scaling_layer.scale": SCALE}


def backbone_sha256_prefix(net: str) -> str:
    """The eight letters with which the SHA-256 of torchvision's file begins."""
    return Path(BACKBONE_FILES[net]).stem.rsplit("-", 1)[1]


def bundled_heads(net: str) -> Path:
    """Where the v0.1 heads of a net lie on this machine: in the installed torchmetrics, a few kilobytes.

    Raises:
        UnknownNameError: There is no such net.
        UnavailableError: The installed torchmetrics has no such file.
    """
    check_net(net)
    folder = Path(str(importlib.resources.files("torchmetrics")))
    path = folder / "functional" / "image" / "lpips_models" / f"{net}.pth"
    if not path.is_file():
        raise UnavailableError(
            f"torchmetrics does not bring the heads of LPIPS-{net}",
            hint="give the heads' file; it is part of the package lpips (weights/v0.1)",
        )
    return path


def load_lpips(
    net: str, backbone: Mapping[str, Tensor], heads: Mapping[str, Tensor] | None = None
) -> Lpips:
    """LPIPS with the tensors of one file or two.

    Args:
        net: Which backbone.
        backbone: torchvision's tensors (`features.N.…`, the classifier is not needed), a whole `LPIPS().state_dict()`
            (`net.sliceK.N.…`, `linI.model.1.weight`), or a training checkpoint of latent diffusion that has one
            inside (`loss.perceptual_loss.…`).
        heads: The heads' tensors (`linI.model.1.weight`), where `backbone` has none.

    Raises:
        UnknownNameError: There is no such net.
        CheckpointError: Tensors are missing, unknown, of another net's shapes, or not LPIPS v0.1's.
    """
    check_net(net)
    state = _renamed(_inner(backbone)) | _renamed(heads or {})
    given = {name: t for name, t in state.items() if name.startswith("heads.")}
    if not given:
        raise CheckpointError(
            f"there are no heads of LPIPS-{net} among the tensors",
            hint="give those of the file bundled_heads(net)",
        )
    if any(bool((head < 0).any()) for head in given.values()):
        raise CheckpointError(f"the heads of LPIPS-{net} are negative, those of v0.1 are not")
    network = Lpips(net, weights=_name_of(net, state, given))
    _check_shapes(net, state, {n: tuple(t.shape) for n, t in network.state_dict().items()})
    network.load_state_dict(state)
    return network.eval().requires_grad_(requires_grad=False)


def _inner(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """The part of a training checkpoint that is LPIPS; all of anything else."""
    inside = [name for name in tensors if name.startswith(IN_TRAINING)]
    return {name.removeprefix(IN_TRAINING): tensors[name] for name in inside} or tensors


def _renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under our names."""
    state: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name.startswith("classifier."):
            continue
        if name in _SCALING:
            expected = torch.tensor(_SCALING[name]).to(tensor.device)
            if not torch.allclose(tensor.float().flatten(), expected, atol=1e-6):
                raise CheckpointError(f"{name} is {tensor.flatten().tolist()}, not {expected}")
            continue
        target = _target_of(name)
        if target in state and not torch.equal(state[target], tensor):
            raise CheckpointError(f"{name} differs from its other copy in the file")
        state[target] = tensor
    return state


def _target_of(name: str) -> str:
    if match := _BACKBONE.fullmatch(name):
        return f"features.{match[1]}"
    if match := _HEAD.fullmatch(name):
        return f"heads.{match[1]}.weight"
    raise CheckpointError(
        f"{name} is not a tensor of LPIPS",
        hint="give torchvision's backbone, the state of lpips.LPIPS, or a checkpoint with one inside",
    )


def _check_shapes(
    net: str, state: Mapping[str, Tensor], wanted: Mapping[str, tuple[int, ...]]
) -> None:
    """Every tensor must be there, no other, all of the net's shapes."""
    for name in [*wanted, *state]:
        found = tuple(state[name].shape) if name in state else None
        if found != wanted.get(name):
            expected = wanted.get(name, "nothing of the kind")
            raise CheckpointError(
                f"{name} of LPIPS-{net} is {found or 'missing'}, expected {expected}",
                hint=f"take {BACKBONE_FILES[net]} and the heads of the same net",
            )


def _name_of(net: str, state: Mapping[str, Tensor], heads: Mapping[str, Tensor]) -> str:
    """What the weights are called beside a number."""
    digest = weights_digest(heads)
    version = "v0.1" if digest == HEADS_DIGESTS[net] else digest
    backbone = {name: t for name, t in state.items() if name not in heads}
    return f"heads {version}, backbone {weights_digest(backbone)}"
