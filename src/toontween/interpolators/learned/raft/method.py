"""Method `raft-flow`: as `flow`, both keys carried along their flow and blended, but along RAFT's."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from toontween.interpolators.base import Capabilities, Picture, Timing
from toontween.interpolators.checks import check_whole_number
from toontween.interpolators.classical.along_flow import AlongFlowInterpolator, Flow, on_ground
from toontween.interpolators.learned.raft.network import CELL_PX, RaftFlow
from toontween.interpolators.learned.weights import load_network
from toontween.runtime import pick_device
from toontween.shapes import round_up

SMALLEST_SIDE_PX = 64
"""A cell of the coarsest scale; smaller pictures are continued by their border."""


class RaftFlowInterpolator(AlongFlowInterpolator):
    """Moves both keys along RAFT's optical flow and blends what lands. The flow is estimated on the device.

    Args:
        weights: A name of published weights, a folder, or "random" for an untrained network.
        device: `auto`, `cpu`, `cuda`, `cuda:1`.
        iterations: Updates of the flow, 1…100; 20 as in the authors' demonstration; they trained with 12.
        sharpness: See `classical.along_flow.FlowSettings`.

    Raises:
        UnavailableError: The weights or the device are not here.
        UnknownNameError: The weights are neither a known name nor a folder.
        CheckpointError: The folder holds another network.
        InputError: A value is out of range, or `device` is not the name of a device.
    """

    name = "raft-flow"
    capabilities = Capabilities(timing=Timing.ANY_TIME, alpha=True, devices=("cpu", "cuda"))
    bytes_per_pixel = 1900  # correlations of all pairs at 1024×1024, where they are the most

    def __init__(
        self,
        *,
        weights: str = "raft-large",
        device: str = "auto",
        iterations: int = 20,
        sharpness: float = 20.0,
    ) -> None:
        super().__init__(sharpness=sharpness)
        check_whole_number("iterations", iterations, at_least=1, at_most=100)
        self.iterations = iterations
        self.device = pick_device(device)
        self.network, self._weights = load_network(RaftFlow, weights, device=self.device)

    @torch.inference_mode()
    def estimate(self, first: Picture, last: Picture) -> tuple[Flow, Flow]:
        """RAFT both ways, on pictures whose borders are continued to whole cells."""
        here, there = (self._to_tensor(picture) for picture in on_ground(first, last))
        return self._flow(here, there), self._flow(there, here)

    def estimator_details(self) -> Mapping[str, Any]:
        """The weights, and how they were used."""
        return {**self._weights, "device": self.device.type, "iterations": self.iterations}

    def _to_tensor(self, picture: Picture) -> Float[Tensor, "1 3 h w"]:
        pixels = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32))
        return 2 * pixels[None].to(self.device) - 1

    def _flow(self, here: Float[Tensor, "1 3 h w"], there: Float[Tensor, "1 3 h w"]) -> Flow:
        height, width = here.shape[2:]
        (top, bottom), (left, right) = _margins(height), _margins(width)
        padded = [
            F.pad(picture, (left, right, top, bottom), mode="replicate")
            for picture in (here, there)
        ]
        flow = self.network(padded[0], padded[1], iterations=self.iterations)
        return flow[:, :, top : top + height, left : left + width].cpu()


def _margins(side: int) -> tuple[int, int]:
    """Pixels before and after a side: to whole cells, the picture in the middle, as in the published program."""
    missing = max(SMALLEST_SIDE_PX, round_up(side, CELL_PX)) - side
    return missing // 2, missing - missing // 2
