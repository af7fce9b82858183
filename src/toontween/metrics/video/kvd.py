"""KVD: the same question as FVD, answered without Gaussians (Unterthiner et al., arXiv 1812.01717, section 3)."""

from jaxtyping import Float
from torch import Tensor

from toontween.metrics.distribution import polynomial_mmd
from toontween.metrics.protocol import Setting
from toontween.metrics.video.fvd import VideoDistance


def kernel_video_distance(ours: Float[Tensor, "n d"], truth: Float[Tensor, "m d"]) -> float:
    """KVD of logits of two sets of clips.

    Protocol (LVDM, TATS): unbiased squared MMD under (x·y/d + 1)³, all clips at once, float64, not scaled; papers print
    two decimals. It is negative for sets that are alike. KID's averages over subsets are other numbers.

    Raises:
        InputError: There are fewer than two clips, or a number that is not finite.
        ShapeError: The logits are of two networks.
    """
    return polynomial_mmd(ours, truth)


class KernelVideoDistance(VideoDistance):
    """KVD of clips gathered one by one; 0 is expected for sets of one distribution.

    Protocol: resizing and range of `features`, the kernel of `kernel_video_distance`, printed by
    `protocol.describe()`.
    """

    measure = "kvd"

    def _distance(self, ours: Tensor, truth: Tensor) -> float:
        return kernel_video_distance(ours, truth)

    def _own_settings(self) -> dict[str, Setting]:
        return {"kernel": "(x·y/d + 1)^3", "estimate": "unbiased", "subsets": "none"}
