"""The second network of EISAI: it foretells the distance to the nearest line and redraws the picture to agree with it.

Chen and Zwicker, ECCV 2022 ("distance transform module", DTM).
"""

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor, nn

from toontween.interpolators.learned.eisai.blocks import ActivatedConv, PlainConv
from toontween.interpolators.learned.eisai.line_distance import line_distance
from toontween.interpolators.learned.eisai.logits import to_logit
from toontween.interpolators.learned.eisai.network import Synthesis

_WIDTH = 16
_GIVEN = 3 + 1 + 4 + 4 + 2


class DistanceTransformModule(ModelMixin, ConfigMixin):
    """Two small stacks of convolutions: one for the distance to lines, one for the colours."""

    @register_to_config
    def __init__(self) -> None:
        super().__init__()
        self.distance_in = ActivatedConv(_GIVEN, _WIDTH)
        self.distance_middle = ActivatedConv(_WIDTH, _WIDTH)
        self.distance_out = PlainConv(_WIDTH, 1)
        self.colour_in = ActivatedConv(3 + 1 + 1, _WIDTH)
        self.colour_middle = nn.ModuleList(ActivatedConv(_WIDTH, _WIDTH) for _ in range(2))
        self.colour_out = PlainConv(_WIDTH, 3)

    def forward(
        self, synthesis: Synthesis
    ) -> tuple[Float[Tensor, "b 3 h w"], Float[Tensor, "b 1 h w"]]:
        """The finished drawing, RGB in 0…1, and the distance to its lines as the network foretells it, in 0…1."""
        picture, warped = synthesis.picture, synthesis.warped
        found = line_distance(picture)
        masks = [warped.first_mask, warped.last_mask]
        given = torch.cat([picture, found, warped.from_first, warped.from_last, *masks], dim=1)
        hidden = self.distance_middle(self.distance_in(to_logit(given.clamp(0, 1))))
        foretold = self.distance_out(hidden).sigmoid()
        hidden = self.colour_in(to_logit(torch.cat([picture, found, foretold], dim=1)))
        hidden = self.colour_middle[1](self.colour_middle[0](hidden))
        return (to_logit(picture) + self.colour_out(hidden)).sigmoid(), foretold
