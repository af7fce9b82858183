"""Lines from files to files: finished drawings or a film in, line drawings in the same order out."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from toontween.drawing.line_colours import LINE_COLOURS
from toontween.drawing.lines import Lines
from toontween.errors import InputError, MediaError, ToonTweenWarning
from toontween.media.frames import Pixels, composite_over, to_picture
from toontween.media.images import write_still
from toontween.media.video import holds_exactly, write_video
from toontween.pipelines.line_extraction import LineMethod, build_line_method
from toontween.rendering.inputs.drawings import (
    DrawingSource,
    GivenDrawing,
    find_drawings,
    naming,
)
from toontween.rendering.writing.container import fit_for
from toontween.rendering.writing.line_sheets import BLACK, WHOLE, LineColours, LineSettings
from toontween.rendering.writing.output import OutputKind
from toontween.rendering.writing.placement import Placement, part_of, place_drawings
from toontween.rendering.writing.provenance import sidecar, write_with_sidecar
from toontween.rendering.writing.remarks import Remarks, listed

DEFAULT_METHOD = "strokes"
"""Needs no weights."""

DEFAULT_FPS = Fraction(24)
"""Of a film made of pictures."""

_WHITE = (1.0, 1.0, 1.0)


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class ExtractionJob:
    """Everything that one `toontween sketch extract` was asked."""

    source: str | Path
    """A picture, a film, a folder of pictures, or a pattern such as `in/%04d.png`."""

    out: str
    """A picture, a film, a folder or a pattern; see `rendering.writing.placement`."""

    method: str = DEFAULT_METHOD
    """A name in `LINE_METHODS`."""

    weights: str | None = None
    """Name or folder of a network's weights."""

    device: str = "auto"
    """Where a network computes."""

    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Settings of the method, by its own names."""

    settings: LineSettings = field(default_factory=LineSettings)
    """How the lines are finished and drawn."""

    fps: Fraction | None = None
    """Frames a second of a film made of pictures; 24 when None. A film keeps its own."""

    overwrite: bool = False
    """Whether files that exist may be replaced."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class WrittenLines:
    """Where line drawings went."""

    outputs: tuple[Path, ...]
    """The media files, in order; separate colours one after the other for every drawing."""

    sidecar: Path
    """The provenance file."""

    provenance: Mapping[str, Any]
    """The content of the sidecar."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was not done as one might expect."""
        return tuple(self.provenance["warnings"])

    def summary(self) -> dict[str, Any]:
        """What a program wants to know of the result, ready for JSON."""
        return {
            "outputs": [str(path) for path in self.outputs],
            "sidecar": str(self.sidecar),
            "method": self.provenance["method"]["name"],
            **self.provenance["output"],
            "lossy": self.provenance["lossy"],
            "warnings": list(self.warnings),
        }


def extract_files(
    job: ExtractionJob, *, progress: Callable[[float], None] | None = None
) -> WrittenLines:
    """Read drawings, find their lines, write line drawings; one drawing is held at a time.

    Everything that can be refused is refused before the first drawing is worked on. Transparent drawings are put on
    white.

    Args:
        job: What is asked.
        progress: Told which part of the drawings is done, 0…1.

    Raises:
        InputError: A file, a name or a number cannot be used. Nothing is left behind.
        UnavailableError: The method's weights or the device are not here.
        CheckpointError: The weights are of another kind.
    """
    source = find_drawings(job.source)
    placement = place_drawings(source, job.out)
    job.settings.check_output(placement.output)
    fps = _fps_of(job, source, placement)
    is_apart = job.settings.colours is LineColours.SEPARATE
    placement.check(
        inputs=source.files, overwrite=job.overwrite, parts=tuple(LINE_COLOURS) if is_apart else ()
    )
    if fps is not None:
        source.check_one_size()
    for option in {"name", "weights", "device"} & job.options.keys():
        raise InputError(f"line method {job.method!r} has no option {option!r}")
    method = build_line_method(job.method, weights=job.weights, device=job.device, **job.options)
    run = _Run(job.settings, source, placement, method, fps, progress)
    outputs, provenance = write_with_sidecar(
        placement.output, run.write, describe=run.describe, overwrite=job.overwrite
    )
    return WrittenLines(outputs=outputs, sidecar=placement.output.sidecar, provenance=provenance)


def _fps_of(job: ExtractionJob, source: DrawingSource, placement: Placement) -> Fraction | None:
    """The rate of a film that is to be written; None for pictures."""
    if placement.output.kind is not OutputKind.VIDEO:
        if job.fps is not None:
            raise InputError(f"{job.out} is no film: {job.fps} frames a second mean nothing there")
        return None
    if source.film is None:
        return job.fps or DEFAULT_FPS
    if job.fps is not None:
        hint = "leave out --fps"
        raise InputError(f"{job.source} has a rate of its own, {source.film.fps}", hint=hint)
    return source.film.fps


class _Run:
    """One extraction: drawing after drawing, and what there is to say about them in the end."""

    def __init__(
        self,
        settings: LineSettings,
        source: DrawingSource,
        placement: Placement,
        method: LineMethod,
        fps: Fraction | None,
        progress: Callable[[float], None] | None,
    ) -> None:
        self._settings = settings
        self._source = source
        self._placement = placement
        self._method = method
        self._fps = fps
        self._progress = progress
        self._remarks = Remarks()
        self._losses: list[str] | None = None
        self._is_exact = True
        self._records: list[Mapping[str, Any]] = []
        self._blank: list[str] = []
        self._colours: set[str] = set()
        self._num_drawings = 0

    def write(self, folder: Path) -> list[Path]:
        """Write all media into a folder; the files, in order."""
        output = self._placement.output
        if self._fps is not None:
            frames = (sheets[WHOLE] for sheets, _ in self._drawn())
            path = folder / output.path.name
            write_video(path, frames, fps=self._fps, text=self._text())
            return [path]
        paths = [folder / path.name for path in self._placement.paths]
        sizes: list[tuple[int, int]] = []
        for (sheets, size), path in zip(self._drawn(), paths, strict=False):
            sizes.append(size)
            for part, pixels in sheets.items():
                write_still(part_of(path, part), pixels, text=self._text())
        if self._settings.colours is LineColours.SEPARATE:
            return self._complete(paths, sizes)
        return paths[: len(sizes)]

    def _complete(self, paths: list[Path], sizes: list[tuple[int, int]]) -> list[Path]:
        """Bare sheets where a drawing lacks a colour that others have: every colour is a whole sequence."""
        files: list[Path] = []
        for path, size in zip(paths, sizes, strict=False):
            for colour in self._colours_found():
                files.append(part_of(path, colour))
                if not files[-1].exists():
                    write_still(files[-1], self._settings.draw_bare(*size), text=self._text())
        return files

    def _colours_found(self) -> list[str]:
        return [name for name in LINE_COLOURS if name in self._colours] or [BLACK]

    def _drawn(self) -> Iterator[tuple[dict[str, Pixels], tuple[int, int]]]:
        """The sheets of every drawing, and its height and width."""
        total = self._source.num_drawings
        for drawing in self._source.read():
            if self._num_drawings == total:
                raise MediaError(
                    f"{self._source.files[0]} has more frames than the {total} it says"
                )
            with naming(drawing.name):
                sheets = self._sheets_of(drawing)
            self._num_drawings += 1
            if drawing.record is not None:
                self._records.append(drawing.record)
            yield sheets, drawing.pixels.shape[:2]
            if self._progress is not None:
                self._progress(self._num_drawings / total)

    def _sheets_of(self, drawing: GivenDrawing) -> dict[str, Pixels]:
        picture = composite_over(to_picture(drawing.pixels), _WHITE)
        found, doubts = self._find(picture)
        finished = self._settings.finish(found)
        if not finished.ink.any():
            self._blank.append(drawing.name)
        else:
            for doubt in doubts:
                self._remarks.add(doubt, drawing=drawing.name)
        parts = self._settings.take_apart(finished, found=found, picture=picture)
        self._colours |= parts.keys()
        if parts:
            sheets = self._settings.draw(parts)
        elif self._settings.colours is LineColours.SEPARATE:
            sheets = {}
        else:
            sheets = {WHOLE: self._settings.draw_bare(*picture.shape[:2])}
        for pixels in sheets.values():
            self._note_losses(pixels)
        return sheets

    def _find(self, picture: np.ndarray) -> tuple[Lines, list[str]]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = self._method.extract(picture)
        doubts: list[str] = []
        for warning in caught:
            if issubclass(warning.category, ToonTweenWarning):
                doubts.append(str(warning.message))
            else:
                warnings.warn_explicit(
                    warning.message, warning.category, warning.filename, warning.lineno
                )
        return found, doubts

    def _note_losses(self, pixels: Pixels) -> None:
        path = self._placement.output.path
        if self._losses is None:
            self._losses = fit_for(path.suffix, pixels)[1]
        self._is_exact = self._is_exact and holds_exactly(path, pixels)

    def describe(self, files: Sequence[Path]) -> dict[str, Any]:
        """The sidecar, when everything is written."""
        source, output = self._source, self._placement.output
        film = source.film_record()
        record = {
            "method": {"name": self._method.name, **self._method.details()},
            "settings": self._settings.record(),
            "inputs": {"drawings": self._records} if film is None else {"film": film},
            "output": {
                "kind": output.kind.value,
                "fps": None if self._fps is None else str(self._fps),
                "num_drawings": self._num_drawings,
                "colours": self._colours_found(),
                "blank": self._blank,
            },
        }
        return sidecar(record, outputs=files, lossy=not self._is_exact, warnings=self._warnings())

    def _warnings(self) -> list[str]:
        found: list[str] = []
        if self._blank:
            found.append(f"no line was found in {listed(self._blank, len(self._blank))}")
        found += self._remarks.summary() + (self._losses or [])
        suffix = self._placement.output.path.suffix
        if self._settings.binary and not self._is_exact:
            found.append(f"{suffix} does not keep pixels exactly: the lines have greys")
        return found + self._left_over()

    def _left_over(self) -> list[str]:
        """Colours of an earlier run that do not occur in this one, and are not ours to delete."""
        if self._settings.colours is not LineColours.SEPARATE:
            return []
        unused = [name for name in LINE_COLOURS if name not in self._colours_found()]
        left = [path.name for path in self._placement.files(unused) if path.exists()]
        folder = self._placement.output.folder
        return [f"{folder} still holds {listed(left, len(left))} of an earlier run"] if left else []

    def _text(self) -> dict[str, str]:
        """What goes inside media whose format holds text."""
        name = self._placement.output.sidecar.name
        comment = f"Lines of a drawing (method {self._method.name}). See {name}"
        return {"Software": "ToonTween", "Comment": comment}
