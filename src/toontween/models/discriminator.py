"""The discriminator of the decoder's training: is this patch of a frame a drawing, or something decoded?

A PatchGAN (Isola et al., arXiv 1611.07004): strided 4×4 convolutions to one logit for each overlapping patch. Group norms
take the place of batch norms, so that a frame's logits do not depend on what else is in the batch or on how many
processes share it.
"""

from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor, nn

_WIDEST = 8
_SLOPE = 0.2


class PatchDiscriminator(ModelMixin, ConfigMixin):
    """Frames → one logit a patch, high for drawings.

    Args:
        base_channels: Channels of the first layer; doubled by each of the next up to eightfold.
        num_layers: Layers that halve the size; with 3 a patch is 70 pixels wide.
        norm_groups: Groups of the group norms.
    """

    @register_to_config
    def __init__(
        self, *, base_channels: int = 64, num_layers: int = 3, norm_groups: int = 8
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, base_channels, 4, 2, 1), nn.LeakyReLU(_SLOPE)]
        width = base_channels
        for layer in range(1, num_layers + 1):
            wider = base_channels * min(2**layer, _WIDEST)
            stride = 2 if layer < num_layers else 1
            layers += [
                nn.Conv2d(width, wider, 4, stride, 1, bias=False),
                nn.GroupNorm(norm_groups, wider),
                nn.LeakyReLU(_SLOPE),
            ]
            width = wider
        layers.append(nn.Conv2d(width, 1, 4, 1, 1))
        self.layers = nn.Sequential(*layers)

    def forward(self, frames: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1 _ _"]:
        """Logits of the patches of frames in −1…1."""
        return self.layers(frames)
