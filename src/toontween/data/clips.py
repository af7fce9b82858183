"""A clip as training and measuring see it: distinct drawings in order, and what is known about them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import UInt8

from toontween.errors import ShapeError


@dataclass(frozen=True, kw_only=True, eq=False)
class Clip:
    """Drawings in order with their exposures, and optional layers of the same size.

    Raises:
        ShapeError: There are no frames, layers and exposures do not fit them, or an exposure is not positive.
    """

    key: str
    """Name, unique within a data set; letters, digits, `-` and `_`, for the files of a shard are called so."""

    frames: UInt8[np.ndarray, "t h w 3"]
    """What is seen, sRGB."""

    fps: float
    """Frames a second of the film the drawings come from."""

    exposures: tuple[int, ...] = ()
    """How many frames of that film each drawing was held; () when each was shown once."""

    caption: str = ""
    """A line of text saying what happens; "" when nobody said."""

    lines: UInt8[np.ndarray, "t h w"] | None = None
    """Ink of the drawings, 0 none … 255 full, when it is known."""

    alpha: UInt8[np.ndarray, "t h w"] | None = None
    """How much of the foreground covers the background, when it is known."""

    about: dict[str, Any] = field(default_factory=dict)
    """Whatever else is to be remembered (source, licence, seed, scores), ready for JSON."""

    def __post_init__(self) -> None:
        count = len(self.frames)
        if not count:
            raise ShapeError(f"clip {self.key!r} has no frames")
        if self.exposures and len(self.exposures) != count:
            raise ShapeError(
                f"clip {self.key!r} has {len(self.exposures)} exposures for {count} drawings"
            )
        if any(exposure < 1 for exposure in self.exposures):
            raise ShapeError(f"clip {self.key!r} has a drawing that is not shown: {self.exposures}")
        for name, layer in (("lines", self.lines), ("alpha", self.alpha)):
            if layer is not None and layer.shape != self.frames.shape[:3]:
                raise ShapeError(
                    f"{name} of clip {self.key!r} are {layer.shape}, its frames {self.frames.shape}"
                )

    def __len__(self) -> int:
        """How many drawings there are."""
        return len(self.frames)
