"""Decoded frames → the result: the keys put back in their places, and the form that was asked for."""

from typing import Any

import numpy as np
import torch
from diffusers.utils import BaseOutput
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from toontween.errors import InputError
from toontween.models.blocks.enlarging import enlarge_with_keys
from toontween.models.blocks.key_matching import KeyMatching
from toontween.pipelines.inputs.keys import PreparedKeys

_OUTPUT_TYPES = ("pil", "pt", "np", "latent")


class ToonInterpolationOutput(BaseOutput):
    """What a call gives back."""

    frames: Any
    """"pil": a list of frames for every sample; "pt": (batch, frames, 3, h, w) in 0…1; "np": (batch, frames, h, w, 3)
    in 0…1; "latent": (batch, channels, frames, h/8, w/8) of the working size."""


def check_output_type(output_type: str) -> None:
    """Refuse an unknown form of the result.

    Raises:
        InputError: The form is not known.
    """
    if output_type not in _OUTPUT_TYPES:
        raise InputError(
            f"output_type={output_type!r}", hint=f"use one of {', '.join(_OUTPUT_TYPES)}"
        )


ENLARGING = ("auto", "resize", "keys")
"""How frames drawn smaller than the keys come back to their size."""


def check_enlarging(enlarge: str) -> None:
    """Refuse an unknown way of coming back to the keys' size.

    Raises:
        InputError: The way is not known.
    """
    if enlarge not in ENLARGING:
        raise InputError(f"enlarge={enlarge!r}", hint=f"use one of {', '.join(ENLARGING)}")


def bring_to_size(
    working: Float[Tensor, "b t 3 height width"],
    keys: PreparedKeys,
    *,
    enlarge: str,
    matching: KeyMatching | None,
) -> Float[Tensor, "b t 3 h w"]:
    """Frames in 0…1 at the keys' size: scaled, or with the keys' own pixels where they fit.

    Args:
        working: Frames at the working size.
        keys: The keys and their geometry.
        enlarge: One of `ENLARGING`; "auto" takes the keys' pixels if the decoder does. Frames that were not drawn smaller are only cropped and scaled.
        matching: The decoder's, which judges what fits; None if it has none.
    """
    geometry = keys.geometry
    is_plain = enlarge == "resize" or (enlarge == "auto" and matching is None)
    if is_plain or not geometry.shrinks:
        return geometry.leave(working.flatten(0, 1)).unflatten(0, working.shape[:2])
    small_keys = (keys.pixels + 1) / 2
    samples = []
    for frames, shown, small in zip(working, keys.shown, small_keys, strict=True):
        drawn = enlarge_with_keys(
            geometry.crop(frames) * 2 - 1,
            shown.to(frames) * 2 - 1,
            small_keys=geometry.crop(small).to(frames) * 2 - 1,
            matching=matching,
        )
        samples.append((drawn + 1) / 2)
    return torch.stack(samples)


def place_keys(
    frames: Float[Tensor, "b t 3 h w"], keys: Float[Tensor, "b k 3 h w"]
) -> Float[Tensor, "b t 3 h w"]:
    """The frames with the two keys in the first and the last place, untouched."""
    return torch.cat([keys[:, :1], frames[:, 1:-1], keys[:, 1:]], dim=1)


def to_output(frames: Float[Tensor, "b t 3 h w"], output_type: str) -> Any:
    """Frames in 0…1 as PIL images (rounded to eight bits), a tensor or an array."""
    if output_type == "pt":
        return frames
    arrays = frames.permute(0, 1, 3, 4, 2).numpy()
    if output_type == "np":
        return np.ascontiguousarray(arrays)
    eight_bits = np.round(arrays * 255).astype(np.uint8)
    return [[Image.fromarray(frame) for frame in sample] for sample in eight_bits]


def middle_frames(num_frames: int) -> slice:
    """The one or two frames in the middle of a clip."""
    return slice((num_frames - 1) // 2, num_frames // 2 + 1)
