"""How much each pixel counts where several land: GMFSS's network of metrics for softmax splatting.

GMFSS has no paper. The network sees both pictures, how badly they match along the flow, the flow, and where flow there and
back disagree (Meister et al., "UnFlow", AAAI 2018, section 3.2).
"""

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from jaxtyping import Float
from torch import Tensor, nn

from toontween.interpolators.learned.gmfss.matching import fetch

HIDDEN_SHARE, HIDDEN_PX = 0.01, 0.5
"""A pixel is taken for hidden when flow there and back differ by more than this share of their lengths and so many
pixels."""

STRONGEST = 10.0
"""Metrics are within ± this."""

Picture = Float[Tensor, "b 3 h w"]
Flow = Float[Tensor, "b 2 h w"]
Plane = Float[Tensor, "b 1 h w"]


class MetricNet(ModelMixin, ConfigMixin):
    """Metrics of both pictures' pixels.

    Args:
        width: Channels within.
    """

    @register_to_config
    def __init__(self, *, width: int = 64) -> None:
        super().__init__()
        self.enter = nn.Conv2d(14, width, 3, padding=1)
        self.activations = nn.ModuleList(nn.PReLU() for _ in range(3))
        self.body = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(3))
        self.last_activation = nn.PReLU()
        self.leave = nn.Conv2d(width, 2, 3, padding=1)

    def forward(
        self, first: Picture, last: Picture, forward_flow: Flow, backward_flow: Flow
    ) -> tuple[Plane, Plane]:
        """The logarithm of how much each pixel of the first and of the last picture counts, −10…10.

        Args:
            first: sRGB in 0…1.
            last: The same size.
            forward_flow: From the first to the last, pixels (right, down).
            backward_flow: From the last to the first.
        """
        mismatch = (first - fetch(last, forward_flow)).abs().mean(dim=1, keepdim=True)
        other_mismatch = (last - fetch(first, backward_flow)).abs().mean(dim=1, keepdim=True)
        seen = [first, last, -mismatch, -other_mismatch]
        seen += [_relative(forward_flow), _relative(backward_flow)]
        seen += [hidden(forward_flow, backward_flow), hidden(backward_flow, forward_flow)]
        state = self.enter(torch.cat(seen, dim=1))
        for activation, layer in zip(self.activations, self.body, strict=True):
            state = state + layer(activation(state))
        metric = self.leave(self.last_activation(state)).tanh() * STRONGEST
        return metric[:, :1], metric[:, 1:]


def hidden(flow: Flow, back: Flow) -> Plane:
    """1 where a pixel's flow and the flow back from where it points disagree, else 0.

    As in the published network, the length of the flow back is taken at the pixel itself, not where its flow points.
    """
    length = flow.norm(dim=1, keepdim=True) + back.norm(dim=1, keepdim=True)
    off = (flow + fetch(back, flow)).norm(dim=1, keepdim=True)
    return (off > HIDDEN_SHARE * length + HIDDEN_PX).to(flow.dtype)


def _relative(flow: Flow) -> Flow:
    """Flow in halves of the picture's width and height, counted between the middles of the outermost pixels."""
    height, width = flow.shape[-2:]
    return flow / flow.new_tensor([(width - 1) / 2, (height - 1) / 2])[:, None, None]
