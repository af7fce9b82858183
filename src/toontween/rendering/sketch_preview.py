"""Sketches as the model will see them: read, placed and scaled by the pipeline's own steps, and shown beside what was given."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32, UInt8

from toontween.drawing.lines import Ground, Lines
from toontween.drawing.reading import GroundChoice
from toontween.drawing.review import contact_sheet
from toontween.drawing.strokes import stroke_width
from toontween.errors import InputError, OutputError
from toontween.media.frames import Pixels, composite_over, fit, to_picture
from toontween.media.images import Still, read_still, write_still
from toontween.pipelines.inputs.keys import PreparedKeys, prepare_keys
from toontween.pipelines.inputs.sketches import prepare_hints
from toontween.rendering.inputs.drawings import DrawingSource, SourceKind, find_drawings
from toontween.rendering.inputs.keys import FitMode
from toontween.rendering.inputs.sketches import FittedSketch, fit_sketch
from toontween.rendering.writing.output import OutputKind, check_files, understand_output
from toontween.rendering.writing.placement import place_drawings
from toontween.rendering.writing.staging import all_or_nothing
from toontween.shapes import pixel_multiple

MULTIPLE = pixel_multiple(num_levels=4)
"""What the published model's working sizes are multiples of."""

_WHITE = (1.0, 1.0, 1.0)
_PEN = np.array([0.86, 0.06, 0.24], np.float32)
_FADED = 0.55
"""How much of the key is left under the lines."""

_WIDEST_PX = 2400


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class PreviewJob:
    """Everything that one `toontween sketch preview` was asked."""

    sketches: tuple[str | Path, ...]
    """Pictures, folders of pictures, or patterns such as `in/%04d.png`."""

    out: str
    """A picture: the contact sheet. A folder or pattern: the hints themselves."""

    key: Path | None = None
    """A key the sketches belong to: gives the frame's shape and size. None: every sketch is its own frame."""

    height: int | None = None
    """Largest height to work at, as the setting of method `toon`; None leaves it open."""

    width: int | None = None
    """Largest width to work at."""

    ground: GroundChoice = "auto"
    """What the lines of the sketches stand on."""

    fit: FitMode = "pad"
    """What to do with a sketch of another shape than the key."""

    strokes: Literal["auto", "keep"] = "auto"
    """Whether strokes too thin or too thick for the model are redrawn."""

    overwrite: bool = False
    """Whether files that exist may be replaced."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class SketchSeen:
    """What became of one sketch."""

    name: str
    record: Mapping[str, Any]
    """Size, ground, strokes and coverage as given, and as the model sees them."""

    warnings: tuple[str, ...]
    """What is doubtful about it."""

    @property
    def line(self) -> str:
        """The same for people."""
        seen, model = self.record, self.record["model"]
        size = f"{seen['width']}×{seen['height']} → {model['width']}×{model['height']}"
        strokes = "no strokes"
        if seen["stroke_px"] is not None:
            strokes = f"strokes {seen['stroke_px']:.1f} → {model['stroke_px']:.1f} px"
        return (
            f"{self.name}: on {seen['ground']}, {size}, {strokes}, ink {model['coverage']:.1%} "
            "of the frame"
        )


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class WrittenPreview:
    """Where a preview went, and what it shows."""

    outputs: tuple[Path, ...]
    sketches: tuple[SketchSeen, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is doubtful about any of the sketches."""
        return tuple(warning for sketch in self.sketches for warning in sketch.warnings)

    def summary(self) -> dict[str, Any]:
        """What a program wants to know of the result, ready for JSON."""
        return {
            "outputs": [str(path) for path in self.outputs],
            "sketches": [
                {"name": one.name, **one.record, "warnings": list(one.warnings)}
                for one in self.sketches
            ],
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class _Shown:
    """One sketch with what is to be looked at."""

    seen: SketchSeen
    hint: UInt8[np.ndarray, "h w 3"]
    """White lines on black at the working size."""

    panels: list[np.ndarray]
    """The sketch as given, the hint, and the lines over the key when there is one."""


def preview_files(job: PreviewJob) -> WrittenPreview:
    """Read sketches, make the model's hints of them, write a contact sheet or the hints.

    Raises:
        InputError: A file or a number cannot be used, or a sketch has another shape than the key and the job's fit is
            "error". Nothing is left behind.
    """
    source = _source_of(job.sketches)
    inputs = source.files if job.key is None else (*source.files, job.key)
    if understand_output(job.out).kind is not OutputKind.STILL:
        return _write_hints(job, source, inputs)
    path = Path(job.out)
    check_files([path], inputs=inputs, overwrite=job.overwrite)
    rows: list[list[np.ndarray]] = []
    sketches: list[SketchSeen] = []
    for shown in _shown(job, source):
        rows.append(shown.panels)
        sketches.append(shown.seen)
    names = [sketch.name for sketch in sketches]
    sheet = contact_sheet(rows, labels=names, keys=(), max_width_px=_WIDEST_PX)
    with all_or_nothing(path.parent, overwrite=job.overwrite) as scratch:
        write_still(scratch / path.name, sheet)
    return WrittenPreview(outputs=(path,), sketches=tuple(sketches))


def _source_of(given: tuple[str | Path, ...]) -> DrawingSource:
    """All sketches in order.

    Raises:
        InputError: There is none, one comes twice, or one is a film.
    """
    files: list[Path] = []
    for one in given:
        source = find_drawings(one)
        if source.kind is SourceKind.FILM:
            hint = "give pictures, each for the drawing it is of; take them out of the film first"
            raise InputError(f"{one} is a film, not a sketch", hint=hint)
        files += source.files
    if not files:
        raise InputError("there is no sketch to show")
    twice = next((path for index, path in enumerate(files) if path in files[:index]), None)
    if twice is not None:
        raise InputError(f"{twice} is given twice")
    return DrawingSource(kind=SourceKind.SEQUENCE, files=tuple(files))


def _write_hints(
    job: PreviewJob, source: DrawingSource, inputs: tuple[Path, ...]
) -> WrittenPreview:
    """One picture for each sketch, exactly as the model sees it but for rounding to 8 bits."""
    placement = place_drawings(source, job.out)
    if placement.output.kind is OutputKind.VIDEO:
        hint = "write a contact sheet (preview.png) or the hints (hints/)"
        raise OutputError(f"{job.out} is a film; a preview is pictures", hint=hint)
    placement.check(inputs=inputs, overwrite=job.overwrite)
    sketches: list[SketchSeen] = []
    with all_or_nothing(placement.output.folder, overwrite=job.overwrite) as scratch:
        for shown, path in zip(_shown(job, source), placement.paths, strict=True):
            write_still(scratch / path.name, shown.hint)
            sketches.append(shown.seen)
    return WrittenPreview(outputs=placement.paths, sketches=tuple(sketches))


def _shown(job: PreviewJob, source: DrawingSource) -> Iterator[_Shown]:
    """The sketches one after the other, as the model sees them."""
    key = None if job.key is None else _prepare(read_still(job.key).pixels, job)
    for path in source.files:
        yield _show(read_still(path), key, job)


def _prepare(pixels: Pixels, job: PreviewJob) -> PreparedKeys:
    """A key as the pipeline prepares it; cels stand on white."""
    picture = composite_over(to_picture(pixels), _WHITE)
    return prepare_keys(picture, picture, multiple=MULTIPLE, height=job.height, width=job.width)


def _show(sketch: Still, key: PreparedKeys | None, job: PreviewJob) -> _Shown:
    name = sketch.path.name
    height, width = sketch.pixels.shape[:2]
    frame = key or _prepare(np.full((height, width, 3), 255, np.uint8), job)
    size = frame.source_size
    fitted = fit_sketch(
        sketch.pixels, size, mode=job.fit, name=name, sheet="the key", ground=job.ground
    )
    hint = _hint_of(fitted.lines, frame, strokes=job.strokes)
    drawn = hint.draw(Ground.BLACK)
    panels: list[np.ndarray] = [_shrunk(sketch.pixels, hint), drawn]
    if key is not None:
        panels.append(_over_key(hint, key))
    seen = SketchSeen(
        name=name,
        record=_record(sketch, fitted, hint),
        warnings=fitted.warnings,
    )
    return _Shown(seen=seen, hint=drawn, panels=panels)


def _hint_of(lines: Lines, frame: PreparedKeys, *, strokes: str) -> Lines:
    """What the sketch encoder gets for one frame; nothing at all for blank lines."""
    if lines.ink.any():
        hints = prepare_hints({0: lines}, frame, num_frames=1, strokes=strokes)
        if hints is not None:
            return Lines(np.ascontiguousarray(hints[0, 0, 0].numpy()))
    return Lines(np.zeros(frame.geometry.working_size, np.float32))


def _record(sketch: Still, fitted: FittedSketch, hint: Lines) -> dict[str, Any]:
    height, width = sketch.pixels.shape[:2]
    stroke = stroke_width(hint)
    model = {
        "width": hint.width_px,
        "height": hint.height_px,
        "stroke_px": None if stroke is None else round(stroke, 2),
        "coverage": round(hint.coverage, 4),
    }
    return {"width": width, "height": height, **fitted.record, "model": model}


def _shrunk(pixels: Pixels, hint: Lines) -> np.ndarray:
    """The sketch no larger than its hint, so that many of them fit into memory and onto the sheet."""
    height, width = pixels.shape[:2]
    scale = min(hint.height_px / height, hint.width_px / width, 1.0)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return fit(pixels, width_px=size[0], height_px=size[1], mode="crop")


def _over_key(hint: Lines, key: PreparedKeys) -> UInt8[np.ndarray, "h w 3"]:
    """The lines in red over the faded key, both as the model sees them."""
    picture: Float32[np.ndarray, "h w 3"] = (key.pixels[0, 0].permute(1, 2, 0).numpy() + 1) / 2
    faded = 1 - _FADED * (1 - picture)
    ink = hint.ink[..., None]
    return np.rint((faded * (1 - ink) + _PEN * ink).clip(0, 1) * 255).astype(np.uint8)
