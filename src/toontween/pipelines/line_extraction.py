"""Ways to get lines out of a picture, by name.

`strokes` finds the dark strokes of a finished drawing without weights; `anime2sketch` asks the network of that name, with
the user's weights; `scan` takes a picture that is line art already and cleans it. Only the network needs torch.
"""

import dataclasses
import inspect
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from toontween.drawing.extraction import ExtractionSettings, extract_lines
from toontween.drawing.lines import Lines
from toontween.drawing.reading import read_sketch
from toontween.errors import InputError, ToonTweenWarning
from toontween.registry import Registry

_FLAT = 0.1
"""A picture whose values all lie within so little is blank."""

_WITHOUT_OUTLINES = (
    "hardly any dark lines were found; a drawing without outlines needs the setting boundaries=1"
)


@runtime_checkable
class LineMethod(Protocol):
    """Makes lines out of pictures; holds no state between them."""

    @property
    def name(self) -> str:
        """Its name in `LINE_METHODS`."""
        ...

    def details(self) -> Mapping[str, Any]:
        """What provenance says of it, ready for JSON: settings, and a network's weights with their hash."""
        ...

    def extract(self, picture: Float32[np.ndarray, "h w 3"]) -> Lines:
        """The lines of a picture in 0…1, at the picture's size; what is doubtful becomes a ToonTweenWarning."""
        ...


LINE_METHODS = Registry(
    "line method",
    {
        "strokes": "toontween.pipelines.line_extraction:StrokeExtraction",
        "anime2sketch": "toontween.pipelines.line_network:NetworkExtraction",
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
    values: dict[str, Any] = {}
    for option, value in options.items():
        if option not in known:
            listed = ", ".join(o for o in known if o not in ("weights", "device")) or "none"
            raise InputError(
                f"line method {name!r} has no option {option!r}", hint=f"its options: {listed}"
            )
        values[option] = _as_number(option, value, like=known[option].default)
    return method(**values)


def _as_number(option: str, value: Any, *, like: object) -> Any:
    """A value fit for an option with this default; 1 means 1.0 where a fraction is asked for."""
    if isinstance(like, float):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{option} {value!r} is not a number")
        return float(value)
    if type(like) is int and type(value) is not int:
        raise InputError(f"{option} {value!r} is not a whole number")
    return value


@dataclass(frozen=True, kw_only=True, slots=True)
class StrokeExtraction(ExtractionSettings):
    """The dark strokes of a finished drawing; its options are the settings of the extraction."""

    name: ClassVar[str] = "strokes"

    def details(self) -> Mapping[str, Any]:
        """The settings."""
        return {"settings": dataclasses.asdict(self)}

    def extract(self, picture: Float32[np.ndarray, "h w 3"]) -> Lines:
        """The lines of a picture in 0…1, at the picture's size."""
        lines = extract_lines(picture, self)
        hardly_any = lines.ink.sum() < min(picture.shape[:2])
        if hardly_any and self.boundaries == 0 and np.ptp(picture) > _FLAT:
            warnings.warn(_WITHOUT_OUTLINES, ToonTweenWarning, stacklevel=2)
        return lines


class ScanReading:
    """Line art that is there already, on any ground: read and cleaned, not extracted."""

    name = "scan"

    def details(self) -> Mapping[str, Any]:
        """It has no settings."""
        return {"settings": {}}

    def extract(self, picture: Float32[np.ndarray, "h w 3"]) -> Lines:
        """The lines of a picture in 0…1, at the picture's size."""
        reading = read_sketch(picture, name="the picture")
        for warning in reading.warnings:
            warnings.warn(warning, ToonTweenWarning, stacklevel=2)
        return reading.lines
