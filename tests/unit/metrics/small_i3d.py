"""What takes the place of I3D where only the measures around it are tested, and clips for it."""

import torch
from torch import nn

from toontween.metrics.video.i3d import I3D, Logits


class SmallI3D(I3D):
    """Takes the place of the network: eight weighted means over thirds of a clip, as quick as they are meaningless."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.eps, self.weights = 1e-3, "small"
        self.logits = Logits(9, 8)
        weights = torch.randn(8, 9, 1, 1, 1, generator=torch.Generator().manual_seed(0))
        self.load_state_dict(
            {"logits.conv3d.weight": weights, "logits.conv3d.bias": weights[:, 0, 0, 0, 0]}
        )

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        thirds = torch.nn.functional.adaptive_avg_pool3d(clips, (3, 1, 1)).flatten(1)
        return self.logits(thirds[:, :, None, None, None]).flatten(1)


def clips(count: int, *, seed: int = 0, size: tuple[int, int, int] = (9, 12, 16)) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.rand(count, size[0], 3, *size[1:], generator=random)
