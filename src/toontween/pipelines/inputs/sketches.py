"""The sketches of a call → the hints of its frames, white lines on black at the working size."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from toontween.errors import InputError, ShapeError
from toontween.pipelines.inputs.keys import PreparedKeys
from toontween.pipelines.inputs.pictures import PictureLike, read_sketch

Sketches = Mapping[int, PictureLike] | Sequence[Mapping[int, PictureLike]]
"""Frame index → sketch, for all samples or one mapping a sample."""


def prepare_hints(
    sketches: Sketches, keys: PreparedKeys, *, num_frames: int
) -> Float[Tensor, "b t 1 height width"]:
    """Sketches (dark on light) → white lines on black at the working size; frames without one are all zeros.

    Raises:
        InputError: A frame index is out of range, or a sketch cannot be read.
        ShapeError: A sketch has another size than the keys, or there are mappings for another number of samples.
    """
    batch = keys.pixels.shape[0]
    mappings = [sketches] * batch if isinstance(sketches, Mapping) else list(sketches)
    if len(mappings) != batch:
        raise ShapeError(f"{len(mappings)} sketch mappings for {batch} pairs of keys")
    hints = torch.zeros(batch, num_frames, 1, *keys.geometry.working_size)
    for sample, mapping in enumerate(mappings):
        for frame, sketch in mapping.items():
            if not 0 <= frame < num_frames:
                raise InputError(
                    f"a sketch for frame {frame}; the frames are 0…{num_frames - 1}",
                    hint="the keys are counted: the first is frame 0",
                )
            hints[sample, frame] = _hint(sketch, keys, name=f"the sketch of frame {frame}")
    return hints


def _hint(sketch: PictureLike, keys: PreparedKeys, *, name: str) -> Tensor:
    lines = 1 - read_sketch(sketch, name=name)
    if tuple(lines.shape[-2:]) != keys.source_size:
        raise ShapeError(
            f"{name} is {lines.shape[2]}×{lines.shape[1]} pixels, "
            f"the keys are {keys.source_size[1]}×{keys.source_size[0]}",
            hint="sketches are drawn over the keys, at their size",
        )
    lines = lines[None].clamp(0, 1)
    if keys.front_end is not None:
        height_px, width_px = keys.geometry.height_px, keys.geometry.width_px
        lines = keys.front_end(lines, (height_px, width_px), border=0.0)
    return keys.geometry.enter(lines, border=0.0)[0]
