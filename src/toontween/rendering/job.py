"""One rendering from files to files: what the command line and the demo ask for."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from toontween.errors import InputError
from toontween.interpolators.base import Interpolator
from toontween.interpolators.catalog import METHODS, build_for
from toontween.media.images import read_still
from toontween.rendering.inputs.sketches import check_drawing_numbers
from toontween.rendering.renderer import Progress, RenderSettings, render_keys
from toontween.rendering.take import WrittenTake
from toontween.rendering.writing.output import OutputKind, check_output, understand_output

DEFAULT_METHOD = "flow"
"""Needs no weights; the default until a trained model ships."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class RenderJob:
    """Everything that one `toontween render` was asked."""

    keys: tuple[Path, ...]
    """Two or more pictures, in order."""

    out: str
    """A video, a picture, a pattern or a folder; see `rendering.writing.output`."""

    method: str | None = None
    """A name in the catalogue; None is `toon` when a model or sketches are given and the default otherwise."""

    model: str | None = None
    """Weights of method `toon`."""

    device: str = "auto"
    """Where to compute."""

    settings: RenderSettings = field(default_factory=RenderSettings)
    """How many drawings, how exposed; its sketches are those of `sketches`."""

    sketches: Mapping[int, Path] = field(default_factory=dict[int, Path])
    """Number of a drawing (the first key is 1) → file; a key's number is allowed too."""

    overwrite: bool = False
    """Whether files that exist may be replaced."""


def render_files(job: RenderJob, *, progress: Progress | None = None) -> WrittenTake:
    """Read the keys, draw between them, write the take.

    Everything that can be refused is refused before any drawing is made.

    Raises:
        InputError: A file, a name or a number cannot be used.
        UnavailableError: The method's weights or the device are not here.
    """
    if len(job.keys) < 2:
        raise InputError(f"{len(job.keys)} key given; there must be at least two to draw between")
    output = understand_output(job.out)
    num_drawings = 1 + (len(job.keys) - 1) * (job.settings.count + 1)
    if output.kind is OutputKind.STILL and num_drawings != 3:
        raise InputError(
            f"{job.out} holds one drawing; {num_drawings - len(job.keys)} in-betweens are asked for",
            hint="use --count 1, a film (out.mp4), a folder (out/) or a pattern (out/%04d.png)",
        )
    check_output(
        output,
        num_pictures=output.num_files(num_drawings, on=job.settings.on),
        inputs=(*job.keys, *job.sketches.values()),
        overwrite=job.overwrite,
    )
    check_drawing_numbers(job.sketches, num_keys=len(job.keys), count=job.settings.count)
    sketches = {number: read_still(path) for number, path in job.sketches.items()}
    keys = [read_still(path) for path in job.keys]
    interpolator, options = build_interpolator(
        job.method,
        model=job.model,
        device=job.device,
        options=job.settings.options,
        sketches=bool(sketches),
    )
    settings = replace(job.settings, sketches=sketches, options=options)
    take = render_keys(keys, interpolator, settings=settings, progress=progress)
    return take.write(output, overwrite=job.overwrite)


def build_interpolator(
    method: str | None,
    *,
    model: str | None,
    device: str,
    options: Mapping[str, Any],
    sketches: bool = False,
) -> tuple[Interpolator, dict[str, Any]]:
    """The interpolator of a method or model, and the options left for its requests.

    Options that the method's constructor knows (`dtype` of `toon`) go there, the others to every request.

    Args:
        method: A name in the catalogue; None is `toon` when there is a model or there are sketches.
        model: Weights of method `toon`.
        device: Where to compute.
        options: Settings by their own names.
        sketches: Whether there will be sketches, so that what they need is looked for at once.

    Raises:
        InputError: Method and model contradict each other, or the method cannot use the device.
        UnknownNameError: There is no such method.
        UnavailableError: Weights or device are not here.
    """
    if model is not None and method not in (None, "toon"):
        raise InputError(
            f"a model is for method 'toon', not for {method!r}", hint="give --model or --method"
        )
    name = method or ("toon" if model is not None or sketches else DEFAULT_METHOD)
    given = dict(options)
    if model is not None:
        given["model"] = model
    if sketches and "sketches" in inspect.signature(METHODS.load(name)).parameters:
        given["sketches"] = True
    return build_for(name, device=device, options=given)
