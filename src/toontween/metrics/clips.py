"""Clips as all measures take them: float tensors (t, c, h, w) in 0…1; what is none is refused by the number of the frame.

Frames are counted from 0.
"""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from toontween.errors import InputError, ShapeError
from toontween.metrics.checks import check_unit_range

FEWEST_FRAMES = 3
"""Two keys and one drawing between them."""


class Counted(StrEnum):
    """Which frames of a clip a measure looks at."""

    INBETWEENS = "in-betweens"
    """All but the first and the last, which are given."""

    ALL = "all"
    """All, the two keys included."""

    def pick(self, frames: Float[Tensor, "t c h w"]) -> Float[Tensor, "s c h w"]:
        """Those frames of a clip with the keys at both ends."""
        return frames[1:-1] if self is Counted.INBETWEENS else frames

    @property
    def fewest(self) -> int:
        """Fewest frames of which one is left."""
        return FEWEST_FRAMES if self is Counted.INBETWEENS else 1


def check_frames(frames: Tensor, whose: str, *, at_least: int = 1) -> None:
    """Refuse frames that no measure can use.

    Args:
        frames: What should be (t, c, h, w) in 0…1.
        whose: How messages call the clip, such as `ours`.
        at_least: Fewest frames the measure can do with.

    Raises:
        ShapeError: It is no clip of pictures with one or three channels.
        InputError: There are too few frames, or one holds a number that is not finite or out of range.
    """
    if frames.ndim != 4 or frames.shape[1] not in (1, 3) or 0 in frames.shape[1:]:
        raise ShapeError(
            f"{whose} has shape {tuple(frames.shape)}",
            hint="a clip is (time, 1 or 3 channels, height, width)",
        )
    if len(frames) < at_least:
        raise InputError(
            f"{whose} has too few frames: {len(frames)}", hint=f"give {at_least} or more"
        )
    for number, frame in enumerate(frames):
        check_unit_range(frame, named=f"frame {number} of {whose}")


def check_pair(ours: Tensor, truth: Tensor, *, at_least: int = 1) -> None:
    """Refuse two clips that cannot be compared frame by frame.

    Args:
        ours: Frames (t, c, h, w) in 0…1.
        truth: What they are compared with.
        at_least: Fewest frames the measure can do with.

    Raises:
        ShapeError: They differ in number of frames, size or channels, or one is no clip.
        InputError: There are too few frames, or one holds a number that is not finite or out of range.
    """
    check_frames(ours, "ours", at_least=at_least)
    check_frames(truth, "truth", at_least=at_least)
    if len(ours) != len(truth):
        raise ShapeError(
            f"{len(ours)} frames of ours cannot be compared with {len(truth)} of the truth",
            hint="give the same frames of both, the keys included",
        )
    if ours.shape != truth.shape:
        raise ShapeError(
            f"{_size(ours)} of ours cannot be compared with {_size(truth)} of the truth",
            hint="bring both to one size first, and say how beside the number",
        )


def to_frames(pictures: Sequence[np.ndarray]) -> Float32[Tensor, "t c h w"]:
    """Pictures (h, w, c) as frames in 0…1: 8-bit and 16-bit levels are divided by their highest, floats kept.

    Args:
        pictures: Grey or RGB, all of one size and kind.

    Raises:
        InputError: There is no picture, or the kinds differ or are no levels.
        ShapeError: A picture has another size than the first, or no one or three channels.
    """
    if not pictures:
        raise InputError("there are no frames")
    first = pictures[0]
    for number, picture in enumerate(pictures):
        if picture.ndim != 3 or picture.shape[2] not in (1, 3):
            raise ShapeError(
                f"frame {number} has shape {picture.shape}, not (height, width, 1 or 3)"
            )
        if picture.shape != first.shape:
            raise ShapeError(f"frame {number} is {picture.shape}, but frame 0 is {first.shape}")
        if picture.dtype != first.dtype:
            raise InputError(f"frame {number} is {picture.dtype}, but frame 0 is {first.dtype}")
    values = np.stack(pictures).transpose(0, 3, 1, 2)
    if values.dtype in (np.uint8, np.uint16):
        highest = np.iinfo(values.dtype).max
        return torch.from_numpy(values.astype(np.float32) / np.float32(highest))
    if not np.issubdtype(values.dtype, np.floating):
        raise InputError(
            f"frames of {values.dtype}", hint="give 8-bit or 16-bit levels, or 0…1 as floats"
        )
    return torch.from_numpy(values.astype(np.float32))


def _size(frames: Tensor) -> str:
    channels, height, width = frames.shape[1:]
    return f"{channels}×{height}×{width}"
