"""What a curation is asked to do; all that decides the bytes of its result."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toontween.data.curation.films import FOLDER_FPS
from toontween.errors import InputError

AT_LEAST: Mapping[str, float] = {
    "resolution": 1.0,
    "motion": 0.5,
    "aesthetic": 4.5,
    "similarity": 0.2,
}
"""Score → least value of a clip that is kept. The paper names no numbers; these are where to begin."""

AT_MOST: Mapping[str, float] = {"text-area": 0.05, "subtitles": 0.3}
"""Score → greatest value of a clip that is kept."""


@dataclass(frozen=True, kw_only=True)
class CurateSettings:
    """How clips are cut and judged.

    Raises:
        InputError: A number is impossible.
    """

    size: tuple[int, int] = (512, 320)
    """Width and height in pixels to which drawings are scaled and cropped."""

    frames: int = 16
    """Fewest drawings of a clip."""

    longest: int = 96
    """Most drawings of a clip; longer shots are cut into several."""

    fps: float = FOLDER_FPS
    """Frames a second of folders of frames."""

    at_least: Mapping[str, float] = field(default_factory=dict)
    """Limits that differ from `AT_LEAST`, or are those of further scorers."""

    at_most: Mapping[str, float] = field(default_factory=dict)
    """Limits that differ from `AT_MOST`, or are those of further scorers."""

    weights: Mapping[str, str] = field(default_factory=dict)
    """Weights of scorers: `clip` a folder, `aesthetic` and `text-area` files."""

    plugs: Mapping[str, str] = field(default_factory=dict)
    """Further scorers, or others in place of ours: name → "module:Class"."""

    def __post_init__(self) -> None:
        """Check the numbers."""
        if min(self.size) < 16:
            raise InputError(f"size {self.size[0]}×{self.size[1]} is too small", hint="16 at least")
        if self.frames < 3:
            hint = "two keys and what is between them: 3 at least"
            raise InputError(f"clips of {self.frames} drawings are too short", hint=hint)
        if self.longest < 2 * self.frames:
            raise InputError(
                f"clips of at most {self.longest} drawings cannot have {self.frames} at least",
                hint=f"set --longest to {2 * self.frames} or more",
            )

    def limits(self, score: str) -> tuple[float | None, float | None]:
        """Least and greatest value of a score, None where there is no limit."""
        least = {**AT_LEAST, **self.at_least}.get(score)
        return least, {**AT_MOST, **self.at_most}.get(score)

    def record(self) -> dict[str, Any]:
        """As JSON knows it."""
        return json.loads(
            json.dumps(
                {
                    "size": self.size,
                    "frames": self.frames,
                    "longest": self.longest,
                    "fps": self.fps,
                    "at_least": {**AT_LEAST, **self.at_least},
                    "at_most": {**AT_MOST, **self.at_most},
                    "weights": {name: Path(path).name for name, path in self.weights.items()},
                    "plugs": dict(self.plugs),
                }
            )
        )
