"""The sketches of a call → the hints of its frames, white lines on black at the working size."""

import operator
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from toontween.drawing.lines import Lines
from toontween.drawing.reading import read_sketch
from toontween.drawing.strokes import fit_lines
from toontween.errors import InputError, ShapeError, ToonTweenWarning
from toontween.pipelines.inputs.geometry import crop_middle
from toontween.pipelines.inputs.keys import PreparedKeys
from toontween.pipelines.inputs.pictures import PictureLike, read_drawing
from toontween.shapes import aspects_agree

Sketches = Mapping[int, PictureLike | Lines] | Sequence[Mapping[int, PictureLike | Lines]]
"""Frame index → sketch, for all samples or one mapping a sample."""


def prepare_hints(
    sketches: object, keys: PreparedKeys, *, num_frames: int, strokes: str = "auto"
) -> Float[Tensor, "b t 1 height width"] | None:
    """Sketches → white lines on black at the working size; frames without one, or with a blank one, are all zeros.

    Whatever is doubtful about a picture is issued as `ToonTweenWarning`.

    Args:
        sketches: As `Sketches`; pictures are read whatever they stand on, `Lines` are taken as read.
        keys: The keys over which they are drawn, at any size.
        num_frames: Frames of the clip.
        strokes: "auto" or "keep", as for `SketchGuidance`.

    Returns:
        None when no sketch has a line, which is a clip without sketches.

    Raises:
        InputError: A frame is not an index of the clip, or a sketch cannot be read.
        ShapeError: A sketch has another aspect ratio than the keys, or there are mappings for another number of samples.
    """
    batch = keys.pixels.shape[0]
    mappings = _mappings(sketches, batch=batch)
    if not any(mappings):
        return None
    clips = torch.zeros(len(mappings), num_frames, 1, *keys.geometry.working_size)
    for sample, mapping in enumerate(mappings):
        where = f" of sample {sample}" if len(mappings) > 1 else ""
        for frame, sketch in mapping.items():
            index = _frame_index(frame, num_frames=num_frames)
            lines = _lines_of(sketch, name=f"the sketch of frame {index}{where}")
            _check_aspect(lines, keys, name=f"the sketch of frame {index}{where}")
            clips[sample, index] = _place(lines, keys, strokes=strokes)
    if not clips.any():
        _warn("no sketch has a line: the clip is drawn without sketches")
        return None
    return clips.expand(batch, -1, -1, -1, -1)


def _mappings(sketches: object, *, batch: int) -> list[Mapping[Any, Any]]:
    """One mapping for all samples, or one a sample."""
    if isinstance(sketches, Mapping):
        return [sketches]
    if not isinstance(sketches, list | tuple) or not all(isinstance(m, Mapping) for m in sketches):
        raise InputError(
            f"sketches is a {type(sketches).__name__}, not a mapping from frames to sketches",
            hint="as in {7: picture}; a sketch for every frame is dict(enumerate(pictures))",
        )
    if len(sketches) != batch:
        raise ShapeError(f"{len(sketches)} sketch mappings for {batch} pairs of keys")
    return list(sketches)


def _frame_index(frame: object, *, num_frames: int) -> int:
    try:
        index = None if isinstance(frame, bool) else operator.index(frame)  # pyright: ignore[reportArgumentType]  it may be anything
    except TypeError:
        index = None
    if index is None:
        raise InputError(
            f"a sketch for frame {frame!r}, which is not a whole number",
            hint=f"the frames are 0…{num_frames - 1}",
        )
    if not 0 <= index < num_frames:
        raise InputError(
            f"a sketch for frame {index}; the frames are 0…{num_frames - 1}",
            hint="the keys are counted: the first is frame 0",
        )
    return index


def _lines_of(sketch: object, *, name: str) -> Lines:
    if isinstance(sketch, Lines):
        if not sketch.ink.any():
            _warn(f"{name} is blank; the frame is drawn as if it had no sketch")
        return sketch
    reading = read_sketch(read_drawing(sketch, name=name), name=name)
    for warning in reading.warnings:
        _warn(warning)
    return reading.lines


def _check_aspect(lines: Lines, keys: PreparedKeys, *, name: str) -> None:
    height, width = keys.source_size
    if not aspects_agree((lines.height_px, lines.width_px), (height, width)):
        raise ShapeError(
            f"{name} is {lines.width_px}×{lines.height_px} pixels, the keys are {width}×{height}: "
            "the shapes differ",
            hint="draw it over the keys, at any size; or place it with toontween.drawing.strokes.fit_lines",
        )


def _place(lines: Lines, keys: PreparedKeys, *, strokes: str) -> Tensor:
    """Scaled, cropped and padded like the keys; what is added is bare paper."""
    height_px, width_px = keys.sheet_size
    scaled = fit_lines(
        lines,
        height_px=height_px,
        width_px=width_px,
        mode="crop",  # the same aspect, but for rounding
        strokes="auto" if strokes == "auto" else "keep",
    )
    sheet = torch.from_numpy(scaled.ink)[None, None]
    cropped = crop_middle(sheet, keys.geometry.scaled, border=0.0)
    return keys.geometry.pad(cropped, border=0.0)[0]


def _warn(message: str) -> None:
    warnings.warn(message, ToonTweenWarning, stacklevel=2)
