"""Which parameters toon rectification trains, and how temporal layers are left out of a forward pass.

Spatial and temporal layers are told apart by the modules they are, never by a word in their name: the published
checkpoint spells one of them `temopral_conv` and numbers the others (ToonCrafter, section 3.2 and table 3).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from jaxtyping import Float
from torch import Tensor, nn

from toontween.models.blocks.attention import TemporalTransformer
from toontween.models.blocks.layers import TemporalConvolution
from toontween.models.unet import ToonUNet
from toontween.training.config import RectificationVariant

Named = list[tuple[str, nn.Parameter]]
"""Names and parameters."""


def rectified(
    unet: ToonUNet, projector: nn.Module, variant: RectificationVariant
) -> dict[str, Named]:
    """Group → what a variant trains; names begin with `unet.` and `image_projector.`. Nothing for `pretrained`."""
    if variant == "pretrained":
        return {}
    projected = prefixed("image_projector", projector)
    if variant == "projector-only":
        return {"generator": projected}
    denoiser = prefixed("unet", unet)
    if variant != "all":
        temporal = {f"unet.{name}" for name in unet.temporal_parameter_names()}
        denoiser = [(name, value) for name, value in denoiser if name not in temporal]
    return {"generator": projected + denoiser}


def prefixed(network: str, module: nn.Module) -> Named:
    """All parameters of a network under names that begin with the network's."""
    return [(f"{network}.{name}", value) for name, value in module.named_parameters()]


@contextmanager
def without_temporal_layers(unet: ToonUNet, *, active: bool = True) -> Iterator[None]:
    """Make every temporal layer hand its input on as it is; variant `bypass-temporal` trains so."""
    layers = [m for m in unet.modules() if isinstance(m, TemporalTransformer | TemporalConvolution)]
    if not active:
        layers = []
    for layer in layers:
        layer.forward = _handed_on  # pyright: ignore[reportAttributeAccessIssue]  shadowed, see below
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward


def _handed_on(hidden: Float[Tensor, "n c h w"], *_: int) -> Float[Tensor, "n c h w"]:
    return hidden
