"""Ways to get lines out of a picture, by name.

`dog` finds the dark strokes of a finished drawing without weights; `anime2sketch` asks the network of that name, with
the user's weights; `scan` takes a picture that is line art already and cleans it.
"""

import dataclasses
import inspect
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import torch
from jaxtyping import Float32

from toontween.checkpoints.hub import MODELS
from toontween.checkpoints.identify import Contents
from toontween.checkpoints.loading import resolve_model
from toontween.checkpoints.manifest import hash_of_folder
from toontween.drawing.extraction import ExtractionSettings, extract_lines
from toontween.drawing.lines import Lines
from toontween.drawing.reading import read_sketch
from toontween.errors import InputError, ToonTweenWarning
from toontween.models.line_extractor import PUBLISHED_SIDE_PX, LineExtractor
from toontween.registry import Registry
from toontween.runtime import pick_device


class LineMethod(Protocol):
    """Makes lines out of pictures; holds no state between them."""

    @property
    def name(self) -> str:
        """Its name in `LINE_METHODS`."""
        ...

    @property
    def details(self) -> Mapping[str, Any]:
        """What provenance says of it, ready for JSON: settings, and a network's weights with their hash."""
        ...

    def extract(self, picture: Float32[np.ndarray, "h w 3"]) -> Lines:
        """The lines of a picture in 0…1, at the picture's size; what is doubtful becomes a ToonTweenWarning."""
        ...


LINE_METHODS = Registry(
    "line method",
    {
        "dog": "toontween.pipelines.line_extraction:StrokeExtraction",
        "anime2sketch": "toontween.pipelines.line_extraction:NetworkExtraction",
        "scan": "toontween.pipelines.line_extraction:ScanReading",
    },
)
"""Method name → the class that extracts with it."""


def build_line_method(
    name: str, *, weights: str | None = None, device: str = "auto", **options: Any
) -> LineMethod:
    """Build a method of line extraction.

    Args:
        name: A name in `LINE_METHODS`.
        weights: Name or folder of a network's weights; only for methods that have one.
        device: Where a network computes: auto, cpu, cuda or mps.
        options: Keyword arguments of the method's constructor.

    Raises:
        UnknownNameError: There is no such method, or the weights are neither a name nor a folder.
        InputError: The method has no such option, refuses its value or cannot use the device.
        UnavailableError: The weights or the device are not on this machine.
        CheckpointError: The weights are of another kind.
    """
    method = LINE_METHODS.load(name)
    known = inspect.signature(method).parameters
    if "weights" in known:
        options |= {"device": device} | ({} if weights is None else {"weights": weights})
    elif weights is not None:
        raise InputError(f"line method {name!r} needs no weights", hint="leave out the weights")
    elif device.partition(":")[0] not in ("auto", "cpu"):
        raise InputError(f"line method {name!r} runs on the CPU, not on {device!r}")
    for option in options:
        if option not in known:
            listed = ", ".join(set(known) - {"weights", "device"}) or "none"
            raise InputError(
                f"line method {name!r} has no option {option!r}", hint=f"its options: {listed}"
            )
    return method(**options)


@dataclass(frozen=True, kw_only=True, slots=True)
class StrokeExtraction(ExtractionSettings):
    """The dark strokes of a finished drawing; its options are the settings of the extraction."""

    name: ClassVar[str] = "dog"

    @property
    def details(self) -> Mapping[str, Any]:
        """The settings."""
        return {"settings": dataclasses.asdict(self)}

    def extract(self, picture: Float32[np.ndarray, "h w 3"]) -> Lines:
        """The lines of a picture in 0…1, at the picture's size."""
        return extract_lines(picture, self)


class ScanReading:
    """Line art that is there already, on any ground: read and cleaned, not extracted."""

    name = "scan"

    @property
    def details(self) -> Mapping[str, Any]:
        """It has no settings."""
        return {"settings": {}}

    def extract(self, picture: Float32[np.ndarray, "h w 3"]) -> Lines:
        """The lines of a picture in 0…1, at the picture's size."""
        reading = read_sketch(picture, name="the picture")
        for warning in reading.warnings:
            warnings.warn(warning, ToonTweenWarning, stacklevel=2)
        return reading.lines


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
        if type(side_px) is not int or side_px < multiple or side_px % multiple:
            raise InputError(
                f"the network cannot take a square of {side_px!r} pixels",
                hint=f"the side must be a multiple of {multiple}",
            )
        self._side_px = side_px
        torch.nn.Module.to(self._network, self._device).eval()

    @property
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
