"""A finished run: the drawings, how they are exposed, and how they are written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from toontween.errors import OutputError
from toontween.media.frames import Pixels
from toontween.media.images import write_still
from toontween.media.sequences import write_sequence
from toontween.media.video import holds_exactly, write_video
from toontween.rendering.writing.container import fit_for
from toontween.rendering.writing.output import Output, OutputKind, check_output, understand_output
from toontween.rendering.writing.placement import Placement
from toontween.rendering.writing.provenance import comment, sidecar, write_with_sidecar


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class WrittenTake:
    """Where a take went."""

    take: "Take"
    """What was written."""

    outputs: tuple[Path, ...]
    """The media files, in order."""

    sidecar: Path
    """The provenance file."""

    warnings: tuple[str, ...] = ()
    """What was not done as one might expect, in drawing and in writing."""

    provenance: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The content of the sidecar."""

    def summary(self) -> dict[str, Any]:
        """What a program wants to know of the result, ready for JSON."""
        return {
            "outputs": [str(path) for path in self.outputs],
            "sidecar": str(self.sidecar),
            "method": self.provenance["method"]["name"],
            "picture": self.provenance["picture"],
            **self.provenance["output"],
            "lossy": self.provenance["lossy"],
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Take:
    """All drawings of a run in order, the keys among them."""

    drawings: tuple[Pixels, ...]
    """(h, w, 3|4) uint8 or uint16, all alike."""

    key_numbers: tuple[int, ...]
    """Which drawings are keys, counted from 1."""

    on: int
    """Output frames for which every drawing is exposed."""

    fps: Fraction
    """Output frames a second."""

    record: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Method, settings, inputs, drawings: what provenance says."""

    warnings: tuple[str, ...] = ()
    """What was not done as one might expect."""

    @property
    def inbetweens(self) -> tuple[Pixels, ...]:
        """The drawings that were generated."""
        keys = set(self.key_numbers)
        return tuple(d for number, d in enumerate(self.drawings, start=1) if number not in keys)

    @property
    def num_frames(self) -> int:
        """Frames of the output."""
        return len(self.drawings) * self.on

    def frames(self) -> Iterator[Pixels]:
        """Every frame of the output, drawings repeated while they are exposed."""
        for drawing in self.drawings:
            for _ in range(self.on):
                yield drawing

    def write(
        self, out: str | Path | Output | Placement, *, overwrite: bool = False
    ) -> WrittenTake:
        """Write the take and its provenance sidecar, both or neither.

        Args:
            out: Where to. In a placement, single pictures have names of their own; it must be of this take.
            overwrite: Whether files that exist may be replaced.

        Raises:
            OutputError: The output exists, cannot be written, or cannot hold this take. Nothing new
                is left behind and old files are as they were.
        """
        placement = out if isinstance(out, Placement) else None
        output = _output_of(out)
        if output.kind is OutputKind.STILL and len(self.inbetweens) != 1:
            raise OutputError(f"{output.path} holds one drawing, not {len(self.inbetweens)}")
        if placement is not None:
            placement.check(inputs=(), overwrite=overwrite)
        else:
            num_pictures = output.num_files(len(self.drawings), on=self.on)
            check_output(output, num_pictures=num_pictures, inputs=(), overwrite=overwrite)
        held, losses = fit_for(output.path.suffix, self.drawings[0])
        warnings = (*self.warnings, *losses)
        keys = (self.drawings[number - 1] for number in self.key_numbers)
        lossy = bool(losses) or not all(holds_exactly(output.path, key) for key in keys)
        record = {**self.record, "output": self._describe(output)}
        text = comment(record, sidecar_name=output.sidecar.name)
        outputs, provenance = write_with_sidecar(
            output,
            lambda scratch: self._write_media(
                output, scratch, names=_names_in(placement), held=held, text=text
            ),
            describe=lambda staged: sidecar(record, outputs=staged, lossy=lossy, warnings=warnings),
            overwrite=overwrite,
        )
        return WrittenTake(
            take=self,
            outputs=outputs,
            sidecar=output.sidecar,
            warnings=warnings,
            provenance=provenance,
        )

    def _write_media(
        self,
        output: Output,
        folder: Path,
        *,
        names: Sequence[str] | None,
        held: Callable[[np.ndarray], Pixels],
        text: Mapping[str, str],
    ) -> list[Path]:
        target = folder / output.path.name
        if output.kind is OutputKind.STILL:
            write_still(target, held(self.inbetweens[0]), text=text)
            return [target]
        if output.kind is OutputKind.VIDEO:
            write_video(target, map(held, self.frames()), fps=self.fps, text=text)
            return [target]
        if names is not None:
            files = [folder / name for name in names]
            for file, drawing in zip(files, self.drawings, strict=True):
                write_still(file, held(drawing), text=text)
            return files
        pictures = self.frames() if output.kind is OutputKind.FRAMES else self.drawings
        return write_sequence(target, map(held, pictures), text=text)

    def _describe(self, output: Output) -> dict[str, Any]:
        return {
            "kind": output.kind.value,
            "fps": str(self.fps),
            "on": self.on,
            "num_drawings": len(self.drawings),
            "num_frames": self.num_frames,
            "keys": list(self.key_numbers),
        }


def _output_of(out: str | Path | Output | Placement) -> Output:
    if isinstance(out, Placement):
        return out.output
    return out if isinstance(out, Output) else understand_output(out)


def _names_in(placement: Placement | None) -> list[str] | None:
    """Names of the files of a placement's drawings; None where they are not placed singly."""
    if placement is None or placement.output.kind not in (OutputKind.FRAMES, OutputKind.DRAWINGS):
        return None
    return [path.name for path in placement.paths]
