"""One colouring from files to files: what `toontween colorize` asks for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from toontween.errors import InputError, MediaError
from toontween.media.images import read_still
from toontween.rendering.colouring.references import places_said
from toontween.rendering.colouring.run import ColouringSettings, colour_sheets
from toontween.rendering.colouring.sheets import read_sheets
from toontween.rendering.inputs.drawings import DrawingSource, GivenDrawing, find_drawings
from toontween.rendering.inputs.keys import prepare_keys
from toontween.rendering.job import build_interpolator
from toontween.rendering.renderer import Progress
from toontween.rendering.take import WrittenTake
from toontween.rendering.writing.output import Output, OutputKind, check_output
from toontween.rendering.writing.placement import Placement, place_drawings

READING = 0.02
"""Part of the whole run that reading the sketches is taken to be."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class ColouringJob:
    """Everything that one `toontween colorize` was asked."""

    references: tuple[Path, ...]
    """One or two coloured drawings."""

    sketches: str | Path
    """A folder of pictures, a pattern such as `in/%04d.png`, a film, or one picture."""

    out: str
    """A folder (names are kept), a pattern, a film or a picture."""

    model: str | None = None
    """Weights of method `toon`; None is the published model."""

    device: str = "auto"
    """Where to compute."""

    settings: ColouringSettings = field(default_factory=ColouringSettings)

    overwrite: bool = False
    """Whether files that exist may be replaced."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class WrittenColouring:
    """Where coloured drawings went."""

    written: WrittenTake
    decisions: tuple[str, ...]
    """A sentence for each reference: which drawing it is, or where it stands."""

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The media files, in order."""
        return self.written.outputs

    @property
    def sidecar(self) -> Path:
        """The provenance file."""
        return self.written.sidecar

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was not done as one might expect."""
        return self.written.warnings

    def summary(self) -> dict[str, Any]:
        """What a program wants to know of the result, ready for JSON."""
        references = self.written.provenance["inputs"]["references"]
        return {
            **self.written.summary(),
            "references": [
                {"name": one["name"], "drawings": one["drawings"]} for one in references
            ],
        }


def colour_files(job: ColouringJob, *, progress: Progress | None = None) -> WrittenColouring:
    """Read references and sketches, colour the sketches, write them.

    Everything that can be refused is refused before anything is drawn.

    Raises:
        InputError: A file, a name or a number cannot be used. Nothing is left behind.
        UnavailableError: The weights or the device are not here; everything that is missing is named.
    """
    if not 1 <= len(job.references) <= 2:
        raise InputError(
            f"{len(job.references)} references; there may be one or two",
            hint="the last path is the sketches: a folder, a pattern or a film",
        )
    source = find_drawings(job.sketches)
    _check_references(job, source)
    place = _placed(job, source)
    references = prepare_keys(
        [read_still(path) for path in job.references], mode=job.settings.fit, fewest=1
    )
    interpolator, options = build_interpolator(
        "toon",
        model=job.model,
        device=job.device,
        options=job.settings.options,
        sketches=True,
    )
    fps = job.settings.fps or (source.film.fps if source.film is not None else None)
    sequence = read_sheets(
        _as_many_as_said(source),
        references.pixels[0].shape[:2],
        mode=job.settings.fit,
        report=_while_reading(progress, source.num_drawings),
    )
    coloured = colour_sheets(
        references,
        sequence,
        interpolator,
        settings=replace(job.settings, options=options, fps=fps),
        progress=_while_drawing(progress),
    )
    if isinstance(place, Placement) and len(place.paths) > len(sequence.sheets):
        place = replace(
            place, paths=place.paths[: len(sequence.sheets)]
        )  # a film shorter than it says
    written = coloured.take.write(place, overwrite=job.overwrite)
    return WrittenColouring(written=written, decisions=coloured.decisions)


def _check_references(job: ColouringJob, source: DrawingSource) -> None:
    """Refuse, before anything is read, references among the sketches and places that do not exist."""
    files = {path.resolve() for path in source.files}
    for path in job.references:
        if path.resolve() in files:
            raise InputError(
                f"the reference {path} is one of the sketches",
                hint="keep references and sketches in different folders",
            )
    at = job.settings.at
    if not isinstance(at, str):
        places_said(at, num_references=len(job.references), num_drawings=source.num_drawings)


def _placed(job: ColouringJob, source: DrawingSource) -> Placement | Output:
    """Where the drawings go, once it is sure that they may."""
    placement, on = place_drawings(source, job.out), job.settings.on
    inputs = (*job.references, *source.files)
    if placement.output.kind is OutputKind.FRAMES and on > 1:
        check_output(
            placement.output,
            num_pictures=source.num_drawings * on,
            inputs=inputs,
            overwrite=job.overwrite,
        )
        return placement.output
    placement.check(inputs=inputs, overwrite=job.overwrite)
    return placement


def _as_many_as_said(source: DrawingSource) -> Iterator[GivenDrawing]:
    """The sketches; a film with more frames than it says would have no place for them.

    Raises:
        MediaError: There are more.
    """
    for count, drawing in enumerate(source.read(), start=1):
        if count > source.num_drawings:
            raise MediaError(
                f"{source.files[0]} has more frames than the {source.num_drawings} it says"
            )
        yield drawing


def _while_reading(progress: Progress | None, num_drawings: int) -> Callable[[int], None] | None:
    return None if progress is None else lambda done: progress(READING * done / num_drawings)


def _while_drawing(progress: Progress | None) -> Progress | None:
    return None if progress is None else lambda part: progress(READING + (1 - READING) * part)
