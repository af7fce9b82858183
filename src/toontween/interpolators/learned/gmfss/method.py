"""Method `gmfss`: GMFSS ("union"), trained for drawn animation by amateurs of it.

Flow at half of the size by GMFlow, both ways; pictures and their features splatted along it with learned metrics; a draft
by RIFE 4.6; and a network that makes a drawing of them all. There is no paper.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from toontween.errors import UnavailableError
from toontween.interpolators.base import Capabilities, Timing
from toontween.interpolators.learned.gmfss.flow import MULTIPLE_PX, GmFlow
from toontween.interpolators.learned.gmfss.metric import MetricNet
from toontween.interpolators.learned.gmfss.synthesis import FeatureNet, FusionNet, Rows
from toontween.interpolators.learned.pairs import PairInterpolator
from toontween.interpolators.learned.rife.practical import PracticalRifeNet
from toontween.interpolators.learned.weights import RANDOM
from toontween.interpolators.ops.splat import softmax_splat
from toontween.runtime import free_memory_bytes

LEAST_WEIGHT = 1e-7
"""Added to what splatted values are divided by."""

DRAFT_SIZES = {"widths": (192, 128, 96, 64), "encoded_channels": 0, "carried_channels": 0}
"""RIFE 4.6."""

CELL_PX, SCORE_BYTES = 16, 8
"""Global matching compares cells of 16 pixels a side; a score and its chance stand in memory for each two of them."""

Planes = Float[Tensor, "b _ h w"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """One of two pictures, and how it moves towards the other."""

    picture: Float[Tensor, "b 3 h w"]
    """At half of the size."""

    features: Rows
    """At a half, a quarter and an eighth of the size."""

    flow: Float[Tensor, "b 2 h w"]
    """To the other picture, pixels of half of the size, (right, down)."""

    metric: Float[Tensor, "b 1 h w"]
    """Logarithm of how much each pixel counts where several land."""


class GmfssInterpolator(PairInterpolator):
    """Draws at any time between two keys with GMFSS; flow, metrics and features are computed once.

    Args:
        flow: Weights of GMFlow (published as `flownet.pkl`): a name, a folder, or "random" for an untrained network.
        metric: Weights of the metrics (`metric.pkl`), likewise.
        features: Weights of the features (`feat.pkl`), likewise.
        fusion: Weights of the synthesis (`fusionnet.pkl`), likewise.
        draft: Weights of the RIFE 4.6 that is trained with them (`rife.pkl`), likewise.
        device: `auto`, `cpu`, `cuda`, `cuda:1`.

    Raises:
        UnavailableError: Weights or the device are not here.
        UnknownNameError: Weights are neither a known name nor a folder.
        CheckpointError: A folder holds another network.
        InputError: `device` is not the name of a device.
    """

    name = "gmfss"
    capabilities = Capabilities(timing=Timing.ANY_TIME, devices=("cpu", "cuda"))
    bytes_per_pixel = 2000
    multiple = 2 * MULTIPLE_PX
    padding = "zeros"
    placed = "end"

    def __init__(
        self,
        *,
        flow: str = "gmfss-flow",
        metric: str = "gmfss-metric",
        features: str = "gmfss-features",
        fusion: str = "gmfss-fusion",
        draft: str = "gmfss-rife",
        device: str = "auto",
    ) -> None:
        super().__init__(device=device)
        self.look_for(
            (GmFlow, flow),
            (MetricNet, metric),
            (FeatureNet, features),
            (FusionNet, fusion),
            (PracticalRifeNet, draft),
        )
        self.flow = self.load(GmFlow, flow, named="flow")
        self.metric = self.load(MetricNet, metric, named="metric")
        self.features = self.load(FeatureNet, features, named="features")
        self.fusion = self.load(FusionNet, fusion, named="fusion")
        sizes = DRAFT_SIZES if draft == RANDOM else {}
        self.rife = self.load(PracticalRifeNet, draft, named="draft", **sizes)

    def prepare(
        self, first: Float[Tensor, "1 3 h w"], last: Float[Tensor, "1 3 h w"]
    ) -> tuple[Side, Side]:
        """Both pictures, and all that does not depend on the time.

        Raises:
            UnavailableError: Comparing every cell with every other one would not fit into memory.
        """
        self._check_matching_memory(first)
        halves = [_resized(picture, 0.5) for picture in (first, last)]
        forward_flow = self.flow(halves[0], halves[1])
        backward_flow = self.flow(halves[1], halves[0])
        metrics = self.metric(halves[0], halves[1], forward_flow, backward_flow)
        one, other = (
            Side(picture=half, features=self.features(picture), flow=flow, metric=metric)
            for half, picture, flow, metric in zip(
                halves, (first, last), (forward_flow, backward_flow), metrics, strict=True
            )
        )
        return one, other

    def draw(self, prepared: tuple[Side, Side], time: float) -> Float[Tensor, "1 3 h w"]:
        """The drawing at a time."""
        first, last = prepared
        return self.fusion(
            self.pictures_at(first, last, time),
            tuple(
                torch.cat([ours, theirs], dim=1)
                for ours, theirs in zip(
                    features_at(first, time), features_at(last, 1 - time), strict=True
                )
            ),
        )

    def _check_matching_memory(self, picture: Float[Tensor, "1 3 h w"]) -> None:
        height, width = picture.shape[-2:]
        needed = SCORE_BYTES * (height * width / CELL_PX**2) ** 2
        if self.device.type != "cpu" or needed <= (free := free_memory_bytes()):
            return
        raise UnavailableError(
            f"method {self.name!r} needs about {needed / 1e9:.1f} GB to compare drawings of "
            f"{width}×{height}; {free / 1e9:.1f} GB are free",
            hint="draw smaller",
        )

    def pictures_at(self, first: Side, last: Side, time: float) -> Planes:
        """The first picture splatted to a time, RIFE's draft, the last picture splatted."""
        return torch.cat(
            [
                splatted(first.picture, first.flow, first.metric, time),
                self.rife(first.picture, last.picture, time),
                splatted(last.picture, last.flow, last.metric, 1 - time),
            ],
            dim=1,
        )


def features_at(side: Side, share: float) -> list[Planes]:
    """A picture's features splatted a share of the way towards the other picture."""
    moved = []
    for level, features in enumerate(side.features):
        scale = 0.5**level
        flow, metric = _resized(side.flow, scale) * scale, _resized(side.metric, scale)
        moved.append(splatted(features, flow, metric, share))
    return moved


def splatted(
    values: Planes, flow: Float[Tensor, "b 2 h w"], metric: Float[Tensor, "b 1 h w"], share: float
) -> Planes:
    """Values carried a share of their flow; the same share of the metric counts."""
    sums, weights = softmax_splat(values, flow * share, metric * share)
    return sums / (weights + LEAST_WEIGHT)


def _resized(maps: Planes, scale: float) -> Float[Tensor, "b _ _ _"]:
    if scale == 1:
        return maps
    return F.interpolate(maps, scale_factor=scale, mode="bilinear", align_corners=False)
