"""Lines by a network, in the way of all methods of `line_extraction`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32

from toontween.checkpoints.identify import Contents
from toontween.checkpoints.loading import resolve_model
from toontween.checkpoints.manifest import hash_of_folder
from toontween.checkpoints.published.catalogue import MODELS
from toontween.drawing.lines import Lines
from toontween.errors import InputError
from toontween.models.line_extractor import PUBLISHED_SIDE_PX, LineExtractor
from toontween.runtime import pick_device


class NetworkExtraction:
    """The network of Anime2Sketch, with which ToonCrafter's training sketches were made.

    Args:
        weights: Name or folder of converted weights.
        device: Where it computes: auto, cpu, cuda or mps.
        side_px: Side of the square that every picture is squashed to before the network sees it; 512 as published. A
            larger one keeps finer lines but was never trained for.

    Raises:
        UnavailableError: The weights or the device are not on this machine.
        UnknownNameError: The weights are neither a name nor a folder.
        CheckpointError: The folder holds something else.
        InputError: The network cannot take a square of that side.
    """

    name = "anime2sketch"

    def __init__(
        self,
        *,
        weights: str = "anime2sketch",
        device: str = "auto",
        side_px: int = PUBLISHED_SIDE_PX,
    ) -> None:
        folder = resolve_model(weights, contents=Contents.LINE_EXTRACTOR)
        self._weights = weights if weights in MODELS else folder.name
        self._folder = folder
        self._device = pick_device(device)
        self._network = LineExtractor.from_pretrained(folder, torch_dtype=torch.float32)
        multiple = self._network.multiple
        if side_px < multiple or side_px % multiple:
            raise InputError(
                f"the network cannot take a square of {side_px} pixels",
                hint=f"the side must be a multiple of {multiple}",
            )
        self._side_px = side_px
        torch.nn.Module.to(self._network, self._device).eval()

    def details(self) -> Mapping[str, Any]:
        """The side of the square, the weights and their hash, the device."""
        return {
            "settings": {"side_px": self._side_px},
            "weights": self._weights,
            "weights_sha256": hash_of_folder(self._folder),
            "device": self._device.type,
        }

    def extract(self, picture: Float32[np.ndarray, "h w 3"]) -> Lines:
        """The lines of a picture in 0…1, at the picture's size."""
        batch = torch.from_numpy(picture).permute(2, 0, 1)[None].to(self._device)
        with torch.inference_mode():
            drawn = self._network.extract(batch, side_px=self._side_px)[0, 0]
        return Lines((1 - drawn).cpu().numpy())
