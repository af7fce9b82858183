"""Losses of the decoder: perceptual, adversarial, and the weight that balances them (ToonCrafter, section 3.3).

L = L1 + 0.1 · perceptual + λ · adversarial, with λ the ratio of gradients at the decoder's last layer of VQGAN (arXiv
2012.09841, equation 7).
"""

from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from toontween.checkpoints.convert import open_checkpoint
from toontween.errors import InputError, UnavailableError
from toontween.metrics.lpips.weights import bundled_heads, load_lpips
from toontween.metrics.perceptual import load_squeezenet, squeezenet_distance

_STABILITY = 1e-4
_MOST = 1e4


class SqueezeNetLoss(nn.Module):
    """The project's own perceptual distance as a loss, in fp32 whatever the precision of the run.

    Features reach thousands, so their squares leave fp16: the distance would be 0, and without a gradient. bf16 is up to
    2.6 times off for frames that are nearly right.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.features = load_squeezenet(path)

    def forward(
        self, ours: Float[Tensor, "n 3 h w"], truth: Float[Tensor, "n 3 h w"]
    ) -> Float[Tensor, " n"]:
        """Distances of pictures in −1…1."""
        with torch.autocast(ours.device.type, enabled=False):
            with torch.no_grad():
                wanted = self.features((truth.float() + 1) / 2)
            return squeezenet_distance(self.features((ours.float() + 1) / 2), wanted)


class LpipsLoss(nn.Module):
    """LPIPS (arXiv 1801.03924) with VGG, in fp32 whatever the precision of the run.

    Args:
        path: torchvision's file of VGG16, or a whole LPIPS state dictionary.

    Raises:
        CheckpointError: It is something else.
        UnavailableError: The installed torchmetrics does not bring the heads.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        heads = open_checkpoint(bundled_heads("vgg"))
        self.network = load_lpips("vgg", open_checkpoint(path), heads)

    def forward(
        self, ours: Float[Tensor, "n 3 h w"], truth: Float[Tensor, "n 3 h w"]
    ) -> Float[Tensor, " n"]:
        """Distances of pictures in −1…1."""
        with torch.autocast(ours.device.type, enabled=False):
            return self.network.loss((ours.float() + 1) / 2, (truth.float() + 1) / 2)


def build_perceptual(
    name: Literal["none", "squeezenet", "lpips-vgg"], weights: str | None
) -> SqueezeNetLoss | LpipsLoss | None:
    """The perceptual term by name; None for none.

    Raises:
        InputError: No file of weights was given.
        UnavailableError: There is no such file.
    """
    if name == "none":
        return None
    if weights is None:
        kind = "FILE.npz" if name == "squeezenet" else "vgg16-397923af.pth"
        raise InputError(
            f"objective.perceptual={name} needs its weights",
            hint=f"--set objective.perceptual_weights={kind}",
        )
    if name == "lpips-vgg":
        if not Path(weights).is_file():
            raise UnavailableError(f"there are no weights of VGG16 at {weights}")
        return LpipsLoss(Path(weights))
    return SqueezeNetLoss(Path(weights))


def discriminator_loss(real: Tensor, fake: Tensor) -> Float[Tensor, ""]:
    """Hinge loss: drawings above 1, decoded frames below −1."""
    return 0.5 * (F.relu(1 - real).mean() + F.relu(1 + fake).mean())


def generator_loss(fake: Tensor) -> Float[Tensor, ""]:
    """What the decoder adds: decoded frames are to score high."""
    return -fake.mean()


def adaptive_weight(
    reconstruction: Float[Tensor, ""], adversarial: Float[Tensor, ""], last_layer: nn.Parameter
) -> Float[Tensor, ""]:
    """λ = ‖∇ reconstruction‖ / (‖∇ adversarial‖ + δ) at the last layer, at most 10⁴; carries no gradient."""
    (wanted,) = torch.autograd.grad(reconstruction, last_layer, retain_graph=True)
    (given,) = torch.autograd.grad(adversarial, last_layer, retain_graph=True)
    return (wanted.norm() / (given.norm() + _STABILITY)).clamp(0.0, _MOST).detach()
