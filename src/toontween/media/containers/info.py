"""What a video says about itself, and the rate behind a rounded one."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from toontween.errors import MediaError
from toontween.runtime import Settings


@dataclass(frozen=True)
class VideoInfo:
    """What a video or animation says about itself."""

    width: int
    height: int
    fps: Fraction
    num_frames: int | None
    """None when nothing says it; so far every format does."""

    has_alpha: bool
    codec: str


def nearest_standard_rate(rate: Fraction) -> Fraction:
    """The whole or NTSC rate (n·1000/1001) that `rate` is a rounded form of, else `rate`."""
    for candidate in (Fraction(round(rate)), Fraction(round(rate * 1001 / 1000) * 1000, 1001)):
        if abs(candidate / rate - 1) < Fraction(1, 1_000_000):
            return candidate
    return rate


def too_many_frames(path: Path, settings: Settings) -> MediaError:
    """The error for a video with more frames than the limit."""
    return MediaError(
        f"{path} has more than {settings.max_frames} frames, the limit",
        hint="raise TOONTWEEN_MAX_FRAMES if you trust the file",
    )
