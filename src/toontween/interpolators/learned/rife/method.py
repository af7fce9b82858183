"""Method `rife`: one of the RIFE networks, chosen by its weights.

The networks of the paper know no scale of flow; RIFE 4 does. The paper's first network draws half-way only, all the others
at any time.
"""

import json
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor

from toontween.checkpoints.maps.rivals.rife import PUBLISHED, config_from_original
from toontween.errors import InputError, UnknownNameError
from toontween.interpolators.base import Capabilities, Timing
from toontween.interpolators.learned.pairs import PairInterpolator
from toontween.interpolators.learned.rife.paper import RifeNet
from toontween.interpolators.learned.rife.practical import FLOW_SCALES, PracticalRifeNet
from toontween.interpolators.learned.weights import RANDOM

_SAME_GRAPH = {"rife-4.26": "rife-4.25"}

VARIANTS = (*PUBLISHED, *_SAME_GRAPH)
"""Names of published weights, each of its own network."""

_DEFAULT = "rife-4.25"


class RifeInterpolator(PairInterpolator):
    """Draws with RIFE.

    Args:
        weights: A name in `VARIANTS`, a folder, or "random" for an untrained network.
        scale: RIFE 4 only, one of 0.25, 0.5, 1, 2, 4: less estimates flow in smaller pictures, for large pictures or
            large motion.
        variant: A name in `VARIANTS`: which network to build when the weights are "random".
        device: `auto`, `cpu`, `cuda`, `cuda:1`.

    Raises:
        UnavailableError: The weights or the device are not here.
        UnknownNameError: The weights are neither a known name nor a folder, or there is no such variant.
        CheckpointError: The folder holds another network.
        InputError: The scale is none of the five, or the network has none; a variant is given beside weights.
    """

    name = "rife"
    capabilities = Capabilities(timing=Timing.ANY_TIME, devices=("cpu", "cuda"))
    bytes_per_pixel = 1350
    padding = "zeros"
    placed = "end"

    def __init__(
        self,
        *,
        weights: str = _DEFAULT,
        scale: float = 1.0,
        variant: str | None = None,
        device: str = "auto",
    ) -> None:
        super().__init__(device=device)
        network_class, sizes = _network_of(weights, variant)
        if scale not in FLOW_SCALES:
            known = ", ".join(f"{known:g}" for known in FLOW_SCALES)
            raise InputError(f"scale {scale!r} is not one of {known}")
        if scale != 1 and network_class is RifeNet:
            raise InputError(
                f"scale {scale:g} with a RIFE network of the paper, which has none",
                hint="use weights rife-4.6 or newer, or leave the scale out",
            )
        self.network = self.load(network_class, weights, **sizes)
        self._scale = float(scale)
        if isinstance(self.network, RifeNet):
            self.multiple = self.network.multiple
            if not self.network.reads_time:
                self.capabilities = Capabilities(timing=Timing.MIDPOINT, devices=("cpu", "cuda"))
        else:
            self.multiple = self.network.multiple_at(self._scale)
            # measured: the maps at full size, and the blocks' own, which grow with the scale
            self.bytes_per_pixel = round(1050 + 300 * self._scale**2)
            self._details |= {"scale": self._scale}

    def prepare(
        self, first: Float[Tensor, "1 3 h w"], last: Float[Tensor, "1 3 h w"]
    ) -> tuple[Tensor, Tensor]:
        """The pictures, with what RIFE 4 learns from each alone."""
        if isinstance(self.network, RifeNet):
            return first, last
        return self.network.describe(first), self.network.describe(last)

    def draw(self, prepared: tuple[Tensor, Tensor], time: float) -> Float[Tensor, "1 3 h w"]:
        """The drawing at a time."""
        first, last = prepared
        if isinstance(self.network, RifeNet):
            return self.network(first, last, time)
        motions = self.network.estimate(first, last, time, flow_scale=self._scale)
        return motions[-1].blend()


def _network_of(
    weights: str, variant: str | None
) -> tuple[type[RifeNet] | type[PracticalRifeNet], dict[str, Any]]:
    """Class and constructor arguments; a folder says itself which of the two classes it holds."""
    if variant is not None and weights != RANDOM:
        raise InputError(
            f"variant {variant!r} beside weights {weights!r}, which are of one network already",
            hint="a variant is for weights=random",
        )
    name = variant or (_DEFAULT if weights == RANDOM else weights)
    if name in VARIANTS:
        sizes = config_from_original(PUBLISHED[_SAME_GRAPH.get(name, name)])
        return (RifeNet if "reads_time" in sizes else PracticalRifeNet), sizes
    if weights == RANDOM:
        raise UnknownNameError(
            f"there is no RIFE network {name!r}", hint=f"there are: {', '.join(VARIANTS)}"
        )
    return (RifeNet if _class_in(Path(weights)) == RifeNet.__name__ else PracticalRifeNet), {}


def _class_in(folder: Path) -> str | None:
    """The class a folder's configuration names; None when it has none, which loading will say."""
    try:
        return json.loads((folder / "config.json").read_text(encoding="utf-8")).get("_class_name")
    except (OSError, ValueError, AttributeError):
        return None
